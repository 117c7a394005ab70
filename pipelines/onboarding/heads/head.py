"""One table of one file: where it is, how it is written, its columns and first rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pipelines.onboarding.values.shapes import Shape, shape_of


@dataclass(frozen=True)
class Head:
    """The first rows of one table: a file, a sheet of a workbook, a file in an archive.

    ``name`` is the file's below the folder. ``options`` are those of `sources.yml` without which it would be read
    wrongly; ``member`` and ``sheet`` say which table of the file it is. ``rows`` are of the width of ``columns``.
    """

    path: Path
    name: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]] = field(repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)
    format: str = "csv"
    member: str | None = None
    sheet: str | None = None

    @property
    def label(self) -> str:
        """What tells it from the other tables of the folder: its name, with that of the member or sheet."""
        return f"{self.name} {self.member or self.sheet or ''}".strip()

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each column stands in the rows."""
        return {column: number for number, column in reversed(list(enumerate(self.columns)))}

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """Per column what its values show."""
        return {column: shape_of(row[number] for row in self.rows) for number, column in enumerate(self.columns)}


@dataclass(frozen=True)
class Unread:
    """A file that is no table, or cannot be read; ``reason`` is a sentence without values."""

    name: str
    reason: str
