"""The match probability behind a match weight, calibrated: of the pairs called .9, nine in ten are matches.

A match weight is log2 odds only as far as a model is right, and Fellegi and Sunter's takes the fields as independent.
The calibration of a version is a curve from match weights to log2 odds, learned with the version
(``training.calibrate``). It rises throughout, so that the order of pairs, thresholds and clusters are those of the
weights.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FARTHEST_BITS = 1000.0  # Log2 odds beyond which a probability is 0 or 1 anyway, and a power of two no number.


@dataclass(frozen=True)
class Calibration:
    """Match weights in bits, rising, and the log2 odds that two records of this weight are one person's, rising too.

    Between two weights the odds lie on the line between their two; outside of them they follow the weight bit by bit.
    With no weights at all, a weight is taken at its word: log2 odds are what it claims to be.
    """

    weights: tuple[float, ...] = ()
    log_odds: tuple[float, ...] = ()

    def probability(self, weights: Floats) -> Floats:
        """The match probability of pairs of these weights."""
        odds = np.asarray(weights, dtype=np.float64)
        if self.weights:
            below, above = np.minimum(odds - self.weights[0], 0.0), np.maximum(odds - self.weights[-1], 0.0)
            odds = np.interp(odds, self.weights, self.log_odds) + below + above
        return np.asarray(1.0 / (1.0 + np.exp2(-np.clip(odds, -FARTHEST_BITS, FARTHEST_BITS))))

    def probability_sql(self, weight: str) -> str:
        """The same as SQL over the expression ``weight``."""
        odds = weight
        if self.weights:
            knots = list(zip(self.weights, self.log_odds, strict=True))
            branches = [f"when {weight} < {_number(self.weights[0])} then {_line(weight, knots[0], 1.0)}"]
            for (start, low), (end, high) in pairwise(knots):
                line = _line(weight, (start, low), (high - low) / (end - start))
                branches.append(f"when {weight} < {_number(end)} then {line}")
            odds = f"(case {' '.join(branches)} else {_line(weight, knots[-1], 1.0)} end)"
        farthest = _number(FARTHEST_BITS)
        return f"(1 / (1 + power({_number(2.0)}, least(greatest(-{odds}, -{farthest}), {farthest}))))"


def _line(weight: str, through: tuple[float, float], slope: float) -> str:
    start, odds = through
    return f"{_number(odds)} + {_number(slope)} * ({weight} - {_number(start)})"


def _number(value: float) -> str:
    """As a double: both engines would read a bare literal as a decimal."""
    return f"cast('{float(value)!r}' as double)"
