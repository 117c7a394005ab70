"""The field report: columns whose values were none, and why. A mistaken mapping shows here first."""

from pipelines.config.home import Home
from pipelines.report.figures import Bar, Bars, Segment, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.section_contract import Section, say_empty, share, tell_day
from pipelines.report.small_groups import NOBODY
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("field_report",)
MOST = 15
QUERY = """
select
    *,
    unreadable_count + implausible_count + placeholder_count as lost_count,
    case when example_line is null then example_file else example_file || ':' || example_line end as example
from marts.field_report
order by source, table_name, column_name
"""


def draw(_home: Home, marts: Marts, texts: Texts) -> Section:
    rows = [
        row
        | {
            "origin": row["source"],
            "column": f"{row['table_name']}.{row['column_name']}",
            "lost_share": share(row["lost_count"], row["row_count"]),
            "filled_share": share(row["filled_count"], row["row_count"]),
        }
        for row in marts.ask(QUERY, NOBODY)
    ]
    if not rows:
        return say_empty("fields", MARTS, texts, ())
    rows.sort(key=lambda row: (-(row["lost_share"] or 0), row["source"], row["column"]))
    lost = [row for row in rows if row["lost_count"]]
    empty = [row for row in rows if row["row_count"] and not row["filled_count"] and not row["lost_count"]]
    return Section(
        "fields",
        texts.say(
            "fields.title",
            columns=texts.count("fields.columns", len(rows)),
            lost=texts.write("count", len(lost)),
            empty=texts.write("count", len(empty)),
        ),
        lead=[texts.say("fields.lead")],
        figures=[_draw_columns([*lost, *empty][:MOST], texts)] if lost or empty else [],
        tables=[
            tabulate(
                "fields",
                texts.say("fields.table"),
                label_columns(
                    texts,
                    origin="text",
                    column="text",
                    row_count="count",
                    filled_share="share",
                    distinct_count="count",
                    unreadable_count="count",
                    implausible_count="count",
                    placeholder_count="count",
                    shared_count="count",
                    reason="text",
                    example="text",
                ),
                [row | {name: row[name] or "" for name in ("reason", "example")} for row in rows],
                texts,
            )
        ],
        marts=MARTS,
        nav=texts.say("fields.nav"),
        scope=tell_day(marts, texts),
    )


def _draw_columns(rows: list[Row], texts: Texts) -> Bars:
    most = max(row["lost_share"] or 0 for row in rows) or 1
    return Bars(texts.say("fields.figure"), [_draw_column(row, most, texts) for row in rows])


def _draw_column(row: Row, most: float, texts: Texts) -> Bar:
    if not row["lost_count"]:
        return Bar(row["column_name"], "–", [], f"{row['table_name']} · {texts.say('fields.nothing')}")
    notes = [row["table_name"], texts.count("fields.lost", row["lost_count"]), row["reason"], row["example"]]
    return Bar(
        row["column_name"],
        texts.write("fine_share", row["lost_share"]),
        [Segment(0, percent_of(row["lost_share"], most), "amber")],
        " · ".join(note for note in notes if note),
    )
