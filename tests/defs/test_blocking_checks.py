"""A blocking check that fails holds everything behind it; the published warehouse stays as it was."""

from collections.abc import Callable
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from pipelines.config.home import Home
from pipelines.identity.monitoring import invariants
from pipelines.lake.tables import Lake
from pipelines.warehouse.publish import count_rows, seal_path

Materialise = Callable[..., dg.ExecuteInProcessResult]


def materialised(result: dg.ExecuteInProcessResult) -> set[str]:
    return {event.asset_key.to_user_string() for event in result.get_asset_materialization_events() if event.asset_key}


def test_an_id_issued_twice_stops_the_run_before_the_map_is_made(
    materialise: Materialise, home: Home, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = home.warehouse.read_bytes()
    monkeypatch.setattr(invariants, "count_reissued_ids", lambda _: 1)
    result = materialise(home, exports / "sources.yml", "identity", "published")
    assert not result.success
    assert "identity/ledger" in materialised(result)
    assert materialised(result) & {"identity/customer_ids", "identity/customers", "published/warehouse"} == set()
    assert home.warehouse.read_bytes() == before


def test_a_dbt_test_that_fails_stops_the_run_before_publication(
    materialise: Materialise, home: Home, exports: Path
) -> None:
    before = home.warehouse.read_bytes()
    lake = Lake(home.lake)
    customers = lake.read("identity", "customers")
    lake.write("identity", "customers", pl.concat([customers, customers.head(1)]))
    result = materialise(home, exports / "sources.yml", "staging", "intermediate", "seeds", "marts", "published")
    assert not result.success
    failed = [evaluation for evaluation in result.get_asset_check_evaluations() if not evaluation.passed]
    assert "staging/stg_identity__customers" in {check.asset_key.to_user_string() for check in failed}
    assert "staging/stg_crm__contacts" in materialised(result)
    assert materialised(result) & {"published/warehouse", "marts/customer_360"} == set()
    assert not seal_path(home).exists()
    assert home.warehouse.read_bytes() == before


def test_an_extract_over_its_reject_limit_fails_its_check_and_leaves_the_table(
    materialise: Materialise, home: Home, exports: Path, tmp_path: Path
) -> None:
    table = Lake(home.lake).path("pos", "stores")
    before = table.read_bytes()
    (tmp_path / "stores.csv").write_text("store_id;name\n;nowhere\nS1;somewhere\n")
    (tmp_path / "sources.yml").write_text(
        "sources: [{name: till, kind: pos, connector: {type: files, root: .}, tables: {stores: {from: stores.csv}}}]"
    )
    result = materialise(home, tmp_path / "sources.yml", "pos")
    [failed] = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert (failed.asset_key.to_user_string(), failed.check_name) == ("pos/stores", "rejects_stay_under_the_limit")
    assert "pos/stores" not in materialised(result)
    assert "pos/tickets" in materialised(result), "what does not depend on it goes on, so that all faults are told"
    assert table.read_bytes() == before


def test_one_mart_can_be_made_again_and_published_alone(materialise: Materialise, home: Home, exports: Path) -> None:
    before, rows = home.warehouse.stat().st_ino, count_rows(home.warehouse)
    assert not home.workshop.exists()
    result = materialise(home, exports / "sources.yml", "marts/customer_segments", "published")
    assert result.success
    assert materialised(result) == {"marts/customer_segments", "published/warehouse", "published/report"}
    assert home.warehouse.stat().st_ino != before
    assert count_rows(home.warehouse) == rows
