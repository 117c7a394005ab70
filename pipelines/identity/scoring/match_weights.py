"""Arithmetic of match weights, in bits: how many times likelier one person is than two, given what agrees.

A pair's match weight = log2 odds of the share of matches + sum over fields of log2(match ratio) + household correction.
The first two are Splink's (:mod:`.linker`), the last is :mod:`.household`'s. Every term is kept, so that the parts of a
weight can be shown and add up.
"""

import numpy as np
import numpy.typing as npt

from pipelines.identity.model.registry import Parameters

Floats = npt.NDArray[np.float64]


def prior_weight(parameters: Parameters) -> float:
    """The weight of a pair before anything is compared: the log2 odds of the share of matches among all pairs."""
    share = parameters.shares["match"]
    return float(np.log2(share / (1.0 - share)))


def copied_share(agreement: float, by_chance: float) -> float:
    """The share of agreements that is beyond chance: between 0 and 1."""
    return max(0.0, (agreement - by_chance) / (1.0 - by_chance))


def household_correction(household: Floats, parameters: Parameters) -> Floats:
    """What weights lose because two people of one household would show the same levels: at most 0, but for rounding."""
    share = parameters.shares["household"]
    strangers = 1.0 - parameters.shares["match"] - share
    return np.asarray(-np.logaddexp2(np.log2(strangers), np.log2(share) + household))


def pool_weights(weight: Floats, household: Floats, pairs: Floats, parameters: Parameters) -> tuple[Floats, Floats]:
    """The weight of each field between two groups of records, and their household correction.

    The arguments are sums over the pairs between them, fields along the first axis: of weights, of the household
    class's log2 ratios, and the number of pairs that can be compared. A field counts with the mean over these.
    """
    counted = np.maximum(pairs, 1.0)
    return weight / counted, household_correction((household / counted).sum(axis=0), parameters)
