"""As of a day, what is later is not there yet: set apart, counted, and no fault of the export."""

from datetime import date
from typing import Any

import polars as pl

from pipelines import contracts
from pipelines.extracts import reading
from pipelines.extracts.conform import extract_table

HEADER = "id,moment,total\n"


def test_an_event_after_the_end_of_the_day_in_the_retailers_time_zone_is_set_apart(exports: Any) -> None:
    exports.as_of, exports.head = date(2026, 2, 28), "reject_limit: 0\n"
    exports.write("orders.csv", HEADER + "1,2026-02-28T22:59:59Z,1\n2,2026-02-28T23:00:00Z,1\n3,2062-01-01,1\n")
    extracted = exports.extract_orders()
    assert exports.rows()["order_id"].to_list() == ["1"]
    assert (extracted.rows_set_apart, extracted.rows_rejected, extracted.reasons) == (2, 0, {})
    told = exports.quarantine().select("line", "column_name", "kind", "reason", "is_kept").rows()
    later = ("ordered_at", "later_than_as_of", "ordered_at is later than as_of", False)
    assert told == [(3, *later), (4, *later)]


def test_where_it_is_another_time_the_day_ends_at_another_instant(exports: Any) -> None:
    exports.as_of, exports.head = date(2026, 2, 28), "timezone: America/New_York\n"
    exports.write("orders.csv", HEADER + "1,2026-03-01T04:59:59Z,1\n2,2026-03-01T05:00:00Z,1\n")
    exports.extract_orders()
    assert exports.rows()["order_id"].to_list() == ["1"]


def test_a_row_that_is_not_there_yet_can_have_no_fault(exports: Any) -> None:
    exports.as_of = date(2026, 2, 28)
    exports.write("orders.csv", HEADER + "1,2026-03-01,much\n,2026-03-01,9999999999\n")
    extracted = exports.extract_orders()
    assert (extracted.rows_set_apart, extracted.rows_rejected) == (2, 0)


def test_a_person_created_later_is_set_apart_and_one_changed_later_stays(exports: Any) -> None:
    exports.kind, exports.as_of = "crm", date(2026, 2, 28)
    rows = [
        "1,2026-02-28,2026-02-28,",
        "2,2026-03-01,2026-03-01,",
        "3,,2026-03-05,2026-03-05",
        "4,,2026-01-01,2026-02-01",
    ]
    exports.write("c.csv", "contact_id,created_at,updated_at,deleted_at\n" + "\n".join(rows))
    extracted = exports.extract("contacts", {"from": "c.csv"})
    kept = exports.rows("contacts").select("contact_id", "updated_at", "deleted_at")
    last = "2026-02-28T22:59:59.999999"
    assert [(key, changed.isoformat(), gone is None) for key, changed, gone in kept.rows()] == [
        ("1", "2026-02-27T23:00:00", True), ("3", last, True), ("4", "2025-12-31T23:00:00", False),
    ]  # fmt: skip
    counts = {field.column_name: field.later_than_as_of_count for field in extracted.fields}
    assert counts == {"contact_id": 0, "created_at": 1, "updated_at": 1, "deleted_at": 1}


def test_of_two_versions_changed_later_the_newer_is_kept_all_the_same(exports: Any) -> None:
    exports.as_of = date(2026, 2, 28)
    columns = dict(exports.order_columns) | {"updated_at": "changed"}
    exports.write("orders.csv", "id,moment,total,changed\n1,2026-01-01,1,2026-03-02\n1,2026-01-01,2,2026-03-03\n")
    exports.extract_orders(columns=columns)
    assert [int(total) for total in exports.rows()["total_amount"]] == [2]


def test_lines_wait_for_their_order(exports: Any) -> None:
    exports.as_of = date(2026, 2, 28)
    exports.write("orders.csv", HEADER + "1,2026-02-01,1\n2,2026-03-01,1\n")
    lines = "order_id,line_no,product_id,quantity,unit_price,line_amount\n"
    exports.write("lines.csv", lines + "1,1,a,1,1,1\n2,1,a,1,1,1\n2,2,a,1,1,1\n3,1,a,1,1,1\n")
    exports.extract_orders()
    extracted = exports.extract("order_lines", {"from": "lines.csv"})
    assert exports.rows("order_lines")["order_id"].to_list() == ["1", "3"]
    assert extracted.rows_set_apart == 2
    exports.as_of = date(2026, 3, 1)
    exports.extract_orders()
    assert exports.extract("order_lines", {"from": "lines.csv"}).rows_kept == 4


def test_very_many_later_rows_are_counted_and_told_in_one_row(exports: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(reading, "MOST_LISTED", 3)
    exports.as_of = date(2026, 2, 28)
    later = [f"{number},2026-03-01,1\n" for number in range(4)]
    exports.write("orders.csv", HEADER + "x,2026-02-01,1\ny,soon,1\n" + "".join(later))
    extracted = exports.extract_orders()
    assert (extracted.rows_read, extracted.rows_kept, extracted.rows_set_apart, extracted.rows_rejected) == (6, 1, 4, 1)
    told = exports.quarantine().sort("kind").select("kind", "line", "reason").rows()
    assert told == [
        ("later_than_as_of", None, "4 rows are later than as_of, not listed one by one"),
        ("unreadable", 3, "ordered_at is not a date and time; updated_at is not a date and time"),
    ]


def test_a_large_export_is_not_read_again_for_the_places_of_later_rows(exports: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(reading, "MOST_READ_TWICE", 1)
    exports.as_of = date(2026, 2, 28)
    exports.write("orders.csv", HEADER + "1,2026-02-01,1\n2,2026-03-01,1\n")
    assert exports.extract_orders().rows_set_apart == 1
    assert exports.quarantine().select("line", "reason").rows() == [
        (None, "1 rows are later than as_of, not listed one by one")
    ]


def test_a_merge_of_later_has_not_happened(exports: Any) -> None:
    exports.kind, exports.as_of = "crm", date(2026, 2, 28)
    exports.write("m.csv", "old_contact_id,surviving_contact_id,merged_at\n1,2,2026-03-01\n3,2,\n4,2,2026-02-28\n")
    exports.extract("merges", {"from": "m.csv"})
    assert exports.rows("merges")["old_contact_id"].to_list() == ["3", "4"]


def test_every_time_of_a_table_has_its_rule(exports: Any) -> None:
    """A table with a time of its own names it; what is a part of a row follows that row."""
    for table in contracts.TABLES:
        times = [column.name for column in table.columns if column.type in ("date", "timestamp")]
        if table.part_of:
            assert table.part_of[1] in contracts.table(table.kind, table.part_of[0]).key
        if times and table.name != "stores":
            assert table.since in times, table.path


def test_keys_set_apart_are_those_of_tonight(exports: Any) -> None:
    exports.as_of = date(2026, 2, 28)
    exports.write("orders.csv", HEADER + "1,2026-03-01,1\n")
    sources = exports.configure(orders={"from": "orders.csv", "columns": dict(exports.order_columns)})
    for as_of, keys in ((date(2026, 2, 28), ["1"]), (date(2026, 3, 1), [])):
        extract_table(sources, contracts.table("ecommerce", "orders"), exports.lake, as_of)
        assert pl.read_parquet(exports.lake.set_apart_path("ecommerce", "orders"))["order_id"].to_list() == keys
