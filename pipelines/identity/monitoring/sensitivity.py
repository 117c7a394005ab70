"""How customers would fall out if it took more, or less, evidence to be one person: what identity error may come to."""

import polars as pl

from pipelines.identity.incremental.steps import update_clusters
from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.scoring.predict import ScoredPairs
from pipelines.identity.scoring.profiles import ProfiledRecords
from pipelines.lake.tables import Lake

THRESHOLD_OFFSETS_BITS: dict[str, float] = {"strict": 6.0, "loose": -6.0}
"""Bits beyond the usual: odds of 64 to 1 for one person where it is strict, of 64 to 1 against where it is loose. Pairs
between the two are those that the model itself calls anything but sure."""


def update_sensitivity(
    lake: Lake,
    profiled: ProfiledRecords,
    pairs: ScoredPairs,
    model: ModelVersion,
    decisions: pl.DataFrame,
    full: bool = False,
) -> pl.DataFrame:
    """Writes ``identity/sensitivity``: record_id, strict_cluster_id, loose_cluster_id; sorted; returns it.

    One row per record. A cluster is named by its smallest record_id; decisions of people hold in all of them. ``pairs``
    are those of ``read_pairs``, with at least match_weight.
    """
    labels_after_split = [
        update_clusters(lake, profiled, pairs, model, decisions, full, f"clusters_{name}", threshold_offset_bits)[
            0
        ].table.rename({"cluster_id": f"{name}_cluster_id"})
        for name, threshold_offset_bits in THRESHOLD_OFFSETS_BITS.items()
    ]
    together = labels_after_split[0].join(labels_after_split[1], on="record_id", how="left", maintain_order="left")
    lake.write("identity", "sensitivity", together)
    return together
