"""What changed since last month and since the same month last year: the few changes that are more than chance."""

from datetime import date
from math import sqrt
from typing import Any

from pipelines.report.deltas import POINTS, Delta, compare
from pipelines.report.figures import Change, Changes
from pipelines.report.published_marts import MONTHS, Marts, Row, shift
from pipelines.report.section_contract import Section, say_empty
from pipelines.report.sections.headlines import THRESHOLDS, read_headlines
from pipelines.report.small_groups import About
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("kpis", "channel_performance")
NEEDS = (("ecommerce/orders", "pos/tickets"),)
CLEAR = 2.0
"""Standard errors from which a change is no chance, at about 19 to 1: the usual 95 percent."""

MOST = 5
FEWEST = 30
"""Orders, visits or answers below which neither side of a comparison is told: one more or less would move it."""

CHANNELS = """
with

people as (

    select
        channel,
        date_trunc('month', ordered_on)::date as month,
        count(distinct coalesce(customer_id, order_id)) as people
    from marts.orders
    where is_revenue
    group by channel, date_trunc('month', ordered_on)

),

summed as (

    select channel, date_trunc('month', day)::date as month, sum(revenue) as revenue, sum(orders) as orders
    from marts.channel_performance
    group by channel, date_trunc('month', day)

)

select summed.*, coalesce(people.people, 0) as people
from summed
left join people
    on summed.channel = people.channel and summed.month = people.month
where summed.month in ($now, $month_before, $year_before)
order by summed.channel, summed.month
"""
ABOUT = About("people", wholes=(("month",),))


def draw(marts: Marts, texts: Texts) -> Section:
    if marts.period is None:
        return say_empty("changes", MARTS, texts, NEEDS)
    last = marts.period.last
    before = {"month_before": shift(last, -1), "year_before": shift(last, -MONTHS)}
    since = {name: texts.write("month", month) for name, month in before.items()}
    captions = {
        "month_before": texts.say("changes.since_month", month=since["month_before"]),
        "year_before": texts.say("changes.since_year", month=since["year_before"]),
    }
    rows = [*_read_measures(marts, texts, last), *_read_channels(marts, texts, last, before)]
    figures, told = [], []
    for name, month in before.items():
        changes = [change for row in rows if (change := _judge(row, name, last, month, texts))]
        clear = sorted((one for one in changes if one["is_clear"]), key=lambda one: (-one["errors"], one["name"]))
        told += [change | {"since": texts.write("month_short", month)} for change in changes]
        if changes:
            figures.append(_draw(captions[name], clear, len(changes), texts))
    if not figures:
        return say_empty("changes", MARTS, texts, NEEDS)
    return Section(
        "changes",
        _title(told, texts),
        lead=[texts.say("changes.lead"), texts.say("changes.seasons")],
        figures=figures,
        tables=[
            tabulate(
                "changes",
                texts.say("changes.table"),
                label_columns(
                    texts,
                    since="text",
                    headline="text",
                    now="number",
                    before="number",
                    moved_percent="signed_share",
                    moved_points="score",
                    verdict="text",
                ),
                told,
                texts,
                kind_of_row="kind",
            )
        ],
        marts=MARTS,
        nav=texts.say("changes.nav"),
        scope=texts.write("month", last),
        terms=("identity_range",),
        is_wide=True,
    )


def _read_measures(marts: Marts, texts: Texts, last: date) -> list[Row]:
    """Headlines of which more, or less, is better; the others only grow."""
    rows, _ = read_headlines(marts, texts, last)
    return [
        row
        | {
            "now": row["default"],
            "better": row["about"].better,
            "span": [row[name] for name in THRESHOLDS if row[name] is not None],
        }
        for row in rows
        if row["about"].better != "neither"
    ]


def _read_channels(marts: Marts, texts: Texts, last: date, before: dict[str, date]) -> list[Row]:
    found: dict[str, dict[date, Row]] = {}
    for row in marts.ask(CHANNELS, ABOUT, now=last, **before):
        found.setdefault(row["channel"], {})[row["month"]] = row
    nothing: Row = {"revenue": None, "orders": None}
    return [
        {
            "name": f"channel {channel}",
            "headline": texts.say("changes.channel", channel=texts.name("channel", channel)),
            "kind": "money",
            "better": "higher",
            "span": [],
            "now": months.get(last, nothing)["revenue"],
            **{name: months.get(month, nothing)["revenue"] for name, month in before.items()},
            "bases": {month: months.get(month, nothing)["orders"] for month in (last, *before.values())},
            "is_sum": True,
        }
        for channel, months in found.items()
    ]


def _judge(row: Row, name: str, last: date, month: date, texts: Texts) -> Row | None:
    """The change since ``month`` and whether it is clear; None where there is nothing to compare."""
    bases = row["bases"][last], row["bases"][month]
    is_few = row["kind"] != "count" and any(base is None or base < FEWEST for base in bases)
    delta = compare(row["now"], row[name], row["kind"], row["better"], "", texts, span=row["span"], is_few=is_few)
    if delta is None:
        return None
    errors = 0.0 if is_few else _count_errors(row, row["now"], row[name], *bases)
    return {
        "name": row["name"],
        "headline": row["headline"],
        "kind": row["kind"],
        "now": row["now"],
        "before": row[name],
        "bases": bases,
        "base": texts.name("change_base", "orders" if row.get("is_sum") else row["name"]),
        "delta": delta,
        "moved_points" if delta.is_points else "moved_percent": delta.moved,
        "errors": errors,
        "is_clear": errors >= CLEAR and delta.meaning in ("better", "worse"),
        "verdict": delta.said if errors >= CLEAR or delta.meaning == "unclear" else texts.say("changes.chance"),
    }


def _count_errors(row: Row, now: Any, before: Any, base: int | None, base_before: int | None) -> float:
    """How many standard errors apart the two values are, were each month a sample of what it might have been.

    Counts as Poisson's, shares as binomial. An amount per order or customer spreads about as much as its mean (of an
    exponential distribution), and so does each order of a sum. A score's answers are 100, 0 or -100.
    """
    one, two = float(now), float(before)
    if row["kind"] == "count":
        variance = one + two
    elif not base or not base_before:
        return 0.0
    elif row.get("is_sum"):
        variance = 2 * one**2 / base + 2 * two**2 / base_before
    elif row["kind"] == "share":
        variance = one * (1 - one) / base + two * (1 - two) / base_before
    elif row["kind"] == "score":
        variance = POINTS["share"] ** 2 * (1 / base + 1 / base_before)
    else:
        variance = one**2 / base + two**2 / base_before
    return abs(one - two) / sqrt(variance) if variance > 0 else 0.0


def _title(told: list[Row], texts: Texts) -> str:
    clear = [change for change in told if change["is_clear"]]
    if not clear:
        return texts.say("changes.title_none")
    better = sum(change["delta"].meaning == "better" for change in clear)
    worse = len(clear) - better
    return texts.say(
        "changes.title",
        better=texts.count("changes.better", better) if better else texts.say("changes.no_better"),
        worse=texts.count("changes.worse", worse) if worse else texts.say("changes.no_worse"),
    )


def _draw(caption: str, clear: list[Row], compared: int, texts: Texts) -> Changes:
    shown = clear[:MOST]
    counted = {"shown": texts.write("count", len(shown)), "compared": texts.write("count", compared)}
    return Changes(
        caption,
        [_draw_change(change, texts) for change in shown],
        texts.say("changes.rest", **counted) if shown else texts.say("changes.none", compared=counted["compared"]),
    )


def _draw_change(change: Row, texts: Texts) -> Change:
    def write(value: Any) -> str:
        is_large = change["kind"] == "money" and abs(value) >= 1000
        return texts.write("money_short" if is_large else change["kind"], value)

    delta: Delta = change["delta"]
    now, before = change["bases"]
    base = ""
    if now is not None and before is not None:
        base = texts.say(
            "changes.base",
            now=texts.write("count", now),
            before=texts.write("count", before),
            what=change["base"],
        )
    return Change(change["headline"], write(change["before"]), write(change["now"]), delta, base)
