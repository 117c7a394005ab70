"""The declarations of `attributes.yml`: what each field says about a person, and which values say nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

import polars as pl
import yaml

from pipelines.errors import ConfigurationError
from pipelines.identity.standardisation.nobody_words import NobodyWords, mailbox_pattern, read_words, text_pattern

Kind = Literal["unique", "contact", "descriptive"]

_NOBODY_PATTERNS = {"text": text_pattern, "mailbox": mailbox_pattern}


@dataclass(frozen=True)
class Attribute:
    """One field: its kind, the values that mean "none", and how many names may share a value (None: any number).

    ``placeholders`` and ``placeholder_patterns`` are of cleaned values, ``marks`` are patterns of values as written.
    ``empty_words`` are placeholders too, but say only that the value is missing, not that there is nobody.
    ``own_values`` are the retailer's own, in comparable form (``placeholders``): its switchboard, its stores' address.
    ``shared_limit`` holds within ``shared_window_days`` (None: over all time). A newly withdrawn value with more than
    ``surge_limit`` names at once stops the run. ``person_limit``: how many values one person has at most (``crowds``).
    """

    name: str
    kind: Kind
    placeholders: tuple[str, ...] = ()
    empty_words: tuple[str, ...] = ()
    placeholder_patterns: tuple[str, ...] = ()
    shared_limit: int | None = None
    shared_window_days: int | None = None
    surge_limit: int | None = None
    own_values: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    person_limit: int | None = None

    @property
    def placeholder_pattern(self) -> str | None:
        return _join(self.placeholder_patterns)

    @property
    def mark_pattern(self) -> str | None:
        return _join(self.marks)


def _join(patterns: tuple[str, ...]) -> str | None:
    return "|".join(f"(?:{pattern})" for pattern in patterns) or None


def means_none(forms: Sequence[pl.Expr], key: pl.Expr, attribute: Attribute, written: pl.Expr | None = None) -> pl.Expr:
    """True where a cleaned form of a value is declared to mean "none", or its key is one of the retailer's own.

    So it is where the value consists, as ``written``, of marks.
    """
    none = pl.lit(value=False)
    if attribute.own_values:
        none |= key.is_in(attribute.own_values).fill_null(False)
    if attribute.mark_pattern and written is not None:
        none |= written.str.contains(attribute.mark_pattern).fill_null(False)
    for form in forms:
        if attribute.placeholders or attribute.empty_words:
            none |= form.is_in((*attribute.placeholders, *attribute.empty_words)).fill_null(False)
        if attribute.placeholder_pattern:
            none |= form.str.contains(attribute.placeholder_pattern).fill_null(False)
    return none


def is_real(cleaned: pl.Expr, key: pl.Expr, attribute: Attribute) -> pl.Expr:
    """False where the cleaned value is null, empty or means "none" (:func:`means_none`)."""
    return ((cleaned != "") & ~means_none((cleaned,), key, attribute)).fill_null(False)


NUMBERS = ("shared_limit", "shared_window_days", "surge_limit", "person_limit")


def declare_attributes(text: str) -> dict[str, Attribute]:
    """The attributes declared in YAML ``text``, by name. Raises ConfigurationError on unknown keys and wrong limits."""
    known = {"kind", "placeholders", "empty_words", "placeholder_patterns", "nobody_words", "marks", *NUMBERS}
    attributes = {}
    content = dict(yaml.safe_load(text))
    words = read_words(content.pop("nobody", {}))
    for name, declared in content.items():
        unknown = set(declared) - known
        if unknown:
            raise ConfigurationError(
                f"attributes.yml: {name}: unknown key {', '.join(sorted(unknown))}; use {', '.join(sorted(known))}."
            )
        if declared.get("kind") not in get_args(Kind):
            raise ConfigurationError(f"attributes.yml: {name}: kind must be one of {', '.join(get_args(Kind))}.")
        _check_limits(name, declared)
        _check_nobody_words(name, declared, words)
        attributes[name] = Attribute(
            name=name,
            kind=declared["kind"],
            placeholders=tuple(str(value) for value in declared.get("placeholders", ())),
            empty_words=tuple(declared.get("empty_words", ())),
            placeholder_patterns=(*declared.get("placeholder_patterns", ()), *_nobody_patterns(declared, words)),
            marks=tuple(declared.get("marks", ())),
            **{key: declared.get(key) for key in NUMBERS},
        )
    return attributes


def _nobody_patterns(declared: dict[str, Any], words: NobodyWords) -> list[str]:
    kind = declared.get("nobody_words")
    return [] if kind is None else [_NOBODY_PATTERNS[kind](words)]


def _check_nobody_words(name: str, declared: dict[str, Any], words: NobodyWords) -> None:
    if "nobody_words" not in declared:
        return
    if declared["nobody_words"] not in _NOBODY_PATTERNS:
        raise ConfigurationError(f"attributes.yml: {name}: nobody_words must be one of {', '.join(_NOBODY_PATTERNS)}.")
    if not words.says:
        raise ConfigurationError(f"attributes.yml: {name}: nobody_words without words: list them under nobody, says.")


def _check_limits(name: str, declared: dict[str, Any]) -> None:
    limits = {key: declared[key] for key in NUMBERS if key in declared}
    for key, limit in limits.items():
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
            raise ConfigurationError(f"attributes.yml: {name}: {key} must be a whole number, at least 1.")
    depending = [key for key in limits if key in ("shared_window_days", "surge_limit")]
    if depending and "shared_limit" not in limits:
        raise ConfigurationError(f"attributes.yml: {name}: {', '.join(depending)} without shared_limit: add it.")
    if limits.get("surge_limit", float("inf")) <= limits.get("shared_limit", 0):
        raise ConfigurationError(f"attributes.yml: {name}: surge_limit must be above shared_limit.")


@cache
def load_attributes() -> dict[str, Attribute]:
    """The attributes shipped with the package, by name."""
    return declare_attributes(
        (files("pipelines.identity.standardisation") / "attributes.yml").read_text(encoding="utf-8")
    )
