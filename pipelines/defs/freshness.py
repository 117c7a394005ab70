"""What Dagster is told of how fresh things are: an asset for each source that is to be there in time, and a policy.

The asset stands for what the system sends: Parcours makes nothing of it, and notes each time that it was there. So
Dagster's page and its API show which source lags, also while no night runs.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import dagster as dg
import polars as pl

from pipelines.config.sources import Sources
from pipelines.defs.asset import OWNERS
from pipelines.defs.resources import Night
from pipelines.nights.settings import Freshness, Nights
from pipelines.nights.waiting import Late

PREFIX = "systems"
LEAST = timedelta(minutes=1)  # Dagster's own bound.
TO_BEGIN = timedelta(minutes=30)
"""After its time, a night has seen what is there."""


def source_assets(sources: Sources, nights: Nights) -> list[dg.AssetSpec]:
    """One for each source under ``freshness`` in nights.yml."""
    kinds = {source.name: source.connector.type for source in sources.sources}
    return [
        dg.AssetSpec(
            key=_key(name),
            group_name="extracts",
            owners=[OWNERS["extracts"]],
            kinds={kinds[name] if kinds[name] != "files" else "file"},
            description=f"What source {name} sends. A night notes when it was there in time (`freshness` in "
            "nights.yml); where it is not fresh, ask whoever runs that system (docs/runbook.md, a source is late).",
            freshness_policy=_policy(declared, nights, sources.timezone),
        )
        for name, declared in sorted(nights.freshness.items())
        if name in kinds
    ]


def warehouse_policy(nights: Nights) -> dg.FreshnessPolicy | None:
    """That of the published warehouse: ``good_within_hours``."""
    if nights.good_within_hours is None:
        return None
    return dg.FreshnessPolicy.time_window(max(timedelta(hours=nights.good_within_hours), LEAST))


def note_arrived(context: dg.AssetExecutionContext, night: Night, noted: pl.DataFrame, late: Sequence[Late]) -> None:
    """Notes in Dagster of each source under ``freshness`` among those ``noted``, and not late, that it was there."""
    absent = {each.source for each in late}
    for name in noted["source"].unique().sort().to_list():
        if name in night.nights.freshness and name not in absent:
            rows = noted.filter(source=name).sort("table_name")
            newest = [moment for moment in rows["newest_at"].to_list() if moment is not None]
            context.log_event(
                dg.AssetMaterialization(
                    asset_key=_key(name),
                    description="It was there when the night asked.",
                    metadata={
                        "oldest_of_the_newest": f"{min(newest):%Y-%m-%d %H:%M} UTC" if newest else "unknown",
                        "tables": rows.height,
                    },
                )
            )


def _key(source: str) -> dg.AssetKey:
    return dg.AssetKey([PREFIX, source])


def _policy(declared: Freshness, nights: Nights, timezone: str) -> dg.FreshnessPolicy:
    """Late from the time at which it is due on, or once a night that was on time is as old as its rows may be."""
    if declared.expected_by is None:
        assert declared.max_age_hours is not None
        return dg.FreshnessPolicy.time_window(max(timedelta(hours=declared.max_age_hours), LEAST))
    deadline = max(declared.expected_by, _later(nights.starts_at, TO_BEGIN))
    window = _between(declared.since, deadline) % timedelta(days=1)
    return dg.FreshnessPolicy.cron(
        deadline_cron=f"{deadline.minute} {deadline.hour} * * *",
        lower_bound_delta=window if window >= LEAST else timedelta(days=1),
        timezone=timezone,
    )


def _later(moment: time, by: timedelta) -> time:
    """The time of the day, no later than its last minute."""
    return min(datetime.combine(date.min, moment) + by, datetime.combine(date.min, time(23, 59))).time()


def _between(begin: time, end: time) -> timedelta:
    return datetime.combine(date.min, end) - datetime.combine(date.min, begin)
