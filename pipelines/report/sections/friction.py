"""Where people give up or get annoyed, the costliest first."""

from decimal import Decimal

from pipelines.report.figures import Bar, Bars, Segment, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.section_contract import Section, say_empty, share, tell_period
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("friction_points",)
NEEDS = (("ecommerce/web_events", "ecommerce/returns", "pos/stockouts", "crm/interactions"),)
QUERY = """
select
    kind,
    sum(count) as incidents,
    sum(bought_in_store) as bought_in_store,
    sum(bought_online) as bought_online,
    sum(revenue_at_risk) as revenue_at_risk
from marts.friction_points
where day >= $first and day < $end
group by kind
order by sum(revenue_at_risk) desc, sum(count) desc, kind
"""


def draw(marts: Marts, texts: Texts) -> Section:
    rows = [
        row
        | {
            "friction": texts.name("friction_kind", row["kind"]),
            "recovered_share": share(row["bought_in_store"] + row["bought_online"], row["incidents"]),
        }
        for row in marts.ask_period(QUERY)
    ]
    if not rows:
        return say_empty("friction", MARTS, texts, NEEDS)
    most = rows[0]["revenue_at_risk"]
    return Section(
        "friction",
        texts.say(
            "friction.title",
            first=rows[0]["friction"],
            amount=texts.write("money_short", most),
            incidents=texts.count("friction.incidents", rows[0]["incidents"]),
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
    notes = [texts.count("friction.incidents", row["incidents"])]
    if row["recovered_share"]:
        notes.append(texts.say("friction.recovered", share=texts.write("share", row["recovered_share"])))
    return Bar(
        row["friction"],
        texts.write("money_short", row["revenue_at_risk"]),
        [Segment(0, percent_of(row["revenue_at_risk"], most), "red")],
        " · ".join(notes),
    )
