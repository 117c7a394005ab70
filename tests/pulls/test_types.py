"""What types of a database become: the values that it has, exact, and nothing that it does not have."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from pipelines.extracts.connectors.landed import select_live
from pipelines.lake.landed import read_landed
from tests.pulls.conftest import Shop

MOMENT = datetime(2026, 3, 4, 5, 6, 7, 890_000)  # noqa: DTZ001

POSTGRESQL = {
    "small": ("smallint", "-7", -7),
    "whole": ("bigint", "9000000000000000000", 9_000_000_000_000_000_000),
    "exact": ("numeric(12, 2)", "1234567890.12", Decimal("1234567890.12")),
    "loose": ("numeric", "0.1234567890123456789", "0.1234567890123456789"),
    "nothing": ("numeric(12, 2)", "'NaN'", None),
    "endless": ("numeric", "'Infinity'", None),
    "below_all": ("double precision", "'-Infinity'", None),
    "cash": ("money", "12.50::numeric::money", Decimal("12.50")),
    "double": ("double precision", "0.1", 0.1),
    "single": ("real", "1.5", 1.5),
    "flag": ("boolean", "true", True),
    "words": ("varchar(20)", "'été ☂'", "été ☂"),
    "padded": ("char(5)", "'ab'", "ab   "),
    "day": ("date", "'2026-03-04'", date(2026, 3, 4)),
    "no_day": ("date", "'infinity'", None),
    "local": ("timestamp", "'2026-03-04 05:06:07.89'", MOMENT),
    "zoned": ("timestamptz", "'2026-03-04 06:06:07.89+01'", MOMENT.replace(tzinfo=UTC)),
    "never": ("timestamptz", "'-infinity'", None),
    "hour": ("time", "'05:06'", "05:06:00"),
    "tags": ("text[]", "'{a,\"b,c\"}'", '["a","b,c"]'),
    "document": ("jsonb", """'{"a": [1]}'""", '{"a": [1]}'),
    "id": ("uuid", "'6f2b1a52-2a5c-4a0e-9d3e-111111111111'", "6f2b1a52-2a5c-4a0e-9d3e-111111111111"),
    "raw": ("bytea", "'\\x00ff'", "00ff"),
    "address": ("inet", "'10.0.0.1'", "10.0.0.1/32"),
    "Mixed Case": ("int", "3", 3),
    "missing": ("int", "null", None),
}
MARIADB = {
    "small": ("smallint", "-7", -7),
    "unsigned": ("bigint unsigned", "18000000000000000000", 18_000_000_000_000_000_000),
    "whole": ("bigint", "-9000000000000000000", -9_000_000_000_000_000_000),
    "middle": ("int unsigned", "4000000000", 4_000_000_000),
    "exact": ("decimal(12, 2)", "-1234567890.12", Decimal("-1234567890.12")),
    "double": ("double", "0.1", 0.1),
    "flag": ("tinyint(1)", "1", 1),
    "bits": ("bit(3)", "b'101'", 5),
    "words": ("varchar(20)", "'été ☂'", "été ☂"),
    "day": ("date", "'2026-03-04'", date(2026, 3, 4)),
    "no_day": ("date", "'0000-00-00'", None),
    "local": ("datetime(6)", "'2026-03-04 05:06:07.89'", MOMENT),
    "never": ("datetime", "'2026-00-00 00:00:00'", None),
    "hour": ("time", "'-105:06:00'", "-105:06:00"),
    "calendar_year": ("year", "2026", 2026),
    "document": ("json", """'{"a": [1]}'""", '{"a": [1]}'),
    "raw": ("varbinary(4)", "x'00ff'", "00ff"),
    "long_raw": ("blob", "x'00fe'", "00fe"),
    "choice": ("enum('a', 'b')", "'b'", "b"),
    "missing": ("int", "null", None),
}
MSSQL = {
    "flag": ("bit", "1", True),
    "tiny": ("tinyint", "255", 255),
    "small": ("smallint", "-7", -7),
    "middle": ("int", "-4", -4),
    "whole": ("bigint", "9000000000000000000", 9_000_000_000_000_000_000),
    "exact": ("decimal(12, 2)", "-1234567890.12", Decimal("-1234567890.12")),
    "vast": ("numeric(38, 0)", "12345678901234567890123456789012345678", 12345678901234567890123456789012345678),
    "cash": ("money", "922337203685477.5807", Decimal("922337203685477.5807")),
    "change": ("smallmoney", "-0.0005", Decimal("-0.0005")),
    "double": ("float", "0.1", 0.1),
    "single": ("real", "1.5", 1.5),
    "words": ("nvarchar(20)", "N'été ☂😀'", "été ☂😀"),
    "narrow": ("varchar(20)", "'été'", "été"),
    "long": ("nvarchar(max)", "N'" + "ab☂" * 3_000 + "'", "ab☂" * 3_000),
    "none": ("varchar(max)", "''", ""),
    "day": ("date", "'2026-03-04'", date(2026, 3, 4)),
    "first_day": ("date", "'0001-01-01'", date(1, 1, 1)),
    "local": ("datetime2", "'2026-03-04 05:06:07.89'", MOMENT),
    "older": ("datetime", "'2026-03-04 05:06:07.890'", MOMENT),
    "minute": ("smalldatetime", "'2026-03-04 05:06:00'", MOMENT.replace(second=0, microsecond=0)),
    "zoned": ("datetimeoffset", "'2026-03-04T06:06:07.890+01:00'", MOMENT.replace(tzinfo=UTC)),
    "id": ("uniqueidentifier", "'6f2b1a52-2a5c-4a0e-9d3e-111111111111'", "6F2B1A52-2A5C-4A0E-9D3E-111111111111"),
    "raw": ("varbinary(4)", "0x00FF", "00ff"),
    "Mixed ] Case": ("int", "3", 3),
    "missing": ("decimal(9, 3)", "null", None),
}


def read_rows(shop: Shop, name: str) -> list[dict[str, Any]]:
    landed = read_landed(shop.landed)
    table = landed.tables[name]
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        found = connection.execute(select_live(table, landed.folder(name), list(table.columns)))
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@pytest.mark.parametrize("is_query", [False, True], ids=["table", "query"])
def test_values_arrive_as_they_are(shop: Shop, is_query: bool) -> None:
    columns = {"postgresql": POSTGRESQL, "mariadb": MARIADB, "mssql": MSSQL}[shop.server.type]
    quoted = {"postgresql": '"{}"', "mariadb": "`{}`", "mssql": "[{}]"}[shop.server.type]
    declared = ", ".join(f"{quoted.format(name.replace(']', ']]'))} {type_}" for name, (type_, _, _) in columns.items())
    shop.server.run(
        "drop table if exists kinds",
        f"create table kinds ({declared})",
        f"insert into kinds values ({', '.join(value for _, value, _ in columns.values())})",
    )
    pulls = {"kinds": {"select": "select * from kinds;"}} if is_query else {}
    tables = {"products": {"from": "kinds", "columns": {"product_id": "words"}}}
    [outcome] = shop.pull(pulls, tables=tables)
    assert (outcome.state, outcome.message) == ("taken", None)
    [row] = read_rows(shop, "kinds")
    expected = {name: value for name, (_, _, value) in columns.items()}
    if is_query and shop.server.type == "postgresql":
        assert row["exact"] == expected["exact"]
    zoned = {name: value.replace(tzinfo=UTC) for name, value in row.items() if getattr(value, "tzinfo", None)}
    assert {**row, **zoned} == expected


def test_only_the_columns_that_are_named_leave_the_system(shop: Shop) -> None:
    shop.make_orders("1, 'Ada', '2026-01-01 10:00:00', 10.00, '2026-01-01 10:00:00'")
    [outcome] = shop.pull({"orders": {"columns": ["id", "total", "placed", "changed"]}})
    assert outcome.state == "taken"
    assert read_rows(shop, "orders")[0].keys() == {"id", "total", "placed", "changed"}


def test_a_float_is_summed_on_both_sides(shop: Shop) -> None:
    double = {"postgresql": "double precision", "mariadb": "double", "mssql": "float"}[shop.server.type]
    shop.server.run("drop table if exists sums", f"create table sums (id int, amount {double})")
    shop.server.run("insert into sums values " + ", ".join(f"({n}, {n}.1)" for n in range(2_000)))
    tables = {"products": {"from": "sums", "columns": {"product_id": "id"}}}
    [outcome] = shop.pull({"sums": {"amounts": "amount"}}, tables=tables)
    assert (outcome.state, outcome.message) == ("taken", None)


def test_an_amount_is_summed_to_its_last_digit(shop: Shop) -> None:
    shop.server.run("drop table if exists sums", "create table sums (id int, amount decimal(30, 18))")
    shop.server.run("insert into sums values (1, 0.123456789012345678), (2, 0.000000000000000001), (3, null)")
    tables = {"products": {"from": "sums", "columns": {"product_id": "id"}}}
    [outcome] = shop.pull({"sums": {"amounts": "amount"}}, tables=tables)
    assert (outcome.state, outcome.message) == ("taken", None)
    assert str(outcome.reconciled[0].landed) == "0.123456789012345679"


@pytest.mark.parametrize(
    ("pull", "told"),
    [
        ({"key": "id", "cursor": "buyer"}, "the cursor buyer of table 'orders' is text"),
        ({"day": "id"}, "the day id of table 'orders' is integer"),
        ({"amounts": "buyer"}, "the amount buyer of table 'orders' is text"),
        ({"day": "then"}, "has no column then, of which its pull speaks. It has id, buyer, placed, total, changed."),
        ({"columns": ["id", "who"]}, "has no column who"),
        ({"from": "nowhere"}, "the database has no table 'nowhere'"),
        ({"key": "id", "cursor": "changed", "deletes": "reported"}, "a database reports none"),
    ],
)
def test_a_pull_that_does_not_go_with_its_table_is_told(shop: Shop, pull: dict[str, Any], told: str) -> None:
    shop.make_orders()
    [outcome] = shop.pull({"orders": pull})
    assert outcome.state == "not taken"
    assert told in str(outcome.message)


def test_a_cursor_of_numbers_goes_back_by_a_number(shop: Shop) -> None:
    shop.make_orders(*(f"{n}, 'Ada', '2026-01-01 10:00:00', 10.00, null" for n in range(1, 50)))
    pulls = {"orders": {"key": "id", "cursor": "id", "overlap": 5}}
    shop.pull(pulls)
    shop.add("50, 'Ada', '2026-01-01 10:00:00', 10.00, null")
    [outcome] = shop.pull(pulls)
    assert (outcome.batch.mode, outcome.batch.cursor_from, outcome.batch.rows, outcome.rows) == ("changes", "44", 7, 50)
