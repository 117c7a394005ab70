"""A run whose process is gone counts as failed, and one that works or waits is left alone."""

import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from pipelines.defs.orphaned_runs import SILENCE_SECONDS, mark_former, mark_silent
from pipelines.lake import run_lock


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PARCOURS_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral(str(tmp_path)) as instance:
        yield instance


def start_run(instance: dg.DagsterInstance, status: dg.DagsterRunStatus, home: Path | None = None) -> dg.DagsterRun:
    """A run of which Dagster knows that it began just now."""
    config = {"resources": {"night": {"config": {"home": str(home)}}}} if home else {}
    run = dg.DagsterRun("nightly", status=status, run_config=config)
    instance.add_run(run)
    instance.report_engine_event("it works", run)
    return run


def status_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRunStatus:
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return found.status


STARTED, FAILURE = dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.FAILURE


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, STARTED])
def test_the_run_whose_lock_was_taken_over_has_failed(
    instance: dg.DagsterInstance, status: dg.DagsterRunStatus
) -> None:
    killed, other = start_run(instance, status), start_run(instance, STARTED)
    mark_former(instance, killed.run_id)
    assert (status_of(instance, killed), status_of(instance, other)) == (FAILURE, STARTED)


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.CANCELED])
def test_a_run_that_ended_keeps_its_status(instance: dg.DagsterInstance, status: dg.DagsterRunStatus) -> None:
    ended = start_run(instance, status)
    for name in (ended.run_id, "rollback", None):
        mark_former(instance, name)
    assert status_of(instance, ended) == status


def test_a_silent_run_has_failed_only_where_nobody_works_in_its_home(
    instance: dg.DagsterInstance, home: Path, tmp_path: Path
) -> None:
    here, elsewhere = start_run(instance, STARTED), start_run(instance, STARTED, tmp_path / "elsewhere")
    later = time.time() + SILENCE_SECONDS + 1
    assert mark_silent(instance, time.time()) == [], "none has been silent for long"
    with run_lock.hold(home, here.run_id), run_lock.hold(tmp_path / "elsewhere", elsewhere.run_id):
        assert mark_silent(instance, later) == [], "both are at work"
    with run_lock.hold(tmp_path / "elsewhere", elsewhere.run_id):
        assert mark_silent(instance, later) == [here.run_id]
    assert mark_silent(instance, later) == [elsewhere.run_id]
