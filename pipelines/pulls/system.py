"""What a pull asks of a system, whether it speaks SQL or is a web API: tables that are described, read and counted."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, Protocol

import pyarrow as pa

from pipelines.config.pulls import Pull

Kind = Literal["integer", "decimal", "float", "boolean", "text", "date", "timestamp", "timestamptz"]
"""What becomes of a type: a column may go from one type to another of its kind."""

CURSORS: tuple[Kind, ...] = ("integer", "date", "timestamp", "timestamptz")
"""Kinds that have an order in which rows change."""

ROWS = "rows"
"""The measure of how many there are; others are named like the column that is summed."""

Counts = Mapping[tuple[str | None, str], Decimal]
"""Rows and sums by day and measure; the day is null for rows without one, and where no day is declared."""


@dataclass(frozen=True)
class SourceColumn:
    """A column of the system: ``type`` is what it is landed as."""

    name: str
    kind: Kind
    type: pa.DataType


@dataclass(frozen=True)
class Since:
    """Rows whose cursor is ``value``, a text in ISO or of digits, or later, and rows that have none."""

    cursor: SourceColumn
    value: str


@dataclass(frozen=True)
class Measures:
    """What is counted: rows, the sums of ``amounts``, by the ``day``."""

    amounts: tuple[SourceColumn, ...] = ()
    day: SourceColumn | None = None

    @classmethod
    def of(cls, pull: Pull, columns: Sequence[SourceColumn]) -> "Measures":
        """What ``pull`` declares, of the table's ``columns``."""
        by_name = {column.name: column for column in columns}
        return cls(tuple(by_name[name] for name in pull.amounts), by_name[pull.day] if pull.day else None)

    @property
    def names(self) -> list[str]:
        return [ROWS, *(column.name for column in self.amounts)]


@dataclass(frozen=True)
class Counted:
    """What a system counted of a table.

    ``before`` is all of it, where the system is one state. Where it goes on changing it is counted before the rows are
    read and ``after``, and what lies in between is right. ``is_complete``: a day that is not in there has no rows.
    Otherwise only what is in there is compared, and no day means over all days. ``may_lag``: what is counted is at
    times behind what there is, so that more of a day is no fault, and proves nothing; fewer is short.
    """

    before: Counts
    after: Counts = field(default_factory=dict)
    is_complete: bool = True
    may_lag: bool = False

    def at(self, day: str | None, measure: str) -> tuple[Decimal, Decimal]:
        """The least and the most that one measure of one day may be."""
        return _in_order(*(side.get((day, measure), Decimal(0)) for side in self._sides))

    def over_all_days(self, measure: str) -> tuple[Decimal, Decimal] | None:
        """The least and the most that a measure may be over all days; None where that was not counted."""
        if self.is_complete:
            return _in_order(*(total(side, measure) for side in self._sides))
        return self.at(None, measure) if (None, measure) in self.before else None

    @property
    def _sides(self) -> tuple[Counts, Counts]:
        return self.before, self.after or self.before


def total(counts: Counts, measure: str = ROWS) -> Decimal:
    """Over all days."""
    return sum((value for (_, name), value in counts.items() if name == measure), Decimal(0))


def _in_order(one: Decimal, other: Decimal) -> tuple[Decimal, Decimal]:
    return min(one, other), max(one, other)


class SourceTable(Protocol):
    """One table of a system. All methods raise SourceError, or TableError where this table alone is at fault.

    Those that are asked for changes raise IncompleteError where these are known not to be all of them.

    ``may_repeat``: rows may come twice, as they do where pages are read of what changes meanwhile; of each key the one
    with the latest cursor is kept, and of those the one that came last. ``parent`` are the columns that name what a row
    is a part of, and that changes as a whole: the order of a line, of which all lines come again when it changes. For
    rows that are no part of anything it is empty. ``reaches_back_to``: of a table that is read by whole days, which
    ``parent`` then names, the first that the system still tells; older ones stay as they were landed where `deletes` is
    none, and of the others nothing stays but what came. For all other tables it is None.
    """

    may_repeat: bool
    parent: tuple[str, ...]
    reaches_back_to: date | None

    def describe(self) -> list[SourceColumn]:
        """All columns that there are. Called before all else."""

    def stream(
        self, columns: Sequence[SourceColumn], since: Since | None = None, most: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """The rows, or those that changed, in batches of some megabytes with the schema of ``columns``."""

    def stream_kept(self, columns: Sequence[SourceColumn], since: Since) -> Iterator[pa.RecordBatch]:
        """Which rows there are that need not have come since: their keys, or the ``parent`` of several.

        Those that did come may be among them, but no parent that came: of it the rows that did not come are gone.
        """

    def stream_deleted(self, key: Sequence[SourceColumn], since: Since) -> Iterator[pa.RecordBatch]:
        """The keys of rows that the system tells or marks as deleted since."""

    def count(self, measures: Measures, since: Since | None = None) -> Counted | None:
        """What the system itself counts of all rows, or of those that changed; None where it counts nothing.

        Asked after the rows were read.
        """

    def read_cursor(self, cursor: SourceColumn) -> str | None:
        """The value up to which nothing is missing, in ISO, UTC where it has a time zone; None without any rows.

        Never ahead of the system's own clock: one such row would hide all others.
        """

    def count_emptied(self, columns: Sequence[SourceColumn], since: Since | None = None) -> Iterator[tuple[str, int]]:
        """Columns with how many values came as null where the system has what no day or number can be."""

    def tell(self) -> Iterator[str]:
        """What else there is to say of the rows that came, a sentence each without its point; no value of a row."""


class System(Protocol):
    """A system that is open."""

    def open_table(self, name: str, pull: Pull, shown: str) -> SourceTable:
        """What ``pull``, called ``name``, is declared to be; ``shown`` is what messages call it."""

    def arrange(self, pulls: Mapping[str, Pull]) -> list[str]:
        """The order in which the tables are to be pulled: a whole before what is a part of it."""

    def separate(self, number: int) -> AbstractContextManager[None]:
        """What fails within leaves the system usable for other tables."""


def schema_of(columns: Sequence[SourceColumn]) -> pa.Schema:
    return pa.schema([(column.name, column.type) for column in columns])
