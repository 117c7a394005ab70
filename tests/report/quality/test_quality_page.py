"""The page for data engineers: its numbers are those of the marts and the lake, and it names no one."""

import re
from collections.abc import Callable
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.config.home import Home
from pipelines.lake.tables import Lake
from pipelines.report.page import Origin
from pipelines.report.quality import SECTIONS
from pipelines.report.quality.page import draw_quality

Change = Callable[..., Home]


def draw(home: Home, language: str = "en") -> str:
    return draw_quality(home, language, Origin("run-1", "model-1"), "report.html")


@pytest.fixture(scope="module", params=["en", "fr"])
def tables(request: pytest.FixtureRequest, first_night: tuple[Home, str], read_report: Any) -> Any:
    return read_report(draw(first_night[0], request.param)).tables


@pytest.fixture(scope="module")
def marts(first_night: tuple[Home, str]) -> Any:
    with duckdb.connect(first_night[0].warehouse, read_only=True) as connection:
        yield lambda query: connection.execute(query).fetchall()


def raw(rows: Any, *columns: str) -> list[tuple[str, ...]]:
    return [tuple(row[column][0] for column in columns) for row in rows]


def test_every_row_read_is_kept_or_set_apart(tables: Any, marts: Any, first_night: tuple[Home, str]) -> None:
    lake = Lake(first_night[0].lake)
    assert len(tables["rows"]) > 10
    for row in tables["rows"]:
        read, kept, apart = (int(row[column][0]) for column in ("rows_read", "rows_kept", "set_apart"))
        assert read == kept + apart
        # One source a table here, so that what is kept is all that the lake has.
        assert kept == pl.scan_parquet(lake.path(*row["table_name"][0].split("/"))).select(pl.len()).collect().item()
    told = sum(int(row["row_count"][0]) for row in tables["rows_reasons"])
    assert told == marts("select count(*) from marts.quarantined_rows")[0][0] > 0


def test_the_columns_are_those_of_the_field_report(tables: Any, marts: Any) -> None:
    expected = marts(
        "select source, table_name || '.' || column_name, row_count, unreadable_count, placeholder_count "
        "from marts.field_report"
    )
    columns = ("origin", "column", "row_count", "unreadable_count", "placeholder_count")
    assert sorted(raw(tables["fields"], *columns)) == sorted(tuple(map(str, row)) for row in expected)


def test_customers_are_counted_by_their_records(tables: Any, marts: Any) -> None:
    [(records, customers)] = marts("select count(*), count(distinct customer_id) from marts.customer_id_map")
    sizes = [(int(size), int(count)) for size, count in raw(tables["people_sizes"], "records", "customers")]
    assert sum(count for _, count in sizes) == customers
    assert sum(size * count for size, count in sizes) == records
    assert sum(int(row["records"][0]) for row in tables["people_tables"]) == records
    by_threshold = [int(row["customers"][0]) for row in tables["thresholds"]]
    assert by_threshold[1] == customers
    assert by_threshold[0] >= customers >= by_threshold[2]


def test_the_accuracy_is_that_of_the_mart_with_its_interval(tables: Any, marts: Any) -> None:
    found = marts("select measure, estimate, low, high from marts.identity_accuracy")
    measured = {measure: rest for measure, *rest in found}
    counts = [int(row["estimate"][0].partition(".")[0]) for row in tables["accuracy"]]
    together, wrong, linked, of_receipts = counts[:4]
    assert together == measured["pairs_together"][0] > 0
    assert wrong == pytest.approx(linked + of_receipts, abs=1)
    assert sum(counts[5:]) == pytest.approx(counts[4], abs=4)
    lows = [float(row["low"][0]) for row in tables["accuracy"][1:2]]
    assert lows == pytest.approx([measured["wrong_pairs"][1]])
    precision, low, high = measured["pairwise_precision"]
    assert low <= precision <= high
    assert {"strict_offset_bits", "loose_offset_bits", "strict_moved_pairs", "loose_moved_pairs"} <= measured.keys()


def test_drift_references_and_questions_are_all_there(tables: Any, marts: Any, first_night: tuple[Home, str]) -> None:
    lake = Lake(first_night[0].lake)
    assert len(tables["drift"]) == lake.read("identity", "drift").height > 0
    references = lake.read("quarantine", "references").filter("is_checked")
    assert sum(int(row["unmatched"][0] or 0) for row in tables["references"]) == references["unmatched"].sum()
    questions = sum(int(pairs) for (pairs,) in raw(tables["review"], "pairs"))
    assert questions == marts("select count(*) from marts.identity_review_queue")[0][0]


def test_the_night_is_told_with_its_day_its_run_and_its_duration(tables: Any, first_night: tuple[Home, str]) -> None:
    [night] = tables["nights"]
    [log] = first_night[0].logs.glob("*.log")
    assert night["run"][0] == log.stem.split("-")[1]
    assert night["day"][0] == "2026-02-28"
    assert float(night["seconds"][0]) > 1
    created = sum(int(count) for (count,) in raw(tables["nights_changes"], "entries"))
    assert created == int(tables["thresholds"][1]["customers"][0])


def test_a_home_that_keeps_nothing_beside_its_warehouse_is_told_as_such(change_marts: Change, read_report: Any) -> None:
    home = change_marts("delete from marts.customer_id_history")
    page = draw(home)
    gaps = page.partition('<div class="part gaps"')[2]
    for name in ("references", "thresholds", "drift", "nights"):
        assert f'id="{name}" data-empty' in gaps
    assert sorted(read_report(page).titles) == sorted(SECTIONS)


def test_it_needs_nothing_from_outside_and_names_no_one(first_night: tuple[Home, str], read_report: Any) -> None:
    page = draw(first_night[0])
    assert not re.search(r"https?:|<script|javascript:|@import|url\(", page)
    with duckdb.connect(first_night[0].warehouse, read_only=True) as connection:
        people = connection.execute("select email, phone, last_name, address from marts.customer_360").fetchall()
    values = {value for person in people for value in person if value and len(value) > 3}
    assert not values & set(re.findall(r"[\w@.+-]+", " ".join(read_report(page).texts)))
