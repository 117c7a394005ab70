"""Real and standard public data, mapped by a sources.yml alone."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import contracts
from pipelines.config.sources import load_sources
from pipelines.extracts.conform import extract_table
from pipelines.lake.tables import Lake

ROOT = Path(__file__).parents[2]
REFERENCE_DATA = ROOT.parent / "shared" / "data"
MAPPINGS = ROOT / "benchmarks" / "mappings"

pytestmark = pytest.mark.skipif(
    not REFERENCE_DATA.is_dir(), reason="the reference data do not stand beside the project (../shared/data)"
)


def extract(name: str, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("PARCOURS_REFERENCE_DATA", str(REFERENCE_DATA))
    sources = load_sources(MAPPINGS / f"{name}.yml")
    fed = (table for table in contracts.TABLES if sources.feeding(table))
    return {table.name: extract_table(sources, table, lake, sources.as_of) for table in fed}


def query(sql: str) -> Any:
    return duckdb.sql(sql).fetchall()


def test_a_real_shop_reconciles_to_the_cent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = Lake(tmp_path)
    extracted = extract("online_retail", lake, monkeypatch)
    tables = {name: f"'{lake.path('ecommerce', name)}'" for name in extracted}
    refunds = f"(select sum(refund_amount) from {tables['returns']})"
    (sums,) = query(
        f"select (select sum(total_amount) from {tables['orders']}) - {refunds}, "
        f"(select sum(line_amount) from {tables['order_lines']}) - {refunds}"
    )
    assert sums == (Decimal("9747747.93"), Decimal("9747747.93"))
    assert all(counts.rows_rejected == 0 for counts in extracted.values())
    assert extracted["order_lines"].rows_kept + extracted["returns"].rows_kept == 541_909
    assert extracted["customers"].rows_kept == 4_372


def test_lines_without_a_customer_stay_as_anonymous_orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = Lake(tmp_path)
    extracted = extract("online_retail", lake, monkeypatch)
    orders, lines, returns = (f"'{lake.path('ecommerce', name)}'" for name in ("orders", "order_lines", "returns"))
    ((anonymous,),) = query(
        f"select (select count(*) from {lines} join {orders} using (order_id) where account_id is null) "
        f"+ (select count(*) from {returns} where account_id is null)"
    )
    assert anonymous == 135_080
    ((orphans,),) = query(f"select count(*) from {lines} anti join {orders} using (order_id)")
    assert orphans == 0
    assert extracted["orders"].rows_kept > 20_000


def test_febrl_persons_are_read_as_contacts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = Lake(tmp_path)
    assert extract("febrl3", lake, monkeypatch)["contacts"].rows_kept == 5_000
    contacts = lake.read("crm", "contacts")
    assert contacts["birth_date"].null_count() == 190
    assert not contacts["first_name"].drop_nulls().str.starts_with(" ").any()
    assert not contacts["address"].drop_nulls().str.contains("  ").any()


def test_historical_persons_are_read_as_contacts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = Lake(tmp_path)
    assert extract("historical_50k", lake, monkeypatch)["contacts"].rows_kept == 25_263
    contacts = lake.read("crm", "contacts")
    assert set(contacts["civility"].drop_nulls()) == {"m", "f"}
    assert contacts["birth_date"].dt.year().drop_nulls().min() >= 1000
