"""The arrivals of the exports: a night waits here for the sources that are not there, each until its time."""

from datetime import UTC, datetime

import dagster as dg

from pipelines.defs.asset import asset_of
from pipelines.defs.resources import Night
from pipelines.defs.results import Result
from pipelines.nights.arrivals import Late, await_sources
from pipelines.nights.telling import Teller

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
    def tell(late: Late) -> None:
        context.log.warning(f"source {late.source} is late: {late.what}")
        teller = Teller(night.folder, night.nights, context.log.warning)
        teller.late(late, night.retailer.timezone, night.run_id, night.day.isoformat(), datetime.now(UTC))

    late = await_sources(night.retailer, night.nights, night.day, context.log.info, tell)
    missing = [each for each in late if each.then == "stop"]
    return Result(
        metadata={
            "late": dg.MetadataValue.json(
                [{"source": each.source, "what": each.what, "due": each.due.isoformat()} for each in late]
            )
        },
        check_results=[
            dg.AssetCheckResult(
                check_name=ON_TIME, passed=not late, severity=dg.AssetCheckSeverity.WARN, description=_say(late)
            ),
            dg.AssetCheckResult(check_name=THERE, passed=not missing, description=_say(missing)),
        ],
    )


def _say(late: list[Late]) -> str:
    return "\n".join(f"source {each.source} is late: {each.what}" for each in late) or "all are there"
