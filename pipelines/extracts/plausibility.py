"""What can be true of a canonical value, in DuckDB SQL: bounds, signs, the day of the run, what columns say together.

What a column may hold is declared in ``contracts``, and how far limits reach under `plausible` of `sources.yml`. A rule
that looks at several columns of a row is a :class:`Rule`; ``rules_of`` is where they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from pipelines.config.connectors import Range, TableMapping
from pipelines.config.sources import Sources
from pipelines.contracts import Column, Table
from pipelines.extracts import currencies
from pipelines.extracts.quarantine import Kind

ABSENT = "null"


@dataclass(frozen=True)
class Rule:
    """A condition under which the value of a column cannot be true.

    ``condition`` and ``instead`` are SQL in which ``{name}`` stands for the value of the column ``name``; a row where
    the condition is null keeps the rule. ``instead`` is what the value becomes where the row stays; None: it stays too.
    ``always_stays``: the row stays even where the column is required; ``always_goes``: it goes even where the column is
    not. ``sets_apart``: the row is not there yet.
    """

    condition: str
    reason: str
    kind: Kind = "implausible"
    instead: str | None = ABSENT
    always_stays: bool = False
    always_goes: bool = False
    sets_apart: bool = False


@dataclass(frozen=True)
class Window:
    """The time in which a night lives: until the end of ``as_of`` in ``timezone``."""

    as_of: date
    timezone: str

    @property
    def end(self) -> datetime:
        """The first instant after the day of the run, as a timestamp without zone in UTC."""
        return self.begin(self.as_of + timedelta(days=1))

    def begin(self, day: date) -> datetime:
        """The first instant of ``day``, likewise."""
        midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.timezone))
        return midnight.astimezone(UTC).replace(tzinfo=None)

    @property
    def last(self) -> str:
        """SQL of the last instant of the day of the run."""
        return f"{_literal(self.end)} - interval 1 microsecond"


def wait_for(column: str, parents: str) -> Rule:
    """The row is a part of one that is not there yet: ``parents`` is SQL of the table of the keys of those."""
    condition = f"{{{column}}} in (select {column} from {parents})"
    return Rule(condition, "is of a row later than as_of", "later_than_as_of", sets_apart=True)


def go_with(column: str, parents: str) -> Rule:
    """The row is a part of one that is not there to tell in which currency its amounts are."""
    condition = f"{{{column}}} in (select {column} from {parents})"
    return Rule(condition, "is of a row in another currency, which is in quarantine", always_goes=True)


def rules_of(table: Table, column: Column, sources: Sources, mapping: TableMapping, window: Window) -> tuple[Rule, ...]:
    """What the values of ``column`` must keep to, in the order in which it is asked."""
    return (
        *_rules_of_time(table, column, window),
        *_rules_of_currency(table, column, sources, window),
        *_rules_of_bounds(table, column, sources, mapping.plausible.get(column.name, Range()), window),
        *_rules_of_sign(column),
        *_rules_of_length(column),
        *_rules_between_columns(table, column),
    )


def _rules_of_time(table: Table, column: Column, window: Window) -> Iterator[Rule]:
    """What lies after the day of the run: there is no such row yet, or not yet such a value."""
    if column.type not in ("date", "timestamp"):
        return
    value = f"{{{column.name}}}"
    is_later = f"{value} > {_literal(window.as_of)}" if column.type == "date" else f"{value} >= {_literal(window.end)}"
    later = partial(Rule, is_later, "is later than as_of", "later_than_as_of")
    if column.name == table.since:
        yield later(sets_apart=True)
    elif column.limited_by == "birth_date":
        yield Rule(is_later, "is in the future; was a year of two digits read as one of this century?")
    elif column.name == "updated_at":
        # What the row says is from later, but the row itself was there. Which version is newest is asked before.
        yield later(instead=None, always_stays=True)
    else:
        yield later()


def _rules_of_currency(table: Table, column: Column, sources: Sources, window: Window) -> Iterator[Rule]:
    if column.name != "currency" or table.since is None:
        return
    is_of_days = any(each.name == table.since and each.type == "date" for each in table.columns)
    begin_of_day = {
        currency: _literal(rates[0].from_ if is_of_days else window.begin(rates[0].from_))
        for currency, rates in sources.exchange_rates.items()
        if rates[0].from_ is not None
    }
    refusals = currencies.list_refusals("{currency}", f"{{{table.since}}}", sources, begin_of_day)
    for condition, reason in refusals:
        yield Rule(condition, reason, always_goes=True)


def _rules_of_bounds(table: Table, column: Column, sources: Sources, own: Range, window: Window) -> Iterator[Rule]:
    if column.type in ("date", "timestamp"):
        yield from _rules_of_dates(column, sources, own, window)
    elif column.type not in ("text", "boolean"):
        yield from _rules_of_numbers(table, column, sources, own)


def _rules_of_dates(column: Column, sources: Sources, own: Range, window: Window) -> Iterator[Rule]:
    limits, value = sources.plausible, f"{{{column.name}}}"
    is_date = column.type == "date"
    if own.min is not None:
        earliest, reason = _as_day(own.min), f"is before {own.min}"
    elif column.least is not None:
        earliest, reason = date.fromisoformat(str(column.least)), f"is before {column.least}"
    elif column.limited_by == "birth_date":
        earliest, reason = _years_before(window.as_of, limits.oldest_age), f"is more than {limits.oldest_age} years ago"
    else:
        earliest, reason = limits.earliest_date, f"is before {limits.earliest_date}"
    yield Rule(f"{value} < {_literal(earliest if is_date else window.begin(earliest))}", reason)
    if own.max is not None:
        after = _as_day(own.max) + timedelta(days=1)
        yield Rule(f"{value} >= {_literal(after if is_date else window.begin(after))}", f"is after {own.max}")


def _rules_of_numbers(table: Table, column: Column, sources: Sources, own: Range) -> Iterator[Rule]:
    limits, value = sources.plausible, f"{{{column.name}}}"
    largest = {
        "amount": _largest_amount(table, sources),
        "quantity": limits.largest_quantity,
        "points": limits.largest_points,
        "count": limits.largest_count,
    }.get(column.limited_by or "", column.most)
    most = own.max if own.max is not None else largest
    least = own.min if own.min is not None else column.least
    if least is None and column.sign == "never negative":
        least = 0
    elif least is None and largest is not None:
        least = -largest
    if least is not None:
        yield Rule(f"{value} < {_number(least)}", f"is below {_number(least)}")
    if most is not None:
        yield Rule(f"{value} > {_number(most)}", f"is above {_number(most)}")


def _largest_amount(table: Table, sources: Sources) -> float:
    """The limit is in the retailer's currency; what stands in one of smaller units may be as much larger."""
    largest = sources.plausible.largest_amount
    is_exchanged = table.part_of is not None or any(column.name == "currency" for column in table.columns)
    rates = [float(rate.rate) for declared in sources.exchange_rates.values() for rate in declared]
    return round(largest / min(1.0, *rates)) if is_exchanged and rates else largest


def _rules_of_sign(column: Column) -> Iterator[Rule]:
    if column.sign == "magnitude":
        value = f"{{{column.name}}}"
        owed = f" and not coalesce({{{column.sign_of}}} < 0, false)" if column.sign_of else ""
        reason = "is negative, and taken as the same amount without the sign"
        yield Rule(f"{value} < 0{owed}", reason, instead=f"abs({value})", always_stays=True)


def _rules_of_length(column: Column) -> Iterator[Rule]:
    """No name has megabytes, and every later step would take its time with it."""
    if column.type == "text" and column.values is None:
        yield Rule(f"strlen({{{column.name}}}) > {column.longest}", f"is longer than {column.longest:,} bytes")


def _rules_between_columns(table: Table, column: Column) -> Iterator[Rule]:
    start = _ENDS.get((table.path, column.name))
    if start:
        is_day = _DAY_OF_START.format(end=column.name, start=start)
        yield Rule(f"{{{column.name}}} < {{{start}}} and not ({is_day})", f"is before {start}")
    for path, name, rule in _BETWEEN_COLUMNS:
        if (path, name) == (table.path, column.name):
            yield rule


_DAY_OF_START = "timezone('UTC', {{{end}}}) = date_trunc('day', timezone('UTC', {{{start}}}))"
"""The end is the midnight with which the day of the start began: a day was written, without a time."""

_ENDS = {("crm/interactions", "ended_at"): "started_at", ("ecommerce/orders", "fulfilled_at"): "ordered_at"}
"""What ends, and the column that says when it began."""


def settle(table: Table, column: Column) -> str:
    """SQL of the value of a column that keeps to its rules, such as an end of which only the day was written."""
    start, value = _ENDS.get((table.path, column.name)), f"{{{column.name}}}"
    return f"case when {value} < {{{start}}} then {{{start}}} else {value} end" if start else value


def _only_told(condition: str, reason: str) -> Rule:
    """A total below zero is a credit note among the orders, and points spent above zero are a reversal, or of a source
    that writes no signs: as they are, these books agree with those of the source.
    """
    return Rule(condition, reason, instead=None, always_stays=True)


_BETWEEN_COLUMNS = (
    ("crm/surveys", "score", Rule("{score} > {scale_max}", "is above scale_max")),
    (
        "pos/ticket_lines",
        "line_amount",
        Rule(
            "{quantity} < 0 and {line_amount} > 0 and {unit_price} >= 0",
            "is positive though units came back, and taken as negative",
            instead="-{line_amount}",
            always_stays=True,
        ),
    ),
    ("ecommerce/orders", "total_amount", _only_told("{total_amount} < 0", "is negative, as of a refund")),
    (
        "crm/loyalty_movements",
        "points",
        _only_told("{points} > 0 and {kind} in ('spent', 'expired')", "is positive though spent or expired"),
    ),
)


def _as_day(bound: date | float) -> date:
    if not isinstance(bound, date):
        raise TypeError(f"{bound} is no day")
    return bound


def _years_before(day: date, years: int) -> date:
    year = max(day.year - years, 1)
    return day.replace(year=year, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=year)


def _number(bound: date | float | str) -> str:
    """As SQL and people write it."""
    return f"{float(str(bound)):.10g}" if not isinstance(bound, date) else str(bound)


def _literal(moment: date) -> str:
    return f"timestamp '{moment}'" if isinstance(moment, datetime) else f"date '{moment}'"
