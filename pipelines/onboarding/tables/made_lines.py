"""Lines of columns that no source column is: made from others, or taken to be what they usually are."""

from collections.abc import Callable, Sequence

from pipelines.contracts import Column
from pipelines.onboarding.draft import OPEN, Line, Remark
from pipelines.onboarding.tables import sql
from pipelines.onboarding.tables.context import Context
from pipelines.onboarding.tables.date_lines import write_date
from pipelines.onboarding.tables.keys import is_constant, is_key
from pipelines.onboarding.tables.matching import Match

SCALES = (5, 10, 20, 100)
ENOUGH_LASTING = 3  # Columns that tell people apart; a mailbox is changed more often than they are.
LONG_AGO = "timestamp '2000-01-01'"
_CAPITALS = "'^((?:[[:upper:]''’-]{2,} )+)'"


def make_line(context: Context, column: Column) -> Line | None:
    """The line of a column that is not assigned; None where nothing can be made of the export."""
    maker = _MAKERS.get(column.name)
    made = maker(context, column) if maker else None
    if made is None and column.required and column.name == context.match.table.key[0]:
        made = _make_id(context, column)
    assumed = context.vocabulary.assumed.get(f"{context.place}.{column.name}")
    if made is None and column.required and assumed:
        return Line(column.name, assumed, Remark("assumed"))
    return made


def _number_lines(context: Context, column: Column) -> Line | None:
    if not column.required:
        return None
    own = context.match.source_of(context.match.table.key[0])
    key = context.key or ((own,) if own else ())
    if not key:
        return None
    numbered = f"row_number() over (partition by _file, {', '.join(map(sql.name, key))} order by _row)"
    return Line(column.name, numbered, Remark("numbered"))


def _multiply(context: Context, column: Column) -> Line | None:
    value = cost_of_line(context, context.match)
    return Line(column.name, value, Remark("made")) if value else None


def cost_of_line(context: Context, match: Match) -> str | None:
    """SQL of what a line costs: its quantity times its price, less its discount, but not that of the whole ticket."""
    of = match.source_of
    quantity, price, taken = of("quantity"), of("unit_price"), of("discount_amount")
    if not quantity or not price:
        return None
    own = of(match.table.key[0])
    key = context.key or ((own,) if own else ())
    if taken and key and is_constant(context.export, key, taken):
        taken = None
    less = f" - abs(coalesce(amount({sql.name(taken)}), 0))" if taken else ""
    return f"amount({sql.name(quantity)}) * amount({sql.name(price)}){less}"


def _divide(context: Context, column: Column) -> Line | None:
    quantity, amount = context.match.source_of("quantity"), context.match.source_of("line_amount")
    if not quantity or not amount:
        return None
    made = f"amount({sql.name(amount)}) / nullif(amount({sql.name(quantity)}), 0)"
    return Line(column.name, made, Remark("made"))


def _add_lines(context: Context, column: Column) -> Line | None:
    """A ticket's total out of what its lines cost."""
    if context.lines is None:
        return None
    amount = context.lines.source_of("line_amount")
    value = f"amount({sql.name(amount)})" if amount else cost_of_line(context, context.lines)
    return Line(column.name, value, Remark("summed_amount")) if value else None


def _name_product(context: Context, column: Column) -> Line | None:
    product = context.match.source_of("product_name")
    return Line(column.name, product, Remark("named_product")) if product else None


def _take_mobile(context: Context, column: Column) -> Line | None:
    mobile = None if context.has("mobile") else context.match.source_of("mobile")
    return Line(column.name, mobile) if mobile else None


def _split_name(context: Context, column: Column) -> Line | None:
    """First and last name out of one column: `Marie DUPONT`, `DUPONT Marie`, or `Dupont, Marie`."""
    source = context.match.source_of("full_name")
    if source is None:
        return None
    values, own, is_first = context.export.shapes[source].sample, sql.name(source), column.name == "first_name"
    if sum("," in value for value in values) > len(values) / 2:
        value = f"trim(split_part({own}, ',', {2 if is_first else 1}))"
    elif _begin_with_capitals(values):
        value = f"regexp_replace({own}, {_CAPITALS}, '')" if is_first else f"regexp_extract({own}, {_CAPITALS}, 1)"
        value = f"trim({value})"
    else:
        first = f"split_part({own}, ' ', 1)"
        value = first if is_first else f"trim(substr({own}, length({first}) + 1))"
    return Line(column.name, value, Remark("split_name"))


def _begin_with_capitals(values: Sequence[str]) -> bool:
    words = [value.split() for value in values if " " in value]
    return sum(word[0].isupper() and not word[-1].isupper() for word in words) > len(words) / 2


def _make_updated(context: Context, column: Column) -> Line | None:
    """When a row was changed, where the export does not say: when it was made, or long ago."""
    if not column.required:
        return None
    for other in ("created_at", "ordered_at", "sold_at"):
        assigned = context.match.assigned.get(other)
        if not context.has(other) or assigned is None or not assigned.is_sure:
            continue
        line = write_date(context, context.column(other), assigned)
        if line.is_active and not line.is_question:
            return Line(column.name, line.value, Remark("updated_from", {"column": other}))
        if line.is_question:
            return Line(column.name, OPEN, line.remark, offers=line.offers)
    return Line(column.name, LONG_AGO, Remark("never_updated"))


def _make_scale(context: Context, column: Column) -> Line | None:
    """The scale that the scores of a survey show."""
    score = context.match.source_of("score")
    if context.place != "crm/surveys" or score is None:
        return None
    numbers = [float(value.replace(",", ".")) for value in context.export.shapes[score].sample if _is_plain(value)]
    highest = next((top for top in SCALES if max(numbers, default=0) <= top), SCALES[-1])
    if column.name == "scale_max":
        return Line(column.name, str(highest), Remark("assumed"))
    return Line(column.name, "'nps'" if highest == 10 else "'csat'", Remark("assumed"))


def _is_plain(value: str) -> bool:
    return value.replace(",", ".").replace(".", "", 1).isdigit()


def _make_id(context: Context, column: Column) -> Line | None:
    """An id where the export has none: a card or mailbox of people, what the row says of an event."""
    table = context.match.table
    if table.name in ("contacts", "customers", "members"):
        return _identify_person(context, column)
    if not table.since or len(table.key) > 1 or table.name in ("orders", "tickets"):
        return None
    told = {each.source for name, each in context.match.assigned.items() if each.is_sure and context.has(name)}
    ordered = [source for source in context.export.columns if source in told]
    return Line(column.name, sql.digest(ordered), Remark("made_id")) if len(ordered) > 1 else None


def _identify_person(context: Context, column: Column) -> Line | None:
    """A card or mailbox that every row has for itself, else what does not change of a person."""
    of = context.match.source_of
    card, mail = of("loyalty_card_id"), of("email")
    for own, value in ((card, card), (mail, mail and f"lower({sql.name(mail)})")):
        if own and value and is_key(context.export, own):
            return Line(column.name, value, Remark("made_id"))
    lasting = list(dict.fromkeys(source for name in _LASTING if (source := of(name))))
    if len(lasting) < ENOUGH_LASTING and mail:
        lasting.append(mail)
    if len(lasting) < 2:
        return None
    parts = {"column": card or mail or "", "columns": ", ".join(lasting)}
    return Line(column.name, sql.digest(lasting), Remark("made_person_id" if card or mail else "made_id", parts))


_LASTING = ("loyalty_card_id", "last_name", "first_name", "full_name", "birth_date", "created_at")

_MAKERS: dict[str, Callable[[Context, Column], Line | None]] = {
    "line_no": _number_lines,
    "line_amount": _multiply,
    "unit_price": _divide,
    "total_amount": _add_lines,
    "product_id": _name_product,
    "phone": _take_mobile,
    "first_name": _split_name,
    "last_name": _split_name,
    "updated_at": _make_updated,
    "scale_max": _make_scale,
    "kind": _make_scale,
}
