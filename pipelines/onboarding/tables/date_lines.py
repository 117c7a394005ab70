"""The line of a date or time: as the column writes it, or the question which of two readings is meant."""

from collections.abc import Sequence

from pipelines.contracts import Column
from pipelines.onboarding.draft import OPEN, Line, Remark
from pipelines.onboarding.tables import date_order, sql
from pipelines.onboarding.tables.context import Context
from pipelines.onboarding.tables.matching import Assigned
from pipelines.onboarding.values.date_formats import DateFormat

_CLOCKED = ("sold_at", "ordered_at")


def write_date(context: Context, column: Column, assigned: Assigned) -> Line:
    """What reads ``column`` from its source column."""
    source = assigned.source
    shape = context.export.shapes[source]
    if shape.date is None:  # An empty column: how it will write dates, nobody knows.
        return Line(column.name, source, Remark("empty_date"), is_active=column.required)
    found = shape.date
    clock = _find_clock(context, column, found, shape.sample)
    if found.is_open and context.order is None:
        return _ask_order(column, source, found, clock)
    settled = date_order.settle(found, context.order)
    value = sql.date(source, settled, clock, is_forgiving=context.is_in_query) or source
    if found.has_short_years and column.limited_by == "birth_date":
        return Line(column.name, value, Remark("short_years"), is_active=False)
    if found.is_open and context.order is not None:
        return Line(column.name, value, Remark(_ORDERS[context.order[0]], {"column": context.order[1]}))
    return Line(column.name, value, assigned.doubt)


_ORDERS = {"day first": "day_first", "month first": "month_first"}


def _find_clock(context: Context, column: Column, found: DateFormat, values: Sequence[str]) -> tuple[str, str] | None:
    """The column of the time of day beside a date without one (a spreadsheet's date has midnight)."""
    time = context.match.source_of("time_of_day") if column.name in _CLOCKED else None
    is_day = not found.has_time or (not found.patterns and all(value.endswith("00:00:00") for value in values))
    pattern = context.export.shapes[time].time if time else None
    return (time, pattern) if time and pattern and is_day else None


def _ask_order(column: Column, source: str, found: DateFormat, clock: tuple[str, str] | None) -> Line:
    """Both readings of a date in which every day could be a month."""
    parts = {"column": source}
    readings = tuple(str(sql.date(source, each, clock)) for each in (found.day_first(), found.month_first()))
    if column.required:
        return Line(column.name, OPEN, Remark("ask_order", parts), offers=readings)
    return Line(column.name, readings[0], Remark("ask_order_optional", parts), is_active=False)
