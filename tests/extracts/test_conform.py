"""What an extract writes: canonical, sorted, deterministic, and with every row accounted for."""

import gzip
import json
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from pipelines import contracts
from pipelines.config.sources import load_sources
from pipelines.extracts.conform import extract_table
from pipelines.extracts.counts import Extracted
from pipelines.extracts.quarantine import COLUMNS as QUARANTINE_COLUMNS

HEADER = "id,moment,total\n"


def check_every_row_is_accounted_for(extracted: Extracted) -> None:
    for counts in extracted.per_source.values():
        assert counts.rows_read == (
            counts.rows_kept
            + counts.rows_rejected
            + counts.rows_set_apart
            + counts.rows_filtered
            + counts.rows_repeated
        )
    assert sum(extracted.reasons.values()) == extracted.rows_rejected


@pytest.mark.parametrize("table", contracts.TABLES, ids=lambda table: table.path)
def test_a_table_that_no_source_names_is_written_empty_with_its_columns_and_types(
    exports: Any, table: contracts.Table
) -> None:
    exports.write("orders.csv", HEADER)
    other = contracts.table("pos", "stores") if table.path == "ecommerce/products" else table
    sources = exports.configure(products={"from": "orders.csv"})
    assert extract_table(sources, other, exports.lake, exports.as_of).rows_read == 0
    written = exports.lake.read(other.kind, other.name)
    assert written.height == 0
    assert written.columns == ["source", *(column.name for column in other.columns)]
    types = {
        "text": pl.String,
        "integer": pl.Int64,
        "quantity": pl.Decimal(18, 3),
        "number": pl.Float64,
        "money": pl.Decimal(18, 2),
        "price": pl.Decimal(18, 4),
        "boolean": pl.Boolean,
        "date": pl.Date,
        "timestamp": pl.Datetime("us"),
    }
    assert written.dtypes[1:] == [types[column.type] for column in other.columns]
    quarantine = pl.read_parquet(exports.lake.quarantine_path(other.kind, other.name))
    assert quarantine.columns == [name for name, _ in QUARANTINE_COLUMNS]
    assert quarantine.schema["line"] == pl.Int64


def test_the_worked_example_of_the_documentation_is_read(exports: Any) -> None:
    text = "N° commande;Date;Etat;Montant\n7;31/01/2024 10:00;paid;1 234,50\n8;31/01/2024 11:00;brouillon;1,00\n"
    exports.write("orders_1.csv", text.encode("latin-1"))
    when = "strptime(Date, '%d/%m/%Y %H:%M')"
    columns = {"order_id": "N° commande", "ordered_at": when, "channel": "'web'", "fulfilment": "'delivery'"}
    extracted = exports.extract(
        "orders",
        {
            "from": "orders_*.csv",
            "options": {"delimiter": ";", "decimal": ",", "thousands": " ", "encoding": "latin-1"},
            "where": "Etat <> 'brouillon'",
            "columns": columns | {"status": "Etat", "total_amount": "Montant", "updated_at": when},
        },
    )
    row = exports.rows().row(0, named=True)
    assert (row["source"], row["order_id"], row["status"]) == ("shop", "7", "paid")
    assert row["ordered_at"].isoformat() == "2024-01-31T09:00:00"
    assert row["total_amount"] == Decimal("1234.50")
    assert (extracted.rows_read, extracted.rows_filtered, extracted.files_read) == (2, 1, ("shop: orders_1.csv",))
    check_every_row_is_accounted_for(extracted)


def test_a_column_that_is_not_named_comes_from_the_column_of_its_name_in_any_case(exports: Any) -> None:
    exports.write("orders.csv", "id,moment,total,Coupon_Code,gross_amount\n1,2024-01-01,1,X,2\n")
    exports.extract_orders()
    row = exports.rows().row(0, named=True)
    assert (row["coupon_code"], row["gross_amount"], row["session_id"]) == ("X", Decimal("2.00"), None)


def test_rows_are_sorted_by_source_and_key(exports: Any) -> None:
    for name in ("b", "a"):
        exports.write(f"{name}/orders.csv", HEADER + "".join(f"{i},2024-01-01,1\n" for i in (3, 1, 10, 2)))
    sources = [
        {
            "name": name,
            "kind": "ecommerce",
            "connector": {"type": "files", "root": f"exports/{name}"},
            "tables": {"orders": {"from": "orders.csv", "columns": dict(exports.order_columns)}},
        }
        for name in ("b", "a")
    ]
    path = exports.folder / "sources.yml"
    path.write_text(yaml.safe_dump({"sources": sources}))
    extracted = extract_table(load_sources(path), contracts.table("ecommerce", "orders"), exports.lake, exports.as_of)
    assert exports.rows().select("source", "order_id").rows() == [
        (source, key) for source in "ab" for key in ("1", "10", "2", "3")
    ]
    assert list(extracted.per_source) == ["a", "b"]


def test_rows_equal_in_every_column_are_kept_once_and_counted(exports: Any) -> None:
    exports.write("orders_1.csv", HEADER + "1,2024-01-01,1\n2,2024-01-01,1\n")
    exports.write("orders_2.csv", HEADER + "2,2024-01-01,1.00\n2,2024-01-01 00:00,1\n3,2024-01-01,1\n")
    extracted = exports.extract_orders()
    assert exports.rows()["order_id"].to_list() == ["1", "2", "3"]
    assert (extracted.rows_read, extracted.rows_repeated, extracted.rows_rejected) == (5, 2, 0)
    assert exports.quarantine().height == 0
    check_every_row_is_accounted_for(extracted)


def test_of_one_key_with_different_contents_the_newest_stays_and_the_others_go_to_quarantine(exports: Any) -> None:
    exports.write("orders.csv", HEADER + "1,2024-01-02,2\n1,2024-01-03,3\n1,2024-01-01,1\n1,2024-01-03,3\n")
    extracted = exports.extract_orders()
    assert exports.rows()["total_amount"].to_list() == [Decimal("3.00")]
    assert extracted.reasons == {("order_id", "duplicate key"): 2}
    quarantine = exports.quarantine()
    assert quarantine["line"].to_list() == [2, 4]
    assert [json.loads(raw)["total"] for raw in quarantine["raw"]] == ["2", "1"]
    check_every_row_is_accounted_for(extracted)


def test_without_a_newest_the_contents_decide_whatever_the_order_of_the_file(exports: Any) -> None:
    lines = ["1,2024-01-01,1\n", "1,2024-01-01,2\n", "1,2024-01-01,3\n"]
    for order in (lines, lines[::-1]):
        exports.write("orders.csv", HEADER + "".join(order))
        exports.extract_orders()
        assert exports.rows()["total_amount"].to_list() == [Decimal("1.00")]


def test_a_null_in_a_key_that_may_be_null_equals_a_null(exports: Any) -> None:
    exports.write("spend.csv", "date,utm_source,utm_medium,utm_campaign,amount\n" + "2024-01-01,a,b,,1\n" * 2)
    extracted = exports.extract("ad_spend", {"from": "spend.csv"})
    assert (extracted.rows_kept, extracted.rows_repeated) == (1, 1)


def test_one_key_in_two_sources_is_two_rows(exports: Any) -> None:
    exports.write("orders.csv", HEADER + "1,2024-01-01,1\n")
    exports.configure(orders={"from": "orders.csv", "columns": dict(exports.order_columns)})
    path = exports.folder / "sources.yml"
    document = yaml.safe_load(path.read_text())
    document["sources"].append(document["sources"][0] | {"name": "market"})
    path.write_text(yaml.safe_dump(document))
    extract_table(load_sources(path), contracts.table("ecommerce", "orders"), exports.lake, exports.as_of)
    assert exports.rows()["source"].to_list() == ["market", "shop"]


def test_the_same_input_gives_the_same_bytes_in_whatever_order(exports: Any) -> None:
    lines = [f"{i},2024-01-01,{i % 7}\n" for i in range(150_000)]
    lines += ["5,2024-01-02,1\n", "5,2024-01-02,2\n", "x,y,z\n"]
    written = []
    for order in (lines, lines, lines[::-1]):
        exports.write("orders.csv", HEADER + "".join(order))
        exports.extract_orders()
        written.append(exports.lake.path("ecommerce", "orders").read_bytes())
    assert written[0] == written[1]
    assert written[0] == written[2]


def test_a_query_turns_the_rows_of_a_file_into_those_of_the_table(exports: Any) -> None:
    exports.write("lines_1.csv", "no;client;quand;montant\n1;a;2024-01-01 10:00;2\n1;a;2024-01-01 10:01;3\n")
    exports.write("lines_2.csv", "no;client;quand;montant\n2;;2024-01-02 10:00;4\n;;;\n")
    query = "select no, any_value(client) as client, min(quand) as quand, sum(cast(montant as decimal(18, 2))) as total"
    columns = {"order_id": "no", "account_id": "client", "ordered_at": "quand", "updated_at": "quand"}
    constants = {"channel": "'web'", "fulfilment": "'delivery'", "status": "'paid'", "total_amount": "total"}
    extracted = exports.extract(
        "orders",
        {"from": "lines_*.csv", "query": f"{query} from source group by no;", "columns": columns | constants},
    )
    assert exports.rows().select("order_id", "account_id", "total_amount").rows() == [
        ("1", "a", Decimal("5.00")),
        ("2", None, Decimal("4.00")),
    ]
    (rejected,) = exports.quarantine().rows(named=True)
    assert (rejected["line"], rejected["column_name"]) == (None, "order_id")
    check_every_row_is_accounted_for(extracted)


def test_a_query_runs_on_one_thread_so_that_any_value_is_the_same_every_night(exports: Any) -> None:
    exports.write("orders.csv", HEADER + "1,2024-01-01,1\n")
    columns = dict(exports.order_columns) | {"coupon_code": "threads"}
    exports.extract_orders(query="select *, current_setting('threads') as threads from source", columns=columns)
    assert exports.rows()["coupon_code"].to_list() == ["1"]


def test_the_row_number_and_the_file_may_be_used_in_an_expression(exports: Any) -> None:
    exports.kind = "pos"
    exports.write("store-7/lines.csv", "ticket,sku\nt,a\nt,b\n")
    columns = {
        "ticket_id": "split_part(_file, '/', 1) || '-' || ticket",
        "line_no": "_row",
        "product_id": "sku",
        "quantity": "1",
        "unit_price": "2",
        "line_amount": "2",
    }
    exports.extract("ticket_lines", {"from": "*/lines.csv", "columns": columns})
    assert exports.rows("ticket_lines").select("ticket_id", "line_no", "product_id").rows() == [
        ("store-7-t", 1, "a"),
        ("store-7-t", 2, "b"),
    ]


def test_a_window_in_an_expression_sees_only_the_rows_let_through(exports: Any) -> None:
    exports.kind = "pos"
    exports.write("lines.csv", "t,sku,q\nt,a,1\nt,b,0\nt,c,1\n")
    columns = {"ticket_id": "t", "product_id": "sku", "quantity": "q", "unit_price": "2", "line_amount": "2"}
    columns["line_no"] = "row_number() over (partition by t order by sku)"
    extracted = exports.extract("ticket_lines", {"from": "lines.csv", "where": "q <> '0'", "columns": columns})
    assert exports.rows("ticket_lines").select("product_id", "line_no").rows() == [("a", 1), ("c", 2)]
    check_every_row_is_accounted_for(extracted)


def test_an_expression_may_end_in_a_comment(exports: Any) -> None:
    exports.write("orders.csv", HEADER + "1,2024-01-01,1\n")
    columns = dict(exports.order_columns) | {"order_id": "id || '' -- as it is"}
    assert exports.extract_orders(columns=columns, where="true -- all").rows_kept == 1


def test_a_rerun_replaces_the_table_and_the_quarantine(exports: Any) -> None:
    exports.write("orders.csv", HEADER + "1,2024-01-01,1\nx,2024-01-01,much\n")
    exports.extract_orders()
    exports.write("orders.csv", HEADER + "2,2024-01-01,1\n")
    exports.extract_orders()
    assert exports.rows()["order_id"].to_list() == ["2"]
    assert exports.quarantine().height == 0
    left = {path.name for path in exports.lake.root.rglob("*") if path.is_file()}
    assert left == {"orders.parquet", "ecommerce__orders.parquet"}


def test_no_value_of_a_row_is_in_what_an_extract_returns(exports: Any) -> None:
    exports.write("orders.csv", HEADER + "secret-id,secret-date,secret-amount\n")
    assert "secret" not in repr(exports.extract_orders())


def test_the_time_zone_of_the_file_decides(tmp_path: Path, exports: Any) -> None:
    exports.head = "timezone: America/New_York\n"
    exports.write("orders.csv", HEADER + "1,2024-07-01 10:00,1\n")
    exports.extract_orders()
    assert exports.rows()["ordered_at"][0].isoformat() == "2024-07-01T14:00:00"


PROGRAM = """
import resource, sys
from datetime import date
from pathlib import Path
from pipelines.config.sources import load_sources
from pipelines import contracts
from pipelines.errors import ExtractError
from pipelines.extracts.conform import extract_table
from pipelines.lake.tables import Lake

folder, largest_file = Path(sys.argv[1]), int(sys.argv[2])
sources = load_sources(folder / "sources.yml")
if largest_file:
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
print("ready", flush=True)
try:
    extract_table(sources, contracts.table("ecommerce", "orders"), Lake(folder / "lake"), date(2026, 6, 30))
except ExtractError as error:
    sys.exit(f"ExtractError: {error}")
"""


def start(exports: Any, largest_file: int = 0) -> subprocess.Popen[str]:
    """The extract in a process of its own, which may be forbidden to write files larger than so many bytes."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(exports.folder), str(largest_file)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_killed_extract_leaves_the_table_as_it_was_and_the_next_one_writes_it(exports: Any) -> None:
    exports.write("orders.csv", HEADER + "1,2024-01-01,1\n")
    exports.extract_orders()
    before = exports.lake.path("ecommerce", "orders").read_bytes()
    exports.write("orders.csv", HEADER + "".join(f"{i},2024-01-01,1\n" for i in range(400_000)))
    with start(exports) as process:
        while process.poll() is None and not list(exports.lake.root.rglob("staging.parquet")):
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert exports.lake.path("ecommerce", "orders").read_bytes() == before
    assert exports.lake.sweep() > 0
    assert exports.extract_orders().rows_kept == 400_000


@pytest.mark.parametrize("suffix", ["csv", "csv.gz"])
def test_a_full_disk_is_told_and_leaves_the_table_as_it_was(exports: Any, suffix: str) -> None:
    exports.write("orders.csv", HEADER + "1,2024-01-01,1\n")
    exports.extract_orders()
    before = exports.lake.path("ecommerce", "orders").read_bytes()
    text = HEADER + "".join(f"{i * 7919 % 100_000},2024-01-01,{i}\n" for i in range(100_000))
    (exports.folder / "exports" / "orders.csv").unlink()
    exports.write(f"orders.{suffix}", gzip.compress(text.encode()) if suffix == "csv.gz" else text)
    with start(exports, largest_file=100_000) as process:
        _, told = process.communicate(timeout=60)
    assert process.returncode == 1
    assert told.startswith("ExtractError: ")
    assert "Traceback" not in told
    assert "cut short" not in told
    assert exports.lake.path("ecommerce", "orders").read_bytes() == before
    assert not list(exports.lake.root.rglob("*.tmp-*"))


def test_of_two_merges_of_one_id_the_later_one_is_kept(exports: Any) -> None:
    exports.kind = "crm"
    exports.write("m.csv", "old,new,at\n7,9,2024-01-01\n7,8,2025-01-01\n7,5,\n")
    columns = {"old_contact_id": "old", "surviving_contact_id": "new", "merged_at": "at"}
    extracted = exports.extract("merges", {"from": "m.csv", "columns": columns})
    assert exports.rows("merges")["surviving_contact_id"].to_list() == ["8"]
    assert extracted.rows_rejected == 2


def test_answers_about_own_use_and_about_a_recipient_are_two_though_given_at_once(exports: Any) -> None:
    exports.kind = "crm"
    exports.write("c.csv", "id,status,who\n7,granted,\n7,granted,Meta\n7,withdrawn,\n")
    columns = {
        "contact_id": "id", "channel": "'email'", "purpose": "'news'", "status": "status", "recipient": "who",
        "recorded_at": "'2026-01-01'",
    }  # fmt: skip
    extracted = exports.extract("consents", {"from": "c.csv", "columns": columns})
    assert (extracted.rows_kept, extracted.rows_rejected) == (3, 0)
