"""Dagster's sensors tell of nights what the command tells of its own, and of neither twice."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from pipelines.definitions import build_definitions
from pipelines.defs.alerts import failed_nights, stopped_nights, watched_nights
from pipelines.defs.run_tags import COMMAND_LINE, LAUNCHED_BY, WATCHED
from pipelines.defs.schedules import MAX_RUNTIME, STARTED_FOR, exports_arrived, nightly_schedule
from tests.nights.listeners import WebServer

SOURCES = """
sources:
  - name: crm
    kind: crm
    connector: {type: files, root: exports}
    tables: {contacts: {from: contacts.csv}}
"""
NIGHTS = """
delivery: {{attempts: 2, pause_seconds: 0.01}}
alerts: [{{type: webhook, url: "http://127.0.0.1:{port}/hook"}}]
heartbeat: {{url: "http://127.0.0.1:{port}/beat"}}
"""


@pytest.fixture
def home(tmp_path: Path, web: WebServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "sources.yml").write_text(SOURCES)
    (tmp_path / "nights.yml").write_text(NIGHTS.format(port=web.port))
    (tmp_path / "exports").mkdir()
    (tmp_path / "dagster").mkdir()
    monkeypatch.setenv("PARCOURS_HOME", str(tmp_path))
    monkeypatch.delenv("PARCOURS_SOURCES", raising=False)
    return tmp_path


@pytest.fixture
def instance(home: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(home / "dagster")) as instance:
        yield instance


def run_night(instance: dg.DagsterInstance, **tags: str) -> dg.RunFailureSensorContext:
    """A night that fails at its first extract, as Dagster shows it to the sensor."""
    job = build_definitions(is_scheduled=False).resolve_job_def("nightly")
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    result = job.execute_in_process(run_config=quiet, instance=instance, raise_on_error=False, tags=tags)
    failure = next(event for event in result.all_events if event.event_type_value == "PIPELINE_FAILURE")
    context: dg.RunFailureSensorContext = dg.build_run_status_sensor_context(
        "failed_nights", failure, instance, result.dagster_run
    ).for_run_failure()
    return context


def test_a_night_that_failed_in_dagster_is_told_once(instance: dg.DagsterInstance, home: Path, web: WebServer) -> None:
    context = run_night(instance, as_of="2026-03-28")
    for _ in range(2):
        failed_nights(context)
    [hook] = [call.json for call in web.calls if call.path == "/hook"]
    assert "No file matches" in hook["text"]
    assert (hook["run_id"], hook["as_of"]) == (context.dagster_run.run_id, "2026-03-28")
    assert [path for path in web.paths if path != "/hook"] == ["/beat/start", "/beat/fail"]
    noted = json.loads((home / "last_night.json").read_text())
    assert (noted["state"], noted["run_id"]) == ("failed", context.dagster_run.run_id)


def test_a_run_that_somebody_watches_is_nobodys_news(instance: dg.DagsterInstance, web: WebServer) -> None:
    failed_nights(run_night(instance, **{WATCHED: "true", LAUNCHED_BY: COMMAND_LINE}))
    assert "/hook" not in web.paths


def test_a_night_that_somebody_stopped_beats_and_sends_no_alert(
    instance: dg.DagsterInstance, home: Path, web: WebServer
) -> None:
    run = dg.DagsterRun("nightly", status=dg.DagsterRunStatus.STARTED)
    instance.add_run(run)
    event = instance.report_run_canceled(run)
    stopped_nights(dg.build_run_status_sensor_context("stopped_nights", event, instance, run))
    assert web.paths == ["/beat/fail"]
    assert json.loads((home / "last_night.json").read_text())["state"] == "stopped"


def test_the_watch_says_what_is_wrong(instance: dg.DagsterInstance, home: Path) -> None:
    (home / "nights.yml").write_text("good_within_hours: 26\n")
    told = watched_nights(dg.build_sensor_context(instance))
    assert isinstance(told, dg.SkipReason)
    assert "No night has published yet" in str(told.skip_message)


def test_a_night_that_the_schedule_cannot_start_is_told(home: Path, web: WebServer) -> None:
    every_night = nightly_schedule()
    (home / "sources.yml").write_text("timezone: Mars/Olympus\n")
    context = dg.build_schedule_context(scheduled_execution_time=datetime(2026, 3, 29, 0, 0, tzinfo=UTC))
    for _ in range(2):
        with pytest.raises(dg.DagsterError):
            every_night.evaluate_tick(context)
    assert web.paths.count("/hook") == 1
    assert web.paths.count("/beat/fail") == 1


@pytest.mark.parametrize(
    ("night", "as_of"),
    [
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "2026-03-28"),  # Half past two does not exist: three o'clock.
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-24"),  # Half past two comes twice.
    ],
)
def test_on_the_nights_of_the_change_of_clocks_the_night_begins_once(home: Path, night: datetime, as_of: str) -> None:
    (home / "nights.yml").write_text('starts_at: "02:30"\ntime_limit_minutes: 90\n')
    every_night = nightly_schedule()
    assert every_night.cron_schedule == "30 2 * * *"
    begins = every_night.execution_timezone
    assert begins == "Europe/Paris"
    [request] = every_night.evaluate_tick(dg.build_schedule_context(scheduled_execution_time=night)).run_requests or []
    assert request.tags["as_of"] == as_of
    assert request.tags[MAX_RUNTIME] == "5400"


def test_exports_that_have_arrived_start_their_night_once_and_the_schedule_leaves_it_at_that(
    instance: dg.DagsterInstance, home: Path
) -> None:
    context = dg.build_sensor_context(instance)
    assert "does not say" in str(exports_arrived(context).skip_message)  # type: ignore[union-attr]
    (home / "nights.yml").write_text(
        "when_exports_arrive: true\nfreshness: {crm: {max_age_hours: 1, stable_seconds: 0}}\n"
    )
    assert "not all exports" in str(exports_arrived(context).skip_message)  # type: ignore[union-attr]
    (home / "exports" / "contacts.csv").write_text("id\n")
    request = exports_arrived(context)
    assert isinstance(request, dg.RunRequest)
    now = datetime.now(UTC)
    tick = dg.build_schedule_context(instance, scheduled_execution_time=now)
    assert nightly_schedule().evaluate_tick(tick).run_requests, "it has not begun yet"
    instance.add_run(dg.DagsterRun("nightly", tags={STARTED_FOR: request.tags[STARTED_FOR]}))
    assert "has begun" in str(exports_arrived(context).skip_message)  # type: ignore[union-attr]
    assert "have started their night" in str(nightly_schedule().evaluate_tick(tick).skip_message)
