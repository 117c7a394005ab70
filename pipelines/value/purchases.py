"""BG/NBD: how often customers buy, and when they stop. Fader, Hardie and Lee (2005), "Counting Your Customers" the Easy
Way: An Alternative to the Pareto/NBD Model, Marketing Science 24(2).

Each customer buys at their own rate (gamma distributed: ``r``, ``alpha``) until they are lost, which can happen after
each repeat purchase with their own probability (beta distributed: ``a``, ``b``). Times are in weeks, as published.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from pipelines.value.maximise import Vector, maximise_anchored

Counts = np.ndarray[Any, np.dtype[np.int64]]

START = (0.0, 2.0, 0.0, 1.0)  # Logarithms: r 1, alpha 7 weeks, a 1, b 3.
PRECISION = 1e-13  # Terms below this share of the sum no longer change a double.


@dataclass(frozen=True)
class BgNbd:
    """The parameters of a fit. ``alpha`` is in weeks."""

    r: float
    alpha: float
    a: float
    b: float


@dataclass(frozen=True)
class PurchaseFit:
    """A fit; ``failure`` says why it must not be used, None if it may. ``is_anchored``: see Maximum."""

    model: BgNbd
    log_likelihood: float
    is_anchored: bool
    failure: str | None


def fit_purchases(frequency: Counts, recency: Vector, age: Vector) -> PurchaseFit:
    """Maximum likelihood over one row per customer.

    ``frequency`` counts repeat purchases, ``recency`` is the time from the first to the last and ``age`` that from the
    first until today, in weeks. Customers with the same three values are computed once.
    """
    histories = (
        pl.DataFrame({"frequency": frequency, "recency": recency, "age": age})
        .group_by("frequency", "recency", "age")
        .agg(pl.len().alias("customers"))
        .sort("frequency", "recency", "age")
    )
    x = histories["frequency"].cast(pl.Int64).to_numpy()
    last, until = histories["recency"].to_numpy(), histories["age"].to_numpy()
    weight = histories["customers"].cast(pl.Float64).to_numpy()
    repeated = x > 0

    def log_likelihood(logarithms: Vector) -> tuple[float, Vector]:
        r, alpha, a, b = np.exp(logarithms)
        rising_r, slope_r = _rising(r, x)
        rising_b, slope_b = _rising(b, x)
        rising_ab, slope_ab = _rising(a + b, x)
        log_until, log_last = np.log(alpha + until), np.log(alpha + last)
        alive = -(r + x) * log_until
        # A customer who never came back was never at risk of being lost.
        lost = np.where(repeated, np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * log_last, -np.inf)
        either = np.logaddexp(alive, lost)
        is_lost = np.exp(lost - either)
        value = rising_r + r * np.log(alpha) + rising_b - rising_ab + either
        slopes = (
            slope_r + np.log(alpha) - (1 - is_lost) * log_until - is_lost * log_last,
            r / alpha - (r + x) * ((1 - is_lost) / (alpha + until) + is_lost / (alpha + last)),
            is_lost / a - slope_ab,
            slope_b - slope_ab - is_lost / (b + np.maximum(x, 1) - 1),
        )
        gradient = np.array([float((weight * slope).sum()) for slope in slopes])
        return float((weight * value).sum()), gradient * np.exp(logarithms)

    found = maximise_anchored(log_likelihood, np.array(START))
    return PurchaseFit(BgNbd(*map(float, np.exp(found.at))), found.value, found.is_anchored, found.failure)


def alive_probability(model: BgNbd, frequency: Counts, recency: Vector, age: Vector) -> Vector:
    """The probability that a customer of this history has not been lost; 1 for one who never came back (Fader, Hardie
    and Lee 2008, Computing P(alive) Using the BG/NBD Model)."""
    return 1 / (1 + _odds_of_lost(model, frequency, recency, age))


def expected_purchases(model: BgNbd, frequency: Counts, recency: Vector, age: Vector, weeks: float) -> Vector:
    """How many purchases a customer of this history is expected to make in the next ``weeks``.

    Equation 10 of the paper. Where ``a`` is small, the two factors of its hypergeometric term tend to zero and to
    infinity as the argument nears 1: Euler's transformation makes both bounded. Where ``a`` is large they are bounded
    as printed. With (a - 1) and (a + b + x - 1) taken into the series, a = 1 and a + b = 1 are no exceptions.
    """
    pairs = pl.DataFrame({"x": frequency, "age": age}).with_row_index("row")
    distinct = pairs.group_by("x", "age").agg(pl.col("row")).sort("x", "age")
    numerator = _expected_if_alive(
        model, distinct["x"].cast(pl.Float64).to_numpy(), distinct["age"].cast(pl.Float64).to_numpy(), weeks
    )
    spread = distinct.select("row", pl.Series("numerator", numerator)).explode("row").sort("row")["numerator"]
    return np.asarray(spread.to_numpy() / (1 + _odds_of_lost(model, frequency, recency, age)))


def _expected_if_alive(model: BgNbd, x: Vector, age: Vector, weeks: float) -> Vector:
    expected = np.empty_like(x)
    is_plain = model.a > model.r + x + 1
    expected[is_plain] = _plain(model, x[is_plain], age[is_plain], weeks)
    expected[~is_plain] = _transformed(model, x[~is_plain], age[~is_plain], weeks)
    return expected


def _plain(model: BgNbd, x: Vector, age: Vector, weeks: float) -> Vector:
    c = model.a + model.b + x - 1
    z = weeks / (model.alpha + age + weeks)
    series = _sum_series(np.ones_like(x), 0, model.r + x, model.b + x, c, z)
    return np.asarray(c / (model.a - 1) * (1 - np.exp((model.r + x) * np.log1p(-z)) * series))


def _transformed(model: BgNbd, x: Vector, age: Vector, weeks: float) -> Vector:
    """With w = 1 - z and S the series less its first term, over (a - 1):
    c (1 - w^(a-1) (1 + (a-1) S)) / (a-1) = c (1 - w^(a-1)) / (a-1) - w^(a-1) c S"""
    a, c = model.a, model.a + model.b + x - 1
    rest = model.a + model.b - 1 - model.r
    z = weeks / (model.alpha + age + weeks)
    log_rest = np.log1p(-z)
    first = -log_rest if a == 1 else -np.expm1((a - 1) * log_rest) / (a - 1)
    return np.asarray(c * first - np.exp((a - 1) * log_rest) * _sum_series(rest * z, 1, a - 1, rest, c, z))


def _sum_series(
    first: Vector, n: int, upper: Vector | float, other: Vector | float, lower: Vector, z: Vector
) -> Vector:
    """The hypergeometric series in ``z`` from its ``n``-th term on, which is ``first``."""
    term, series = first, first.copy()
    while np.any(np.abs(term) > PRECISION * np.abs(series)):
        term = term * ((upper + n) * (other + n) / ((lower + n) * (n + 1)) * z)
        series += term
        n += 1
    return series


def _odds_of_lost(model: BgNbd, frequency: Counts, recency: Vector, age: Vector) -> Vector:
    x = np.maximum(frequency, 1)
    log_odds = (
        np.log(model.a)
        - np.log(model.b + x - 1)
        + (model.r + x) * (np.log(model.alpha + age) - np.log(model.alpha + recency))
    )
    return np.asarray(np.where(frequency > 0, np.exp(np.minimum(log_odds, 700.0)), 0.0))


def _rising(base: float, count: Counts) -> tuple[Vector, Vector]:
    """ln(gamma(base + count) / gamma(base)) and its slope in ``base``: sums of as many terms, no gamma function."""
    terms = base + np.arange(int(count.max(initial=0)))
    logarithms = np.concatenate([[0.0], np.cumsum(np.log(terms))])
    slopes = np.concatenate([[0.0], np.cumsum(1 / terms)])
    return logarithms[count], slopes[count]
