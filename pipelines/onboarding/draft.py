"""What is to be written: sources, their tables, a line for each canonical column, and what is said or asked of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipelines.contracts import Kind, Table
from pipelines.extracts.mapping import OPEN_QUESTION
from pipelines.onboarding.exports.export import Export

OPEN = OPEN_QUESTION
"""What stands in place of a column that only a person can name; `parcours check` refuses it and says its line."""


@dataclass(frozen=True)
class Remark:
    """A sentence beside a line: a text of section `init`, and what fills its parts."""

    key: str
    parts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """One canonical column: the source column or SQL that fills it. ``is_active`` is not so for what is only offered.

    ``offers`` are values to choose from, where a person must.
    """

    column: str
    value: str
    remark: Remark | None = None
    is_active: bool = True
    offers: tuple[str, ...] = ()

    @property
    def is_question(self) -> bool:
        return self.is_active and self.value == OPEN


@dataclass(frozen=True)
class TableDraft:
    """One table of a source. ``lines`` are those of `columns`; a `query` is ``query``, or selects ``selected`` by
    ``grouped_by``, out of rows in which ``filled_down`` columns were put on every line."""

    table: Table
    export: Export
    from_: str
    options: Mapping[str, Any] = field(default_factory=dict)
    preset: str | None = None
    with_: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()
    selected: tuple[Line, ...] = ()
    grouped_by: tuple[str, ...] = ()
    query: str | None = None
    filled_down: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()

    @property
    def questions(self) -> int:
        """How many lines only a person can fill."""
        named = (*self.headers.values(), *self.with_.values())
        return sum(line.is_question for line in self.lines) + named.count(OPEN)

    @property
    def assumptions(self) -> int:
        """How many active lines are said to be looked at."""
        told = (*self.lines, *self.selected)
        return sum(line.is_active and line.remark is not None and not line.is_question for line in told)


@dataclass(frozen=True)
class SourceDraft:
    """One system. ``folder`` is that of its files, below the folder that was looked at."""

    name: str
    kind: Kind
    system: str | None
    folder: str
    tables: tuple[TableDraft, ...]
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class Unused:
    """A file that fills nothing: why not, and its columns, if they are names."""

    name: str
    reason: Remark
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Setting:
    """A key of the whole file, its value and what it was told from."""

    key: str
    value: str
    remark: Remark


@dataclass(frozen=True)
class Draft:
    """A whole `sources.yml`."""

    settings: tuple[Setting, ...]
    sources: tuple[SourceDraft, ...]
    unused: tuple[Unused, ...]

    @property
    def questions(self) -> int:
        return sum(table.questions for source in self.sources for table in source.tables)

    @property
    def assumptions(self) -> int:
        return sum(table.assumptions for source in self.sources for table in source.tables)
