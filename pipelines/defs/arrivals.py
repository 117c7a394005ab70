"""The arrivals of the exports: a night waits here for the sources that are not there, each until its time."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from pipelines.defs import freshness
from pipelines.defs.asset import asset_of
from pipelines.defs.resources import Night
from pipelines.defs.results import Result
from pipelines.nights.arrival_table import note_files
from pipelines.nights.arrivals import await_sources
from pipelines.nights.telling import Teller
from pipelines.nights.waiting import Late, Waiting

KEY = "sources/arrivals"
ON_TIME, THERE = "every_source_is_on_time", "no_source_is_missing_that_a_night_needs"


@asset_of(
    "extracts",
    KEY,
    kinds=["file"],
    description="The exports of the night are there: waits for those sources whose `freshness` in nights.yml says so.",
    checks={
        THERE: "Every source that the night may not do without (`then: stop` in nights.yml) has sent its exports. "
        "Where one has not, nothing is published: ask whoever sends it, and run again when it is there."
    },
    warnings={
        ON_TIME: "Every source has sent its exports in time. Where one has not, the night goes on with what is there, "
        "which is older: ask whoever sends it."
    },
)
def arrivals(context: dg.AssetExecutionContext, night: Night) -> Result:
    """When the newest file of every table arrived, by source; ``landed/pulls`` adds what is pulled."""
    how = waiting(context, night)
    late = await_sources(night.retailer, night.nights, night.day, how)
    noted = note_files(night.retailer, night.lake, late, how.clock())
    freshness.note_arrived(context, night, noted, late)
    return Result(
        metadata={"dagster/row_count": noted.height, "late": describe_late(late)},
        check_results=judge_late(late, ON_TIME, THERE),
    )


def waiting(context: dg.AssetExecutionContext, night: Night) -> Waiting:
    """How the night waits: what it says goes to the log, of what is late those are told whom nights.yml names."""

    def tell(late: Late) -> None:
        context.log.warning(f"source {late.source} is late: {late.what}")
        teller = Teller(night.folder, night.nights, context.log.warning)
        teller.late(late, night.retailer.timezone, night.run_id, night.day.isoformat(), datetime.now(UTC))

    return Waiting(night.retailer.timezone, context.log.info, tell)


def describe_late(late: Sequence[Late]) -> dg.MetadataValue[Any]:
    """The sources that are late, as the morning report reads them."""
    told = [{"source": each.source, "what": each.what, "due": each.due.isoformat()} for each in late]
    return dg.MetadataValue.json(told)


def judge_late(late: Sequence[Late], on_time: str, there: str) -> list[dg.AssetCheckResult]:
    """The results of the check that warns of all that is late, and of the one that stops for what the night needs."""
    missing = [each for each in late if each.then == "stop"]
    warn = dg.AssetCheckSeverity.WARN
    return [
        dg.AssetCheckResult(check_name=on_time, passed=not late, severity=warn, description=_say(late)),
        dg.AssetCheckResult(check_name=there, passed=not missing, description=_say(missing)),
    ]


def _say(late: Sequence[Late]) -> str:
    return "\n".join(f"source {each.source} is late: {each.what}" for each in late) or "all are there"
