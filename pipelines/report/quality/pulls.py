"""Reconciliation: what the last run pulled, counted and summed on both sides, the differences first."""

from collections.abc import Sequence
from typing import Any

from pipelines.config.home import Home
from pipelines.lake.tables import Lake
from pipelines.report.figures import Board, BoardCell, BoardRow, Tone
from pipelines.report.published_marts import Marts, Row
from pipelines.report.quality.lake_tables import ask_file
from pipelines.report.section_contract import Section, say_empty
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

TABLES = ("landed/pulls", "landed/reconciliation")
ROWS = "rows"
COLUMNS = {"added": "pulls.columns_added", "missing": "pulls.columns_missing", "retyped": "pulls.columns_retyped"}
# The tables of a home that an older release has pulled into lack the columns of the second half.
PULLS = """
select source, table_name, state, rows_landed, rows_in_source, cast(taken_at as date) as taken_on, message,
    columns_added, columns_missing, columns_retyped
from (
    select * from read_parquet($file)
    union all by name
    select null::text as columns_added, null::text as columns_missing, null::text as columns_retyped where false
)
order by source, table_name
"""
MEASURES = """
select source, table_name, measure,
    cast(sum(source_value) as double) as source_value, cast(sum(landed_value) as double) as landed_value,
    count(distinct day) as days_compared,
    count(*) filter (where difference <> 0) as differences, count(*) filter (where not is_tolerated) as beyond
from (select * from read_parquet($file) union all by name select true as is_tolerated where false)
group by source, table_name, measure
order by source, table_name, measure <> 'rows', measure
"""
DIFFERENCES = """
select source, table_name, measure, day,
    cast(source_value as double) as source_value, cast(landed_value as double) as landed_value,
    coalesce(is_tolerated, true) as is_tolerated
from (select * from read_parquet($file) union all by name select true as is_tolerated where false)
where difference <> 0
order by coalesce(is_tolerated, true), abs(difference) desc, source, table_name, day, measure
limit 1000
"""
TONES: dict[str, Tone] = {
    "beyond": "red",
    "not_taken": "red",
    "kept": "amber",
    "drifted": "amber",
    "tolerated": "amber",
}
FATES = ("beyond", "not_taken", "kept", "drifted", "tolerated", "uncounted", "absent", "agreeing")
"""What may be said of a table, what is to be looked at first."""


def draw(home: Home, marts: Marts, texts: Texts) -> Section:
    lake = Lake(home.lake)
    pulls = ask_file(marts, lake.path("landed", "pulls"), PULLS)
    if not pulls:
        return say_empty("pulls", TABLES, texts, ())
    reconciliation = lake.path("landed", "reconciliation")
    measures = ask_file(marts, reconciliation, MEASURES)
    of_table: dict[tuple[str, str], list[Row]] = {}
    for row in measures:
        of_table.setdefault((row["source"], row["table_name"]), []).append(row)
    tables = [_tell(row, of_table.get((row["source"], row["table_name"]), []), texts) for row in pulls]
    tables.sort(key=lambda row: (FATES.index(row["fate"]), row["source"], row["table_name"]))
    differences = [
        _tell_measure(row, texts)
        | {"day": row["day"], "tolerated": texts.say("pulls.within" if row["is_tolerated"] else "pulls.outside")}
        for row in ask_file(marts, reconciliation, DIFFERENCES)
    ]
    agreeing = sum(row["fate"] == "agreeing" for row in tables)
    return Section(
        "pulls",
        texts.say(
            "pulls.title",
            tables=texts.count("pulls.tables", len(tables)),
            agreeing=texts.count("pulls.agreeing", agreeing),
            others=texts.write("count", len(tables) - agreeing),
        ),
        lead=[texts.say("pulls.lead")],
        figures=[_draw(tables, texts)],
        tables=[
            tabulate(
                "pulls",
                texts.say("pulls.table"),
                label_columns(
                    texts,
                    origin="text",
                    table_name="text",
                    state="text",
                    measure="text",
                    source_value="number",
                    landed_value="number",
                    days_compared="count",
                    differences="count",
                    beyond="count",
                    taken_on="day",
                    columns_changed="text",
                ),
                [row | measure for row in tables for measure in row["measures"]],
                texts,
                "unit",
            ),
            tabulate(
                "pulls_differences",
                texts.say("pulls.differences"),
                label_columns(
                    texts,
                    origin="text",
                    table_name="text",
                    day="day",
                    measure="text",
                    source_value="number",
                    landed_value="number",
                    tolerated="text",
                ),
                differences,
                texts,
                "unit",
            ),
        ],
        marts=TABLES,
        nav=texts.say("pulls.nav"),
        scope=texts.say("quality.last_run"),
        is_wide=True,
    )


def _tell(pull: Row, measures: Sequence[Row], texts: Texts) -> Row:
    """One table: its fate, its measures, and in one text what has changed of its columns."""
    columns = [
        texts.say(COLUMNS[kind], names=pull[f"columns_{kind}"])
        for kind in ("added", "missing", "retyped")
        if pull[f"columns_{kind}"]
    ]
    fate = _judge(pull, measures, bool(columns))
    counted = [_tell_measure(row, texts) for row in measures]
    uncounted = {"measure": texts.name("pulls.measure", ROWS), "landed_value": pull["rows_landed"], "unit": "count"}
    return pull | {
        "origin": pull["source"],
        "fate": fate,
        "state": texts.name("pulls.fate", fate),
        "columns_changed": ". ".join(columns),
        "measures": counted or [uncounted],
    }


def _judge(pull: Row, measures: Sequence[Row], has_drifted: bool) -> str:
    signs = {
        "beyond": any(row["beyond"] for row in measures),
        "not_taken": pull["state"] == "not taken",
        "kept": pull["state"] == "kept",
        "absent": pull["state"] == "absent",
        "drifted": has_drifted,
        "uncounted": not measures,
        "tolerated": any(row["differences"] for row in measures),
    }
    return next((fate for fate, is_so in signs.items() if is_so), "agreeing")


def _tell_measure(row: Row, texts: Texts) -> dict[str, Any]:
    is_rows = row["measure"] in (ROWS, "changed rows")
    measure = texts.name("pulls.measure", row["measure"].replace(" ", "_")) if is_rows else row["measure"]
    return row | {"origin": row["source"], "measure": measure, "unit": "count" if is_rows else "decimal"}


def _draw(tables: Sequence[Row], texts: Texts) -> Board:
    return Board(
        texts.say("pulls.figure"),
        texts.say("column.table_name"),
        [texts.say(f"column.{name}") for name in ("source_value", "landed_value", "days_compared", "differences")],
        [
            BoardRow(
                f"{table['table_name']} · {measure['measure']}",
                [
                    BoardCell(_write_source(table, measure, texts)),
                    BoardCell(texts.write(measure["unit"], measure["landed_value"])),
                    BoardCell(texts.write("count", measure.get("days_compared") or None)),
                    BoardCell(
                        texts.write("count", measure.get("differences")),
                        100.0 if measure.get("differences") else None,
                        TONES.get(table["fate"], "blue"),
                    ),
                ],
                "" if position else _note(table, texts),
            )
            for table in tables
            for position, measure in enumerate(table["measures"])
        ],
    )


def _write_source(table: Row, measure: Row, texts: Texts) -> str:
    if table["fate"] == "uncounted":
        return texts.say("pulls.not_counted")
    return texts.write(measure["unit"], measure.get("source_value"))


def _note(row: Row, texts: Texts) -> str:
    since = row["taken_on"] if row["fate"] in ("beyond", "kept") and row["taken_on"] else None
    told = texts.say("pulls.since", day=texts.write("day", since)) if since else ""
    return " · ".join(each for each in (row["source"], row["state"], told, row["columns_changed"]) if each)
