"""What Dagster is told of how fresh a source is to be: by its assets and their policies."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines.config.sources import load_sources
from pipelines.definitions import build_definitions
from pipelines.defs.freshness import source_assets
from pipelines.nights.settings import Nights

SOURCES = """
timezone: Europe/Paris
sources:
  - {name: crm, kind: crm, connector: {type: files, root: .}, tables: {contacts: {from: c.csv}}}
  - name: shop
    kind: ecommerce
    connector: {type: postgresql, host: db, database: shop, user: me}
    pulls: {orders: {key: id, cursor: changed}}
    tables: {orders: {from: orders}}
"""


def policy_of(folder: Path, declared: dict[str, Any], **nights: Any) -> Any:
    (folder / "sources.yml").write_text(SOURCES)
    [spec] = source_assets(
        load_sources(folder / "sources.yml"), Nights.model_validate({"freshness": {"shop": declared}, **nights})
    )
    assert spec.key == dg.AssetKey(["systems", "shop"])
    assert spec.owners == ["team:data-platform"]
    return spec.freshness_policy


@pytest.mark.parametrize(
    ("declared", "cron", "window"),
    [
        ({"expected_by": "05:00"}, "0 5 * * *", timedelta(hours=5)),
        ({"expected_by": "05:00", "since": "22:00"}, "0 5 * * *", timedelta(hours=7)),
        ({"expected_by": "00:10"}, "30 2 * * *", timedelta(hours=2, minutes=30)),  # A night has to see it first.
        ({"expected_by": "05:00", "since": "05:00"}, "0 5 * * *", timedelta(days=1)),
    ],
)
def test_a_source_that_is_due_at_a_time_of_the_day_is_late_from_then_on(
    tmp_path: Path, declared: dict[str, Any], cron: str, window: timedelta
) -> None:
    policy = policy_of(tmp_path, declared)
    assert (policy.deadline_cron, policy.lower_bound_delta, policy.timezone) == (cron, window, "Europe/Paris")


def test_a_source_whose_rows_may_be_so_old_is_late_when_the_last_night_is(tmp_path: Path) -> None:
    assert policy_of(tmp_path, {"max_age_hours": 26}).fail_window.to_timedelta() == timedelta(hours=26)


def test_the_code_location_has_them_and_a_night_makes_none_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sources.yml").write_text(SOURCES)
    (tmp_path / "nights.yml").write_text(
        "good_within_hours: 26\nfreshness: {crm: {expected_by: '05:00'}, shop: {max_age_hours: 26}}\n"
    )
    monkeypatch.setenv("PARCOURS_HOME", str(tmp_path))
    monkeypatch.delenv("PARCOURS_SOURCES", raising=False)
    definitions = build_definitions()
    graph = definitions.resolve_asset_graph()
    declared = {key.to_user_string() for key in graph.get_all_asset_keys() if graph.get(key).freshness_policy}
    assert declared == {"systems/crm", "systems/shop", "published/warehouse"}
    made = definitions.resolve_job_def("nightly").asset_layer.executable_asset_keys
    assert not {key for key in made if key.path[0] == "systems"}
    unwatched = build_definitions(is_scheduled=False).resolve_asset_graph().get_all_asset_keys()
    assert not {key for key in unwatched if key.path[0] == "systems"}, "those of a command's own run"
