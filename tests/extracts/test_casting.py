"""Values as sources write them, and what becomes of them."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import contracts

REJECTED = "rejected"


def utc(*parts: int) -> datetime:
    """A naive timestamp, as the lake holds it."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


def read(exports: Any, column: str, table: str, kind: str, value: str, **options: Any) -> Any:
    """What ``value`` becomes as ``kind/table.column``: its row is the only one, the other columns are constants."""
    exports.kind = kind
    constants = {
        "stores": {"store_id": "'1'", "name": "'x'"},
        "products": {"product_id": "'1'", "name": "'x'", "category": "'x'"},
        "members": {"member_id": "'1'", "updated_at": "timestamp '2024-01-01'"},
        "tickets": {"ticket_id": "'1'", "store_id": "'1'", "sold_at": "date '2024-01-01'", "total_amount": "1"},
        "ticket_lines": {"ticket_id": "'1'", "line_no": "1", "product_id": "'1'", "quantity": "1", "unit_price": "1"},
        "footfall": {"store_id": "'1'", "date": "date '2024-01-01'", "visitors": "1"},
    }[table]
    exports.write("in.csv", f'value,other\n"{value}",x\n')
    mapping: dict[str, Any] = {"from": "in.csv", "columns": {**constants, column: "value"}, "options": options}
    if not contracts.table(kind, table).column(column).required:
        mapping["bad_values"] = {column: "reject"}
    if table == "ticket_lines" and column != "line_amount":
        mapping["columns"]["line_amount"] = "1"
    extracted = exports.extract(table, mapping)
    return exports.rows(table)[column][0] if extracted.rows_kept else REJECTED


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2024-07-01", date(2024, 7, 1)),
        ("2024-07-01 10:30", date(2024, 7, 1)),
        ("2024-07-01T23:30:00Z", date(2024, 7, 2)),  # In Paris it was the next day already.
        ("2024-07-01T00:00:00Z", date(2024, 7, 1)),  # A midnight is a date, whatever follows it.
        ("2024-07-01 00:00:00.000", date(2024, 7, 1)),
        ("", None),
        ("  ", None),
        ("2024-02-31", REJECTED),
        ("31/02/2024", REJECTED),
        ("12-05-06", REJECTED),
        ("0000-00-00", REJECTED),
        ("infinity", REJECTED),
        ("20240701", REJECTED),
        ("2024-07-01 nonsense", REJECTED),
    ],
)
def test_a_date_is_iso_or_rejected(exports: Any, written: str, expected: Any) -> None:
    assert read(exports, "birth_date", "members", "pos", written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2024-01-15 10:00", utc(2024, 1, 15, 9)),
        ("2024-07-15T10:00:00", utc(2024, 7, 15, 8)),
        ("2024-07-15T10:00:00Z", utc(2024, 7, 15, 10)),
        ("2024-07-15T10:00:00+05:30", utc(2024, 7, 15, 4, 30)),
        ("2024-07-15T10:00:00.123456789Z", utc(2024, 7, 15, 10, 0, 0, 123456)),
        ("2024-07-15", utc(2024, 7, 14, 22)),
        ("2024-03-31 02:30", utc(2024, 3, 31, 1, 30)),  # The clock skipped it: an hour later.
        ("2024-10-27 02:30", utc(2024, 10, 27, 1, 30)),  # The clock showed it twice: the second time.
        ("2024-10-27 01:59", utc(2024, 10, 26, 23, 59)),
        ("", None),
        ("2024-07-15 10:00:00 UTC", utc(2024, 7, 15, 10)),
        ("2024-01-15 10:00 CET", utc(2024, 1, 15, 9)),
        ("2024-07-15 10:00 America/New_York", utc(2024, 7, 15, 14)),
        ("2024-07-15 10:00:00 BST", REJECTED),  # Of Britain's summer, or Bangladesh.
        ("2024-07-15 10:00 ist", REJECTED),
        ("2024-07-15 25:00", REJECTED),
        ("15/07/2024 10:00", REJECTED),
        ("1721037600", REJECTED),
    ],
)
def test_a_local_time_is_read_in_the_time_zone_and_kept_in_utc(exports: Any, written: str, expected: Any) -> None:
    assert read(exports, "created_at", "members", "pos", written) == expected


@pytest.mark.parametrize(
    ("written", "options", "expected"),
    [
        ("12.50", {}, Decimal("12.50")),
        ("-0.5", {}, Decimal("-0.50")),
        ("12.345", {}, Decimal("12.35")),
        ("1e3", {}, Decimal("1000.00")),
        ("12,50", {}, REJECTED),
        ("1_000", {}, REJECTED),
        ("12.50 €", {}, Decimal("12.50")),
        ("12.50 £", {}, REJECTED),
        ("99999999999999999999", {}, REJECTED),
        ("12,50", {"decimal": ","}, Decimal("12.50")),
        ("12.50", {"decimal": ","}, REJECTED),
        ("1.234,56", {"decimal": ",", "thousands": "."}, Decimal("1234.56")),
        ("1.25", {"decimal": ",", "thousands": "."}, REJECTED),
        ("1\u202f234,5", {"decimal": ",", "thousands": " "}, Decimal("1234.50")),
        ("1,234.5", {"thousands": ","}, Decimal("1234.50")),
        ("79,-", {"decimal": ","}, Decimal("79.00")),  # A dash for no cents is no sign.
        ("(79.--)", {}, Decimal("-79.00")),
        ("79.00-", {}, Decimal("-79.00")),
        ("–79.50", {}, Decimal("-79.50")),
        ("79,-5", {"decimal": ","}, REJECTED),
        ("N/A", {"nulls": ["N/A"]}, None),
    ],
)
def test_an_amount_keeps_to_the_declared_marks(exports: Any, written: str, options: Any, expected: Any) -> None:
    assert read(exports, "gross_amount", "tickets", "pos", written, **options) == expected


def test_a_price_keeps_four_decimals(exports: Any) -> None:
    exports.kind = "pos"
    exports.write("in.csv", "p,x\n0.0014,1\n")
    columns = {"ticket_id": "'1'", "line_no": "1", "product_id": "'1'", "quantity": "1", "unit_price": "p"}
    exports.extract("ticket_lines", {"from": "in.csv", "columns": {**columns, "line_amount": "0"}})
    assert exports.rows("ticket_lines")["unit_price"][0] == Decimal("0.0014")


@pytest.mark.parametrize(
    ("written", "expected"),
    [("3", 3), ("-3", -3), ("3.0", 3), ("3.", 3), ("3.5", REJECTED), ("0x10", REJECTED), ("1e-1", REJECTED)],
)
def test_an_integer_is_never_rounded(exports: Any, written: str, expected: Any) -> None:
    assert read(exports, "line_no", "ticket_lines", "pos", written) == expected


@pytest.mark.parametrize(("written", "expected"), [("48.85", 48.85), ("nan", REJECTED), ("inf", REJECTED)])
def test_a_number_is_finite(exports: Any, written: str, expected: Any) -> None:
    assert read(exports, "latitude", "stores", "pos", written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Oui", True),
        ("o", True),
        ("VRAI", True),
        ("1", True),
        ("Non", False),
        ("faux", False),
        ("N", False),
        ("0", False),
        ("peut-être", REJECTED),
        ("2", REJECTED),
    ],
)
def test_a_boolean_takes_the_usual_spellings(exports: Any, written: str, expected: Any) -> None:
    assert read(exports, "is_online_only", "products", "ecommerce", written) == expected


def test_a_text_loses_the_blanks_around_it_and_keeps_those_within(exports: Any) -> None:
    assert read(exports, "city", "stores", "pos", "  Le  Havre ") == "Le  Havre"


def test_parquet_types_are_taken_as_they_are(exports: Any) -> None:
    """One row per member: an id that pandas made a float, a naive local time, an instant, an Arrow decimal."""
    table = pa.table(
        {
            "product_id": pa.array([17850.0, 2.5]),
            "name": pa.array(["a", "b"]),
            "category": pa.array([["x", "y"], None]),
            "list_price": pa.array([Decimal("1.005"), None], pa.decimal128(10, 3)),
            "is_online_only": pa.array([1, 0]),
        }
    )
    path = exports.write("products.parquet", b"")
    pq.write_table(table, path)
    columns = {"category": "coalesce(cast(category[1] as varchar), 'none')"}
    exports.extract("products", {"from": "products.parquet", "columns": columns})
    rows = exports.rows("products")
    assert rows["product_id"].to_list() == ["17850", "2.5"]
    assert rows["category"].to_list() == ["x", "none"]
    assert rows["list_price"].to_list() == [Decimal("1.01"), None]
    assert rows["is_online_only"].to_list() == [True, False]


def test_parquet_times_without_a_zone_are_local_and_those_with_one_are_instants(exports: Any) -> None:
    exports.kind = "pos"
    moment = utc(2024, 7, 1, 10)
    table = pa.table(
        {
            "member_id": ["1"],
            "created_at": pa.array([moment], pa.timestamp("ns")),
            "updated_at": pa.array([moment], pa.timestamp("us", tz="UTC")),
            "birth_date": pa.array([date(1980, 5, 5)]),
        }
    )
    pq.write_table(table, exports.write("members.parquet", b""))
    exports.extract("members", {"from": "members.parquet"})
    row = exports.rows("members").row(0, named=True)
    assert row["created_at"] == utc(2024, 7, 1, 8)
    assert row["updated_at"] == moment
    assert row["birth_date"] == date(1980, 5, 5)


def test_the_day_of_the_run_stands_in_for_the_dates_that_an_export_lacks(exports: Any) -> None:
    exports.write("orders.csv", "id,moment,total\nA,2026-01-05 10:00,12\n")
    columns = {**exports.order_columns, "updated_at": "as_of()"}
    exports.extract_orders(columns=columns)
    assert exports.rows()["updated_at"].dt.date().to_list() == [exports.as_of - timedelta(days=1)]  # Midnight in Paris.
