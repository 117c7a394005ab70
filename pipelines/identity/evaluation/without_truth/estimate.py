"""Pairwise precision and recall of today's customers, estimated without known truth, with an interval.

Every weight may be off by as many bits, the same way for all: that is the model's error. Which of the doubtful pairs
are right is chance. What the model does not see at all (receipts, matches that share too little to be found) has an
error of its own. The interval adds up these deviations as independent ones.

How wide each is was measured on generated retailers and public data of which the truth is known
(``benchmarks/estimate.py``), so that nine intervals in ten contain it.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.identity.evaluation.without_truth.evidence import Evidence
from pipelines.identity.evaluation.without_truth.groups import probability
from pipelines.identity.evaluation.without_truth.joins import Joins
from pipelines.identity.evaluation.without_truth.separated import Separated
from pipelines.identity.evaluation.without_truth.unseen import count_unseen
from pipelines.identity.scoring.match_weights import Floats

COVERAGE = 0.9
"""The share of intervals that contain the truth."""

MODEL_ERROR_BITS = 2.0
"""By how many bits all weights of a model may be off. On generated retailers it is 0 to 1, on historical figures 2."""

LARGEST_MISFIT = 0.25
"""The misfit up to which a model describes its records. Trained on them it is below .03, on historical figures .10; a
model with the probabilities of one field the wrong way round has over .9."""

ERROR_BITS_OF_A_MISFIT = 4.0
"""By how many bits the weights of a model beyond it may be off."""

CHANCE = 1.645
"""Standard deviations of a normal distribution on either side of nine values in ten."""

UNSEEN_FACTOR = 2.0
"""By what factor the count of matches that share too little to be found may be off."""

LONE_RECEIPTS_ERROR, SHARED_RECEIPTS_ERROR = 0.4, 0.2
"""By what share the pairs missed by receipts may be off: those whose e-mail nobody else has, those of several users."""

UNMODELLED_SHARE = 0.001
"""The share of pairs within customers that may be wrong although everything speaks for them (twins, one card lent)."""

PRIOR_STEPS = 10  # The share of matches settles within three.


@dataclass(frozen=True)
class Figure:
    """An estimate and the interval around it."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class Estimate:
    """``precision`` and ``recall`` are of pairs of records, between 0 and 1, all others are expected pairs of records.

    ``wrong`` are within customers, ``missed`` between them. ``together``: all pairs within customers. Of the wrong,
    ``wrong_receipts`` are those of receipts by their e-mail, and ``wrong_linked`` all others. Of the missed,
    ``compared`` are between customers of whom a pair was compared, ``beyond_keys`` between others with common values,
    ``unseen`` share too little to be found, and ``missed_receipts`` are those of receipts. The wrong that are linked
    and the missed that were compared are those that another threshold would put right. ``prior_shift_bits``: by how
    much matches are more frequent than the model says. ``misfit``: the share of matches, in the field where it is
    largest, that agree otherwise than it says.
    """

    precision: Figure
    recall: Figure
    together: int
    wrong: Figure
    wrong_linked: Figure
    wrong_receipts: float
    missed: Figure
    compared: Figure
    beyond_keys: float
    unseen: float
    missed_receipts: float
    prior_shift_bits: float
    misfit: float
    misfit_field: str | None

    @property
    def is_reliable(self) -> bool:
        """Whether the model describes these records, so that the interval is what it says."""
        return self.misfit <= LARGEST_MISFIT


@dataclass(frozen=True)
class _Expected:
    """Expected pairs of records if all weights are shifted by so many bits, and the variances of what they will be."""

    wrong: float
    wrong_variance: float
    compared: float
    compared_variance: float
    beyond_keys: float
    missed_variance: float
    unseen: float


def estimate_accuracy(evidence: Evidence) -> Estimate:
    """The estimate, from what :func:`.evidence.gather_evidence` gathers."""
    shift = _find_prior_shift(evidence)
    misfit_field = max(evidence.misfits, key=lambda name: (evidence.misfits[name], name), default=None)
    misfit = evidence.misfits[misfit_field] if misfit_field else 0.0
    error = MODEL_ERROR_BITS if misfit <= LARGEST_MISFIT else ERROR_BITS_OF_A_MISFIT
    usual, more, fewer = (_expect(evidence, shift + bits) for bits in (0.0, error, -error))
    receipts, together = evidence.receipts, float(evidence.together)
    unmodelled = UNMODELLED_SHARE * together
    # They come by the customer: in a small file, one of several records is more than the share.
    several = CHANCE * (unmodelled * _weigh_sizes(evidence.joins)) ** 0.5
    chance = CHANCE * usual.wrong_variance**0.5
    fewer_wrong = [usual.wrong - more.wrong, unmodelled, chance]
    more_wrong = [fewer.wrong - usual.wrong, unmodelled + several, chance]
    wrong_linked = _surround(usual.wrong, fewer_wrong, more_wrong, together)
    wrong = _surround(
        usual.wrong + receipts.wrong, [*fewer_wrong, receipts.wrong], [*more_wrong, receipts.wrong], together
    )
    chance = CHANCE * usual.compared_variance**0.5
    compared = _surround(
        usual.compared, [usual.compared - fewer.compared, chance], [more.compared - usual.compared, chance]
    )
    found, fewest, most = (each.compared + each.beyond_keys for each in (usual, fewer, more))
    other = [
        CHANCE * (usual.missed_variance + receipts.missed_variance) ** 0.5,
        LONE_RECEIPTS_ERROR * receipts.missed_alone,
        receipts.missed_alone_spread,
        SHARED_RECEIPTS_ERROR * receipts.missed_between,
    ]
    missed_receipts = receipts.missed_alone + receipts.missed_between
    missed = _surround(
        found + usual.unseen + missed_receipts,
        [found - fewest, usual.unseen * (1.0 - 1.0 / UNSEEN_FACTOR), *other],
        [most - found, usual.unseen * (UNSEEN_FACTOR - 1.0), *other],
    )
    return Estimate(
        precision=Figure(*(1.0 - _share(pairs, together, 0.0) for pairs in (wrong.estimate, wrong.high, wrong.low))),
        recall=Figure(
            *(
                _share(together - errors, together - errors + lacking, 1.0)
                for errors, lacking in (
                    (wrong.estimate, missed.estimate),
                    (wrong.high, missed.high),
                    (wrong.low, missed.low),
                )
            )
        ),
        together=evidence.together,
        wrong=wrong,
        wrong_linked=wrong_linked,
        wrong_receipts=receipts.wrong,
        missed=missed,
        compared=compared,
        beyond_keys=usual.beyond_keys,
        unseen=usual.unseen,
        missed_receipts=missed_receipts,
        prior_shift_bits=shift,
        misfit=misfit,
        misfit_field=misfit_field,
    )


def tabulate_estimate(estimate: Estimate) -> pl.DataFrame:
    """``identity/accuracy``: one row per measure, in order: measure, estimate, low, high (null where there is none)."""
    with_interval = {
        "pairwise_precision": estimate.precision,
        "pairwise_recall": estimate.recall,
        "wrong_pairs": estimate.wrong,
        "missed_pairs": estimate.missed,
        WRONG_LINKED: estimate.wrong_linked,
        MISSED_COMPARED: estimate.compared,
    }
    parts = {
        "pairs_together": float(estimate.together),
        "wrong_pairs_of_receipts": estimate.wrong_receipts,
        "missed_pairs_beyond_blocking_keys": estimate.beyond_keys,
        "missed_pairs_unseen": estimate.unseen,
        "missed_pairs_of_receipts": estimate.missed_receipts,
        "prior_shift_bits": estimate.prior_shift_bits,
        "model_misfit": estimate.misfit,
        "is_reliable": float(estimate.is_reliable),
    }
    rows: list[tuple[str, float, float | None, float | None]] = [
        (name, figure.estimate, figure.low, figure.high) for name, figure in with_interval.items()
    ]
    rows += [(name, value, None, None) for name, value in parts.items()]
    return pl.DataFrame(rows, schema=ACCURACY_SCHEMA, orient="row")


WRONG_LINKED, MISSED_COMPARED = "wrong_pairs_linked", "missed_pairs_compared"
"""The measures of what another threshold would put right."""

ACCURACY_SCHEMA = {"measure": pl.String(), "estimate": pl.Float64(), "low": pl.Float64(), "high": pl.Float64()}
"""The columns of ``identity/accuracy``."""


def _find_prior_shift(evidence: Evidence) -> float:
    """By how many bits matches are more frequent among all pairs than the model says, given what it finds."""
    shift = 0.0
    groups: tuple[Joins | Separated, ...] = (evidence.joins, *evidence.separated)
    if not evidence.profile_pairs:
        return shift
    for _ in range(PRIOR_STEPS):
        matches = sum(
            float((each.profile_pairs * each.scale * probability(each.weight + shift)).sum()) for each in groups
        )
        if not matches:
            return 0.0
        shift = float(np.log2(matches / evidence.profile_pairs / evidence.share_of_matches))
    return shift


def _expect(evidence: Evidence, shift: float) -> _Expected:
    joins = evidence.joins
    right = probability(joins.weight + shift)
    across = joins.record_pairs * joins.scale
    missed, variances = [], []
    agreements: Floats = joins.agreements.copy()
    for each in evidence.separated:
        same = probability(each.weight + shift)
        between = each.record_pairs * each.scale
        missed.append(float((between * same).sum()))
        variances.append(float((between**2 * same * (1.0 - same)).sum()))
        agreements += (each.agreements * (each.scale * same)[:, None]).sum(axis=0)
    return _Expected(
        wrong=float((across * (1.0 - right)).sum()),
        wrong_variance=float((across**2 * right * (1.0 - right)).sum()),
        compared=missed[0],
        compared_variance=variances[0],
        beyond_keys=missed[1],
        missed_variance=sum(variances),
        unseen=count_unseen(agreements),
    )


def _weigh_sizes(joins: Joins) -> float:
    """The pairs of records of which a pair drawn at random is wrong at once: those across its join, on average."""
    across = joins.record_pairs * joins.scale
    return float((across * joins.record_pairs).sum() / across.sum()) if across.sum() else 0.0


def _surround(estimate: float, below: list[float], above: list[float], at_most: float = np.inf) -> Figure:
    """The estimate of a count, with independent deviations below and above it."""
    low, high = (float(np.sqrt(np.square(deviations).sum())) for deviations in (below, above))
    return Figure(min(estimate, at_most), max(0.0, estimate - low), min(at_most, estimate + high))


def _share(part: float, whole: float, of_nothing: float) -> float:
    return part / whole if whole > 0 else of_nothing
