"""The files of one export: one, or several of one pattern, as one table."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from pipelines.onboarding.heads.head import Head
from pipelines.onboarding.values.shapes import Shape, clean, shape_of

NULLS = ("NULL", "null", "\\N", "N/A", "n/a", "#N/A", "NaN", "None", "(null)", "0000-00-00", "0000-00-00 00:00:00")
"""Texts by which systems write that there is nothing."""
_NULLS = frozenset(NULLS)


@dataclass(frozen=True)
class Export:
    """Files with the same columns whose names differ by a date or a number only.

    ``pattern`` finds them, and nothing else, below ``folder`` (both below the folder that was looked at); ``member``
    likewise in an archive.
    """

    heads: tuple[Head, ...]
    pattern: str
    folder: str
    member: str | None = None

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Those of any of the files, in their order."""
        return tuple(dict.fromkeys(name for head in self.heads for name in head.columns))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(head.label for head in self.heads)

    @property
    def label(self) -> str:
        """What to call it: the file, or the pattern of the files, with the sheet or member."""
        place = f"{self.folder}/{self.pattern}" if self.folder else self.pattern
        inside = self.member or self.heads[0].sheet
        return f"{place} ({inside})" if inside else place

    @property
    def stem(self) -> str:
        """The name without its endings, and that of the sheet or member."""
        name = PurePosixPath(self.heads[0].name).name.split(".")[0]
        inside = PurePosixPath(self.heads[0].member or "").name.split(".")[0]
        return f"{name} {inside} {self.heads[0].sheet or ''}".strip()

    @cached_property
    def nulls(self) -> tuple[str, ...]:
        """The texts among its values that stand for nothing."""
        there: set[str] = set()
        for name in self.columns:
            there |= _NULLS.intersection(self._texts(name))
        return tuple(text for text in NULLS if text in there)

    @cached_property
    def shapes(self) -> Mapping[str, Shape]:
        """Per column what its values show."""
        return {name: shape_of(value for value in self.cells(name)) for name in self.columns}

    def cells(self, column: str) -> Iterator[str | None]:
        """The values of a column, row for row, as SQL will see them: None for nothing."""
        nothing = {"", *self.nulls}
        return (None if text in nothing else text for text in self._texts(column))

    def put(self, column: str, cells: list[str]) -> None:
        """Takes ``cells`` for the values of a column, before any are asked for."""
        self._cleaned[column] = cells

    def _texts(self, column: str) -> list[str]:
        if column not in self._cleaned:
            self._cleaned[column] = [
                "" if value is None else clean(value) for head in self.heads for value in _column(head, column)
            ]
        return self._cleaned[column]

    @cached_property
    def _cleaned(self) -> dict[str, list[str]]:
        return {}

    @cached_property
    def options(self) -> dict[str, Any]:
        """Those of `sources.yml` without which the files would be read wrongly."""
        options = dict(self.heads[0].options)
        if self.member:
            options["member"] = self.member
        if self.nulls:
            options["nulls"] = list(self.nulls)
        return options


def _column(head: Head, column: str) -> list[Any]:
    number = head.places.get(column)
    if number is None:
        return [None] * len(head.rows)
    return [row[number] for row in head.rows]
