"""What a pull asks of a system that speaks SQL: one state of all its tables, as rows in Arrow and as counts."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from pipelines.pulls.system import SourceColumn


@dataclass(frozen=True)
class SqlColumn(SourceColumn):
    """A column of a table or query: ``sql`` is what it is selected by."""

    sql: str


class Snapshot(Protocol):
    """One state of a system, open. All methods raise SourceError, or TableError where a single table is at fault."""

    def quote(self, name: str) -> str:
        """A column's name, as the system's SQL writes it."""

    def name_table(self, name: str) -> str:
        """A table's name, perhaps with that of its schema before a point."""

    def first(self, select: str, most: int) -> str:
        """SQL of the first ``most`` rows of a query that begins with `select`, whichever they are."""

    def literal(self, column: SourceColumn, value: str) -> str:
        """A value of a cursor, as ``cursor_text`` wrote it."""

    def cursor_text(self, column: SourceColumn, value: str) -> str:
        """SQL of the text of ``value``, SQL of the kind of ``column``: in ISO, UTC where it has a time zone."""

    def now(self, column: SourceColumn) -> str | None:
        """SQL of this moment by the system's clock, of the column's kind; None for numbers."""

    def describe(self, relation: str, shown: str, *, is_table: bool) -> list[SqlColumn]:
        """The columns of ``relation``, what may stand behind FROM; ``shown`` is its name in messages."""

    def stream(self, sql: str, schema: pa.Schema, shown: str) -> Iterator[pa.RecordBatch]:
        """The rows of ``sql`` in batches of some megabytes."""

    def ask(self, sql: str, shown: str) -> list[tuple[Any, ...]]:
        """The rows of a query that has few; numbers may come as texts."""

    def day_of(self, column: SourceColumn) -> str:
        """SQL of the day of a column of days or moments as text; days of moments with a time zone are those of UTC."""

    def sum_of(self, column: SqlColumn) -> str:
        """SQL of the sum of an amount, as text without loss."""

    def is_impossible(self, column: SqlColumn) -> str | None:
        """SQL that is true of values that come as null, as no day or number can be so; None where there are none."""

    def separate(self, number: int) -> AbstractContextManager[None]:
        """What fails within leaves the snapshot usable for other tables."""
