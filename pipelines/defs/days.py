"""The days asset: days of the sources that are pulled, each a partition, for whoever asks for them anew."""

from collections.abc import Iterator
from datetime import date

import dagster as dg

from pipelines.defs.asset import asset_of
from pipelines.defs.pulls import describe_accounts
from pipelines.defs.resources import Night
from pipelines.defs.results import Result
from pipelines.defs.schedules import DAYS
from pipelines.pulls.dated_sources import choose_dated
from pipelines.pulls.days import pull_days
from pipelines.pulls.errors import NotTakenError
from pipelines.pulls.pull import Outcome, Settings, list_messages

FIRST = "2000-01-01"
"""Before it, few shops have a row."""
WHOLE = "every_day_is_whole"


@asset_of(
    "extracts",
    DAYS,
    partitions=dg.DailyPartitionsDefinition(start_date=FIRST),
    description="Days of the sources that are pulled, anew: they take the place of what was landed of them, in every "
    "table whose pull declares a `day`. No night makes it; the next one publishes what came.",
    checks={
        WHOLE: "What arrived of every day is what its source counted. Where it is not, the table is as it was: mend "
        "what the check's result says and ask for the days again."
    },
    config_schema={
        "source": dg.Field(dg.Noneable(str), is_required=False, default_value=None, description="Of this one alone.")
    },
)
def days(context: dg.AssetExecutionContext, night: Night) -> Iterator[dg.AssetCheckResult | Result]:
    asked, source = context.partition_key_range, context.op_execution_context.op_config["source"]
    first, last = date.fromisoformat(asked.start), date.fromisoformat(asked.end)
    settings = Settings(night.retailer.base, say=context.log.warning)
    outcomes: list[Outcome] = []
    for each in choose_dated(night.retailer, [source] if source else None, context.log.warning):
        outcomes += pull_days(each, night.lake, first, last, settings)
    stopping = list_messages(outcomes, "not taken")
    yield dg.AssetCheckResult(
        check_name=WHOLE,
        passed=not stopping,
        description="\n".join(stopping),
        metadata=describe_accounts(outcomes),
    )
    if stopping:
        raise NotTakenError("\n".join(stopping))
    rows = sum(each.rows or 0 for each in outcomes)
    yield Result(metadata={"rows": rows, "days": (last - first).days + 1, **describe_accounts(outcomes)})
