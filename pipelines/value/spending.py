"""Gamma-Gamma: what a purchase of a customer is worth. Fader, Hardie and Lee (2005), RFM and CLV: Using Iso-Value
Curves for Customer Base Analysis, Journal of Marketing Research 42(4); Fader and Hardie (2013), The Gamma-Gamma Model
of Monetary Value.

Each customer's purchases vary around their own mean, and the means vary between customers (``p``, ``q``, ``v``),
independently of how often they buy. A mean of few purchases is less certain than one of many, so it is shrunk towards
the mean of all.
"""

import math
from dataclasses import dataclass

import numpy as np

from pipelines.value.maximise import Vector, maximise_anchored
from pipelines.value.purchases import Counts

SERIES_FROM = 10.0  # Where the asymptotic series of digamma is exact to a double.
BERNOULLI = (-1 / 12, 1 / 120, -1 / 252, 1 / 240, -1 / 132, 691 / 32760, -1 / 12)


@dataclass(frozen=True)
class GammaGamma:
    """The parameters of a fit. ``v`` is in the currency of the amounts."""

    p: float
    q: float
    v: float

    @property
    def mean(self) -> float:
        """The expected worth of a purchase by a customer without history."""
        return self.p * self.v / (self.q - 1)


@dataclass(frozen=True)
class SpendingFit:
    """A fit; ``failure`` says why it must not be used, None if it may. ``is_anchored``: see Maximum."""

    model: GammaGamma
    log_likelihood: float
    is_anchored: bool
    failure: str | None


def fit_spending(frequency: Counts, mean_amount: Vector) -> SpendingFit:
    """Maximum likelihood over one row per customer with repeat purchases.

    ``frequency`` counts these, ``mean_amount`` is their mean; both are above 0.
    """
    distinct, place = np.unique(frequency, return_inverse=True)
    customers = np.bincount(place).astype(np.float64)
    x = frequency.astype(np.float64)
    total = x * mean_amount
    weighed_logarithms = float((x * np.log(total)).sum())
    rest = float(np.log(mean_amount).sum())
    scale = float(np.median(mean_amount))  # In its own unit, v is near 1 whatever the currency.

    def log_likelihood(logarithms: Vector) -> tuple[float, Vector]:
        p, q, v = np.exp(logarithms) * (1, 1, scale)
        count = float(customers.sum())
        log_total = np.log(total + v)
        value = (
            float(customers @ (_log_gamma(p * distinct + q) - _log_gamma(p * distinct)))
            - count * math.lgamma(q)
            + count * q * math.log(v)
            + p * weighed_logarithms
            - rest
            - float(((p * x + q) * log_total).sum())
        )
        of_sum, of_p = _digamma(p * distinct + q), _digamma(p * distinct)
        gradient = (
            float(customers @ (distinct * (of_sum - of_p))) + weighed_logarithms - float((x * log_total).sum()),
            float(customers @ of_sum - log_total.sum()) + count * (math.log(v) - float(_digamma(np.array([q]))[0])),
            count * q / v - float(((p * x + q) / (total + v)).sum()),
        )
        return float(value), np.array(gradient) * (p, q, v)

    found = maximise_anchored(log_likelihood, np.zeros(3))
    p, q, v = map(float, np.exp(found.at) * (1, 1, scale))
    failure = found.failure
    if failure is None and q <= 1:
        failure = "amounts are spread so widely that their mean is not determined (q is not above 1)"
    return SpendingFit(GammaGamma(p, q, v), found.value, found.is_anchored, failure)


def expected_amount(model: GammaGamma, frequency: Counts, mean_amount: Vector) -> Vector:
    """The mean worth of a purchase of each customer: their own mean and that of all, weighted by their purchase count.

    Where ``frequency`` is 0, ``mean_amount`` is ignored and the result is the mean of all.
    """
    total = frequency * np.where(frequency > 0, mean_amount, 0.0)
    return np.asarray(model.p * (model.v + total) / (model.p * frequency + model.q - 1))


def _log_gamma(values: Vector) -> Vector:
    return np.array([math.lgamma(value) for value in values])


def _digamma(values: Vector) -> Vector:
    """The derivative of ln(gamma): recurrence up to 10, then the asymptotic series (Abramowitz and Stegun 6.3.18)."""
    shifted = np.array(values, dtype=np.float64)
    below = np.zeros_like(shifted)
    while np.any(shifted < SERIES_FROM):
        small = shifted < SERIES_FROM
        below[small] += 1 / shifted[small]
        shifted[small] += 1
    square = 1 / shifted**2
    series = sum((factor * square ** (power + 1) for power, factor in enumerate(BERNOULLI)), np.zeros_like(shifted))
    return np.asarray(np.log(shifted) - 1 / (2 * shifted) + series - below)
