"""Days that somebody asks for, as partitions in Dagster and by the command: what they do, and that no night does it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines.definitions import build_definitions
from tests.database_servers import PASSWORD, postgresql
from tests.pulls.conftest import Shop


def test_a_day_is_a_partition_and_no_asset_wants_one() -> None:
    """Else nobody could materialise all assets at once."""
    definitions = build_definitions(is_scheduled=False)
    job = definitions.resolve_job_def("backfill")
    assert isinstance(job.partitions_def, dg.DailyPartitionsDefinition)
    assert job.partitioned_config is not None
    asked = job.partitioned_config.get_run_config_for_partition_key("2026-01-03")["ops"]["days"]["config"]
    assert (asked["first"], asked["last"]) == ("2026-01-03", "2026-01-03")
    graph = definitions.resolve_asset_graph()
    assert [key for key in graph.get_all_asset_keys() if graph.get(key).partitions_def] == []


def test_a_range_of_days_is_one_run_and_the_command_does_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parcours_here: Callable[..., Any]
) -> None:
    with postgresql() as server:
        monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)
        shop = Shop(server, tmp_path)
        shop.make_orders(
            *(f"{n}, 'Qzneedle', '2026-01-0{n} 10:00:00', {n}, '2026-01-01 10:00:00'" for n in range(1, 6))
        )
        shop.pull()
        shop.server.run("update orders set total = total + 100")
        job = build_definitions(is_scheduled=False).resolve_job_def("backfill")

        def materialise(first: str, last: str, **config: str) -> dg.ExecuteInProcessResult:
            with dg.DagsterInstance.ephemeral() as instance:
                return job.execute_in_process(
                    run_config={
                        "resources": {
                            "night": {"config": {"home": str(tmp_path), "sources": str(tmp_path / "sources.yml")}}
                        },
                        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                        "ops": {"days": {"config": {"first": first, "last": last, **config}}},
                    },
                    instance=instance,
                    raise_on_error=False,
                )

        result = materialise("2026-01-02", "2026-01-03", source="shop")
        assert result.success
        [told] = [each for each in result.all_events if each.event_type_value == "STEP_OUTPUT"]
        metadata = told.step_output_data.metadata
        assert (metadata["rows"].value, metadata["days"].value) == (2, 2)
        assert shop.extract()["total_amount"].cast(float).to_list() == [1, 102, 103, 4, 5]
        wrong = materialise("2026-01-02", "2026-01-03", source="shopp")
        assert not wrong.success
        [failure] = [each for each in wrong.all_events if each.event_type_value == "STEP_FAILURE"]
        assert "did you mean 'shop'" in str(failure.event_specific_data)

        named = ["--home", tmp_path, "--sources", tmp_path / "sources.yml", "--source", "shop"]
        told = parcours_here("pull", "--from", "2026-01-04", "--to", "2026-01-04", *named)
        assert told.exit_code == 0, told.err
        assert "shop orders: 1 rows on both sides; 1 day compared" in told.out
        assert shop.extract()["total_amount"].cast(float).to_list() == [1, 102, 103, 104, 5]
        assert parcours_here("pull", "--from", "2026-01-04", "--to", "2026-01-03", *named).exit_code == 2
        server.kill()
        away = parcours_here("pull", "--from", "2026-01-04", "--to", "2026-01-04", *named)
        assert away.exit_code == 1
        assert "does not answer" in away.out
        assert "Qzneedle" not in told.out + away.out + away.err
