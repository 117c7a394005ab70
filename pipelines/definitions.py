"""The Dagster code location: loads ``defs/`` and nothing else."""

import dagster as dg

from pipelines.defs.drift import drift
from pipelines.defs.extracts import extract_assets
from pipelines.defs.identity import identity_assets
from pipelines.defs.report import report
from pipelines.defs.resources import Night
from pipelines.defs.schedules import NIGHTLY, TRAINING, every_night
from pipelines.defs.sensitivity import sensitivity
from pipelines.defs.warehouse import warehouse_assets


def build_definitions(executor: dg.ExecutorDefinition = dg.in_process_executor) -> dg.Definitions:
    """All assets, jobs and the schedule.

    One process by default: on one machine, the seconds that every further process takes to start buy nothing.
    """
    return dg.Definitions(
        assets=[*extract_assets(), *identity_assets(), drift, sensitivity, *warehouse_assets(), report],
        jobs=[NIGHTLY, TRAINING],
        schedules=[every_night],
        resources={"night": Night()},
        executor=executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    return build_definitions()
