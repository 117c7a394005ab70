"""The tables of short forms, read into one, and what a first name may be short for."""

from collections import defaultdict
from functools import cache
from importlib.resources import files
from typing import Any

import polars as pl
import yaml
from nicknames import NickNamer

from pipelines.identity.standardisation.letters import spell
from pipelines.identity.standardisation.names import fold

LANGUAGES = ("fr", "en", "es", "de", "it", "nl", "pt", "ru", "el")
"""In this order: where two disagree on what a short form is blocked as, the earlier one prevails."""
WRITINGS = {"de": "german", "ru": "cyrillic", "el": "greek"}
"""Languages whose countries write in several ways (``letters``): their tables count in the one spelling too."""


@cache
def list_full_names() -> dict[str, tuple[str, ...]]:
    """The full names that each short form may stand for, folded, the one that it is blocked as first."""
    tables = {language: _read_language(language) for language in LANGUAGES}
    tables |= {f"{language} spelt alike": _read_language(language, writing) for language, writing in WRITINGS.items()}
    own_names = {name for table in tables.values() for name in table["own_names"]}
    english = _read_english(own_names | {full for table in tables.values() for full in table["short_forms"]})
    found: dict[str, list[str]] = defaultdict(list)
    for language, table in tables.items():
        _add(table["short_forms"], found)
        if language == "en":
            _add(english, found)
    return {short: tuple(full) for short, full in found.items()}


def _add(short_forms: dict[str, list[str]], found: dict[str, list[str]]) -> None:
    for full, shorts in short_forms.items():
        for short in shorts:
            if full != short and full not in found[short]:
                found[short].append(full)


def _read_language(language: str, writing: str | None = None) -> dict[str, Any]:
    content = yaml.safe_load((files(__package__) / f"{language}.yml").read_text(encoding="utf-8"))
    short_forms, own_names = content["short_forms"], content.get("own_names", [])
    folded = _fold({*own_names, *short_forms, *(name for shorts in short_forms.values() for name in shorts)}, writing)
    return {
        "short_forms": {folded[full]: [folded[name] for name in shorts] for full, shorts in short_forms.items()},
        "own_names": {folded[name] for name in own_names},
    }


def _fold(names: set[str], writing: str | None) -> dict[str, str]:
    written = sorted(names)
    folded = fold(pl.lit(pl.Series(written)))
    return dict(zip(written, pl.select(folded if writing is None else spell(folded, writing)).to_series(), strict=True))


def _read_english(own_names: set[str]) -> dict[str, list[str]]:
    """The package's table, the full names with most short forms first: Bill is William before he is Willis."""
    table = NickNamer.default_lookup()
    ordered = sorted(table, key=lambda full: (-len(table[full]), full))
    return {full: sorted(short for short in table[full] if short not in own_names) for full in ordered}


def first_name_root(key: pl.Expr) -> pl.Expr:
    """The first of several first names, with short forms in full: `jean` for `jean pierre`, `william` for `bill`."""
    return name_root(key).str.extract(r"^(\S+)", 1)


def name_root(key: pl.Expr) -> pl.Expr:
    """A name with a short form in full, and all of its words: `muller` for `muller`, `william` for `bill`."""
    table = list_full_names()
    return key.replace(list(table), [full[0] for full in table.values()])


def list_possible_names(keys: pl.Series) -> pl.Series:
    """What each comparable first name may stand for, separated by blanks: `alex alexandre alexandra ...` for `alex`.

    The first of several first names counts. Null for a name that is neither a short form nor has any.
    """
    table = list_full_names()
    named = {full for names in table.values() for full in names}
    possible = {}
    for key in keys.drop_nulls().unique():
        first = key.partition(" ")[0]
        full = [name.partition(" ")[0] for name in (*table.get(key, ()), *table.get(first, ()))]
        if full or key in named or first in named:
            possible[key] = " ".join(dict.fromkeys((first, *full)))
    return keys.replace_strict(list(possible), list(possible.values()), default=None, return_dtype=pl.String)
