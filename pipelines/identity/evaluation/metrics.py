"""Scores a clustering against known truth: pairwise, B-cubed and exact-cluster precision, recall and F1.

Sources. Pairwise and cluster measures: Menestrina, Whang and Garcia-Molina, "Evaluating entity resolution results",
VLDB 2010. B-cubed: Bagga and Baldwin 1998, in the form of Amigó et al., "A comparison of extrinsic clustering
evaluation metrics", Information Retrieval 12, 2009: the mean over records of |own cluster and own person| /
|own cluster| (precision) and / |own person| (recall).
"""

from dataclasses import asdict, dataclass

import polars as pl


@dataclass(frozen=True)
class Scores:
    """Shares between 0 and 1. A share of nothing (no predicted pair, say) counts as 1: no error was made."""

    pairwise_precision: float
    pairwise_recall: float
    pairwise_f1: float
    bcubed_precision: float
    bcubed_recall: float
    bcubed_f1: float
    cluster_precision: float
    cluster_recall: float
    cluster_f1: float
    records: int
    """Records that both the prediction and the truth have: the scores are of these."""
    predicted_only: int
    truth_only: int
    clusters: int
    people: int

    def as_dict(self) -> dict[str, float | int]:
        return asdict(self)


def evaluate(predicted: pl.DataFrame, truth: pl.DataFrame) -> Scores:
    """Scores of ``predicted`` (one row per record: record_id, customer_id) against ``truth`` (record_id, person_id)."""
    both = predicted.select("record_id", "customer_id").join(
        truth.select("record_id", "person_id"), on="record_id", how="inner"
    )
    cells = both.group_by("customer_id", "person_id").agg(pl.len().cast(pl.Int64).alias("common"))
    cells = cells.with_columns(
        pl.col("common").sum().over("customer_id").alias("in_cluster"),
        pl.col("common").sum().over("person_id").alias("in_person"),
    )
    clusters, people = both["customer_id"].n_unique(), both["person_id"].n_unique()
    together = _pairs_of(cells["common"])
    predicted_pairs = _pairs_of(both.group_by("customer_id").len()["len"])
    true_pairs = _pairs_of(both.group_by("person_id").len()["len"])
    exact = cells.filter((pl.col("common") == pl.col("in_cluster")) & (pl.col("common") == pl.col("in_person"))).height
    overlap = cells.select(
        (pl.col("common") ** 2 / pl.col("in_cluster")).sum().alias("precision"),
        (pl.col("common") ** 2 / pl.col("in_person")).sum().alias("recall"),
    ).row(0)
    pairwise = _share(together, predicted_pairs), _share(together, true_pairs)
    bcubed = _share(overlap[0], both.height), _share(overlap[1], both.height)
    cluster = _share(exact, clusters), _share(exact, people)
    return Scores(
        *pairwise, _f1(*pairwise), *bcubed, _f1(*bcubed), *cluster, _f1(*cluster),
        records=both.height,
        predicted_only=predicted.height - both.height,
        truth_only=truth.height - both.height,
        clusters=clusters,
        people=people,
    )  # fmt: skip


def _pairs_of(sizes: pl.Series) -> int:
    wide = sizes.cast(pl.Int64)
    return int((wide * (wide - 1) // 2).sum())


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else 1.0


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
