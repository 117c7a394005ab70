"""The accuracy asset: how wrong the customers are, estimated without known truth."""

import dagster as dg

from pipelines.defs.asset import asset_of
from pipelines.defs.resources import Night
from pipelines.defs.results import Result, describe_table
from pipelines.identity.decisions.read import read_decisions_in_force
from pipelines.identity.evaluation.without_truth.estimate import estimate_accuracy, tabulate_estimate
from pipelines.identity.evaluation.without_truth.evidence import gather_evidence


@asset_of(
    "identity",
    "identity/accuracy",
    after=["identity/decisions", "identity/records", "identity/model", "identity/pairs", "identity/clusters"],
)
def accuracy(context: dg.AssetExecutionContext, night: Night) -> Result:
    """One row per measure: pairwise precision and recall of today's customers as estimated, and the errors behind them.

    From the model, a sample and the records themselves, with an interval that contains the truth in nine of ten cases.
    """
    people, clusters = night.read_people(), night.read_clusters()
    evidence = gather_evidence(
        people,
        night.read_pairs(people),
        clusters.table["cluster_id"],
        night.load_model(),
        read_decisions_in_force(night.lake),
    )
    estimate = estimate_accuracy(evidence)
    if not estimate.is_reliable:
        context.log.warning(
            f"the identity model does not describe these records ({estimate.misfit_field}): the estimate of accuracy "
            "is a guess; train again with `parcours train`"
        )
    table = tabulate_estimate(estimate)
    night.lake.write("identity", "accuracy", table)
    return describe_table(
        table,
        {
            f"{name}_{side}": getattr(figure, side)
            for name, figure in (("precision", estimate.precision), ("recall", estimate.recall))
            for side in ("estimate", "low", "high")
        }
        | {"is_reliable": estimate.is_reliable},
    )
