"""For which days of a run the same files say the same: where no time moves across the end of the day, nothing does.

A row later than `as_of` is not there yet, a day before it is too old: both are asked of values only. So what was read
for one day holds for another, unless a value lies between them, or the mapping or a rule reckons from the day itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from pipelines.config.connectors import Range, TableMapping
from pipelines.contracts import Column
from pipelines.extracts.clock import differs_each_time
from pipelines.extracts.sql_quoting import quote_name


@dataclass(frozen=True)
class Days:
    """The days of a run from ``first`` on and before ``end`` (None: whatever day it is)."""

    first: date | None = None
    end: date | None = None

    def hold(self, day: date) -> bool:
        """Whether what was read holds for a run of ``day``."""
        return (self.first is None or self.first <= day) and (self.end is None or day < self.end)

    def meet(self, other: "Days") -> "Days":
        """The days that are among both."""
        firsts = [each.first for each in (self, other) if each.first is not None]
        ends = [each.end for each in (self, other) if each.end is not None]
        return Days(max(firsts, default=None), min(ends, default=None))


def depend_on_day(declared: TableMapping, columns: Iterable[Column]) -> bool:
    """Whether a rule or the SQL of a mapping reckons from the day itself, so that every day reads otherwise."""
    is_age_limited = any(
        column.limited_by == "birth_date" and declared.plausible.get(column.name, Range()).min is None
        for column in columns
    )
    return is_age_limited or any("as_of" in sql.lower() for sql in declared.written_sql)


def find_lasting(declared: TableMapping, columns: Iterable[Column], day: date) -> Days:
    """The days for which a rule and the SQL of a mapping say what they say on ``day``, whatever the values.

    Those are none where the SQL asks the clock: the same day may be run again on another.
    """
    if any(differs_each_time(sql) for sql in declared.written_sql):
        return Days(day, day)
    return Days(day, day + timedelta(days=1)) if depend_on_day(declared, columns) else Days()


def local_day(column: Column, value: str) -> str:
    """SQL of the day, in the session's time zone, on which the ``value`` of a date or timestamp column falls."""
    return value if column.type == "date" else f"cast(timezone('UTC', {value}) as date)"


def latest_day(columns: Iterable[Column], day: date) -> str:
    """SQL of the aggregate that gives the last day, up to ``day``, on which any of the columns' values falls."""
    local = (local_day(column, quote_name(column.name)) for column in columns)
    latest = [f"max({each}) filter (where {each} <= date '{day}')" for each in local]
    return f"greatest({', '.join(latest)})" if latest else "cast(null as date)"


def times_of(columns: Iterable[Column]) -> list[Column]:
    """Those of the columns that say when."""
    return [column for column in columns if column.type in ("date", "timestamp")]
