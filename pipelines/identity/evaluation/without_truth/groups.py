"""The weight of two groups of profiles being one person, each profile a copy of its person with errors of its own.

A pair's weight takes one copy for the person. Where several copies are at hand, a field of the one group speaks for the
other as often as one of its copies does: its likelihood ratio is the mean of those of all pairs that can be compared on
it. The product of the fields' ratios, with the prior and the household correction, is that of the groups; between two
single profiles it is the weight of the pair.
"""

import numpy as np
import numpy.typing as npt

from pipelines.identity.model.registry import ModelVersion, Parameters
from pipelines.identity.scoring.match_weights import Floats, household_correction, prior_weight
from pipelines.identity.scoring.profiles import ProfiledRecords
from pipelines.identity.scoring.weighed_pairs import WeighedPairs, weigh_pairs

Integers = npt.NDArray[np.int64]


def probability(weights: Floats) -> Floats:
    """The probability that groups of these weights are one person's, taken at their word.

    Among the pairs of many copies of a person, single ones weigh too little: the curve of a model's calibration, which
    makes up for that in pairs, would do so twice.
    """
    return np.asarray(1.0 / (1.0 + np.exp2(-np.clip(weights, -1000, 1000))))


def weigh_profiles(profiled: ProfiledRecords, left: Integers, right: Integers, model: ModelVersion) -> WeighedPairs:
    """The given pairs of profiles, by number, as Splink weighs them."""
    needed = np.unique(np.concatenate([left, right])).astype(np.int32)
    one, other = (np.searchsorted(needed, side).astype(np.int32) for side in (left, right))
    return weigh_pairs(profiled.take(needed), one, other, model)


def weigh_groups(weighed: WeighedPairs, group: Integers, count: int, parameters: Parameters) -> Floats:
    """The weight, in bits, of each of ``count`` pairs of groups, given all pairs between them.

    ``group`` says for each weighed pair which pair of groups it is of.
    """
    fields = _mean_ratios(weighed.fields, weighed.is_informative, group, count)
    household = _mean_ratios(weighed.household_fields, weighed.is_informative, group, count)
    return np.asarray(prior_weight(parameters) + fields + household_correction(household, parameters))


def _mean_ratios(bits: Floats, is_informative: npt.NDArray[np.bool_], group: Integers, count: int) -> Floats:
    """The log2 of the product over fields of the mean ratio, pair of groups by pair of groups."""
    total = np.zeros(count)
    for field in range(bits.shape[1]):
        known = is_informative[:, field]
        pairs = np.bincount(group[known], minlength=count)
        ratios = np.bincount(group[known], weights=np.exp2(bits[known, field]), minlength=count)
        total += np.where(pairs > 0, np.log2(np.maximum(ratios, 1e-300) / np.maximum(pairs, 1)), 0.0)
    return total


def draw(size: Floats, at_most: int, seed: int) -> tuple[Integers, Floats]:
    """A sample in which each is included with a chance in proportion to its ``size`` (above 0), at most surely.

    Returns the positions, sorted, and how many each stands for (1 / its chance). Of no more than ``at_most``, all.
    """
    if len(size) <= at_most:
        return np.arange(len(size)), np.ones(len(size))
    chance = np.minimum(1.0, size * at_most / size.sum())
    for _ in range(10):  # What is surely in leaves its surplus to the others.
        sure = chance >= 1.0
        room = at_most - sure.sum()
        if room <= 0 or not (~sure).any():
            break
        chance = np.where(sure, 1.0, np.minimum(1.0, size * room / size[~sure].sum()))
    taken = np.flatnonzero(np.random.default_rng(seed).random(len(size)) < chance)
    return taken, 1.0 / chance[taken]
