"""Jobs, and what starts them: the whole graph every night, the identity model when somebody asks for it."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg

from pipelines.config.home import find_home, find_sources
from pipelines.config.sources import Sources, load_sources
from pipelines.defs.resources import NIGHTLY as NIGHTLY_NAME
from pipelines.errors import ParcoursError
from pipelines.nights.arrivals import are_all_there
from pipelines.nights.settings import Nights, find_nights, load_nights
from pipelines.nights.telling import Teller

NIGHTLY = dg.define_asset_job(
    NIGHTLY_NAME,
    selection=dg.AssetSelection.all(),
    description="Everything: extracts, customer ids, marts, publication.",
)

TRAINING = dg.define_asset_job(
    "training",
    selection=dg.AssetSelection.assets(["identity", "model"]),
    config=dg.RunConfig(ops={"identity__model": {"config": {"retrain": True}}}),
    description="Learns a new version of the identity model from the records of the last run, compares it with the one "
    "in force, and puts it in force where it moves few records.",
)

MAX_RUNTIME = "dagster/max_runtime"
"""Dagster's own tag: whoever watches the runs ends one that takes longer, in seconds."""

BY_TIMER = "nights.yml says `started_by: timer`: cron or systemd starts the nights"

SCHEDULE = "every_night"

STARTED_FOR = "night_of"
"""The tag of the day that a night was started for, by which the schedule and the sensor know each other's."""


def nightly_schedule() -> dg.ScheduleDefinition:
    """The schedule ``every_night``: at the time of nights.yml, else at two in the morning, where the retailer is."""
    sources, nights = settings_to_load_with()
    timezone = sources.timezone if sources else str(Sources.model_fields["timezone"].default)

    @dg.schedule(
        name=SCHEDULE,
        job=NIGHTLY,
        cron_schedule=f"{nights.starts_at.minute} {nights.starts_at.hour} * * *",
        execution_timezone=timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def every_night(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        """As of the day that has just ended: its exports are the last complete ones.

        An ``as_of`` in sources.yml comes first, for exports that stand still.
        """
        try:
            sources, nights = _load_settings()
        except ParcoursError as error:
            _tell_not_started(error, context.scheduled_execution_time)
            raise
        if nights.started_by == "timer":
            return dg.SkipReason(BY_TIMER)
        scheduled = context.scheduled_execution_time.astimezone(ZoneInfo(sources.timezone))
        if nights.when_exports_arrive and _is_started(context.instance, scheduled.date()):
            return dg.SkipReason(f"the exports of {scheduled:%Y-%m-%d} have started their night when they arrived")
        return _request(sources, nights, scheduled.date())

    return every_night


@dg.sensor(
    job=NIGHTLY,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts the night when all exports of the day are there and nobody writes to them any more, where "
    "`when_exports_arrive` of nights.yml asks for it; the schedule then starts those nights only that have not begun.",
)
def exports_arrived(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    sources, nights = _load_settings()
    if nights.started_by == "timer":
        return dg.SkipReason(BY_TIMER)
    if not nights.when_exports_arrive:
        return dg.SkipReason("nights.yml does not say `when_exports_arrive: true`")
    now = datetime.now(UTC)
    today = now.astimezone(ZoneInfo(sources.timezone)).date()
    if _is_started(context.instance, today):
        return dg.SkipReason(f"the night of {today} has begun")
    if not are_all_there(sources, nights, now):
        return dg.SkipReason(f"not all exports of {today} are there")
    return _request(sources, nights, today)


def _request(sources: Sources, nights: Nights, today: date) -> dg.RunRequest:
    """A run as of the day before ``today``, or the one that sources.yml names."""
    day = sources.as_of or today - timedelta(days=1)
    settings = {"as_of": day.isoformat(), "wait_minutes": sources.wait_minutes}
    limit = {MAX_RUNTIME: f"{nights.time_limit_minutes * 60:.0f}"} if nights.time_limit_minutes else {}
    return dg.RunRequest(
        run_key=f"{today:%Y-%m-%d}",
        run_config=dg.RunConfig(resources={"night": {"config": settings}}),
        tags={"as_of": day.isoformat(), STARTED_FOR: today.isoformat(), **limit},
    )


def _is_started(instance: dg.DagsterInstance, today: date) -> bool:
    return instance.get_runs_count(dg.RunsFilter(job_name=NIGHTLY_NAME, tags={STARTED_FOR: today.isoformat()})) > 0


def _load_settings() -> tuple[Sources, Nights]:
    home = find_home(None)
    file = find_sources(None, home)
    return load_sources(file), load_nights(find_nights(home, file))


def settings_to_load_with() -> tuple[Sources | None, Nights]:
    """The sources and when their night begins, or what holds unless said where a file cannot be read yet.

    A night reads the files again, and says what is wrong with them.
    """
    sources, nights = None, load_nights(None)
    try:
        home = find_home(None)
        file = find_sources(None, home)
        sources = load_sources(file)
        nights = load_nights(find_nights(home, file))
    except ParcoursError:
        pass
    return sources, nights


def _tell_not_started(error: ParcoursError, scheduled: datetime) -> None:
    """A night that the schedule could not start is no run, so that nothing else would notice it."""
    home = find_home(None)
    try:
        sources_file: Path | None = find_sources(None, home)
    except ParcoursError:
        sources_file = None
    nights = load_nights(find_nights(home, sources_file))  # Where this has faults, there is nobody to be told.
    teller = Teller(home, nights, lambda _: None, patiently=False)
    teller.failed(f"not-started-{scheduled:%Y%m%dT%H%M}", "", str(error), scheduled, datetime.now(UTC), "failed")
