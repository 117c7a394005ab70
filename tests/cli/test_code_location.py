"""Runs of a command are runs of the code location that `parcours ui` serves, and stay what they were."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml

from pipelines import definitions
from pipelines.cli.code_location import MODULE, REPOSITORY, TAGS, place_run
from pipelines.cli.run_job import _placing
from pipelines.config.home import Home
from pipelines.config.repository import REPOSITORY as FOLDER


@dg.asset
def rain() -> int:
    return 1


JOB = dg.Definitions(assets=[rain], jobs=[dg.define_asset_job("nightly")]).resolve_job_def("nightly")


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield instance


def test_a_run_of_this_process_belongs_to_the_location_from_its_first_event_on(instance: dg.DagsterInstance) -> None:
    run_id = "7e0b3c6e-6a0e-4f0e-9a55-0c6e6d2b7d01"
    instance.add_event_listener(run_id, _placing(instance, run_id))
    JOB.execute_in_process(instance=instance, run_id=run_id, tags={"as_of": "2026-02-28"})
    run = instance.get_run_by_id(run_id)
    assert run is not None
    assert run.remote_job_origin is not None
    repository = run.remote_job_origin.repository_origin
    assert (run.remote_job_origin.job_name, repository.repository_name) == ("nightly", REPOSITORY)
    assert run.remote_job_origin.location_name == MODULE
    assert (run.status, run.tags["as_of"]) == (dg.DagsterRunStatus.SUCCESS, "2026-02-28")
    assert [each.run_id for each in instance.get_runs(filters=dg.RunsFilter(tags=TAGS))] == [run_id]


def test_a_run_of_before_is_placed_and_nothing_else_of_it_changes(instance: dg.DagsterInstance) -> None:
    run_id = JOB.execute_in_process(instance=instance, tags={"as_of": "2026-02-28"}).run_id
    before = instance.get_run_record_by_id(run_id)
    place_run(instance, run_id)
    place_run(instance, run_id)
    after = instance.get_run_record_by_id(run_id)
    assert before is not None
    assert after is not None
    assert before.dagster_run.remote_job_origin is None
    assert after.dagster_run.remote_job_origin is not None
    assert (after.start_time, after.end_time) == (before.start_time, before.end_time)
    assert after.dagster_run.status == before.dagster_run.status
    assert after.dagster_run.tags == {**before.dagster_run.tags, **TAGS}


def test_the_location_is_the_one_that_is_served() -> None:
    workspace = yaml.safe_load((FOLDER / "workspace.yaml").read_text(encoding="utf-8"))
    assert [each["python_module"]["module_name"] for each in workspace["load_from"]] == [MODULE]


def test_what_a_command_ran_can_be_launched_again_from_the_interface(
    home: Home, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is recorded of it says nothing that the interface does not let a launch say."""
    monkeypatch.delenv("PARCOURS_ALLOW_LAUNCH_CONFIG", raising=False)
    served = definitions.defs().resolve_job_def("nightly")
    with dg.DagsterInstance.from_config(str(home.dagster)) as recorded:
        [run] = recorded.get_runs(filters=dg.RunsFilter(job_name="nightly"))
    assert run.run_config["resources"]["night"]["config"]["as_of"]
    for loggers in ({"progress": {}}, {"console": {"config": {"log_level": "INFO"}}}):  # The second is Dagster's own.
        assert dg.validate_run_config(served, {**run.run_config, "loggers": loggers})
