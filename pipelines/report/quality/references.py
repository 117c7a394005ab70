"""References: columns that name rows of other tables, and how many of the rows they name are there."""

from pipelines.config.home import Home
from pipelines.lake.tables import Lake
from pipelines.report.figures import Bar, Bars, Segment, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.quality.lake_tables import ask_file
from pipelines.report.section_contract import Section, say_empty, share
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

TABLES = ("quarantine/references",)
QUERY = """
select source, table_name, column_name, targets, rows as row_count, unmatched, mended, warn, stop, is_checked
from read_parquet($file)
order by source, table_name, column_name, targets
"""


def draw(home: Home, marts: Marts, texts: Texts) -> Section:
    found = ask_file(marts, Lake(home.lake).path("quarantine", "references"), QUERY)
    rows = [
        row
        | {
            "origin": row["source"],
            "targets": row["targets"].replace(" or ", texts.say("page.or")),
            "column": f"{row['table_name']}.{row['column_name']}",
            "unmatched_share": share(row["unmatched"], row["row_count"]) if row["is_checked"] else None,
            "unmatched": row["unmatched"] if row["is_checked"] else None,
        }
        for row in found
    ]
    if not rows:
        return say_empty("references", TABLES, texts, ())
    rows.sort(key=lambda row: (-(row["unmatched_share"] or 0), row["source"], row["column"], row["targets"]))
    unmatched = [row for row in rows if row["unmatched"]]
    return Section(
        "references",
        texts.say(
            "references.title",
            checked=texts.count("references.columns", sum(row["is_checked"] for row in rows)),
            unmatched=texts.write("count", len(unmatched)),
        ),
        lead=[texts.say("references.lead")],
        figures=[_draw(unmatched, texts)] if unmatched else [],
        tables=[
            tabulate(
                "references",
                texts.say("references.table"),
                label_columns(
                    texts,
                    origin="text",
                    column="text",
                    targets="text",
                    row_count="count",
                    unmatched="count",
                    unmatched_share="fine_share",
                    mended="count",
                    warn="share",
                    stop="share",
                ),
                rows,
                texts,
            )
        ],
        marts=TABLES,
        nav=texts.say("references.nav"),
        scope=texts.say("quality.last_run"),
    )


def _draw(rows: list[Row], texts: Texts) -> Bars:
    most = rows[0]["unmatched_share"]
    return Bars(
        texts.say("references.figure"),
        [
            Bar(
                row["column_name"],
                texts.write("fine_share", row["unmatched_share"]),
                [Segment(0, percent_of(row["unmatched_share"], most), "amber")],
                texts.say(
                    "references.note",
                    table=row["table_name"],
                    unmatched=texts.write("count", row["unmatched"]),
                    rows=texts.write("count", row["row_count"]),
                    targets=row["targets"],
                ),
            )
            for row in rows
        ],
    )
