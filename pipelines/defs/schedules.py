"""Jobs and the schedule: the whole graph every night, the identity model when somebody asks for it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import dagster as dg

from pipelines.config.home import find_home, find_sources
from pipelines.config.sources import load_sources
from pipelines.defs.identity import Training

TIMEZONE = "Europe/Paris"

NIGHTLY = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all(),
    description="Everything: extracts, customer ids, marts, publication.",
)

TRAINING = dg.define_asset_job(
    "training",
    selection=dg.AssetSelection.assets(["identity", "model"]),
    config=dg.RunConfig(ops={"identity__model": Training(retrain=True)}),
    description="Learns a new version of the identity model from the records of the last run, compares it with the one "
    "in force, and puts it in force where it moves few records.",
)


@dg.schedule(
    job=NIGHTLY,
    cron_schedule="0 2 * * *",
    execution_timezone=TIMEZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def every_night(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """At two in the morning, as of the day that has just ended: its exports are the last complete ones.

    An ``as_of`` in sources.yml comes first, for exports that stand still.
    """
    scheduled = context.scheduled_execution_time.astimezone(ZoneInfo(TIMEZONE))
    sources = load_sources(find_sources(None, find_home(None)))
    day = sources.as_of or scheduled.date() - timedelta(days=1)
    return dg.RunRequest(
        run_key=f"{scheduled:%Y-%m-%d}",
        run_config=dg.RunConfig(resources={"night": {"config": {"as_of": day.isoformat()}}}),
        tags={"as_of": day.isoformat()},
    )
