"""Where people give up or get annoyed, the costliest first."""

from decimal import Decimal

from pipelines.report.figures import Bar, Bars, Segment, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.section_contract import Section, say_empty, say_few, share, tell_period
from pipelines.report.small_groups import About, smallest_side
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("friction_points",)
NEEDS = (("ecommerce/web_events", "ecommerce/returns", "pos/stockouts", "crm/interactions"),)
# An incident of nobody known counts as one more person; what concerns a store as a whole, as one a day.
QUERY = f"""
with

people as (

    select kind, count(distinct coalesce(customer_id, incident_id)) as people
    from marts.friction_incidents
    where day >= $first and day < $end
    group by kind

),

summed as (

    select
        kind,
        sum(count) as incidents,
        sum(bought_in_store) as bought_in_store,
        sum(bought_online) as bought_online,
        sum(revenue_at_risk) as revenue_at_risk

    from marts.friction_points
    where day >= $first and day < $end
    group by kind

)

select
    summed.*,
    people.people,
    least(
        {smallest_side("summed.bought_in_store", "summed.incidents")},
        {smallest_side("summed.bought_online", "summed.incidents")},
        {smallest_side("summed.bought_in_store + summed.bought_online", "summed.incidents")},
        people.people
    ) as least_recovered

from summed
inner join people
    on summed.kind = people.kind
order by summed.revenue_at_risk desc, summed.incidents desc, summed.kind
"""
ABOUT = About("people", apart=dict.fromkeys(("bought_in_store", "bought_online"), "least_recovered"), wholes=())


def draw(marts: Marts, texts: Texts) -> Section:
    rows = [
        row
        | {
            "friction": texts.name("friction_kind", row["kind"]),
            "recovered_share": None
            if row["bought_in_store"] is None
            else share(row["bought_in_store"] + row["bought_online"], row["incidents"]),
        }
        for row in marts.ask_period(QUERY, ABOUT)
    ]
    if not rows:
        return say_empty("friction", MARTS, texts, NEEDS)
    shown = [row for row in rows if row["revenue_at_risk"] is not None]
    if not shown:
        return say_few("friction", MARTS, texts)
    first, most = shown[0], shown[0]["revenue_at_risk"]
    return Section(
        "friction",
        texts.say(
            "friction.title",
            first=first["friction"],
            amount=texts.write("money_short", most),
            incidents=texts.count("friction.incidents", first["incidents"]),
        ),
        lead=[texts.say("friction.lead"), texts.say("friction.overlap")],
        figures=[Bars(texts.say("friction.figure"), [_draw_kind(row, most, texts) for row in rows])],
        tables=[
            tabulate(
                "friction",
                texts.say("friction.figure"),
                label_columns(
                    texts,
                    friction="text",
                    revenue_at_risk="money",
                    incidents="count",
                    bought_in_store="count",
                    bought_online="count",
                    recovered_share="share",
                ),
                rows,
                texts,
            )
        ],
        marts=MARTS,
        nav=texts.say("friction.nav"),
        scope=tell_period(marts, texts),
        terms=("revenue_at_risk",),
    )


def _draw_kind(row: Row, most: Decimal, texts: Texts) -> Bar:
    if row["revenue_at_risk"] is None:
        return Bar(row["friction"], texts.write("money_short", None), [])
    notes = [texts.count("friction.incidents", row["incidents"])]
    if row["recovered_share"]:
        notes.append(texts.say("friction.recovered", share=texts.write("share", row["recovered_share"])))
    return Bar(
        row["friction"],
        texts.write("money_short", row["revenue_at_risk"]),
        [Segment(0, percent_of(row["revenue_at_risk"], most), "red")],
        " · ".join(notes),
    )
