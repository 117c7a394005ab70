"""Expectation-maximisation over patterns of agreement: m and h of every level, shares of matches and households.

The classes of pairs are matches, households and strangers. Splink's own estimation knows two: it would take members of
a household, who agree in everything but first name and birth date, for one or the other.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.identity.model.specification import CLASSES, Field
from pipelines.identity.scoring.match_weights import Floats, copied_share
from pipelines.identity.training.errors import TrainingError

ITERATIONS = 60
CONVERGED = 1e-4  # Largest change of any parameter at which the estimation stops.
DECLARED_PAIRS = 30.0  # How many observed pairs a declared probability is worth against what data show.


@dataclass(frozen=True)
class Patterns:
    """Patterns of agreement: rows are patterns, columns are fields.

    ``levels`` are positions in the field's levels, -1 where it is missing; ``inverse`` is 1 / f(v) at an agreement on
    value v, else 1. ``pairs`` is how many pairs each stands for, ``is_match`` what is known of them: 1 one person, 0
    not, -1 unknown.
    """

    levels: npt.NDArray[np.int8]
    inverse: Floats
    pairs: Floats
    is_match: npt.NDArray[np.int8]


@dataclass(frozen=True)
class Estimate:
    """By class and field the probability of each level, the share of each class among all pairs, and ``observed``: by
    class and field, in how many pairs each level was seen."""

    levels: dict[str, list[Floats]]
    shares: dict[str, float]
    observed: dict[str, list[Floats]]


def read_patterns(counted: pl.DataFrame, fields: tuple[Field, ...], scale: float = 1.0, is_match: int = -1) -> Patterns:
    """``counted`` patterns (``ProfileLinker.compare``), each pair standing for ``scale`` pairs."""
    levels = np.empty((counted.height, len(fields)), dtype=np.int8)
    inverse = np.ones((counted.height, len(fields)))
    for position, compared in enumerate(fields):
        gamma = counted[f"gamma_{compared.name}"].to_numpy()
        levels[:, position] = np.where(gamma < 0, -1, len(compared.levels) - 1 - gamma)
        if f"rarity_{compared.name}" in counted.columns:
            inverse[:, position] = np.exp2(-counted[f"rarity_{compared.name}"].fill_null(0.0).to_numpy())
    known = np.full(counted.height, is_match, dtype=np.int8)
    return Patterns(levels, inverse, counted["pairs"].to_numpy() * scale, known)


def join_patterns(*several: Patterns) -> Patterns:
    columns = ("levels", "inverse", "pairs", "is_match")
    return Patterns(*(np.concatenate([getattr(each, name) for each in several]) for name in columns))


def estimate_classes(
    patterns: Patterns, fields: tuple[Field, ...], strangers: dict[str, Floats], all_pairs: float
) -> Estimate:
    """The classes of pairs of which ``patterns`` are those that share a blocking key.

    Strangers stay as sampled: only they are known beforehand. Blocked pairs include nearly all matches, but only a tiny
    part of the strangers, so shares are of ``all_pairs`` and the strangers' density is that of all pairs too: a
    pattern's expected count is (number of pairs) x (share x probability), class by class.
    """
    learned = {name: declare_probabilities(fields, name) for name in CLASSES}
    for index, compared in enumerate(fields):
        if compared.tells_members_apart:
            learned["household"][index] = _differ_as_strangers(compared, strangers[compared.name])
    blocked = max(1.0, float(patterns.pairs[patterns.is_match < 0].sum()))
    shares = {"match": blocked * 0.2 / max(1, all_pairs), "household": blocked * 0.1 / max(1, all_pairs)}
    observed: dict[str, list[Floats]] = {name: [np.zeros(len(f.levels)) for f in fields] for name in CLASSES}
    for _ in range(ITERATIONS):
        responsibilities = _clamp(_expect(patterns, fields, learned, strangers, shares), patterns.is_match)
        responsibilities *= patterns.pairs[:, None]
        moved = 0.0
        for position, name in enumerate(CLASSES):
            responsibility = responsibilities[:, position]
            shares[name] = max(float(responsibility.sum()), 1.0) / all_pairs
            for index, compared in enumerate(fields):
                seen = count_levels(patterns.levels[:, index], responsibility, len(compared.levels))
                observed[name][index] = seen
                if name == "household" and compared.tells_members_apart:
                    continue
                prior = declare_probabilities((compared,), name)[0] * DECLARED_PAIRS
                updated = (seen + prior) / (seen.sum() + DECLARED_PAIRS)
                moved = max(moved, float(np.abs(updated - learned[name][index]).max()))
                learned[name][index] = updated
        if moved < CONVERGED:
            break
    return Estimate(learned, shares, observed)


def count_levels(levels: npt.NDArray[np.int8], weight: Floats, size: int) -> Floats:
    """How often each of ``size`` levels is seen, where the field is not missing."""
    present = levels >= 0
    counted = np.bincount(levels[present], weights=weight[present], minlength=size)[:size]
    return np.asarray(counted, dtype=np.float64)


def declare_probabilities(fields: tuple[Field, ...], name: str) -> list[Floats]:
    """The declared probabilities of a class, each field's summing to one."""
    declared = []
    for compared in fields:
        values = np.array([getattr(level, name) for level in compared.levels])
        if (values <= 0).any():
            missing = [level.name for level in compared.levels if getattr(level, name) <= 0]
            raise TrainingError(
                f"The identity model cannot be trained: {compared.name} declares no {name} probability for "
                f"{', '.join(missing)}. Declare one in pipelines/identity/model/specification.py."
            )
        declared.append(values / values.sum())
    return declared


def _differ_as_strangers(compared: Field, strangers: Floats) -> Floats:
    """Two members of a household differ as strangers do, apart from the declared shares of namesakes and twins."""
    excess = np.array([0.0 if level.condition == "ELSE" else level.household for level in compared.levels])
    return np.asarray(excess + (1.0 - excess.sum()) * strangers)


def _clamp(responsibilities: Floats, is_match: npt.NDArray[np.int8]) -> Floats:
    """``responsibilities`` (columns in the order of CLASSES), with the classes that are known fixed."""
    match = CLASSES.index("match")
    rest = np.maximum(1.0 - responsibilities[:, match], 1e-300)
    known = is_match >= 0
    clamped = np.where(known[:, None], responsibilities / rest[:, None], responsibilities)
    clamped[is_match == 1] = 0.0
    clamped[known, match] = is_match[known]
    return np.asarray(clamped)


def _expect(
    patterns: Patterns,
    fields: tuple[Field, ...],
    learned: dict[str, list[Floats]],
    strangers: dict[str, Floats],
    shares: dict[str, float],
) -> Floats:
    """The probability of each class for each pattern, strangers left out: columns in the order of CLASSES."""
    odds = np.empty((len(patterns.pairs), len(CLASSES)))
    for position, name in enumerate(CLASSES):
        total = np.full(len(patterns.pairs), np.log(shares[name]))
        for index, compared in enumerate(fields):
            column = patterns.levels[:, index]
            ratios = np.ones(len(compared.levels) + 1)  # The last one is read at -1, missing.
            known, chance = learned[name][index], strangers[compared.name]
            for number, level in enumerate(compared.levels):
                ratios[number] = 1.0 if level.is_neutral else known[number] / chance[number]
            ratio = ratios[column]
            for number, level in enumerate(compared.levels):
                if level.is_agreement:
                    agrees = column == number
                    copied = copied_share(float(known[number]), float(chance[number]))
                    ratio[agrees] = (1.0 - copied) + copied * patterns.inverse[agrees, index]
            total += np.log(ratio)
        odds[:, position] = total
    strangers_odds = np.log(max(1e-12, 1.0 - sum(shares.values())))
    norm = np.logaddexp(np.logaddexp.reduce(odds, axis=1), strangers_odds)
    return np.asarray(np.exp(odds - norm[:, None]))
