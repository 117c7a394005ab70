"""Sensors that tell how a night ended, and that one never came: what the command does itself for its own runs.

Which of the two notices a run first is one and the same: `pipelines.nights` tells of each once. A sensor makes one
attempt at a time, since Dagster lets none work for long; the next tick makes the next.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg

from pipelines.config.home import Home, find_home, find_sources
from pipelines.config.sources import load_sources
from pipelines.defs.outcome import read_outcome
from pipelines.defs.run_tags import COMMAND_LINE, LAUNCHED_BY, WATCHED
from pipelines.defs.schedules import NIGHTLY
from pipelines.errors import ConfigurationError
from pipelines.nights.morning import compose_morning, write_page
from pipelines.nights.record import read_last_night
from pipelines.nights.settings import find_nights, load_nights
from pipelines.nights.telling import KILLED, Teller

SECONDS_BETWEEN = 30
_ALWAYS = dg.DefaultSensorStatus.RUNNING


def open_teller(home: Home, say: Any) -> Teller:
    """Who tells of the nights of ``home``. Raises ConfigurationError where nights.yml has faults."""
    try:
        sources_file: Path | None = find_sources(None, home)
    except ConfigurationError:
        sources_file = None  # Of that, somebody is to be told as well.
    return Teller(home, load_nights(find_nights(home, sources_file)), say, patiently=False)


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[NIGHTLY],
    minimum_interval_seconds=SECONDS_BETWEEN,
    default_status=_ALWAYS,
    description="Notes a night that published in last_night.json, calls the heartbeat, sends the morning report.",
)
def good_nights(context: dg.RunStatusSensorContext) -> None:
    _tell_end(context)


@dg.run_failure_sensor(
    monitored_jobs=[NIGHTLY],
    minimum_interval_seconds=SECONDS_BETWEEN,
    default_status=_ALWAYS,
    description="Tells whom nights.yml names of a night that failed: what failed, its owner, the fix, the run.",
)
def failed_nights(context: dg.RunFailureSensorContext) -> None:
    _tell_end(context)


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.CANCELED,
    monitored_jobs=[NIGHTLY],
    minimum_interval_seconds=SECONDS_BETWEEN,
    default_status=_ALWAYS,
    description="Notes a night that somebody stopped, and calls the heartbeat: whoever did so needs no alert.",
)
def stopped_nights(context: dg.RunStatusSensorContext) -> None:
    run = context.dagster_run
    if run.tags.get(LAUNCHED_BY) != COMMAND_LINE:  # The command knows by what it was stopped.
        began, ended = _times(context.instance, run)
        home = find_home(None)
        open_teller(home, context.log.warning).stopped_by_hand(run.run_id, _day(run, home), began, ended)


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=_ALWAYS,
    description="Tells whom nights.yml names that the last good night is too long ago, or a run was killed, and makes "
    "the next attempt at what did not arrive.",
)
def watched_nights(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    teller = open_teller(find_home(None), context.log.warning)
    return dg.SkipReason("\n".join(teller.watch(datetime.now(UTC))) or "all is well")


SENSORS = [good_nights, failed_nights, stopped_nights, watched_nights]


def _tell_end(context: dg.RunStatusSensorContext) -> None:
    home, run = find_home(None), context.dagster_run
    if WATCHED in run.tags:
        return
    teller = open_teller(home, context.log.warning)
    began, ended = _times(context.instance, run)
    graph = context.repository_def.asset_graph if context.repository_def else None
    outcome = read_outcome(context.instance, run, home.logs, graph)
    day = _day(run, home)
    if [failure.message for failure in outcome.failures] == [KILLED]:
        teller.failed(run.run_id, day, KILLED, began, ended, "killed")
        return
    morning = compose_morning(outcome, teller.nights, home, run.run_id, day, (began, ended), _language(home))
    write_page(home, morning)
    teller.ended(run.run_id, day, outcome, began, ended, morning)


def _language(home: Home) -> str:
    try:
        return load_sources(find_sources(None, home)).language
    except ConfigurationError:
        return "en"


def _day(run: dg.DagsterRun, home: Home) -> str:
    """The day of the run: as it was launched for, else as it found it when it began."""
    last = read_last_night(home).last
    return run.tags.get("as_of") or (last.as_of if last is not None and last.run_id == run.run_id else "")


def _times(instance: dg.DagsterInstance, run: dg.DagsterRun) -> tuple[datetime, datetime]:
    """When the run began and when it ended, as far as Dagster knows."""
    record = instance.get_run_record_by_id(run.run_id)
    now = datetime.now(UTC)
    began = record.start_time if record else None
    ended = record.end_time if record else None
    return (
        now if began is None else datetime.fromtimestamp(began, UTC),
        now if ended is None else datetime.fromtimestamp(ended, UTC),
    )
