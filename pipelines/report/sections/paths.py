"""Ways across channels: how often they are gone, of how many times they could have been."""

from pipelines.report.figures import Bar, Bars, Segment, percent_of
from pipelines.report.marts import Marts, Row
from pipelines.report.section import Section, head, say_empty, share, tabulate, tell_period
from pipelines.report.words import Words

MARTS = ("omnichannel_paths",)
QUERY = """
select path, sum(count) as times, sum(base_count) as base_count, sum(revenue) as revenue
from marts.omnichannel_paths
where month >= $first and month < $end
group by path
order by path
"""


def draw(marts: Marts, words: Words) -> Section:
    rows = [
        row
        | {
            "name": row["path"],
            "path": words.name("path", row["path"]),
            "base": words.name("base", row["path"]),
            "share_of_base": share(row["times"], row["base_count"]),
        }
        for row in marts.ask_period(QUERY)
    ]
    rows.sort(key=lambda row: (-(row["share_of_base"] or 0), row["name"]))
    if not any(row["times"] for row in rows):
        return say_empty("paths", MARTS, words)
    return Section(
        "paths",
        _title(rows, words),
        lead=[words.say("paths.lead")],
        figures=[Bars(words.say("paths.figure"), [_draw_path(row, words) for row in rows])],
        tables=[
            tabulate(
                "paths",
                words.say("paths.figure"),
                head(
                    words,
                    path="text",
                    times="count",
                    base_count="count",
                    base="text",
                    share_of_base="share",
                    revenue="money",
                ),
                rows,
                words,
            )
        ],
        marts=MARTS,
        nav=words.say("paths.nav"),
        scope=tell_period(marts, words),
    )


def _title(rows: list[Row], words: Words) -> str:
    shares = {row["name"]: row["share_of_base"] for row in rows}
    looked_up, added = shares.get("web_to_store"), shares.get("click_and_collect_addon")
    if looked_up is None:
        return words.say("paths.title_plain")
    if added is None:
        return words.say("paths.title_web_to_store", looked_up=words.write("percent", looked_up))
    return words.say("paths.title", looked_up=words.write("percent", looked_up), added=words.write("percent", added))


def _draw_path(row: Row, words: Words) -> Bar:
    note = words.say(
        "paths.note",
        times=words.write("count", row["times"]),
        base_count=words.write("count", row["base_count"]),
        base=row["base"],
        revenue=words.write("money_short", row["revenue"]),
    )
    return Bar(
        row["path"],
        words.write("share", row["share_of_base"]),
        [Segment(0, percent_of(row["share_of_base"] or 0, 1), "green")],
        note,
    )
