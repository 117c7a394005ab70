"""The job that pulls days of the sources anew, each a partition, for whoever asks for them.

It is no asset: `--select '*'` and "Materialize all" are to make everything that a night makes, and cannot where one of
the assets wants to be told its partitions.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import dagster as dg

from pipelines.defs.expected_errors import fail_as_step
from pipelines.defs.pulls import describe_accounts
from pipelines.defs.resources import Night
from pipelines.pulls.days import choose_sources, pull_days
from pipelines.pulls.errors import NotTakenError
from pipelines.pulls.pull import Outcome, Settings, list_messages

FIRST = "2000-01-01"
"""Before it, few shops have a row."""


def _pull_days(context: dg.OpExecutionContext, night: Night) -> None:
    config = context.op_config
    first, last = (date.fromisoformat(config[name]) for name in ("first", "last"))
    settings = Settings(night.retailer.base, say=context.log.warning)
    outcomes: list[Outcome] = []
    for each in choose_sources(night.retailer, [config["source"]] if config["source"] else None, context.log.warning):
        outcomes += pull_days(each, night.lake, first, last, settings)
    if stopping := list_messages(outcomes, "not taken"):
        raise NotTakenError("\n".join(stopping))
    rows = sum(each.rows or 0 for each in outcomes)
    context.add_output_metadata({"rows": rows, "days": (last - first).days + 1, **describe_accounts(outcomes)})


_days = dg.op(
    name="days",
    description="Takes what the sources have of these days in the place of what was landed of them, in every table "
    "whose pull declares a `day`. Where a day is not what its source counted, the table is as it was.",
    config_schema={
        "first": dg.Field(str, description="A day, YYYY-MM-DD."),
        "last": dg.Field(str, description="The same day or a later one, which is included."),
        "source": dg.Field(dg.Noneable(str), is_required=False, default_value=None, description="Of this one alone."),
    },
)(fail_as_step(_pull_days))


@dg.daily_partitioned_config(start_date=FIRST)
def _of_day(start: datetime, _end: datetime) -> Mapping[str, Any]:
    day = f"{start:%Y-%m-%d}"
    return {"ops": {"days": {"config": {"first": day, "last": day}}}}


@dg.job(
    name="backfill",
    config=_of_day,
    description="Pulls some days of the sources anew, as `parcours pull` does: a partition each, or, in the launchpad, "
    "several at once from `first` to `last`. The next night publishes what came.",
)
def backfill() -> None:
    _days()
