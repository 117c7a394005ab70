"""The Dagster code location: assembles what lies in ``defs/``, for the interface, the commands and the tests alike."""

from collections.abc import Mapping, Sequence

import dagster as dg

from pipelines.config.home import may_configure_launches
from pipelines.defs import freshness, launch_config
from pipelines.defs.accuracy import accuracy
from pipelines.defs.alerts import SENSORS
from pipelines.defs.days import backfill
from pipelines.defs.drift import drift
from pipelines.defs.extracts import extract_assets
from pipelines.defs.field_report import field_report
from pipelines.defs.identity import identity_assets
from pipelines.defs.orphaned_runs import killed_runs
from pipelines.defs.pulls import pulls
from pipelines.defs.references import references
from pipelines.defs.report import report
from pipelines.defs.resources import Night
from pipelines.defs.schedules import (
    NIGHTLY,
    TRAINING,
    exports_arrived,
    nightly_schedule,
    settings_to_load_with,
)
from pipelines.defs.sensitivity import sensitivity
from pipelines.defs.warehouse import warehouse_assets
from pipelines.lake.owner_only import close_to_others
from pipelines.nights.settings import load_nights

CONSOLE = {"console": dg.colored_console_logger, "progress": dg.colored_console_logger}
"""Dagster's own logger, and in place of the one that the commands log to, so that their runs can be launched again."""


def build_definitions(
    *,
    executor: dg.ExecutorDefinition = dg.in_process_executor,
    resources: Mapping[str, object] | None = None,
    loggers: Mapping[str, dg.LoggerDefinition] | None = None,
    assets: Sequence[dg.AssetsDefinition] = (),
    is_scheduled: bool = True,
) -> dg.Definitions:
    """All assets, jobs, the schedule and the sensors, as the interface loads them, but for what is given.

    ``resources`` take the place of those with their names, ``assets`` of the definitions that have one of their keys.
    Not ``is_scheduled``, nothing runs by itself. One process by default: on one machine, the seconds that every further
    process takes to start buy nothing.
    """
    close_to_others()  # Whichever process puts the code location together writes the home, or starts what does.
    sources, nights = settings_to_load_with() if is_scheduled else (None, load_nights(None))
    replaced = {key for replacement in assets for key in replacement.keys}
    usual = [
        *(pulls, *extract_assets(), references, *identity_assets(), field_report, drift, sensitivity, accuracy),
        *(*warehouse_assets(freshness.warehouse_policy(nights)), report),
    ]
    watched = freshness.source_assets(sources, nights) if sources else []
    return dg.Definitions(
        assets=[*(definition for definition in usual if replaced.isdisjoint(definition.keys)), *assets, *watched],
        jobs=[NIGHTLY, TRAINING, backfill],
        schedules=[nightly_schedule()] if is_scheduled else [],
        sensors=[killed_runs, exports_arrived, *SENSORS] if is_scheduled else [],
        resources={"night": Night(), **(resources or {})},
        loggers=loggers or CONSOLE,
        executor=executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The code location: as above, but that a launch configures little of it, unless the operator lets it."""
    return build_definitions(**(launch_config.unguarded() if may_configure_launches() else launch_config.guarded()))
