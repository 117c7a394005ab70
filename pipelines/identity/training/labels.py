"""Human decisions as labelled pairs: for scoring the model, and for training it.

A weight depends on two records and the model alone, never on decisions, so each labelled pair is scored as if nobody
had decided. People decide on uncertain pairs: the scores are of hard cases, not of all pairs.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.identity.clustering.cluster import LINK_THRESHOLD_BITS
from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.model.specification import CLASSES, Field
from pipelines.identity.scoring.match_weights import Floats, look_up_frequencies, weigh_pairs
from pipelines.identity.scoring.predict import ComparedPairs, compare_pairs
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


@dataclass(frozen=True)
class LabelledPairs:
    """Pairs of profiles whose class is known: one person where ``is_match``, else of one household or strangers."""

    pairs: ComparedPairs
    is_match: npt.NDArray[np.bool_]

    def count(self) -> dict[str, int]:
        same = int(self.is_match.sum())
        return {"must_link": same, "cannot_link": len(self.is_match) - same}

    def of_fields(self, positions: list[int]) -> "LabelledPairs":
        """The same with only the fields at these positions."""
        return LabelledPairs(replace(self.pairs, levels=self.pairs.levels[:, positions]), self.is_match)

    def append_to(self, others: ComparedPairs) -> ComparedPairs:
        """``others``, then these pairs."""
        columns = ("left", "right", "found_by", "levels")
        return ComparedPairs(*(np.concatenate([getattr(others, name), getattr(self.pairs, name)]) for name in columns))

    def clamp(self, responsibilities: Floats) -> Floats:
        """``responsibilities`` of these pairs (columns in the order of CLASSES), with the known classes fixed."""
        match = CLASSES.index("match")
        rest = np.maximum(1.0 - responsibilities[:, match], 1e-300)
        clamped = np.where(self.is_match[:, None], 0.0, responsibilities / rest[:, None])
        clamped[:, match] = self.is_match
        return clamped


def compare_labels(profiles: pl.DataFrame, decisions: pl.DataFrame, fields: tuple[Field, ...]) -> LabelledPairs:
    """The decisions between two of ``profiles``, compared field by field."""
    labels = number_labels(profiles, decisions)
    pairs = compare_pairs(profiles, labels["left"].to_numpy(), labels["right"].to_numpy(), fields)
    return LabelledPairs(pairs, labels["is_match"].to_numpy())


def leave_out_labelled(compared: ComparedPairs, labelled: LabelledPairs) -> ComparedPairs:
    """``compared`` without the labelled pairs: these count once, by their label."""
    known = _as_keys(labelled.pairs)
    return compared.take(np.flatnonzero(~np.isin(_as_keys(compared), known))) if len(known) else compared


def _as_keys(pairs: ComparedPairs) -> npt.NDArray[np.int64]:
    return (pairs.left.astype(np.int64) << 32) + pairs.right.astype(np.int64)


def number_labels(profiles: pl.DataFrame, decisions: pl.DataFrame) -> pl.DataFrame:
    """The decisions between two of ``profiles``: one row per pair, sorted: left, right (profile_no), is_match.

    A record that a decision names is a profile of its own, so its id is a profile's.
    """
    numbers = profiles.select("record_id", "profile_no")
    return (
        decisions.select("verdict", "record_id_l", "record_id_r")
        .join(numbers.rename({"record_id": "record_id_l", "profile_no": "l"}), on="record_id_l")
        .join(numbers.rename({"record_id": "record_id_r", "profile_no": "r"}), on="record_id_r")
        .select(
            pl.min_horizontal("l", "r").alias("left"),
            pl.max_horizontal("l", "r").alias("right"),
            (pl.col("verdict") == "must_link").alias("is_match"),
        )
        .sort("left", "right")
    )


def score_labels(records: pl.DataFrame, decisions: pl.DataFrame, model: ModelVersion) -> LabelScores:
    """Scores the model on the pairs of ``decisions`` (``identity/decisions`` of the run that made ``records``)."""
    named = pl.concat([decisions["record_id_l"], decisions["record_id_r"]]).unique()
    profiles, _ = build_profiles(records.filter(pl.col("record_id").is_in(named.implode())))
    labels = number_labels(profiles, decisions)
    compared = compare_pairs(profiles, labels["left"].to_numpy(), labels["right"].to_numpy(), model.fields)
    weights = weigh_pairs(compared.levels, compared.left, look_up_frequencies(profiles, model), model).total
    linked, same = weights >= LINK_THRESHOLD_BITS, labels["is_match"].to_numpy()
    ids = profiles["record_id"].to_list()
    pairs = [(ids[left], ids[right]) for left, right in labels.select("left", "right").iter_rows()]
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
