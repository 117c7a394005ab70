"""What the business takes: revenue month by month beside last year's, in stores and online, and what it is made of."""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from pipelines.report.deltas import Better, Number, compare
from pipelines.report.figures import (
    Bar,
    Bars,
    Card,
    Cards,
    Column,
    Columns,
    Figure,
    Legend,
    Line,
    Lines,
    Segment,
    Tone,
    percent_of,
)
from pipelines.report.published_marts import MONTHS, Marts, Row, shift
from pipelines.report.section_contract import Section, say_empty, say_few, share, tell_period
from pipelines.report.small_groups import FEW, NOBODY, About, has_numbers
from pipelines.report.svg_paths import draw_line
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Kind, Texts

MARTS = ("channel_performance",)
NEEDS = (("ecommerce/orders", "pos/tickets"),)
MONTHS_SHOWN = 36
"""A third year beside the two that are compared; older months are in the mart."""

TICKS = 4
CENT = Decimal("0.01")
NOTHING: Row = {"revenue": Decimal(0), "orders": 0, "ordered_amount": Decimal(0), "refund_amount": Decimal(0)}
"""A month without a sale or a refund."""

SIDES: dict[str, Tone] = {"store_revenue": "blue", "online_revenue": "amber"}


def _query(grain: str, of_channel: str) -> str:
    """Sums by ``grain``; year 0 is that of the last twelve months. Behind them stand the customers who bought or were
    paid back, and each order or return of nobody known as one more."""
    return f"""
with

people as (

    select
        {grain},
        count(distinct person) as people,
        -- What rests on the returners rests on everybody as well.
        case
            when count(distinct person) < {FEW} then count(distinct person)
            else count(distinct case when is_return then person end)
        end as returners

    from (
        select
            cast(date_trunc('month', ordered_on) as date) as month,
            date_diff('month', ordered_on, $last) // 12 as year,
            {of_channel.format(channel="channel")},
            coalesce(customer_id, order_id) as person,
            false as is_return
        from marts.orders
        where is_revenue and ordered_on >= $first and ordered_on < $end

        union all

        select
            cast(date_trunc('month', returned_on) as date) as month,
            date_diff('month', returned_on, $last) // 12 as year,
            {of_channel.format(channel="booked_channel")},
            coalesce(customer_id, return_id) as person,
            true as is_return
        from marts.returns
        where is_revenue and returned_on >= $first and returned_on < $end
    ) as movements
    group by {grain}

),

summed as (

    select
        {grain},
        sum(revenue) as revenue,
        sum(orders) as orders,
        sum(ordered_amount) as ordered_amount,
        sum(refund_amount) as refund_amount

    from (
        select
            cast(date_trunc('month', day) as date) as month,
            date_diff('month', day, $last) // 12 as year,
            {of_channel.format(channel="channel")},
            revenue,
            orders,
            ordered_amount,
            refund_amount
        from marts.channel_performance
        where day >= $first and day < $end
    ) as days
    group by {grain}

)

select summed.*, coalesce(people.people, 0) as people, coalesce(people.returners, 0) as returners
from summed
left join people using ({grain})
order by {grain}
"""


# What was paid back is also what orders came to less revenue: where few were paid, one of the three stays untold. The
# average basket is a headline, so the number of orders gives way.
OF_RETURNERS = {"refund_amount": "returners", "ordered_amount": "returners", "orders": "returners"}
BY_MONTH = _query("month, year", "'all' as channel")
ABOUT_MONTHS = About("people", apart=OF_RETURNERS, free=("year",), wholes=(("year",),))
BY_SIDE = _query("month, side, year", "case when {channel} = 'store' then 'store' else 'online' end as side")
# Both sides of a month are its revenue, and the months of a side are what its channels took in the year.
ABOUT_SIDES = About("people", apart=OF_RETURNERS, free=("year",), wholes=(("month",), ("side", "year")))
BY_YEAR = _query("year", "'all' as channel")
ABOUT_YEARS = About("people", apart=OF_RETURNERS, free=("year",), wholes=())
BY_CHANNEL = _query("channel, year", "{channel} as channel")
ABOUT_CHANNELS = About("people", apart=OF_RETURNERS, free=("year",), wholes=(("year",),))
FIRST_DAY = "select min(day) as day from marts.channel_performance where orders > 0"


def draw(marts: Marts, texts: Texts) -> Section:
    if marts.period is None:
        return say_empty("revenue", MARTS, texts, NEEDS)
    last = marts.period.last
    span = {"first": shift(last, 1 - MONTHS_SHOWN), "last": last, "end": marts.period.end}
    found = {row["month"]: row for row in marts.ask(BY_MONTH, ABOUT_MONTHS, **span)}
    if not found:
        return say_empty("revenue", MARTS, texts, NEEDS)
    if not has_numbers(list(found.values()), "revenue"):
        return say_few("revenue", MARTS, texts)
    whole_from = _find_first_whole_month(marts)
    sides = {(row["month"], row["side"]): row["revenue"] for row in marts.ask(BY_SIDE, ABOUT_SIDES, **span)}
    months = [_measure(found, sides, month, whole_from) for month in _list_months(min(found), last)]
    years = {row["year"]: row for row in marts.ask(BY_YEAR, ABOUT_YEARS, **span)}
    has_year_before = whole_from <= shift(last, 1 - 2 * MONTHS)
    now, before = years.get(0, NOTHING), years.get(1) if has_year_before else None
    by_channel = marts.ask(BY_CHANNEL, ABOUT_CHANNELS, **span)
    channels = _compare_channels(by_channel, now["revenue"], has_year_before, texts)
    recent = months[-MONTHS:]
    figures: list[Figure] = [
        Cards(texts.say("revenue.year"), _draw_cards(now, before, texts)),
        _draw_months(recent, texts),
        *([_draw_sides(months[-2 * MONTHS :], texts)] if len(months) > 2 and _has_both(sides) else []),
        _draw_channels(channels, texts),
    ]
    return Section(
        "revenue",
        _title(now, before, recent, texts),
        lead=[texts.say("revenue.lead")],
        figures=figures,
        tables=[
            tabulate(
                "revenue_months",
                texts.say("revenue.months"),
                label_columns(
                    texts,
                    month="month_short",
                    revenue="money",
                    year_before="money",
                    change="signed_share",
                    store_revenue="money",
                    online_revenue="money",
                    orders="count",
                    average_basket="money",
                    refund_amount="money",
                    refund_share="share",
                ),
                months,
                texts,
            ),
            tabulate(
                "revenue_channels",
                texts.say("revenue.channels"),
                label_columns(
                    texts,
                    channel="text",
                    revenue="money",
                    share_of_revenue="share",
                    year_before="money",
                    change="signed_share",
                ),
                channels,
                texts,
            ),
        ],
        marts=MARTS,
        nav=texts.say("revenue.nav"),
        scope=tell_period(marts, texts),
        terms=("net_revenue", "average_basket"),
    )


def _find_first_whole_month(marts: Marts) -> date:
    """The first month known from its first day on: one that begins in the middle is no year to compare with."""
    [row] = marts.ask(FIRST_DAY, NOBODY)
    day: date = row["day"] or date.max.replace(day=1)
    return day if day.day == 1 else shift(day.replace(day=1), 1)


def _list_months(first: date, last: date) -> list[date]:
    months = [first]
    while months[-1] < last:
        months.append(shift(months[-1], 1))
    return months


def _measure(
    found: dict[date, Row], sides: dict[tuple[date, str], Decimal | None], month: date, whole_from: date
) -> Row:
    """A month beside the same one a year before; a month without any sale or refund took nothing."""
    row = found.get(month, NOTHING)
    earlier = shift(month, -MONTHS)
    before = found.get(earlier, NOTHING)["revenue"] if whole_from <= earlier else None
    return row | {
        "month": month,
        "year_before": before,
        "change": _change(row["revenue"], before),
        "store_revenue": sides.get((month, "store"), Decimal(0)),
        "online_revenue": sides.get((month, "online"), Decimal(0)),
        "average_basket": _basket(row),
        "refund_share": share(row["refund_amount"], row["ordered_amount"]),
    }


def _basket(row: Row) -> Decimal | None:
    """Rounded to the cent as the headline is."""
    if not row["orders"] or row["ordered_amount"] is None:
        return None
    return (Decimal(row["ordered_amount"]) / int(row["orders"])).quantize(CENT, ROUND_HALF_UP)


def _change(now: Decimal | None, before: Decimal | None) -> float | None:
    """How much more, as a share of what was before; None where there was nothing."""
    return None if now is None or before is None or before <= 0 else float(now / before) - 1


def _compare_channels(rows: Sequence[Row], whole: Decimal | None, has_year_before: bool, texts: Texts) -> list[Row]:
    before = {row["channel"]: row["revenue"] for row in rows if row["year"] == 1} if has_year_before else {}
    compared = [
        {
            "name": row["channel"],
            "channel": texts.name("channel", row["channel"]),
            "revenue": row["revenue"],
            "share_of_revenue": share(row["revenue"], whole),
            "year_before": before.get(row["channel"]),
            "change": _change(row["revenue"], before.get(row["channel"])),
        }
        for row in rows
        if row["year"] == 0
    ]
    return sorted(compared, key=lambda row: (row["revenue"] is None, -(row["revenue"] or 0), row["name"]))


def _has_both(sides: dict[tuple[date, str], Decimal | None]) -> bool:
    return len({side for _, side in sides}) > 1


def _title(now: Row, before: Row | None, recent: Sequence[Row], texts: Texts) -> str:
    if now["revenue"] is None:
        return texts.say("revenue.title_plain")
    change = _change(now["revenue"], before["revenue"]) if before else None
    amount = texts.write("money_short", now["revenue"])
    if change is not None:
        return texts.say("revenue.title", amount=amount, change=texts.write("signed_share", change))
    first, last = (texts.write("month", recent[place]["month"]) for place in (0, -1))
    return texts.say("revenue.title_alone", amount=amount, first=first, last=last)


def _draw_cards(now: Row, before: Row | None, texts: Texts) -> list[Card]:
    measures: tuple[tuple[str, Kind, Better, str], ...] = (
        ("revenue", "money_short", "higher", "net_revenue"),
        ("orders", "count", "higher", ""),
        ("average_basket", "money", "higher", "average_basket"),
        ("refund_share", "share", "lower", ""),
    )
    cards = []
    for name, kind, better, term in measures:
        value = _sum_up(now, name)
        if value is None:
            continue
        delta = compare(value, _sum_up(before, name), kind, better, texts.say("revenue.since"), texts)
        deltas = [delta] if delta else []
        cards.append(Card(texts.say(f"column.{name}"), texts.write(kind, value), deltas=deltas, term=term))
    return cards


def _sum_up(year: Row | None, name: str) -> Number | None:
    if year is None:
        return None
    if name == "average_basket":
        return _basket(year)
    if name == "refund_share":
        return share(year["refund_amount"], year["ordered_amount"])
    value: Number | None = year[name]
    return value


def _draw_months(recent: Sequence[Row], texts: Texts) -> Columns:
    amounts = [value for row in recent for value in (row["revenue"], row["year_before"]) if value is not None]
    top = max((*amounts, Decimal(0)))
    columns = []
    for row in recent:
        amount = texts.write("money", row["revenue"])
        said = texts.say("revenue.of_month", month=texts.write("month", row["month"]), amount=amount)
        if row["change"] is not None:
            said += " · " + texts.say("revenue.on_year", change=texts.write("signed_share", row["change"]))
        before = row["year_before"]
        columns.append(
            Column(
                texts.write("month_short", row["month"]).split()[0],
                max(0.0, percent_of(row["revenue"] or 0, top)),
                said,
                None if before is None else max(0.0, percent_of(before, top)),
            )
        )
    return Columns(
        texts.say("revenue.figure"),
        texts.say("revenue.description"),
        columns,
        texts.write("money_short", top),
        [Legend("blue", texts.say("revenue.this_year"))],
    )


def _draw_sides(months: Sequence[Row], texts: Texts) -> Lines:
    values = {name: [row[name] for row in months] for name in SIDES}
    top = max((*(value for line in values.values() for value in line if value is not None), Decimal(0)))
    places = sorted({round(number * (len(months) - 1) / TICKS) for number in range(TICKS + 1)})
    return Lines(
        texts.say("revenue.sides"),
        texts.say("revenue.sides_description"),
        [
            Line(draw_line([None if value is None else float(value) for value in line], 0, float(top)), SIDES[name])
            for name, line in values.items()
        ],
        [(percent_of(place, len(months) - 1), texts.write("month_short", months[place]["month"])) for place in places],
        texts.write("money_short", top),
        texts.write("money_short", 0),
        [Legend(tone, texts.say(f"column.{name}")) for name, tone in SIDES.items()],
    )


def _draw_channels(channels: Sequence[Row], texts: Texts) -> Bars:
    most = max((*(row["revenue"] for row in channels if row["revenue"] is not None), Decimal(0)))
    bars = []
    for row in channels:
        notes = []
        if row["share_of_revenue"] is not None:
            notes.append(texts.say("revenue.share", share=texts.write("share", row["share_of_revenue"])))
        if row["change"] is not None:
            notes.append(texts.say("revenue.on_year", change=texts.write("signed_share", row["change"])))
        width = max(0.0, percent_of(row["revenue"] or 0, most))
        bars.append(
            Bar(row["channel"], texts.write("money_short", row["revenue"]), [Segment(0, width)], " · ".join(notes))
        )
    return Bars(texts.say("revenue.channels"), bars)
