"""Compares a newly trained model with the one in force before it replaces it: weights, pairs, and customers.

Customers are compared as the ledger would carry them over: the new model's clusters get ids by the ledger's rules, and
records with another id than today have moved.
"""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from pipelines.identity.clustering.cluster import LINK_THRESHOLD_BITS, cluster_records
from pipelines.identity.customer_ids.ledger import assign_ids, current_map, empty_ledger
from pipelines.identity.decisions.read import no_decisions
from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.scoring.level_weights import list_bits
from pipelines.identity.scoring.predict import score_pairs


@dataclass(frozen=True)
class WeightMove:
    """The weight of one level in the version in force and in the new one, in bits; None where one lacks the level."""

    field: str
    level: str
    before: float | None
    after: float | None

    @property
    def bits(self) -> float:
        """By how much the weight moves; infinite where one version lacks the level."""
        return float("inf") if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True)
class Comparison:
    """The new version ``after`` compared with ``before``, the one in force (None where that one can no longer run).

    ``weights``: one per level, the largest move first; empty without ``before``. ``pairs``: those that either version
    stores, ``pairs_changed`` those that only one of them links (None without ``before``). ``records``: those that have
    a customer today, ``records_moved`` those that would have another. ``merges``: customers that would be absorbed.
    ``splits``: parts that would be separated from a customer.
    """

    before: str | None
    after: str
    weights: tuple[WeightMove, ...]
    pairs: int | None
    pairs_changed: int | None
    records: int
    records_moved: int
    customers_before: int
    customers_after: int
    merges: int
    splits: int

    @property
    def share_moved(self) -> float:
        return self.records_moved / max(1, self.records)

    @property
    def share_of_pairs_changed(self) -> float | None:
        return None if self.pairs_changed is None else self.pairs_changed / max(1, self.pairs or 0)

    def figures(self) -> dict[str, Any]:
        """Everything but the weights, as plain values."""
        largest = max((abs(move.bits) for move in self.weights if np.isfinite(move.bits)), default=None)
        return {
            **{name: value for name, value in asdict(self).items() if name != "weights"},
            "share_of_pairs_changed": self.share_of_pairs_changed,
            "share_moved": self.share_moved,
            "largest_weight_move": largest,
        }

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain values; ``bits`` is null where one version has no such level."""
        weights = [asdict(move) | {"bits": move.bits if np.isfinite(move.bits) else None} for move in self.weights]
        return self.figures() | {"weights": weights}


def compare_models(
    records: pl.DataFrame,
    before: ModelVersion | None,
    after: ModelVersion,
    as_of: date,
    ledger: pl.DataFrame | None = None,
    decisions: pl.DataFrame | None = None,
) -> Comparison | None:
    """Compares ``after`` with ``before`` on ``identity/records``.

    Today's customers are those of ``ledger``, as last published; without one, the clusters of ``before``. Returns None
    where there is neither: nothing to compare with. Records without a customer today are not counted.
    """
    decided = no_decisions() if decisions is None else decisions
    known = empty_ledger() if ledger is None else ledger
    if before is None and known.is_empty():
        return None
    pairs_after = score_pairs(records, after)
    pairs_before = None if before is None else score_pairs(records, before)
    if known.is_empty() and before is not None and pairs_before is not None:
        known = assign_ids(cluster_records(records, pairs_before, before, decided), known, as_of)
    moved = _compare_customers(cluster_records(records, pairs_after, after, decided), known, as_of)
    pairs, changed = (None, None) if pairs_before is None else _compare_pairs(pairs_before, pairs_after)
    return Comparison(
        before=None if before is None else before.version,
        after=after.version,
        weights=() if before is None else compare_weights(before, after),
        pairs=pairs,
        pairs_changed=changed,
        **moved,
    )


def compare_weights(before: ModelVersion, after: ModelVersion) -> tuple[WeightMove, ...]:
    """Every level of either version with its two weights, largest move first, then by name."""
    old, new = list_bits(before), list_bits(after)
    moves = [WeightMove(*key, old.get(key), new.get(key)) for key in {**old, **new}]
    return tuple(sorted(moves, key=lambda move: (-abs(move.bits), move.field, move.level)))


def _compare_pairs(before: pl.DataFrame, after: pl.DataFrame) -> tuple[int, int]:
    """The number of pairs in either frame of scored pairs, and how many of them only one of the two links."""
    ends = ["record_id_l", "record_id_r"]
    linked = (pl.col("match_weight") >= LINK_THRESHOLD_BITS).alias("is_linked")
    joined = before.select(*ends, linked).join(after.select(*ends, linked), on=ends, how="full", coalesce=True)
    changed = pl.col("is_linked").fill_null(False) != pl.col("is_linked_right").fill_null(False)
    return joined.height, joined.filter(changed).height


def _compare_customers(clusters: pl.DataFrame, ledger: pl.DataFrame, as_of: date) -> dict[str, int]:
    """What becomes of today's map under the new ``clusters``: the figures of a Comparison."""
    today = current_map(ledger).join(clusters, on="record_id", how="semi")
    # Records that are gone or new would count as changes that the model made.
    shared = pl.col("record_id").is_in(today["record_id"].implode())
    known = ledger.filter(pl.col("record_id").is_null() | shared)
    entries = assign_ids(clusters.filter(shared), known, as_of)
    tomorrow = current_map(entries)
    changes = entries.tail(entries.height - known.height)["change"]
    return {
        "records": today.height,
        "records_moved": today.join(tomorrow, on=["record_id", "customer_id"], how="anti").height,
        "customers_before": today["customer_id"].n_unique(),
        "customers_after": tomorrow["customer_id"].n_unique(),
        "merges": int((changes == "absorbed").sum()),
        "splits": int((changes == "split").sum()),
    }
