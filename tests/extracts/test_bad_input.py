"""Input as the night brings it: each fault is named with its place, and what was in the lake stays."""

import gzip
from datetime import date
from typing import Any

import pytest

from pipelines.config.sources import load_sources
from pipelines.errors import ConfigurationError, ExtractError
from pipelines.extracts.counts import RejectLimitExceeded

HEADER = "id,moment,total\n"
GOOD = "1,2024-01-01 10:00,10\n"


def faults(exports: Any) -> list[tuple[Any, ...]]:
    return exports.quarantine().select("file", "line", "column_name", "reason").rows()


def test_every_missing_required_column_is_named_at_once_with_those_found(exports: Any) -> None:
    exports.write("orders.csv", "order_ids,when\n1,2\n")
    with pytest.raises(ExtractError) as raised:
        exports.extract("orders", {"from": "orders.csv", "columns": {"channel": "'web'"}})
    message = str(raised.value)
    for column in ("fulfilment", "status", "ordered_at", "total_amount", "updated_at"):
        assert f"\n  {column}" in message
    assert "order_id: perhaps 'order_ids'?" in message
    assert "columns found: order_ids; 1 other has a name that is not shown" in message
    assert ", source shop, table ecommerce/orders: " in message


def test_a_required_column_missing_from_one_of_the_files_is_an_error(exports: Any) -> None:
    exports.write("orders_1.csv", HEADER + GOOD)
    exports.write("orders_2.csv", "id,moment\n2,2024-01-01\n")
    with pytest.raises(ExtractError, match=r"total_amount: its column 'total' is not in orders_2\.csv"):
        exports.extract_orders()


def test_a_file_that_is_not_there_is_an_error(exports: Any) -> None:
    exports.write("other.csv", HEADER)
    with pytest.raises(ExtractError, match=r"No file matches exports/orders\*"):
        exports.extract_orders()


def test_a_folder_that_is_not_there_is_an_error(exports: Any) -> None:
    with pytest.raises(ExtractError, match="The folder exports does not exist"):
        exports.extract_orders()


def test_an_empty_file_is_an_error_that_names_it(exports: Any) -> None:
    exports.write("orders.csv", "")
    with pytest.raises(ExtractError, match=r"exports/orders.csv is empty: not even a header"):
        exports.extract_orders()


@pytest.mark.parametrize("content", ["id,moment,total\n", "id,moment,total", "\n\nid,moment,total\r\n\r\n"])
def test_a_header_alone_is_no_row_and_no_error(exports: Any, content: str) -> None:
    exports.write("orders.csv", content)
    assert exports.extract_orders().rows_read == 0
    assert exports.rows().height == 0
    assert exports.quarantine().height == 0


@pytest.mark.parametrize("keep", [0.5, 0.999])
def test_a_truncated_gzip_is_an_error_and_nothing_of_it_is_taken(exports: Any, keep: float) -> None:
    whole = gzip.compress((HEADER + "".join(f"{i},2024-01-01,1\n" for i in range(1000))).encode())
    exports.write("orders.csv", HEADER + GOOD)
    exports.extract_orders(**{"from": "orders.csv"})
    exports.write("orders.csv.gz", whole[: int(len(whole) * keep)])
    with pytest.raises(ExtractError, match=r"exports/orders.csv.gz is cut short or damaged"):
        exports.extract_orders(**{"from": "orders.csv.gz"})
    assert exports.rows().height == 1


def test_a_gzip_whose_checksum_is_wrong_is_an_error(exports: Any) -> None:
    whole = gzip.compress((HEADER + GOOD).encode())
    exports.write("orders.csv.gz", whole[:-8] + b"\0\0\0\0" + whole[-4:])
    with pytest.raises(ExtractError, match="cut short or damaged"):
        exports.extract_orders()


def test_a_parquet_that_is_none_is_an_error(exports: Any) -> None:
    exports.write("orders.parquet", b"PAR1 nonsense")
    with pytest.raises(ExtractError, match="is not a whole Parquet file"):
        exports.extract_orders()


NOT_UTF8 = "is not valid in the file's encoding; `encoding: cp1252` would read it"


def test_a_line_of_invalid_utf8_goes_to_quarantine(exports: Any) -> None:
    exports.write("orders.csv", HEADER.encode() + b"caf\xe9,2024-01-01,1\n" + GOOD.encode())
    extracted = exports.extract_orders()
    assert (extracted.rows_read, extracted.rows_kept) == (2, 1)
    assert faults(exports) == [("orders.csv", 2, None, NOT_UTF8)]
    assert exports.quarantine()["raw"][0] == r'{"line": "caf\\xe9,2024-01-01,1"}'


def test_a_byte_that_the_declared_encoding_lacks_goes_to_quarantine(exports: Any) -> None:
    exports.write("orders.csv", HEADER.encode() + b"x\x81,2024-01-01,1\n\x80uro,2024-01-01,1\n")
    exports.extract_orders(options={"encoding": "cp1252"})
    assert exports.rows()["order_id"].to_list() == ["€uro"]
    assert faults(exports) == [("orders.csv", 2, None, "is not valid in the file's encoding")]


def test_a_line_with_too_many_or_too_few_fields_goes_to_quarantine(exports: Any) -> None:
    exports.write("orders.csv", HEADER + "1,2024-01-01,1,surplus\n" + GOOD + "3,2024-01-01\n")
    exports.extract_orders()
    assert faults(exports) == [
        ("orders.csv", 2, None, "has 4 fields where 3 are expected"),
        ("orders.csv", 4, None, "has 2 fields where 3 are expected"),
    ]


def test_a_decimal_comma_where_a_point_is_declared_goes_to_quarantine(exports: Any) -> None:
    exports.write("orders.csv", "id;moment;total\n1;2024-01-01;12,50\n2;2024-01-01;12.50\n")
    exports.extract_orders(options={"delimiter": ";"})
    assert exports.rows()["order_id"].to_list() == ["2"]
    told = 'total_amount is not an amount; `decimal: ","` under `options` would read it'
    assert faults(exports) == [("orders.csv", 2, "total_amount", told)]


def test_the_thirty_first_of_february_goes_to_quarantine_also_out_of_an_expression(exports: Any) -> None:
    exports.write("orders.csv", "id,moment,born,total\n1,31/02/2024,x,1\n2,28/02/2024,x,1\n")
    at = "strptime(moment, '%d/%m/%Y')"
    columns = {"order_id": "id", "channel": "'web'", "fulfilment": "'delivery'", "status": "'paid'"}
    columns |= {"ordered_at": at, "updated_at": "date '2024-03-01'", "total_amount": "total"}
    exports.extract_orders(columns=columns)
    assert exports.rows()["order_id"].to_list() == ["2"]
    assert faults(exports) == [("orders.csv", 2, "ordered_at", "ordered_at has an expression that fails")]


def test_an_expression_that_fails_on_an_optional_column_is_not_taken_for_null(exports: Any) -> None:
    exports.kind = "crm"
    exports.write("contacts.csv", "id,born\n1,31/02/1980\n2,\n")
    columns = {"contact_id": "id", "birth_date": "strptime(born, '%d/%m/%Y')", "updated_at": "date '2024-01-01'"}
    mapping = {"from": "contacts.csv", "columns": columns}
    (born,) = [field for field in exports.extract("contacts", mapping).fields if field.column_name == "birth_date"]
    assert (born.filled_count, born.unreadable_count, born.reason) == (0, 1, "has an expression that fails")
    assert exports.rows("contacts")["contact_id"].to_list() == ["1", "2"]
    exports.extract("contacts", mapping | {"bad_values": {"birth_date": "reject"}})
    assert exports.rows("contacts")["contact_id"].to_list() == ["2"]
    assert exports.quarantine("contacts")["column_name"].to_list() == ["birth_date"]


@pytest.mark.parametrize(
    "sql",
    [
        "try_strptime(born, '%d/%m/%Y')",
        "TRY_CAST(born as date)",
        "coalesce(try_strptime(born, '%d/%m/%Y'), try_strptime(born, '%Y%m%d'))",
        "case when born <> '-' then try_strptime(born, '%d/%m/%Y') end",
    ],
)
def test_what_a_forgiving_expression_makes_null_is_counted(exports: Any, sql: str) -> None:
    exports.kind = "crm"
    read = "1980-02-28" if "CAST" in sql else "28/02/1980"
    exports.write("contacts.csv", f"id,born\n1,0000-05-02\n2,\n3,{read}\n")
    columns = {"contact_id": "id", "birth_date": sql, "updated_at": "date '2024-01-01'"}
    extracted = exports.extract("contacts", {"from": "contacts.csv", "columns": columns})
    (born,) = [field for field in extracted.fields if field.column_name == "birth_date"]
    assert (born.filled_count, born.unreadable_count) == (1, 1)
    assert exports.rows("contacts")["birth_date"].to_list() == [None, None, date(1980, 2, 28)]


def test_an_unknown_channel_goes_to_quarantine_with_the_channels_known(exports: Any) -> None:
    exports.write("orders.csv", "id,moment,total,channel\n1,2024-01-01,1,fax\n2,2024-01-01,1,app\n")
    exports.extract_orders(columns={key: sql for key, sql in exports.order_columns.items() if key != "channel"})
    assert faults(exports) == [
        ("orders.csv", 2, "channel", "channel is not one of web, app, marketplace, social"),
    ]


def test_every_fault_of_a_row_is_in_its_reason_and_the_first_names_the_column(exports: Any) -> None:
    exports.write("orders.csv", HEADER + ",yesterday,much\n")
    exports.extract_orders()
    (row,) = exports.quarantine().rows(named=True)
    assert row["column_name"] == "order_id"
    assert row["reason"] == (
        "order_id is missing; ordered_at is not a date and time; total_amount is not an amount; "
        "updated_at is not a date and time"
    )
    assert row["raw"] == '{"id":null,"moment":"yesterday","total":"much"}'


def test_each_row_set_aside_says_of_which_kind_its_fault_is(exports: Any) -> None:
    rows = ["1,2024-01-01,1,x", ",2024-01-01,1", "3,soon,1", "4,2024-01-01,1", "4,2024-01-01,2"]
    exports.write("orders.csv", HEADER + "\n".join(rows))
    exports.extract_orders()
    told = exports.quarantine().sort("line")
    assert told.select("line", "kind", "is_kept").rows() == [
        (2, "malformed", False),
        (3, "malformed", False),
        (4, "unreadable", False),
        (6, "duplicate", False),
    ]


def test_orders_of_an_unknown_account_stay(exports: Any) -> None:
    exports.write("orders.csv", "id,moment,total,account_id\n1,2024-01-01,1,nobody\n")
    assert exports.extract_orders().rows_rejected == 0
    assert exports.rows()["account_id"].to_list() == ["nobody"]


def test_over_the_limit_the_table_stays_and_the_quarantine_shows_why(exports: Any) -> None:
    exports.write("orders.csv", HEADER + GOOD)
    exports.extract_orders()
    exports.head = "reject_limit: 0.01\n"
    exports.write("orders.csv", HEADER + "".join(f"{i},2024-01-01,{i if i else 'x'}\n" for i in range(50)))
    with pytest.raises(RejectLimitExceeded) as raised:
        exports.extract_orders()
    message = str(raised.value)
    assert "1 of 50 rows of source shop (2.0%, reject_limit 1.0%)" in message
    assert "1 x total_amount is not an amount" in message
    assert "quarantine/rows/ecommerce__orders.parquet" in message
    assert exports.rows()["order_id"].to_list() == ["1"]
    assert exports.rows().height == 1
    assert exports.quarantine().height == 1


def test_over_the_limit_the_marks_are_named_that_would_have_read_the_numbers(exports: Any) -> None:
    exports.head = ""
    exports.write("orders.csv", HEADER + '1,2024-01-01,"12,50"\n' * 20)
    with pytest.raises(RejectLimitExceeded) as raised:
        exports.extract_orders()
    assert '20 x total_amount is not an amount; `decimal: ","` under `options` would read it' in str(raised.value)


def test_a_table_may_have_a_limit_of_its_own(exports: Any) -> None:
    exports.head = "reject_limit: 0.01\n"
    exports.write("orders.csv", HEADER + GOOD + "2,2024-01-01,x\n")
    assert exports.extract_orders(reject_limit=0.5).rows_rejected == 1
    with pytest.raises(RejectLimitExceeded):
        exports.extract_orders(reject_limit=0.49)


def test_a_file_of_which_every_row_is_rejected_stops_the_run(exports: Any) -> None:
    exports.head = ""
    exports.write("orders.csv", HEADER + "x,x,x\n" * 20)
    with pytest.raises(RejectLimitExceeded, match=r"20 of 20 rows of source shop \(100.0%"):
        exports.extract_orders()
    assert not exports.lake.path("ecommerce", "orders").exists()


def test_every_bad_expression_is_named_with_its_table_and_duckdbs_reason(exports: Any) -> None:
    exports.write("orders.csv", HEADER + GOOD)
    bad = {"status": "paid", "total_amount": "total * (", "ordered_at": "strptim(moment, '%d')"}
    with pytest.raises(ExtractError) as raised:
        exports.extract_orders(columns=dict(exports.order_columns) | bad, where="totl > 3")
    message = str(raised.value)
    assert "table ecommerce/orders: DuckDB does not understand 4 SQL expressions" in message
    assert 'status: paid: Binder Error: Referenced column "paid" not found' in message
    assert "total_amount: total * (: is not SQL: syntax error" in message
    assert "ordered_at: strptim(moment, '%d'): Catalog Error" in message
    assert "where: totl > 3: Binder Error" in message
    assert "columns found: id, moment, total" in message


@pytest.mark.parametrize(
    "query", ["selec * from source", "select nope from source", "delete from source", "select 1; select 2"]
)
def test_a_bad_query_is_an_error(exports: Any, query: str) -> None:
    exports.write("orders.csv", HEADER + GOOD)
    with pytest.raises(ExtractError, match="`query`"):
        exports.extract_orders(query=query)


def test_an_error_while_a_query_runs_shows_no_value(exports: Any) -> None:
    exports.write("orders.csv", HEADER + "jean.dupont@example.org,2024-01-01,1\n")
    with pytest.raises(ExtractError) as raised:
        exports.extract_orders(query="select cast(id as integer) as id, moment, total from source")
    assert "Conversion Error" in str(raised.value)
    assert "dupont" not in str(raised.value)


def test_a_condition_that_fails_on_a_row_sends_it_to_quarantine(exports: Any) -> None:
    exports.write("orders.csv", HEADER + GOOD + "2,soon,1\n")
    extracted = exports.extract_orders(where="strptime(moment, '%Y-%m-%d %H:%M') > date '2000-01-01'")
    assert extracted.rows_filtered == 0
    assert faults(exports) == [("orders.csv", 3, None, "makes the condition `where` fail")]


@pytest.mark.parametrize(
    "expression",
    [
        "(select max(column0) from read_csv('/etc/passwd', delim = '~', header = false))",
        "(select max(content) from read_text('/etc/passwd'))",
        "(select count(*) from glob('/etc/*'))",
    ],
)
def test_the_sql_of_a_source_reads_no_file_but_its_own(exports: Any, expression: str) -> None:
    exports.write("orders.csv", HEADER + GOOD)
    with pytest.raises(ExtractError, match="Permission Error"):
        exports.extract_orders(columns=dict(exports.order_columns) | {"coupon_code": expression})


def test_an_unset_variable_stops_before_anything_is_read(exports: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PARCOURS_TEST_ROOT", raising=False)
    exports.configure(orders={"from": "orders.csv"})
    path = exports.folder / "sources.yml"
    path.write_text(path.read_text().replace("root: exports", "root: ${PARCOURS_TEST_ROOT}"))
    with pytest.raises(ConfigurationError, match="PARCOURS_TEST_ROOT is not set"):
        load_sources(path)


@pytest.mark.parametrize("kind", ["crm", "ecommerce"])
def test_an_answer_in_unknown_words_is_a_no_and_is_counted(exports: Any, kind: str) -> None:
    exports.kind = kind
    whose = "contact_id" if kind == "crm" else "account_id"
    exports.write(
        "consents.csv",
        f"{whose},channel,purpose,status,recorded_at\n1,email,news,granted,2026-01-01\n1,email,news,refusé,2026-01-02\n",
    )
    extracted = exports.extract("consents", {"from": "consents.csv"})
    (status,) = [field for field in extracted.fields if field.column_name == "status"]
    assert status.unreadable_count == 1
    assert status.reason == "is not one of granted, denied, withdrawn, and taken as denied"
    assert exports.rows("consents")["status"].to_list() == ["granted", "denied"]
    assert exports.quarantine("consents").is_empty()


def test_a_line_at_fault_in_a_column_that_nothing_reads_is_counted_once(exports: Any) -> None:
    """DuckDB finds a letter of another encoding where it reads the column: only when a row is looked at as a whole."""
    lines = [f"{number},2026-01-01,5,x".encode() for number in range(1, 9)]
    lines[2] += b"\xe9"
    lines[5] = b"6,never,5,x"
    exports.write("orders.csv", b"\n".join([b"id,moment,total,note", *lines, b""]))
    extracted = exports.extract_orders()
    assert (extracted.rows_read, extracted.rows_kept, extracted.rows_rejected) == (8, 6, 2)
    assert exports.rows().height == 6
    assert sorted(exports.quarantine()["line"].to_list()) == [4, 7]
