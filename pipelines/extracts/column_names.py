"""Which columns of a file may be named in a message: the first line of a file without a header is a customer.

A name is told where the line that it stands in is a header, most of whose names are known, and it is known itself: as
`sources.yml` names it, as an export of a system that Parcours knows, or in the words that headers are made of. What is
told is thereby from lists of ours; the others are counted.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from pipelines.contracts import TABLES
from pipelines.headers.folding import split_words
from pipelines.headers.vocabulary import known_words
from pipelines.name_lists import find_close, list_names
from pipelines.presets.headers import fold_name
from pipelines.presets.preset import load_presets

CLOSE = 0.8  # Alike enough to a name of `sources.yml` to be what was meant.
LONGEST_NUMBER = 2  # Digits of a name, as in `address2`; more are a year, a postcode, a phone.
NO_HEADER = (
    "does not look like a header: if it is a row, write `names` under the table's `options`; if it is a header, look "
    "at it in the file"
)

LEAST_NAMED = 3  # One name may stand in a row of values by chance.
_SQL = re.compile(r"[()'\"|+*/=<>]")
_QUOTED = re.compile(r'"((?:[^"]|"")+)"')
_VALUE = re.compile(
    r"[^@\s]+@[^@\s]+\.\w+|[+(\-]?\d[\d .,/:()\-+]*(?:€|%|EUR)?|\d{4}-\d{2}-\d{2}[T ].*|true|false|\\N|null",
    re.IGNORECASE,
)


def looks_like_values(row: Sequence[str]) -> bool:
    """Whether a row is one of data: a header has no numbers, dates or mailboxes for names, save a year or two."""
    told = [cell.strip() for cell in row if cell.strip()]
    like_values = sum(bool(_VALUE.fullmatch(cell)) for cell in told)
    has_mail = any("@" in cell for cell in told)
    return bool(told) and (has_mail or 3 * like_values >= len(told))


def tellable(columns: Iterable[str], written: Iterable[str], lacking: Mapping[str, Sequence[str]] | None = None,
             files: Sequence[str] = ()) -> list[str]:  # fmt: skip
    """Those of ``columns`` that may be named, in their order.

    ``written`` is what `sources.yml` says of the table: names of columns, and SQL. Where the columns are those of
    several ``files``, ``lacking`` says which file lacks which, and the first line of each is judged by itself.
    """
    names, missing = list(columns), lacking or {}
    known = _Known(written)
    lines = [[name for name in names if file not in missing.get(name, ())] for file in files] or [names]
    told: set[str] = set()
    for line in lines:
        sure = {name for name in line if known.has(name)}
        if not looks_like_values(line) and (2 * len(sure) >= len(line) or known.are_most_of_written(line)):
            told |= sure | {name for name in line if known.is_nearly(name)}
    return [name for name in names if name in told]


def list_found(columns: Sequence[str], written: Iterable[str], lacking: Mapping[str, Sequence[str]] | None = None,
               files: Sequence[str] = ()) -> str:  # fmt: skip
    """``columns found: a, b and 7 more``: those that may be named, and how many others there are."""
    told = tellable(columns, written, lacking, files)
    others = len(columns) - len(told)
    if not others:
        return f"columns found: {list_names(told)}"
    if not told:
        return f"columns found: {others:,}, but the first line {NO_HEADER}"
    are = "1 other has a name that is" if others == 1 else f"{others:,} others have names that are"
    return f"columns found: {list_names(told)}; {are} not shown, as no list of Parcours has it"


def find_lacking_header(columns: Sequence[str], written: Iterable[str],
                        lacking: Mapping[str, Sequence[str]] | None = None,
                        files: Sequence[str] = ()) -> list[str]:  # fmt: skip
    """That the first line is no header, in one sentence, where none of ``columns`` may be named; else nothing."""
    if not columns or tellable(columns, written, lacking, files):
        return []
    return [f"the first line {NO_HEADER}"]


class _Known:
    """The names of columns that stand in lists of ours or in `sources.yml`."""

    def __init__(self, written: Iterable[str]) -> None:
        texts = list(written)
        whole = {fold_name(text) for text in texts}
        quoted = {fold_name(name.replace('""', '"')) for text in texts for name in _QUOTED.findall(text)}
        plain = {fold_name(name) for text in texts for name in re.findall(r"\w+", text)}
        self._written = whole | quoted | plain
        self._named = {name for name in whole if not _SQL.search(name)}

    def has(self, name: str) -> bool:
        folded = fold_name(name)
        if folded in self._written or folded in _names_of_systems():
            return True
        words = split_words(name)
        letters = [word for word in words if not word.isdigit()]
        is_made_of_words = bool(letters) and _words().issuperset(letters)
        return is_made_of_words and all(len(word) <= LONGEST_NUMBER for word in words if word.isdigit())

    def are_most_of_written(self, line: Iterable[str]) -> bool:
        """Whether most of the columns that `sources.yml` names outside of SQL stand in ``line``."""
        return 2 * len(self._named.intersection(map(fold_name, line))) > max(len(self._named), LEAST_NAMED)

    def is_nearly(self, name: str) -> bool:
        """Whether it is what `sources.yml` names, but for a letter or two."""
        folded = fold_name(name)
        has_digits = re.search(r"\d{3}", folded) is not None
        return "@" not in folded and not has_digits and find_close(folded, self._written, cutoff=CLOSE) is not None


@cache
def _names_of_systems() -> frozenset[str]:
    """The headers of all presets, and the canonical columns."""
    names = {column.name for table in TABLES for column in table.columns}
    for preset in load_presets().values():
        relations = [relation.headers for table in preset.tables.values() for relation in table.with_.values()]
        for headers in (preset.headers, *relations):
            names |= {each for name, header in headers.items() for each in header.names(name)}
    return frozenset(map(fold_name, names))


@cache
def _words() -> frozenset[str]:
    return known_words() | {word for name in _names_of_systems() for word in split_words(name)}
