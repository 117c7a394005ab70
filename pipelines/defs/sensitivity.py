"""The sensitivity asset: customers as they would be if it took more, or less, evidence to be one person."""

import dagster as dg

from pipelines.defs.asset import asset_of
from pipelines.defs.resources import Night
from pipelines.defs.results import Result, describe_table
from pipelines.identity.decisions.read import read_decisions_in_force
from pipelines.identity.evaluation.without_truth.estimate import MISSED_COMPARED, WRONG_LINKED
from pipelines.identity.monitoring.sensitivity import update_sensitivity

DOUBTFUL = {"strict": WRONG_LINKED, "loose": MISSED_COMPARED}
"""The measure of ``identity/accuracy`` whose upper end is how many pairs of records a threshold is to move."""


@asset_of(
    "identity",
    "identity/sensitivity",
    after=[
        "identity/decisions",
        "identity/records",
        "identity/model",
        "identity/pairs",
        "identity/clusters",
        "identity/accuracy",
    ],
)
def sensitivity(context: dg.AssetExecutionContext, night: Night) -> Result:
    """One row per record: the person it would be recognised as under a stricter and under a looser demand of evidence.

    The headline figures are told under all three, so that a reader sees how far identity error can move them.
    """
    people, clusters = night.read_people(), night.read_clusters()
    most = dict(night.lake.read("identity", "accuracy").select("measure", "high").iter_rows())
    found = update_sensitivity(
        night.lake,
        people,
        night.read_pairs(people),
        night.load_model(),
        read_decisions_in_force(night.lake),
        clusters.table,
        {name: most[measure] for name, measure in DOUBTFUL.items()},
        night.full,
        context.log.info,
    )
    figures: dict[str, float] = {}
    for row in found.thresholds.iter_rows(named=True):
        name = row["identity_threshold"]
        figures |= {f"{name}_clusters": found.records[f"{name}_cluster_id"].n_unique()}
        figures |= {f"{name}_{column}": row[column] for column in ("offset_bits", "moved_pairs", "doubtful_pairs")}
    return describe_table(found.records, figures)
