"""The funnel online: everybody who came on a day, known or not, by how far they got."""

from pipelines.report.figures import Bar, Bars, Legend, Segment, percent_of
from pipelines.report.marts import Marts, Row
from pipelines.report.section import Section, head, say_empty, share, tabulate, tell_period
from pipelines.report.words import Words

MARTS = ("journey_stage_daily",)
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


def draw(marts: Marts, words: Words) -> Section:
    found = {row["stage"]: row for row in marts.ask_period(QUERY)}
    rows = _count_steps(found, words)
    everybody = rows[0]["visitors"]
    if not everybody:
        return say_empty("funnel", MARTS, words)
    strangers = sum(row["anonymous_orders"] for row in found.values())
    return Section(
        "funnel",
        words.say(
            "funnel.title",
            visitors=words.write("count", everybody),
            bought=words.write("percent", rows[-1]["share_of_first"]),
            anonymous=words.write("percent", share(rows[0]["anonymous"], everybody)),
        ),
        lead=[words.say("funnel.lead"), words.say("funnel.orders", count=words.write("count", strangers))],
        figures=[
            Bars(
                words.say("funnel.figure"),
                [_draw_step(row, everybody, words) for row in rows],
                [Legend("blue", words.say("column.known")), Legend("amber", words.say("column.anonymous"))],
            )
        ],
        tables=[
            tabulate(
                "funnel",
                words.say("funnel.figure"),
                head(
                    words,
                    step="text",
                    visitors="count",
                    share_of_first="share",
                    known="count",
                    known_share="share",
                    anonymous="count",
                    anonymous_share="share",
                ),
                rows,
                words,
            )
        ],
        marts=MARTS,
        nav=words.say("funnel.nav"),
        scope=tell_period(marts, words),
    )


def _count_steps(found: dict[str, Row], words: Words) -> list[Row]:
    """Who reached each step: visitors are counted at the furthest one, so a step holds those of the later ones too."""
    rows: list[Row] = []
    for place, step in enumerate(STEPS):
        reached = [found[later] for later in STEPS[place:] if later in found]
        known, anonymous = (sum(row[name] for row in reached) for name in ("known", "anonymous"))
        first = rows[0] if rows else {"known": known, "anonymous": anonymous, "visitors": known + anonymous}
        rows.append(
            {
                "step": words.name("step", step),
                "visitors": known + anonymous,
                "share_of_first": share(known + anonymous, first["visitors"]),
                "known": known,
                "known_share": share(known, first["known"]),
                "anonymous": anonymous,
                "anonymous_share": share(anonymous, first["anonymous"]),
            }
        )
    return rows


def _draw_step(row: Row, everybody: int, words: Words) -> Bar:
    known, anonymous = percent_of(row["known"], everybody), percent_of(row["anonymous"], everybody)
    note = words.say(
        "funnel.note",
        share=words.write("share", row["share_of_first"]),
        known=words.write("count", row["known"]),
        anonymous=words.write("count", row["anonymous"]),
    )
    segments = [Segment(0, known, "blue"), Segment(known, anonymous, "amber")]
    return Bar(row["step"], words.write("count", row["visitors"]), segments, note)
