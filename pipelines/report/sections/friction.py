"""Where people give up or get annoyed, the costliest first."""

from decimal import Decimal

from pipelines.report.figures import Bar, Bars, Segment, percent_of
from pipelines.report.marts import Marts, Row
from pipelines.report.section import Section, head, say_empty, share, tabulate, tell_period
from pipelines.report.words import Words

MARTS = ("friction_points",)
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


def draw(marts: Marts, words: Words) -> Section:
    rows = [
        row
        | {
            "friction": words.name("friction_kind", row["kind"]),
            "recovered_share": share(row["bought_in_store"] + row["bought_online"], row["incidents"]),
        }
        for row in marts.ask_period(QUERY)
    ]
    if not rows:
        return say_empty("friction", MARTS, words)
    most = rows[0]["revenue_at_risk"]
    return Section(
        "friction",
        words.say(
            "friction.title",
            first=rows[0]["friction"],
            amount=words.write("money_short", most),
            incidents=words.count("friction.incidents", rows[0]["incidents"]),
        ),
        lead=[words.say("friction.lead"), words.say("friction.overlap")],
        figures=[Bars(words.say("friction.figure"), [_draw_kind(row, most, words) for row in rows])],
        tables=[
            tabulate(
                "friction",
                words.say("friction.figure"),
                head(
                    words,
                    friction="text",
                    revenue_at_risk="money",
                    incidents="count",
                    bought_in_store="count",
                    bought_online="count",
                    recovered_share="share",
                ),
                rows,
                words,
            )
        ],
        marts=MARTS,
        nav=words.say("friction.nav"),
        scope=tell_period(marts, words),
    )


def _draw_kind(row: Row, most: Decimal, words: Words) -> Bar:
    notes = [words.count("friction.incidents", row["incidents"])]
    if row["recovered_share"]:
        notes.append(words.say("friction.recovered", share=words.write("share", row["recovered_share"])))
    return Bar(
        row["friction"],
        words.write("money_short", row["revenue_at_risk"]),
        [Segment(0, percent_of(row["revenue_at_risk"], most), "red")],
        " · ".join(notes),
    )
