"""The headlines of the last whole month, each with the span that identity error leaves open."""

from pipelines.report.figures import Card, Cards
from pipelines.report.published_marts import MONTHS, Marts, Row, shift
from pipelines.report.section_contract import Section, say_empty, say_few
from pipelines.report.small_groups import About, has_numbers, smallest_side
from pipelines.report.svg_paths import draw_line
from pipelines.report.tables import Column, label_columns, tabulate
from pipelines.texts.texts import Kind, Texts

MARTS = ("kpis",)
ORDER = (
    "customers",
    "active_customers",
    "new_customers",
    "revenue_per_active_customer",
    "average_basket",
    "repeat_rate",
    "retention_rate",
    "omnichannel_share",
    "conversion_online",
    "conversion_store",
    "nps",
)
KINDS: dict[str, Kind] = {"customers": "count", "share": "share", "points": "score"}
FEW_ANSWERS = 30
"""Below, a score moves by points with every answer, so the card says how many there are."""

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


def draw(marts: Marts, texts: Texts) -> Section:
    if marts.period is None:
        return say_empty("headlines", MARTS, texts)
    last, year_before = marts.period.last, shift(marts.period.last, -MONTHS)
    found = marts.ask(QUERY, ABOUT, first=year_before, last=last)
    now = {(row["headline"], row["identity_threshold"]): row for row in found if row["month"] == last}
    usual = {(row["headline"], row["month"]): row["value"] for row in found if row["identity_threshold"] == "default"}
    months = sorted({row["month"] for row in found})
    rows = [
        {
            "name": name,
            "kind": KINDS.get(now[(name, "default")]["unit"], "money"),
            "headline": texts.name("headline", name),
            "denominator": now[(name, "default")]["denominator"],
            "year_before": usual.get((name, year_before)),
            "months": [usual.get((name, month)) for month in months],
            **{threshold: now[(name, threshold)]["value"] for threshold in ("strict", "default", "loose")},
        }
        for name in ORDER
        if (name, "default") in now
    ]
    if rows and not has_numbers(rows, "default"):
        return say_few("headlines", MARTS, texts)
    return Section(
        "headlines",
        _title(rows, texts),
        lead=[texts.say("headlines.lead"), texts.say("headlines.identity")],
        figures=[
            Cards(texts.say("headlines.figure"), [_card(row, texts) for row in rows if row["default"] is not None])
        ],
        tables=[
            tabulate(
                "headlines",
                texts.say("headlines.table"),
                label_columns(
                    texts, headline="text", strict="number", default="number", loose="number", year_before="number"
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
                [
                    {"month": month, **{row["name"]: usual.get((row["name"], month)) for row in rows}}
                    for month in months
                ],
                texts,
            ),
        ],
        marts=MARTS,
        nav=texts.say("headlines.nav"),
        scope=texts.write("month", last),
        facts={row["name"]: texts.write(row["kind"], row["default"]) for row in rows},
    )


def _title(rows: list[Row], texts: Texts) -> str:
    values = {row["name"]: row["default"] for row in rows}
    active, worth = values.get("active_customers"), values.get("revenue_per_active_customer")
    if not active or worth is None:
        return texts.say("headlines.title_plain")
    return texts.say("headlines.title", active=texts.write("count", active), worth=texts.write("money_short", worth))


def _card(row: Row, texts: Texts) -> Card:
    def write(value: float | None) -> str:
        return texts.write("money_short" if row["kind"] == "money" and (value or 0) >= 1000 else row["kind"], value)

    notes = []
    spread = sorted(row[name] for name in ("strict", "default", "loose") if row[name] is not None)
    if spread and spread[0] != spread[-1]:
        notes.append(texts.say("headlines.span", low=write(spread[0]), high=write(spread[-1])))
    if row["kind"] == "score" and row["denominator"] is not None and row["denominator"] < FEW_ANSWERS:
        notes.append(texts.count("headlines.answers", row["denominator"]))
    before = row["year_before"]
    return Card(
        row["headline"],
        write(row["default"]),
        " · ".join(notes),
        texts.say("headlines.before", value=write(before)) if before is not None else "",
        draw_line(row["months"]),
    )
