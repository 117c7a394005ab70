"""Runs that were killed: Dagster goes on taking them for running, and lets no other start until it is told.

A run holds the lock of its home while it works. So the run that held it before has ended, whatever Dagster's records
say; and so has one that is silent while nobody holds it.
"""

import time
from pathlib import Path
from typing import Any

import dagster as dg

from pipelines.config.home import find_home
from pipelines.lake import run_lock
from pipelines.name_lists import list_names
from pipelines.nights.telling import KILLED

IN_PROGRESS = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
SILENCE_SECONDS = 120
"""A run that starts has no lock yet, and one whose steps are processes of their own has none from the end of one to the
start of the next: seconds. One that waits for the lock says so every minute."""


def mark_former(instance: dg.DagsterInstance, run_id: str | None) -> bool:
    """Calls ``run_id``, the last to hold the lock that this run took, failed if Dagster does not know of its end.

    One that was killed before its first step is on record as not started, and would be for ever. Whether it did.
    """
    run = instance.get_run_by_id(run_id) if run_id else None
    is_killed = run is not None and not run.is_finished
    if is_killed and run is not None:
        instance.report_run_failed(run, KILLED)
    return is_killed


def mark_silent(instance: dg.DagsterInstance, now: float) -> list[str]:
    """Calls the runs in progress failed that have been silent since ``now`` less :data:`SILENCE_SECONDS`.

    Only where nobody holds the lock of their home. ``now`` is in seconds since 1970. Returns their ids, sorted.
    """
    killed = []
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=IN_PROGRESS)):
        last = instance.get_records_for_run(run.run_id, limit=1, ascending=False).records
        is_silent = not last or last[0].event_log_entry.timestamp < now - SILENCE_SECONDS
        if is_silent and run_lock.is_free(_home_of(run)):
            instance.report_run_failed(run, KILLED)
            killed.append(run.run_id)
    return sorted(killed)


def _home_of(run: dg.DagsterRun) -> Path:
    """The home that the run's configuration names, else the one that holds without it."""
    config: Any = run.run_config
    named = config.get("resources", {}).get("night", {}).get("config", {}).get("home")
    return find_home(Path(named) if named else None).root


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Calls runs failed that were killed, so that the next night does not wait for them.",
)
def killed_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Looks twice a minute while the interface is open; a run that starts looks too (``resources.Night``)."""
    killed = mark_silent(context.instance, time.time())
    if killed:
        return dg.SkipReason(f"killed, and failed now: {list_names(killed)}")
    return dg.SkipReason("no run was killed")
