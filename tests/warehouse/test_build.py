"""How dbt is run for a home: little input, a lake that moves, a project that breaks."""

import json
import os
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.config.home import Home
from pipelines.lake.tables import Lake
from pipelines.value.customer_values import fit_customer_values
from pipelines.warehouse import dbt_project

MARTS = {
    "attribution_touches",
    "channel_cannibalisation",
    "channel_overlap",
    "channel_performance",
    "channel_value",
    "customer_360",
    "customer_consents",
    "customer_contact_points",
    "customer_field_provenance",
    "customer_id_history",
    "customer_id_map",
    "customer_journey_stages",
    "customer_segments",
    "customer_touchpoints",
    "customer_traits",
    "customer_value_back_test",
    "field_report",
    "friction_incidents",
    "friction_points",
    "identity_accuracy",
    "identity_review_queue",
    "journey_stage_daily",
    "journey_transitions",
    "kpis",
    "loyalty_ledger",
    "omnichannel_path_steps",
    "omnichannel_paths",
    "next_best_product_back_test",
    "next_best_products",
    "order_lines",
    "orders",
    "personas",
    "product_affinity",
    "quarantined_rows",
    "retention_cohorts",
    "returns",
    "satisfaction",
    "segment_monthly",
    "segment_sizes",
    "segments",
    "store_performance",
    "store_satisfaction",
    "traffic_source_performance",
    "traits",
    "verbatim_themes",
}


def count_rows(home: Home) -> dict[str, int]:
    with duckdb.connect(home.build_database, read_only=True) as connection:
        names = connection.execute("select table_name from information_schema.tables where table_schema = 'marts'")
        marts = [name for (name,) in names.fetchall()]
        return {mart: connection.execute(f"select count(*) from marts.{mart}").fetchall()[0][0] for mart in marts}


def test_orders_and_lines_alone_are_enough(make_home: Callable[[Mapping[str, Any]], Home], retailer: Any, today: date):
    home = make_home(
        {
            "ecommerce/orders": [
                {"source": "shop", "order_id": "1", "account_id": "7", "channel": "web", "fulfilment": "delivery"}
                | {"status": "delivered", "ordered_at": "2026-01-01", "total_amount": 10, "updated_at": "2026-01-01"}
            ],
            "ecommerce/order_lines": [
                {"source": "shop", "order_id": "1", "line_no": 1, "product_id": "P", "quantity": 1}
                | {"unit_price": 10, "line_amount": 10}
            ],
        }
    )
    made: list[str] = []
    before_fit: list[str] = []

    def listen(event: Any) -> None:
        if event.info.name == "NodeFinished" and event.data.node_info.resource_type != "operation":
            made.append(event.data.node_info.unique_id)

    def fit(lake: Lake) -> None:
        before_fit.extend(made)
        fit_customer_values(lake)

    dbt_project.build(home, retailer, today, listeners=[listen], passed=lambda test, _: made.append(test), fit=fit)
    nodes = json.loads(dbt_project.prepare().read_text())["nodes"]
    wanted = [id_ for id_ in nodes if id_.startswith(("model.", "seed.", "test."))]
    assert sorted(made) == sorted(wanted), "each node is built, and each test made, in one of the two passes"
    first, second = dbt_project.split_at_fit(id_.split(".")[2] for id_ in wanted)
    assert sorted(first) == sorted(id_.split(".")[2] for id_ in before_fit)
    assert len(second) == len(wanted) - len(first) > 0

    counts = count_rows(home)
    assert set(counts) == MARTS
    assert {mart: count for mart, count in counts.items() if count} == {
        **{"orders": 1, "order_lines": 1, "segments": 17, "personas": 9, "channel_performance": 1},
        "attribution_touches": 6,  # Direct, under each model.
        "traffic_source_performance": 1,
        "journey_stage_daily": 7 * 61,  # Seven stages a day since the order, which is nobody's.
        "kpis": 3 * 11 * 3,  # A month since the order, a headline and an identity threshold.
        "omnichannel_path_steps": 3,
        "omnichannel_paths": 3,  # Collected, shipped from a store, sold by one: it could have been, and was not.
    }


def test_a_lake_that_lies_under_an_awkward_name_is_read(
    small_world: Any, retailer: Any, today: date, tmp_path: Path, write_lake: Any
) -> None:
    home = Home(tmp_path / "L'été (copie)")
    write_lake(home, small_world)
    dbt_project.build(home, retailer, today, tests=False, select=["+customer_id_map"])
    assert count_rows(home)["customer_id_map"] == 14


def test_a_failing_check_stops_the_build_and_names_the_check_without_values(
    make_home: Callable[[Mapping[str, Any]], Home], small_world: Any, retailer: Any, today: date
) -> None:
    ticket = {"source": "till", "ticket_id": "T1", "store_id": "S1", "sold_at": "2026-01-01", "total_amount": 1}
    home = make_home({"pos/tickets": [ticket, ticket], "identity/records": small_world["identity/records"][:1]})
    with pytest.raises(dbt_project.WarehouseError, match="unique_stg_pos__tickets_ticket_id") as stopped:
        dbt_project.build(home, retailer, today)
    assert "unique_stg_pos__tickets_ticket_id: 1 row is at fault" in str(stopped.value)
    assert "nothing is published" in str(stopped.value)
    assert "till:tickets:T1" not in str(stopped.value)


def test_a_missing_table_is_told_with_its_place(
    small_world: Any, retailer: Any, today: date, make_home: Callable[[Mapping[str, Any]], Home]
) -> None:
    home = make_home(small_world)
    (home.root / "lake" / "pos" / "tickets.parquet").unlink()
    with pytest.raises(dbt_project.WarehouseError, match=r"stg_pos__tickets: .*tickets\*\.parquet"):
        dbt_project.build(home, retailer, today, select=["stg_pos__tickets"])


def test_a_run_without_a_day_is_refused(
    small_home: Home, retailer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dbt_project, "dbt_vars", lambda *_: {"lake": str(small_home.root / "lake")})
    with pytest.raises(dbt_project.WarehouseError, match="No as_of"):
        dbt_project.build(Home(tmp_path), retailer, date(2026, 3, 2), select=["int_tickets_classified"])


def test_the_manifest_is_parsed_once_per_content(monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = dbt_project.prepare()
    parsed = manifest.stat().st_mtime_ns
    monkeypatch.setattr(dbt_project, "_invoke", lambda *_: pytest.fail("parsed again"))
    assert dbt_project.prepare() == manifest
    assert manifest.stat().st_mtime_ns == parsed


def test_another_home_and_another_day_need_no_parsing(
    make_home: Callable[[Mapping[str, Any]], Home], small_world: Any, retailer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in (date(2026, 3, 2), date(2026, 3, 3)):
        monkeypatch.setenv("PARCOURS_DBT_THREADS", str(day.day))
        home = make_home(small_world)
        dbt_project.build(home, retailer, day, tests=False, select=["stg_pos__stores"])
        parsed = json.loads((home.build_database.parent / "dbt" / "perf_info.json").read_text())
        assert (parsed["path_count"] > 400, parsed["parsed_path_count"]) == (True, 0)
        with duckdb.connect(f"{home.build_database}.workshop", read_only=True) as connection:
            [(definition,)] = connection.execute("select sql from duckdb_views() where not internal").fetchall()
        assert str(home.root) in definition, "each home reads its own lake"


def test_a_model_that_fails_leaves_the_table_of_before(
    make_home: Callable[[Mapping[str, Any]], Home], small_world: Any, retailer: Any, today: date
) -> None:
    home = make_home(small_world)
    dbt_project.build(home, retailer, today, tests=False, select=["+customer_id_map"])
    before = count_rows(home)
    Lake(home.root / "lake").path("identity", "customer_ids").unlink()
    with pytest.raises(dbt_project.WarehouseError, match="customer_id_map"):
        dbt_project.build(home, retailer, today, tests=False, select=["customer_id_map"])
    assert count_rows(home) == before


def test_the_environment_is_as_before_after_a_build(
    small_home: Home, retailer: Any, today: date, monkeypatch: pytest.MonkeyPatch
) -> None:

    monkeypatch.setenv("PARCOURS_TEMP_DIRECTORY", "mine")
    before = dict(os.environ)
    dbt_project.build(small_home, retailer, today, tests=False, select=["stg_pos__stores"])
    assert {name: value for name, value in os.environ.items() if name.startswith("PARCOURS")} == {
        name: value for name, value in before.items() if name.startswith("PARCOURS")
    }
