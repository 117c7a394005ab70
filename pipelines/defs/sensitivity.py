"""The sensitivity asset: customers as they would be if it took more, or less, evidence to be one person."""

import dagster as dg

from pipelines.defs.asset import asset_of
from pipelines.defs.resources import Night
from pipelines.defs.results import Result, describe_table
from pipelines.identity.decisions.read import read_decisions_in_force
from pipelines.identity.monitoring.sensitivity import THRESHOLD_OFFSETS_BITS, update_sensitivity


@asset_of(
    "identity",
    "identity/sensitivity",
    after=["identity/decisions", "identity/records", "identity/model", "identity/pairs"],
)
def sensitivity(context: dg.AssetExecutionContext, night: Night) -> Result:
    """One row per record: the person it would be recognised as under a stricter and under a looser demand of evidence.

    The headline figures are told under all three, so that a reader sees how far identity error can move them.
    """
    people = night.read_people()
    divided = update_sensitivity(
        night.lake,
        people,
        night.read_pairs(people),
        night.load_model(),
        read_decisions_in_force(night.lake),
        night.full,
        context.log.info,
    )
    return describe_table(
        divided, {f"{name}_clusters": divided[f"{name}_cluster_id"].n_unique() for name in THRESHOLD_OFFSETS_BITS}
    )
