"""The headlines of the last whole month: how each moved, and the span that identity error leaves open."""

from dataclasses import dataclass
from datetime import date

from pipelines.report.deltas import Better, Number, compare
from pipelines.report.figures import Card, Cards
from pipelines.report.published_marts import MONTHS, Marts, Row, shift
from pipelines.report.section_contract import Lack, Needs, Section, say_empty, say_few
from pipelines.report.small_groups import About, has_numbers, smallest_side
from pipelines.report.svg_paths import draw_line
from pipelines.report.tables import Column, label_columns, tabulate
from pipelines.texts.texts import Kind, Texts

MARTS = ("kpis",)
NEEDS = (("ecommerce/orders", "pos/tickets"),)


@dataclass(frozen=True)
class Headline:
    """A headline of the mart: which way is good, its term of the glossary, and the tables that it needs of its own."""

    name: str
    better: Better = "higher"
    term: str = ""
    needs: Needs = ()


HEADLINES = (
    Headline("customers", better="neither"),
    Headline("active_customers", term="active_customer"),
    Headline("new_customers"),
    Headline("revenue_per_active_customer", term="active_customer"),
    Headline("average_basket", term="average_basket"),
    Headline("repeat_rate", term="repeat_rate"),
    Headline("retention_rate", term="retention_rate"),
    Headline("omnichannel_share", term="omnichannel"),
    Headline("conversion_online", term="conversion", needs=(("ecommerce/web_events",),)),
    Headline("conversion_store", term="conversion", needs=(("pos/footfall",),)),
    Headline("nps", term="nps", needs=(("crm/surveys",),)),
)
KINDS: dict[str, Kind] = {"customers": "count", "share": "share", "points": "score"}
THRESHOLDS = ("strict", "default", "loose")
FEW_ANSWERS = 30
"""Below, a score moves by points with every answer: the card says how many there are, and no change is judged."""

# Who is not active is told by the customers on record, who is not new by the active ones; a share, by either side.
QUERY = f"""
with

buyers as (

    select date_trunc('month', ordered_on)::date as month, count(distinct coalesce(customer_id, order_id)) as buyers
    from marts.orders
    where is_revenue
    group by date_trunc('month', ordered_on)

),

counted as (

    select
        kpis.*,
        kpis.numerator as part,
        case kpis.headline
            when 'active_customers' then max(kpis.numerator) filter (where kpis.headline = 'customers') over same
            when 'new_customers' then max(kpis.numerator) filter (where kpis.headline = 'active_customers') over same
            else kpis.numerator
        end as whole,
        coalesce(buyers.buyers, 0) as buyers

    from marts.kpis
    left join buyers
        on kpis.month = buyers.month
    window same as (partition by kpis.month, kpis.identity_threshold)

)

select
    month,
    headline,
    identity_threshold,
    value,
    denominator,
    unit,
    value is null as is_missing,
    case
        when unit = 'customers' then {smallest_side("part", "greatest(part, whole)")}
        when unit = 'share' then {smallest_side("part", "denominator")}
        when headline = 'average_basket' then buyers
        else denominator
    end as people

from counted
where month between $first and $last
order by month, headline, identity_threshold
"""
ABOUT = About("people", wholes=())


def read_headlines(marts: Marts, texts: Texts, last: date) -> tuple[list[Row], list[Row]]:
    """One row per headline of the month ``last``, in their order, and one per month of the year before it.

    A row of a headline holds its values (``default`` and the other thresholds, ``month_before``, ``year_before``) and
    what they are divided by, by month (``bases``).
    """
    month_before, year_before = shift(last, -1), shift(last, -MONTHS)
    found = marts.ask(QUERY, ABOUT, first=year_before, last=last)
    now = {(row["headline"], row["identity_threshold"]): row for row in found if row["month"] == last}
    usual = {(row["headline"], row["month"]): row for row in found if row["identity_threshold"] == "default"}
    months = sorted({row["month"] for row in found})

    def look_up(name: str, month: date, column: str = "value") -> Number | None:
        known: Number | None = usual.get((name, month), {}).get(column)
        return known

    rows = [
        {
            "name": headline.name,
            "about": headline,
            "kind": KINDS.get(now[(headline.name, "default")]["unit"], "money"),
            "headline": texts.name("headline", headline.name),
            "is_missing": now[(headline.name, "default")]["is_missing"],
            "bases": {
                month: look_up(headline.name, month, "denominator") for month in (last, month_before, year_before)
            },
            "month_before": look_up(headline.name, month_before),
            "year_before": look_up(headline.name, year_before),
            "months": [look_up(headline.name, month) for month in months],
            **{threshold: now[(headline.name, threshold)]["value"] for threshold in THRESHOLDS},
        }
        for headline in HEADLINES
        if (headline.name, "default") in now
    ]
    by_month = [{"month": month, **{row["name"]: look_up(row["name"], month) for row in rows}} for month in months]
    return rows, by_month


def draw(marts: Marts, texts: Texts) -> Section:
    if marts.period is None:
        return say_empty("headlines", MARTS, texts, NEEDS)
    last = marts.period.last
    rows, by_month = read_headlines(marts, texts, last)
    if rows and not has_numbers(rows, "default"):
        return say_few("headlines", MARTS, texts)
    return Section(
        "headlines",
        _title(rows, texts),
        lead=[texts.say("headlines.lead"), texts.say("headlines.identity")],
        figures=[
            Cards(
                texts.say("headlines.figure"),
                [_card(row, last, texts) for row in rows if row["default"] is not None],
            )
        ],
        tables=[
            tabulate(
                "headlines",
                texts.say("headlines.table"),
                label_columns(
                    texts,
                    headline="text",
                    strict="number",
                    default="number",
                    loose="number",
                    month_before="number",
                    year_before="number",
                ),
                rows,
                texts,
                kind_of_row="kind",
            ),
            tabulate(
                "headlines_months",
                texts.say("headlines.months"),
                [
                    *label_columns(texts, month="month_short"),
                    *(Column(row["name"], row["headline"], row["kind"]) for row in rows),
                ],
                by_month,
                texts,
            ),
        ],
        marts=MARTS,
        nav=texts.say("headlines.nav"),
        scope=texts.write("month", last),
        facts={row["name"]: texts.write(row["kind"], row["default"]) for row in rows},
        is_wide=True,
        lacks=[
            Lack(row["headline"], texts.say("headlines.lacking"), row["about"].needs)
            if row["is_missing"]
            else Lack(row["headline"], texts.say("page.too_few"), ())
            for row in rows
            if row["default"] is None and (row["about"].needs or not row["is_missing"])
        ],
        terms=("identity_range", *(row["about"].term for row in rows if row["about"].term)),
    )


def _title(rows: list[Row], texts: Texts) -> str:
    values = {row["name"]: row["default"] for row in rows}
    active, worth = values.get("active_customers"), values.get("revenue_per_active_customer")
    if not active or worth is None:
        return texts.say("headlines.title_plain")
    return texts.say("headlines.title", active=texts.write("count", active), worth=texts.write("money_short", worth))


def _card(row: Row, last: date, texts: Texts) -> Card:
    def write(value: Number | None) -> str:
        return texts.write("money_short" if row["kind"] == "money" and (value or 0) >= 1000 else row["kind"], value)

    def has_few(month: date) -> bool:
        return row["kind"] == "score" and row["bases"][month] is not None and row["bases"][month] < FEW_ANSWERS

    notes = []
    span = sorted(row[threshold] for threshold in THRESHOLDS if row[threshold] is not None)
    if span and span[0] != span[-1]:
        notes.append(texts.say("headlines.span", low=write(span[0]), high=write(span[-1])))
    if has_few(last):
        notes.append(texts.count("headlines.answers", row["bases"][last]))
    deltas = [
        compare(
            row["default"],
            before,
            row["kind"],
            row["about"].better,
            texts.say("delta.since", month=texts.write("month_short", month)),
            texts,
            span=span,
            is_few=has_few(last) or has_few(month),
        )
        for month, before in ((shift(last, -1), row["month_before"]), (shift(last, -MONTHS), row["year_before"]))
    ]
    return Card(
        row["headline"],
        write(row["default"]),
        " · ".join(notes),
        draw_line(row["months"]),
        [delta for delta in deltas if delta],
        row["about"].term,
    )
