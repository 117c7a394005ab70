"""What came in: the rows of each table that were read, kept and set apart, and why."""

from pipelines.config.home import Home
from pipelines.report.figures import Bar, Bars, Board, BoardCell, BoardRow, Segment, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.section_contract import Section, say_empty, share, tell_day
from pipelines.report.small_groups import NOBODY
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("field_report", "quarantined_rows")
# A line that is no row of its file counts as read, though no column of it was; a row of after the day of the run is of
# another night.
QUERY = """
with

counted as (

    select source, table_name, max(row_count) as row_count
    from marts.field_report
    group by source, table_name

),

apart as (

    select
        coalesce(source, '') as source,
        table_name,
        count(*) filter (where not is_kept and kind <> 'later_than_as_of') as set_apart,
        count(*) filter (where not is_kept and kind = 'malformed' and column_name is null) as no_rows,
        count(*) filter (where kind = 'later_than_as_of') as later,
        count(*) filter (where is_kept and kind <> 'later_than_as_of') as flagged
    from marts.quarantined_rows
    group by coalesce(source, ''), table_name

)

select
    coalesce(counted.source, apart.source) as source,
    coalesce(counted.table_name, apart.table_name) as table_name,
    coalesce(counted.row_count, 0) + coalesce(apart.no_rows, 0) as rows_read,
    coalesce(apart.set_apart, 0) as set_apart,
    coalesce(apart.later, 0) as later,
    coalesce(apart.flagged, 0) as flagged
from counted
full join apart
    on counted.source = apart.source and counted.table_name = apart.table_name
order by 1, 2
"""
REASONS = """
select coalesce(source, '') as source, table_name, kind, reason, is_kept, count(*) as row_count
from marts.quarantined_rows
group by all
order by count(*) desc, 1, 2, 3, 4, 5
"""
MOST_REASONS = 10


def draw(_home: Home, marts: Marts, texts: Texts) -> Section:
    rows = [
        row
        | {"origin": row["source"], "rows_kept": row["rows_read"] - row["set_apart"], "kept_share": _kept_share(row)}
        for row in marts.ask(QUERY, NOBODY)
    ]
    if not rows:
        return say_empty("rows", MARTS, texts, ())
    reasons = [
        row
        | {
            "origin": row["source"],
            "apart_kind": texts.name("apart_kind", row["kind"]),
            "fate": texts.name("fate", _name_fate(row)),
        }
        for row in marts.ask(REASONS, NOBODY)
    ]
    read, apart = (sum(row[name] for row in rows) for name in ("rows_read", "set_apart"))
    return Section(
        "rows",
        texts.say(
            "rows.title",
            rows=texts.write("count", read),
            tables=texts.write("count", len(rows)),
            apart=texts.count("rows.apart", apart),
        ),
        lead=[texts.say("rows.lead")],
        figures=[_draw_tables(rows, texts), *([_draw_reasons(reasons, texts)] if reasons else [])],
        tables=[
            tabulate(
                "rows",
                texts.say("rows.figure"),
                label_columns(
                    texts,
                    origin="text",
                    table_name="text",
                    rows_read="count",
                    rows_kept="count",
                    set_apart="count",
                    kept_share="fine_share",
                    flagged="count",
                    later="count",
                ),
                rows,
                texts,
            ),
            tabulate(
                "rows_reasons",
                texts.say("rows.reasons"),
                label_columns(
                    texts,
                    origin="text",
                    table_name="text",
                    apart_kind="text",
                    fate="text",
                    reason="text",
                    row_count="count",
                ),
                reasons,
                texts,
            ),
        ],
        marts=MARTS,
        nav=texts.say("rows.nav"),
        scope=tell_day(marts, texts),
        is_wide=True,
    )


def _kept_share(row: Row) -> float | None:
    return share(row["rows_read"] - row["set_apart"], row["rows_read"])


def _name_fate(row: Row) -> str:
    return "kept" if row["is_kept"] else "apart"


def _draw_tables(rows: list[Row], texts: Texts) -> Board:
    most = max(row["rows_read"] for row in rows)
    columns = ("rows_read", "rows_kept", "set_apart", "flagged")
    return Board(
        texts.say("rows.figure"),
        texts.say("column.table_name"),
        [texts.say(f"column.{name}") for name in columns],
        [
            BoardRow(
                row["table_name"],
                [
                    BoardCell(
                        texts.write("count", row[name]), percent_of(row[name], most) if name == "rows_read" else None
                    )
                    for name in columns
                ],
                row["source"],
            )
            for row in rows
        ],
    )


def _draw_reasons(reasons: list[Row], texts: Texts) -> Bars:
    most = reasons[0]["row_count"]
    return Bars(
        texts.say("rows.reasons"),
        [
            Bar(
                row["table_name"],
                texts.write("count", row["row_count"]),
                [Segment(0, percent_of(row["row_count"], most), "grey" if row["is_kept"] else "red")],
                f"{row['apart_kind']} · {row['reason']} · {row['fate']}",
            )
            for row in reasons[:MOST_REASONS]
        ],
    )
