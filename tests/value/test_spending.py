"""Gamma-Gamma: the published fit, and what it makes of a customer's own mean."""

import math
from dataclasses import astuple
from typing import Any

import numpy as np
import pytest

from pipelines.value.spending import GammaGamma, expected_amount, fit_spending

PUBLISHED = GammaGamma(p=6.25, q=3.74, v=15.44)


def test_the_fit_to_cdnow_is_the_published_one(cdnow: Any) -> None:
    repeated = cdnow.frequency > 0
    amounts = np.array([amount for amount, came_back in zip(cdnow.mean_amount, repeated, strict=True) if came_back])
    fit = fit_spending(cdnow.frequency[repeated], amounts)
    assert astuple(fit.model) == pytest.approx(astuple(PUBLISHED), rel=0.01)
    assert (fit.failure, fit.is_anchored) == (None, False)


def test_a_mean_of_few_purchases_is_drawn_further_to_the_mean_of_all() -> None:
    none, one, many = expected_amount(PUBLISHED, np.array([0, 1, 100]), np.array([math.nan, 100.0, 100.0]))
    assert none == pytest.approx(PUBLISHED.mean)
    assert PUBLISHED.mean < one < 90 < many < 100


@pytest.mark.parametrize("unit", [0.01, 1, 1e6])
def test_the_fit_recovers_what_amounts_were_drawn_from_in_any_currency(unit: float) -> None:
    random, count = np.random.default_rng(2), 50_000
    frequency = random.integers(1, 12, count)
    scale = random.gamma(3.7, 1 / 15.0, count)
    mean_amount = random.gamma(6.0 * frequency) / frequency / scale * unit
    fit = fit_spending(frequency, mean_amount)
    assert astuple(fit.model) == pytest.approx((6.0, 3.7, 15.0 * unit), rel=0.05)


def test_amounts_without_a_mean_are_told_as_such() -> None:
    random, count = np.random.default_rng(3), 5_000
    scale = random.gamma(0.5, 1.0, count)  # q = 0.5: the mean of means is infinite
    fit = fit_spending(np.full(count, 3), random.gamma(18.0, 1 / 3, count) / scale)
    assert fit.failure is not None
    assert "q is not above 1" in fit.failure


def test_one_price_for_everybody_leaves_the_spread_undetermined_and_is_told_as_such() -> None:
    frequency = np.tile([1, 2, 5], 100)
    fit = fit_spending(frequency, np.full(frequency.size, 20.0))
    assert fit.failure == "a parameter runs off without bound"
