"""Runs a Dagster job in this process, on the instance of the home folder, so that the interface shows it later."""

import contextlib
import logging
import os
import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.cli import stopping
from pipelines.cli.code_location import place_run
from pipelines.cli.progress import Progress
from pipelines.cli.silence import silence
from pipelines.config.environment import set_environment
from pipelines.config.home import Home, is_attended
from pipelines.lake.owner_only import make_folder
from pipelines.nights.outcome import Outcome
from pipelines.visible_text import make_visible

if TYPE_CHECKING:
    import dagster as dg

PLACES = {"home": "PARCOURS_HOME", "sources": "PARCOURS_SOURCES"}
"""The settings that say where a run reads and writes, and the variables of the environment that say so too."""

KEPT = 30  # Logs and run records, 2 MB each: a month of nights.

DAGSTER_SETTINGS = """\
# Written once by Parcours; you may change it.
telemetry:
  enabled: false
nux:  # no invitation to a newsletter
  enabled: false
run_coordinator:  # Only one run at a time works on a home folder; the others wait.
  module: dagster.core.run_coordinator
  class: QueuedRunCoordinator
  config:
    max_concurrent_runs: 1
run_monitoring:  # What takes longer than `time_limit_minutes` of nights.yml is ended.
  enabled: true
  start_timeout_seconds: 900  # A loaded machine takes its time.
retention:
  schedule:
    purge_after_days: 90
  sensor:
    purge_after_days: 7
compute_logs:  # What libraries print may hold values of the exports: it is not kept.
  module: dagster.core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
"""
_WITHOUT_LIMIT = (
    DAGSTER_SETTINGS[: DAGSTER_SETTINGS.index("run_monitoring:")]
    + DAGSTER_SETTINGS[DAGSTER_SETTINGS.index("retention:") :]
)
FORMER_SETTINGS = (_WITHOUT_LIMIT, _WITHOUT_LIMIT[: _WITHOUT_LIMIT.index("compute_logs:")])
"""As earlier releases wrote them."""


def new_run_id() -> str:
    return str(uuid.uuid4())


def prepare_instance(home: Home) -> None:
    """Makes Dagster keep its records in the home folder. Creates its settings once, without telemetry.

    Settings that a person has changed stay as they are.
    """
    make_folder(home.dagster)
    settings = home.dagster / "dagster.yaml"
    if not settings.exists():
        settings.write_text(DAGSTER_SETTINGS, encoding="utf-8")
    elif settings.read_text(encoding="utf-8") in FORMER_SETTINGS:
        settings.write_text(DAGSTER_SETTINGS, encoding="utf-8")  # Of an earlier release, and nobody changed it.
    os.environ["DAGSTER_HOME"] = str(home.dagster)


def launch(
    job_name: str,
    home: Home,
    run_id: str,
    settings: dict[str, Any],
    progress: Progress,
    ops: dict[str, Any] | None = None,
    former: str | None = None,
    when_killed: Callable[[str], object] = lambda _: None,
) -> Outcome:
    """Runs a job of the code location to its end, with its events shown by ``progress`` and kept in a log file.

    What libraries print meanwhile is kept nowhere: it may hold values of the exports.

    ``settings`` configure the resource ``night``, ``ops`` single assets, by step. ``former`` is the run that held the
    lock of the home before: if it was killed, Dagster is told, and ``when_killed``. Home and sources, and what is as by
    default, do not become part of the run's record: the interface, which has its own and admits no other, can launch it
    again.
    """
    places = {variable: settings[name] for name, variable in PLACES.items() if name in settings}
    said = {name: value for name, value in settings.items() if name not in PLACES}
    chosen = {step: each for step, each in (ops or {}).items() if any(each["config"].values())}
    log = _new_log(home, run_id)
    # By the environment: Dagster forgets what a resource was made with once a run configures anything of it.
    with silence(), set_environment(places), stopping.on_stop(lambda signal: _note_stop(log, signal)):
        import dagster as dg

        from pipelines.definitions import build_definitions
        from pipelines.defs import orphaned_runs
        from pipelines.defs.outcome import gather
        from pipelines.defs.run_tags import COMMAND_LINE, LAUNCHED_BY, WATCHED
        from pipelines.defs.sqlite_pool import pooled_sqlite

        prepare_instance(home)

        handler = _file_handler(log)

        @dg.logger
        def progress_logger(_: dg.InitLoggerContext) -> logging.Logger:
            logger = logging.Logger("parcours.run")
            logger.addHandler(_ProgressHandler(progress))
            logger.addHandler(handler)
            return logger

        definitions = build_definitions(loggers={"progress": progress_logger}, is_scheduled=False)
        job = definitions.resolve_job_def(job_name)
        progress.expect(job.asset_layer.executable_asset_keys)
        with (
            contextlib.closing(handler),
            pooled_sqlite(home.dagster),
            dg.DagsterInstance.get() as instance,
            stopping.on_stop(lambda signal: _cancel(instance, run_id, signal)),
        ):
            if orphaned_runs.mark_former(instance, former) and former:
                when_killed(former)
            instance.add_event_listener(run_id, _placing(instance, run_id))
            result = job.execute_in_process(
                run_config={
                    "loggers": {"progress": {}},
                    "resources": {"night": {"config": said}},
                    **({"ops": chosen} if chosen else {}),
                },
                instance=instance,
                run_id=run_id,
                tags={
                    "as_of": settings["as_of"],
                    LAUNCHED_BY: COMMAND_LINE,
                    **({WATCHED: "true"} if is_attended() else {}),
                },
                raise_on_error=False,
            )
            outcome = gather(result.all_events, result.success, log, definitions.resolve_asset_graph())
            for number, run in enumerate(instance.get_runs()):
                if run.is_finished and number >= KEPT:
                    instance.delete_run(run.run_id)
                elif run.is_finished and run.remote_job_origin is None:  # Of a version that did not place its runs.
                    place_run(instance, run.run_id)
    return outcome


def _placing(instance: "dg.DagsterInstance", run_id: str) -> Callable[[object], None]:
    """What Dagster calls with each event: at the first one, which follows upon the run's record, it places the run."""
    waiting = [run_id]

    def place_at_first(_: object) -> None:
        while waiting:
            place_run(instance, waiting.pop())

    return place_at_first


class _ProgressHandler(logging.Handler):
    """Passes Dagster's events to the progress display."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self.progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        about = getattr(record, "dagster_meta", {})
        event, step = about.get("dagster_event"), str(about.get("step_key") or "")
        if event is None:
            if step and record.levelno == logging.INFO:
                self.progress.say(step, about.get("orig_message") or record.getMessage())
            return
        if event.event_type_value == "STEP_START":
            self.progress.start(step)
        elif event.event_type_value == "ASSET_MATERIALIZATION":
            rows = event.materialization.metadata.get("dagster/row_count")
            self.progress.count(step, None if rows is None else rows.value)
        elif event.event_type_value in ("STEP_SUCCESS", "STEP_FAILURE", "STEP_SKIPPED"):
            self.progress.end(step, event.event_type_value == "STEP_SUCCESS")


def _cancel(instance: "dg.DagsterInstance", run_id: str, signal: str) -> None:
    """Lets the interface say of a run that it was stopped."""
    run = instance.get_run_by_id(run_id)
    if run is not None and not run.is_finished:
        instance.report_run_canceled(run, f"The run was stopped by {signal}.")


def _note_stop(log: Path, signal: str) -> None:
    """In a line of its own, whatever was being written."""
    with log.open("a", encoding="utf-8") as file:
        file.write(f"\n{datetime.now().astimezone():%Y-%m-%d %H:%M:%S} Stopped by {signal}.\n")


def _new_log(home: Home, run_id: str) -> Path:
    """A new log file in ``<home>/logs``; the oldest beyond :data:`KEPT` are removed."""
    from datetime import UTC, datetime

    folder = home.root / "logs"
    make_folder(folder)
    for old in sorted(folder.glob("*.log"))[: -KEPT + 1]:
        old.unlink(missing_ok=True)
    return folder / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{run_id[:8]}.log"


def _file_handler(log: Path) -> logging.Handler:
    handler = logging.FileHandler(log, encoding="utf-8")
    handler.setFormatter(_WithoutTracebacks("%(asctime)s %(levelname)s %(message)s"))
    return handler


class _WithoutTracebacks(logging.Formatter):
    """The message alone: an exception's own text may hold a value that it could not handle."""

    def format(self, record: logging.LogRecord) -> str:
        bare = logging.makeLogRecord({**record.__dict__, "exc_info": None, "exc_text": None, "stack_info": None})
        return make_visible(super().format(bare))
