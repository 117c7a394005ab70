"""How far customers depend on the match threshold: the clusters at a stricter and at a looser one.

The two are as far off as the estimate of accuracy makes them: the stricter one takes as many pairs of records apart as
may at most be wrong, the looser one puts as many together as may at most have been missed. What is wrong or missed at
any threshold (receipts by their e-mail, pairs that no key compares) is in neither.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from pipelines.identity.incremental.state import Say, say_nothing
from pipelines.identity.incremental.steps import update_clusters
from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.scoring.predict import ScoredPairs
from pipelines.identity.scoring.profiles import ProfiledRecords
from pipelines.lake.tables import Lake

THRESHOLD_OFFSETS_BITS: dict[str, tuple[float, ...]] = {"strict": (6.0, 9.0, 12.0), "loose": (-6.0, -8.0, -10.0)}
"""Offsets from the usual thresholds, of which the first counts that moves enough pairs, else the last.

The first are odds of 64 to 1: pairs in between are those of which the model itself is unsure, and consents rest on no
less (`customer_consents`). Below -10 no pair is stored.
"""

THRESHOLDS_SCHEMA = {
    "identity_threshold": pl.String(),
    "offset_bits": pl.Float64(),
    "moved_pairs": pl.Int64(),
    "doubtful_pairs": pl.Float64(),
}
"""The columns of ``identity/thresholds``."""


@dataclass(frozen=True)
class Sensitivity:
    """``records``: record_id, strict_cluster_id, loose_cluster_id, sorted; a cluster is called as its smallest record.

    ``thresholds``: a row each for strict and loose, with the offset in bits, the pairs of records that it takes apart
    or puts together, and how many are wrong or missed at most.
    """

    records: pl.DataFrame
    thresholds: pl.DataFrame


def update_sensitivity(
    lake: Lake,
    profiled: ProfiledRecords,
    pairs: ScoredPairs,
    model: ModelVersion,
    decisions: pl.DataFrame,
    clusters: pl.DataFrame,
    doubtful_pairs: Mapping[str, float],
    full: bool = False,
    say: Say = say_nothing,
) -> Sensitivity:
    """Writes ``identity/sensitivity``, one row per record, and ``identity/thresholds``; returns both.

    Human decisions hold at every threshold. ``pairs`` are those of ``read_pairs``, with at least match_weight, and
    ``clusters`` is ``identity/clusters``, record_id and cluster_id, of the same night. ``doubtful_pairs``: how many
    pairs of records are to be moved, by the name of the threshold.
    """
    tables, thresholds = [], []
    for name, offsets in THRESHOLD_OFFSETS_BITS.items():
        doubtful = doubtful_pairs[name]
        for offset_bits in offsets:
            # Each offset keeps a state of its own, so that a night that tries the next one reuses what it kept.
            state = f"clusters_{name}" if offset_bits == offsets[0] else f"clusters_{name}_{abs(offset_bits):.0f}"
            found, _ = update_clusters(lake, profiled, pairs, model, decisions, full, state, offset_bits, say)
            moved = count_moved_pairs(clusters, found.table)[name]
            if moved >= doubtful:
                break
        thresholds.append((name, offset_bits, moved, doubtful))
        tables.append(found.table.rename({"cluster_id": f"{name}_cluster_id"}))
    records = tables[0].join(tables[1], on="record_id", how="left", maintain_order="left")
    lake.write("identity", "sensitivity", records)
    compared = pl.DataFrame(thresholds, schema=THRESHOLDS_SCHEMA, orient="row")
    lake.write("identity", "thresholds", compared)
    return Sensitivity(records, compared)


def count_moved_pairs(usual: pl.DataFrame, other: pl.DataFrame) -> dict[str, int]:
    """The pairs of records that ``other`` clusters take apart (strict) and put together (loose), beside the ``usual``.

    Both have record_id and cluster_id, of the same records.
    """
    both = usual.join(other.rename({"cluster_id": "other_id"}), on="record_id", how="inner")
    within, common, of_other = (
        _count_pairs(both, columns) for columns in (["cluster_id"], ["cluster_id", "other_id"], ["other_id"])
    )
    return {"strict": within - common, "loose": of_other - common}


def _count_pairs(records: pl.DataFrame, group: list[str]) -> int:
    """The pairs of records within groups."""
    size = pl.col("len").cast(pl.Int64)
    return int(records.group_by(group).len().select((size * (size - 1) // 2).sum()).item())
