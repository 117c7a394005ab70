"""The funnel online: everybody who came on a day, known or not, by how far they got."""

from pipelines.report.figures import Bar, Bars, Legend, Segment, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.section_contract import Section, say_empty, share, tell_period
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("journey_stage_daily",)
NEEDS = (("ecommerce/web_events",),)
STEPS = ("discovery", "consideration", "purchase")
QUERY = """
select
    stage,
    sum(known_visitors) as known,
    sum(anonymous_visitors) as anonymous,
    sum(anonymous_orders) as anonymous_orders
from marts.journey_stage_daily
where day >= $first and day < $end
group by stage
order by stage
"""


def draw(marts: Marts, texts: Texts) -> Section:
    found = {row["stage"]: row for row in marts.ask_period(QUERY)}
    rows = _count_steps(found, texts)
    everybody = rows[0]["visitors"]
    if not everybody:
        return say_empty("funnel", MARTS, texts, NEEDS)
    strangers = sum(row["anonymous_orders"] for row in found.values())
    return Section(
        "funnel",
        texts.say(
            "funnel.title",
            visitors=texts.write("count", everybody),
            bought=texts.write("percent", rows[-1]["share_of_first"]),
            anonymous=texts.write("percent", share(rows[0]["anonymous"], everybody)),
        ),
        lead=[texts.say("funnel.lead"), texts.say("funnel.orders", count=texts.write("count", strangers))],
        figures=[
            Bars(
                texts.say("funnel.figure"),
                [_draw_step(row, everybody, texts) for row in rows],
                [Legend("blue", texts.say("column.known")), Legend("amber", texts.say("column.anonymous"))],
            )
        ],
        tables=[
            tabulate(
                "funnel",
                texts.say("funnel.figure"),
                label_columns(
                    texts,
                    step="text",
                    visitors="count",
                    share_of_first="share",
                    known="count",
                    known_share="share",
                    anonymous="count",
                    anonymous_share="share",
                ),
                rows,
                texts,
            )
        ],
        marts=MARTS,
        nav=texts.say("funnel.nav"),
        scope=tell_period(marts, texts),
        terms=("visit",),
    )


def _count_steps(found: dict[str, Row], texts: Texts) -> list[Row]:
    """Who reached each step: visitors are counted at the furthest one, so a step holds those of the later ones too."""
    rows: list[Row] = []
    for place, step in enumerate(STEPS):
        reached = [found[later] for later in STEPS[place:] if later in found]
        known, anonymous = (sum(row[name] for row in reached) for name in ("known", "anonymous"))
        first = rows[0] if rows else {"known": known, "anonymous": anonymous, "visitors": known + anonymous}
        rows.append(
            {
                "step": texts.name("step", step),
                "visitors": known + anonymous,
                "share_of_first": share(known + anonymous, first["visitors"]),
                "known": known,
                "known_share": share(known, first["known"]),
                "anonymous": anonymous,
                "anonymous_share": share(anonymous, first["anonymous"]),
            }
        )
    return rows


def _draw_step(row: Row, everybody: int, texts: Texts) -> Bar:
    known, anonymous = percent_of(row["known"], everybody), percent_of(row["anonymous"], everybody)
    note = texts.say(
        "funnel.note",
        share=texts.write("share", row["share_of_first"]),
        known=texts.write("count", row["known"]),
        anonymous=texts.write("count", row["anonymous"]),
    )
    segments = [Segment(0, known, "blue"), Segment(known, anonymous, "amber")]
    return Bar(row["step"], texts.write("count", row["visitors"]), segments, note)
