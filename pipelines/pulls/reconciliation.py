"""Rows and sums of a table, counted by the system when it was pulled and by us in what was landed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import duckdb

from pipelines.extracts.sql_quoting import quote_name
from pipelines.pulls.system import ROWS, Counted, Counts, Measures, SourceColumn, total

CHANGED_ROWS = "changed rows"
"""Of a pull of changes alone, where it is short."""
FLOATS = Decimal("1e-9")  # Of a sum of floats, whose order the two sides do not share.


@dataclass(frozen=True)
class Reconciled:
    """One measure of one day on both sides. ``is_taken``: they differ by no more than is declared.

    Without a day it is that of rows without one, and where the system counts over all days that of all: then
    ``is_complete`` is false, and the days are those that it counts beside. ``is_comparable``: false where the source
    has forgotten rows that stay here, or counts fewer than it has, so that nothing is proved.
    """

    day: str | None
    measure: str
    source: Decimal
    landed: Decimal
    is_taken: bool
    is_complete: bool = True
    is_comparable: bool = True

    @property
    def difference(self) -> Decimal:
        """Landed, less the source's."""
        return self.landed - self.source


def count_landed(measures: Measures, connection: duckdb.DuckDBPyConnection, rows: str) -> Counts:
    """What is ours of ``rows``, a SELECT over what was landed."""
    day = f"strftime({quote_name(measures.day.name)}, '%Y-%m-%d')" if measures.day else "null"
    sums = (_sum_landed(column, connection, rows) for column in measures.amounts)
    counted = ", ".join([day, "count(*)", *sums])
    grouped = " group by 1" if measures.day else ""
    found = connection.execute(f"select {counted} from ({rows}){grouped}").fetchall()
    return read_counts(found, measures.names)


def read_counts(rows: Iterable[Sequence[object]], names: Sequence[str]) -> Counts:
    """Of rows that hold a day, and a value for each of ``names``."""
    return {
        (None if row[0] is None else str(row[0]), name): Decimal(str(value or 0))
        for row in rows
        for name, value in zip(names, row[1:], strict=True)
    }


def compare(measures: Measures, source: Counted, landed: Counts, tolerance: float) -> list[Reconciled]:
    """Both sides, by day and measure. Of what a system counted before and after, the nearest to ours is told."""
    floats = {column.name for column in measures.amounts if column.kind == "float"}
    places = {*source.before, *source.after, *(landed if source.is_complete else ())}
    if source.is_complete and not places:
        places = {(None, ROWS)}  # By days, no rows are no count.
    found = []
    for day, measure in sorted(places, key=lambda place: (place[0] or "", place[1])):
        is_of_all_days = day is None and not source.is_complete
        here = total(landed, measure) if is_of_all_days else landed.get((day, measure), Decimal(0))
        there = _nearest(source.at(day, measure), here)
        allowed = max(Decimal(str(tolerance)), FLOATS if measure in floats else Decimal(0))
        is_taken = abs(there - here) <= allowed * max(abs(there), abs(here))
        is_ahead = source.may_lag and here > there
        found.append(Reconciled(day, measure, there, here, is_taken or is_ahead, source.is_complete, not is_ahead))
    return found


def leave_forgotten(found: Iterable[Reconciled]) -> list[Reconciled]:
    """The same, where rows stay that the source has forgotten: where more are here, neither side proves the other."""
    measured = list(found)
    more = {each.day for each in measured if each.measure == ROWS and each.landed > each.source}
    return [replace(each, is_taken=True, is_comparable=False) if each.day in more else each for each in measured]


def told_by_source(source: Counted, measure: str, here: Decimal) -> Decimal | None:
    """A measure over all days as the system counts it, the nearest to ``here``; None where it does not."""
    bounds = source.over_all_days(measure)
    return None if bounds is None else _nearest(bounds, here)


def _nearest(bounds: tuple[Decimal, Decimal], here: Decimal) -> Decimal:
    return min(max(here, bounds[0]), bounds[1])


def _sum_landed(column: SourceColumn, connection: duckdb.DuckDBPyConnection, rows: str) -> str:
    name = quote_name(column.name)
    if column.kind == "float":
        return f"sum({name})"
    type_ = connection.execute(f"select typeof({name}) from ({rows}) limit 1").fetchone()
    if type_ in (None, ("VARCHAR",)):  # Of more digits than fit a decimal, or of as many as it happens to have.
        behind = f"max(length(split_part(cast({name} as varchar), '.', 2)))"
        [[digits]] = connection.execute(f"select {behind} from ({rows})").fetchall()
        name = f"cast({name} as decimal(38, {min(digits or 0, 38)}))"
    return f"cast(sum({name}) as varchar)"


def count_rows(found: Iterable[Reconciled]) -> int | None:
    """How many rows the source has, over all days; None where it has not counted them."""
    counted = [each for each in found if each.measure == ROWS and (each.is_complete or each.day is None)]
    return int(sum(each.source for each in counted)) if counted else None


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
