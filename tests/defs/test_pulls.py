"""The pulls asset in Dagster: what it tells, what it stops, and that no secret is among what is told."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest

from pipelines.config.home import find_home
from pipelines.defs.outcome import gather
from pipelines.nights.outcome import Outcome
from tests.database_servers import PASSWORD, postgresql
from tests.defs.conftest import Materialise
from tests.pulls.conftest import Shop

ROW = "1, 'Qzneedle', '2026-01-01 10:00:00', 10.00, '2026-01-01 10:00:00'"


def tell(result: dg.ExecuteInProcessResult) -> str:
    """All events of a run as they are written down."""
    return "\n".join(
        f"{event.event_type_value} {event.message} {event.event_specific_data}" for event in result.all_events
    )


def test_a_source_whose_rows_lag_is_flagged_or_stops_the_night_as_declared(
    materialise: Materialise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    with postgresql() as server:
        monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)
        shop = Shop(server, tmp_path)
        shop.make_orders(ROW)
        shop.configure()

        def run(then: str) -> tuple[dg.ExecuteInProcessResult, Outcome]:
            (tmp_path / "nights.yml").write_text(f"freshness: {{shop: {{max_age_hours: 26, then: {then}}}}}\n")
            selected = ("landed/pulls", "sources", "ecommerce/orders")
            result = materialise(find_home(tmp_path), tmp_path / "sources.yml", *selected, as_of=today)
            return result, gather(result.all_events, result.success, tmp_path / "log")

        result, stopped = run("stop")
        assert not result.success
        assert "no_pulled_source_lags_that_a_night_needs on landed/pulls" in stopped.checks_failed
        assert "the newest row of orders is of 2026-01-01 11:00 (changed)" in stopped.failures[0].message
        assert [each["source"] for each in stopped.assets["landed/pulls"]["late"]] == ["shop"]
        assert "ecommerce/orders" not in stopped.assets
        assert shop.lake.read("sources", "arrivals")["is_late"].to_list() == [True]

        result, flagged = run("go_on")
        assert result.success
        assert "pulled_rows_are_as_new_as_declared on landed/pulls" in flagged.checks_warned
        assert "ecommerce/orders" in flagged.assets
        assert "systems/shop" not in flagged.assets, "Dagster is told of what was there in time"

        shop.server.run("update orders set changed = now()")
        result, fresh = run("stop")
        assert result.success
        assert fresh.assets["systems/shop"]["tables"] == 1


def test_a_night_pulls_then_extracts_and_stops_where_the_system_is_away(
    materialise: Materialise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgresql() as server:
        monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)
        shop = Shop(server, tmp_path, {"tries": 1})
        shop.make_orders(ROW)
        shop.configure()
        home, selected = find_home(tmp_path), ("landed", "ecommerce/orders")
        result = materialise(home, tmp_path / "sources.yml", *selected, as_of="2026-06-30")
        assert result.success
        [pulled] = result.asset_materializations_for_node("landed__pulls")
        [told] = pulled.metadata["pulled"].value  # type: ignore[misc]
        assert (told["state"], told["mode"], told["rows_in_source"]) == ("taken", "full", 1)  # type: ignore[index,call-overload]
        assert shop.lake.read("ecommerce", "orders").height == 1
        assert shop.lake.read("landed", "pulls")["state"].to_list() == ["taken"]
        reconciled = shop.lake.read("landed", "reconciliation")
        assert reconciled.select("day", "measure").rows() == [(date(2026, 1, 1), "rows"), (date(2026, 1, 1), "total")]
        assert reconciled["difference"].to_list() == [0, 0]

        server.kill()
        away = materialise(home, tmp_path / "sources.yml", *selected, as_of="2026-06-30")
        assert not away.success
        assert "does not answer" in tell(away)
        shop.connector = {"tries": 1, "if_not_taken": "keep"}
        shop.configure()
        kept = materialise(home, tmp_path / "sources.yml", *selected, as_of="2026-06-30")
        assert kept.success
        [check] = [each for each in kept.get_asset_check_evaluations() if each.check_name == "pulls_are_of_tonight"]
        assert not check.passed
        for each in (result, away, kept):
            assert [needle for needle in (PASSWORD, "Qzneedle", json.dumps(PASSWORD)) if needle in tell(each)] == []
