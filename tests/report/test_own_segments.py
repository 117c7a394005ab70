"""The section of the retailer's own segments: who came and went, and what of it is told."""

from collections.abc import Callable
from typing import Any

import duckdb

from pipelines.config.home import Home
from pipelines.report.page import Origin, draw_page
from pipelines.texts.catalogue import read_catalogue

Change = Callable[..., Home]
SEGMENT = "(select segment from marts.segments where family = 'custom' order by member_count desc, segment limit 1)"


def read_rows(home: Home, read_report: Any, table: str) -> list[dict[str, tuple[str, str]]]:
    rows: list[dict[str, tuple[str, str]]] = read_report(draw_page(home.warehouse, "en", Origin()).html).tables[table]
    return rows


def night(day: str, size: int) -> str:
    return (
        "insert into marts.segment_sizes by name select segment, date "
        f"'{day}' as computed_on, {size} as member_count, 0 as entered_count, 0 as left_count, definition_digest "
        "from marts.segment_sizes where computed_on = (select max(computed_on) from marts.segment_sizes)"
    )


def stays(count: int) -> str:
    """So many other customers were in the largest segment, and left it in February."""
    return (
        f"insert into marts.customer_segments by name select customer_id, 'custom' as family, {SEGMENT} as segment, "
        "date '2025-01-01' as entered_on, date '2026-02-10' as left_on, false as is_current from marts.customer_360 "
        f"where customer_id not in (select customer_id from marts.customer_segments where segment = {SEGMENT}) "
        f"order by customer_id limit {count}"
    )


LONG_DEFINED = "update marts.segments set defined_since = date '2025-01-01' where family = 'custom'"


def test_who_came_and_who_left_is_told_since_the_last_night_a_month_ago(change_marts: Change, read_report: Any) -> None:
    home = change_marts(night("2025-12-31", 40), night("2026-01-20", 50), LONG_DEFINED, stays(6))
    largest, *others = read_rows(home, read_report, "own_segments")
    assert largest["entered"][0] == largest["customers"][0], "none of them was in it on 20 January"
    assert largest["gone"][0] == "6"
    assert all(row["gone"][0] == "0" for row in others if row["customers"][0])
    page = draw_page(home.warehouse, "en", Origin()).html
    assert "is counted since 20 January 2026" in page


def test_neither_is_told_where_either_is_of_a_few(change_marts: Change, read_report: Any) -> None:
    home = change_marts(night("2026-01-20", 50), LONG_DEFINED, stays(4))
    largest = read_rows(home, read_report, "own_segments")[0]
    assert int(largest["customers"][0]) >= 5
    assert largest["entered"] == largest["gone"] == ("", "–")


def test_nobody_comes_or_leaves_where_the_definition_is_younger(change_marts: Change, read_report: Any) -> None:
    home = change_marts(night("2026-01-20", 50), stays(6))
    assert all(row["entered"] == row["gone"] == ("", "–") for row in read_rows(home, read_report, "own_segments"))


def test_a_size_that_differs_by_a_few_from_the_one_before_is_not_told(change_marts: Change, read_report: Any) -> None:
    sizes = {"2025-08-31": 40, "2025-09-30": 44, "2025-10-31": 45, "2025-11-30": 45, "2025-12-31": 43, "2026-01-31": 3}
    home = change_marts(*(night(day, size) for day, size in sizes.items()))
    rows = read_rows(home, read_report, "own_segments_history")
    with duckdb.connect(home.warehouse, read_only=True) as connection:
        [(segment,)] = connection.execute(SEGMENT.strip("()")).fetchall()
    told = {row["day"][0]: row[segment][0] for row in rows}
    assert [told[day] for day in sizes] == ["40", "", "45", "45", "", ""]


def test_without_a_segment_one_is_told_how_to_define_one(change_marts: Change, read_report: Any) -> None:
    home = change_marts("update marts.segments set removed_on = date '2026-02-01' where family = 'custom'")
    page = draw_page(home.warehouse, "en", Origin()).html
    assert read_report(page).titles["own_segments"] == read_catalogue("en")["report.own_segments.undefined"]
