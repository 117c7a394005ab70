"""Rows and sums of a table, counted by the system in the snapshot that was pulled and by us in what was landed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from pipelines.config.pulls import Pull
from pipelines.extracts.sql_quoting import quote_name
from pipelines.pulls.snapshot import Snapshot, SourceColumn

ROWS = "rows"
FLOATS = Decimal("1e-9")  # Of a sum of floats, whose order the two sides do not share.

Counts = Mapping[tuple[str | None, str], Decimal]
"""Rows and sums by day and measure; the day is null for rows without one, and where no day is declared."""


@dataclass(frozen=True)
class Reconciled:
    """One measure of one day on both sides. ``is_taken``: they differ by no more than is declared."""

    day: str | None
    measure: str
    source: Decimal
    landed: Decimal
    is_taken: bool

    @property
    def difference(self) -> Decimal:
        """Landed, less the source's."""
        return self.landed - self.source


@dataclass(frozen=True)
class Measures:
    """What is counted: rows, the sums of ``amounts``, by the ``day``."""

    amounts: tuple[SourceColumn, ...]
    day: SourceColumn | None

    @classmethod
    def of(cls, pull: Pull, columns: Sequence[SourceColumn]) -> "Measures":
        by_name = {column.name: column for column in columns}
        return cls(tuple(by_name[name] for name in pull.amounts), by_name[pull.day] if pull.day else None)

    def count_in_source(self, snapshot: Snapshot, rows: str, shown: str) -> Counts:
        """Of ``rows``, what may stand behind FROM in the system."""
        day = snapshot.day_of(self.day) if self.day else "null"
        counted = ", ".join([day, "count(*)", *map(snapshot.sum_of, self.amounts)])
        grouped = " group by 1" if self.day else ""
        return self._read(snapshot.ask(f"select {counted} from {rows}{grouped}", shown))

    def count_landed(self, connection: duckdb.DuckDBPyConnection, rows: str) -> Counts:
        """Of ``rows``, a SELECT over what was landed."""
        day = f"strftime({quote_name(self.day.name)}, '%Y-%m-%d')" if self.day else "null"
        counted = ", ".join([day, "count(*)", *map(_sum_landed, self.amounts)])
        grouped = " group by 1" if self.day else ""
        return self._read(connection.execute(f"select {counted} from ({rows}){grouped}").fetchall())

    def _read(self, rows: Iterable[Sequence[object]]) -> Counts:
        names = [ROWS, *(column.name for column in self.amounts)]
        return {
            (None if row[0] is None else str(row[0]), name): Decimal(str(value or 0))
            for row in rows
            for name, value in zip(names, row[1:], strict=True)
        }

    def compare(self, source: Counts, landed: Counts, tolerance: float) -> list[Reconciled]:
        """Both sides, by day and measure."""
        floats = {column.name for column in self.amounts if column.kind == "float"}
        found = []
        for day, measure in sorted({*source, *landed}, key=lambda place: (place[0] or "", place[1])):
            one, other = (each.get((day, measure), Decimal(0)) for each in (source, landed))
            allowed = max(Decimal(str(tolerance)), FLOATS if measure in floats else Decimal(0))
            is_taken = abs(one - other) <= allowed * max(abs(one), abs(other))
            found.append(Reconciled(day, measure, one, other, is_taken))
        return found


def _sum_landed(column: SourceColumn) -> str:
    name = quote_name(column.name)
    if column.kind == "float":
        return f"sum({name})"
    return f"cast(sum(cast({name} as decimal(38, 10))) as varchar)"


def total(counts: Counts, measure: str = ROWS) -> Decimal:
    """Over all days."""
    return sum((value for (_, name), value in counts.items() if name == measure), Decimal(0))


def describe_worst(found: Iterable[Reconciled]) -> str:
    """The measure that differs most, of those that differ too much, in a few words.

    Of rows, how many there are; of amounts only that they differ: the sum of a day with one order is that order's.
    """
    wrong = [each for each in found if not each.is_taken]
    worst = max(wrong, key=lambda each: (each.measure == ROWS, abs(each.difference), each.day or "", each.measure))
    day = f" of {worst.day}" if worst.day else ""
    others = f"; {len(wrong) - 1} more differ" if len(wrong) > 1 else ""
    if worst.measure == ROWS:
        return f"rows{day}: {worst.source:,f} in the source, {worst.landed:,f} here{others}"
    return f"the sum of {worst.measure}{day} differs{others}"
