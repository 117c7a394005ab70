"""Drift: what the last run measured beside what is usual in the published ones, and whether that passes."""

from pipelines.config.home import Home
from pipelines.lake.tables import Lake
from pipelines.report.figures import Bar, Bars, Segment, Tone, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.quality.lake_tables import ask_file
from pipelines.report.section_contract import Section, say_empty
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

TABLES = ("identity/drift",)
VERDICTS: dict[str, Tone] = {"blocking": "red", "warning": "amber", "within": "green", "not compared": "grey"}
QUERY = """
select metric, key, today, usual, runs, distance, "limit", verdict, reason
from read_parquet($file)
order by metric, key
"""


def draw(home: Home, marts: Marts, texts: Texts) -> Section:
    order = list(VERDICTS)
    rows = [
        row
        | {
            "metric": row["metric"].replace("_", " "),
            "name": row["verdict"],
            "verdict": texts.name("drift_verdict", row["verdict"].replace(" ", "_")),
            "reason": row["reason"] or "",
        }
        for row in ask_file(marts, Lake(home.lake).path("identity", "drift"), QUERY)
    ]
    if not rows:
        return say_empty("drift", TABLES, texts, ())
    rows.sort(key=lambda row: (order.index(row["name"]), row["metric"], row["key"]))
    counts = {name: sum(row["name"] == name for row in rows) for name in order}
    return Section(
        "drift",
        _title(counts, texts),
        lead=[texts.say("drift.lead")],
        figures=[
            Bars(
                texts.say("drift.figure"),
                [
                    Bar(
                        texts.name("drift_verdict", name.replace(" ", "_")),
                        texts.write("count", count),
                        [Segment(0, percent_of(count, len(rows)), VERDICTS[name])],
                        _list(rows, name),
                    )
                    for name, count in counts.items()
                ],
            )
        ],
        tables=[
            tabulate(
                "drift",
                texts.say("drift.table"),
                label_columns(
                    texts,
                    verdict="text",
                    metric="text",
                    key="text",
                    today="decimal",
                    usual="decimal",
                    runs="count",
                    distance="decimal",
                    limit="decimal",
                    reason="text",
                ),
                rows,
                texts,
            )
        ],
        marts=TABLES,
        nav=texts.say("drift.nav"),
        scope=texts.say("quality.last_run"),
    )


def _title(counts: dict[str, int], texts: Texts) -> str:
    compared = sum(counts.values()) - counts["not compared"]
    if not compared:
        return texts.say("drift.title_first")
    return texts.say(
        "drift.title",
        compared=texts.write("count", compared),
        crossed=texts.write("count", counts["blocking"] + counts["warning"]),
    )


def _list(rows: list[Row], name: str) -> str:
    """What crossed a limit, by name."""
    if name not in ("blocking", "warning"):
        return ""
    return " · ".join(f"{row['metric']}, {row['key']}" for row in rows if row["name"] == name)
