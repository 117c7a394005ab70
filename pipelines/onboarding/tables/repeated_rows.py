"""A ticket's or order's own row out of the lines on which it is repeated: a `query` that groups them."""

from collections.abc import Iterator

from pipelines.contracts import Column
from pipelines.onboarding.draft import OPEN, Line, Remark
from pipelines.onboarding.tables import sql
from pipelines.onboarding.tables.amounts import is_of_line
from pipelines.onboarding.tables.context import Context
from pipelines.onboarding.tables.keys import is_constant
from pipelines.onboarding.tables.lines import cost_as_told, write_line

FIRST_TIMES = ("sold_at", "ordered_at")
SUMMED = ("total_amount", "gross_amount", "discount_amount", "tax_amount", "shipping_amount")


def select_lines(context: Context) -> Iterator[Line]:
    """What the `query` selects: a line for each canonical column, made from all rows of a ticket."""
    for column in context.match.table.columns:
        line = write_line(context, column)
        if line is None or not line.is_active:
            continue
        if line.is_question:
            continue  # Asked for under `columns`; the query carries the source's column along (``carried``).
        if column.name == context.match.table.key[0]:
            yield line
        elif column.name in SUMMED:
            added = _add_up(context, column, line)
            if added is not None:
                yield added
        else:
            yield Line(column.name, _of_group(line.value, column, context), line.remark)


def find_carried(context: Context) -> list[str]:
    """Source columns that an open question may be answered with, which the query must not lose."""
    asked = [
        column.name
        for column in context.match.table.columns
        if (line := write_line(context, column)) and line.is_question
    ]
    named = [each.source for name in asked if (each := context.match.assigned.get(name))]
    time = context.match.source_of("time_of_day")
    return list(dict.fromkeys([*named, *([time] if time and set(asked) & set(FIRST_TIMES) else [])]))


def ask_lines(context: Context) -> Iterator[Line]:
    """The lines under `columns` of what only a person can say."""
    for column in context.match.table.columns:
        line = write_line(context, column)
        if line is not None and line.is_question:
            yield line


def _of_group(value: str, column: Column, context: Context) -> str:
    if value.startswith("'") or value == OPEN:
        return value
    expression = sql.name(value) if value in context.export.columns else value
    how = "min" if column.name in FIRST_TIMES else "max" if column.name == "updated_at" else "any_value"
    return f"{how}({expression})"


def find_line_discount(context: Context) -> str | None:
    """The column of discounts of single lines, which are in their amounts and none of the whole ticket."""
    source = context.match.source_of("discount_amount")
    return source if source and not is_constant(context.export, context.key, source) else None


def _add_up(context: Context, column: Column, line: Line) -> Line | None:
    """A ticket's amount: the one that all its rows repeat, else their sum; None for what is of single lines alone."""
    source = context.match.source_of(column.name)
    if source is None:
        return Line(column.name, f"sum({line.value})", line.remark)
    lines = context.lines
    is_shared = column.name == "total_amount" and lines is not None and source == lines.source_of("line_amount")
    if is_shared and lines is not None and is_of_line(context.export, lines, source):
        return Line(column.name, f"sum({cost_as_told(context.export, lines)})", Remark("summed_amount"))
    if is_constant(context.export, context.key, source):
        return Line(column.name, f"any_value({sql.name(source)})", Remark("repeated_amount"))
    if column.name == "discount_amount":
        return None
    return Line(column.name, f"sum(amount({sql.name(source)}))", Remark("summed_amount"))
