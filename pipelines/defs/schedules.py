"""Jobs and the schedule: the whole graph every night, the identity model when somebody asks for it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import dagster as dg

from pipelines.config.home import find_home, find_sources
from pipelines.config.sources import Sources, load_sources
from pipelines.errors import ParcoursError

NIGHTLY = dg.define_asset_job(
    "nightly",
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


def nightly_schedule() -> dg.ScheduleDefinition:
    """The schedule ``every_night``: at two in the morning in the retailer's time zone."""

    @dg.schedule(
        job=NIGHTLY,
        cron_schedule="0 2 * * *",
        execution_timezone=_retailers_timezone(),
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def every_night(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        """As of the day that has just ended: its exports are the last complete ones.

        An ``as_of`` in sources.yml comes first, for exports that stand still.
        """
        sources = load_sources(find_sources(None, find_home(None)))
        scheduled = context.scheduled_execution_time.astimezone(ZoneInfo(sources.timezone))
        day = sources.as_of or scheduled.date() - timedelta(days=1)
        settings = {"as_of": day.isoformat(), "wait_minutes": sources.wait_minutes}
        return dg.RunRequest(
            run_key=f"{scheduled:%Y-%m-%d}",
            run_config=dg.RunConfig(resources={"night": {"config": settings}}),
            tags={"as_of": day.isoformat()},
        )

    return every_night


def _retailers_timezone() -> str:
    """The time zone of sources.yml, or the one that holds without it where the file cannot be read yet.

    A night reads the file again, and says what is wrong with it.
    """
    try:
        return load_sources(find_sources(None, find_home(None))).timezone
    except ParcoursError:
        return str(Sources.model_fields["timezone"].default)
