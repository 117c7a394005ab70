"""The sensitivity asset: customers as they would be if it took more, or less, evidence to be one person."""

import dagster as dg

from pipelines.defs.failures import as_step_failure
from pipelines.defs.resources import Night
from pipelines.defs.results import Result
from pipelines.identity.decisions.read import read_decisions_in_force
from pipelines.identity.monitoring.sensitivity import THRESHOLD_OFFSETS_BITS, update_sensitivity


@dg.asset(
    key=["identity", "sensitivity"],
    deps=[dg.AssetKey(["identity", name]) for name in ("decisions", "records", "model", "pairs")],
    group_name="identity",
    owners=["team:customer-data"],
    kinds={"parquet"},
)
def sensitivity(night: Night) -> Result:
    """One row per record: the person it would be recognised as under a stricter and under a looser demand of evidence.

    The headline figures are told under all three, so that a reader sees how far identity error can move them.
    """
    with as_step_failure():
        divided = update_sensitivity(
            night.lake,
            night.people,
            night.pairs,
            night.required_model,
            read_decisions_in_force(night.lake),
            night.full,
        )
        return Result(
            metadata={
                "dagster/row_count": divided.height,
                **{f"{name}_clusters": divided[f"{name}_cluster_id"].n_unique() for name in THRESHOLD_OFFSETS_BITS},
            }
        )
