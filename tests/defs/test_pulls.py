"""The pulls asset in Dagster: what it tells, what it stops, and that no secret is among what is told."""

import json
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from pipelines.config.home import find_home
from tests.database_servers import PASSWORD, postgresql
from tests.defs.conftest import Materialise
from tests.pulls.conftest import Shop

ROW = "1, 'Qzneedle', '2026-01-01 10:00:00', 10.00, '2026-01-01 10:00:00'"


def tell(result: dg.ExecuteInProcessResult) -> str:
    """All events of a run as they are written down."""
    return "\n".join(
        f"{event.event_type_value} {event.message} {event.event_specific_data}" for event in result.all_events
    )


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
