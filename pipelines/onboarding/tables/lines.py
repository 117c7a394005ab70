"""A line for each canonical column of a table: what fills it, and what is to be said or asked about that."""

from collections.abc import Iterator

from pipelines.contracts import Column
from pipelines.onboarding.draft import OPEN, Line, Remark
from pipelines.onboarding.exports.export import Export
from pipelines.onboarding.tables import sql
from pipelines.onboarding.tables.amounts import is_before_discount
from pipelines.onboarding.tables.context import Context
from pipelines.onboarding.tables.date_lines import write_date
from pipelines.onboarding.tables.made_lines import make_line
from pipelines.onboarding.tables.matching import Assigned, Match

MOST_MEANINGS = 40  # Different values of a list of allowed ones; more are no list.
MOST_CANDIDATES = 4


def write_lines(context: Context) -> Iterator[Line]:
    """The lines of a table whose rows are the export's, in canonical order; columns with nothing to say have none."""
    for column in context.match.table.columns:
        line = write_line(context, column)
        if line is not None:
            yield line


def write_line(context: Context, column: Column) -> Line | None:
    """The line of one canonical column; None where there is nothing to say."""
    assigned = context.match.assigned.get(column.name)
    if context.key and column.name == context.match.table.key[0]:
        return _write_key(context, column)
    if assigned is not None and assigned.is_sure:
        if column.type in ("date", "timestamp"):
            return write_date(context, column, assigned)
        return _write_assigned(context, column, assigned)
    made = make_line(context, column)
    if made is not None:
        return made
    if column.required:
        return Line(column.name, OPEN, _ask(context, column))
    if assigned is not None:
        return Line(column.name, assigned.source, Remark("unsure"), is_active=False)
    return None


def _write_key(context: Context, column: Column) -> Line:
    if len(context.key) == 1:
        return Line(column.name, context.key[0])
    parts = {"column": context.key[-1], "others": " + ".join(context.key[:-1])}
    return Line(column.name, " || '-' || ".join(map(sql.name, context.key)), Remark("composite_key", parts))


def _write_assigned(context: Context, column: Column, assigned: Assigned) -> Line:
    source, source_of = assigned.source, context.match.source_of
    if column.values:
        return _write_values(context, column, assigned)
    if column.name == "phone" and not context.has("mobile") and (mobile := source_of("mobile")):
        return Line(column.name, sql.join((mobile, source), " / "), Remark("two_phones"))
    if column.name == "line_amount" and is_before_discount(context.export, context.match):
        return Line(column.name, cost_as_told(context.export, context.match), Remark("less_discount"))
    if column.name == "address" and (second := source_of("address_2")):
        return Line(column.name, sql.join((source, second), " "))
    return Line(column.name, source, assigned.doubt)


def cost_as_told(export: Export, lines: Match) -> str:
    """SQL of what a line costs after its own discount, by the column of its amount."""
    amount, taken = lines.source_of("line_amount"), lines.source_of("discount_amount")
    value = f"amount({sql.name(amount or '')})"
    if taken and is_before_discount(export, lines):
        value += f" - abs(coalesce(amount({sql.name(taken)}), 0))"
    return value


def _write_values(context: Context, column: Column, assigned: Assigned) -> Line:
    """A list of allowed values out of the export's words for them."""
    shape, table = context.export.shapes[assigned.source], context.match.table
    meanings: dict[str, str] = {}
    unknown = max(shape.distinct - MOST_MEANINGS, 0)
    for value in shape.commonest[:MOST_MEANINGS]:
        meaning = context.vocabulary.value_of(table, column.name, value)
        if meaning is None:
            unknown += 1
        else:
            meanings.setdefault(value.lower(), meaning)
    if not meanings:
        if column.required and shape.values:
            parts = {"columns": assigned.source, "values": ", ".join(column.values or ())}
            return Line(column.name, OPEN, Remark("ask_values", parts))
        return Line(column.name, assigned.source, Remark("unsure"), is_active=column.required)
    remark = Remark("unknown_values", {"count": str(unknown)}) if unknown else assigned.doubt
    return Line(column.name, sql.choose(assigned.source, dict(sorted(meanings.items()))), remark)


def _ask(context: Context, column: Column) -> Remark:
    """Which column is it? The candidates are those of the right kind that nothing else is taken from."""
    taken = {each.source for each in context.match.assigned.values() if each.is_sure}
    fitting = [source for source in context.export.columns if source not in taken and _may_be(context, source, column)]
    assigned = context.match.assigned.get(column.name)
    first = [assigned.source, *assigned.others] if assigned else []
    candidates = list(dict.fromkeys([*first, *fitting]))[:MOST_CANDIDATES]
    return Remark("ask_which", {"columns": ", ".join(candidates)}) if candidates else Remark("ask")


def _may_be(context: Context, source: str, column: Column) -> bool:
    shape = context.export.shapes[source]
    if column.type in ("date", "timestamp"):
        return shape.date is not None
    if column.is_number:
        return shape.are_numbers and not shape.are_phones
    return not shape.are_fractions and shape.date is None and not shape.is_empty
