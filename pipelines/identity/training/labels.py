"""Human decisions as labelled pairs: for scoring the model, and for training it.

A weight depends on two records and the model alone, never on decisions, so each labelled pair is scored as if nobody
had decided. People decide on uncertain pairs: the scores are of hard cases, not of all pairs.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from pipelines.identity.clustering.cluster import LINK_THRESHOLD_BITS
from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.scoring.linker import ENDS, open_linker
from pipelines.identity.scoring.profiles import build_profiles


@dataclass(frozen=True)
class LabelScores:
    """Scores of the model on labelled pairs. A pair is linked where its weight is at least ``LINK_THRESHOLD_BITS``.

    ``wrongly_linked`` are linked pairs with a cannot-link, ``missed`` unlinked pairs with a must-link. ``not_weighed``
    counts decisions about records that are gone, or that have nothing to compare: they are in no score.
    """

    precision: float
    recall: float
    f1: float
    same_person: int
    different_people: int
    not_weighed: int
    wrongly_linked: list[tuple[str, str]]
    missed: list[tuple[str, str]]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def list_labelled_pairs(profiles: pl.DataFrame, decisions: pl.DataFrame) -> pl.DataFrame:
    """The decisions between two of ``profiles``, one row per pair, sorted: record_id_l, record_id_r, is_match.

    A record that a decision names is a profile of its own, so its id is a profile's.
    """
    known = profiles["record_id"].implode()
    return (
        decisions.filter(pl.all_horizontal(pl.col(end).is_in(known) for end in ENDS))
        .select(
            pl.min_horizontal(ENDS).alias("record_id_l"),
            pl.max_horizontal(ENDS).alias("record_id_r"),
            (pl.col("verdict") == "must_link").alias("is_match"),
        )
        .sort(ENDS)
    )


def score_labels(records: pl.DataFrame, decisions: pl.DataFrame, model: ModelVersion) -> LabelScores:
    """Scores the model on the pairs of ``decisions`` (``identity/decisions`` of the run that made ``records``)."""
    named = pl.concat([decisions["record_id_l"], decisions["record_id_r"]]).unique()
    profiles, _ = build_profiles(records.filter(pl.col("record_id").is_in(named.implode())))
    labels = list_labelled_pairs(profiles, decisions)
    with open_linker(profiles, model) as linker:
        weights = linker.weigh(labels["record_id_l"], labels["record_id_r"])["match_weight"].to_numpy()
    linked, same = weights >= LINK_THRESHOLD_BITS, labels["is_match"].to_numpy()
    pairs = list(labels.select(ENDS).iter_rows())
    right = int((linked & same).sum())
    precision, recall = _share(right, int(linked.sum())), _share(right, int(same.sum()))
    return LabelScores(
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        same_person=int(same.sum()),
        different_people=int((~same).sum()),
        not_weighed=decisions.height - labels.height,
        wrongly_linked=[pairs[row] for row in np.flatnonzero(linked & ~same)],
        missed=[pairs[row] for row in np.flatnonzero(~linked & same)],
    )


def _share(part: int, whole: int) -> float:
    """A share of nothing counts as 1: no error was made."""
    return part / whole if whole else 1.0
