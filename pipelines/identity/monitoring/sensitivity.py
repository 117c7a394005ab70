"""Sensitivity of customers to the match threshold: the clusters at stricter and looser thresholds."""

import polars as pl

from pipelines.identity.incremental.state import Say, say_nothing
from pipelines.identity.incremental.steps import update_clusters
from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.scoring.predict import ScoredPairs
from pipelines.identity.scoring.profiles import ProfiledRecords
from pipelines.lake.tables import Lake

THRESHOLD_OFFSETS_BITS: dict[str, float] = {"strict": 6.0, "loose": -6.0}
"""Offsets from the usual thresholds: odds of 64 to 1 for one person when strict, of 64 to 1 against when loose. Pairs
in between are those of which the model itself is unsure."""


def update_sensitivity(
    lake: Lake,
    profiled: ProfiledRecords,
    pairs: ScoredPairs,
    model: ModelVersion,
    decisions: pl.DataFrame,
    full: bool = False,
    say: Say = say_nothing,
) -> pl.DataFrame:
    """Writes ``identity/sensitivity``: record_id, strict_cluster_id, loose_cluster_id; sorted; returns it.

    One row per record. A cluster is named by its smallest record_id; human decisions hold at every threshold. ``pairs``
    are those of ``read_pairs``, with at least match_weight.
    """
    tables = []
    for name, threshold_offset_bits in THRESHOLD_OFFSETS_BITS.items():
        clusters, _ = update_clusters(
            lake, profiled, pairs, model, decisions, full, f"clusters_{name}", threshold_offset_bits, say
        )
        tables.append(clusters.table.rename({"cluster_id": f"{name}_cluster_id"}))
    sensitivity = tables[0].join(tables[1], on="record_id", how="left", maintain_order="left")
    lake.write("identity", "sensitivity", sensitivity)
    return sensitivity
