"""BG/NBD: the published fit, the formulas against plain integrals, and how long many customers take."""

import time
from dataclasses import astuple
from typing import Any

import numpy as np
import pytest

from pipelines.value.maximise import maximise
from pipelines.value.purchases import BgNbd, alive_probability, expected_purchases, fit_purchases

PUBLISHED = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)


def expected_of(model: BgNbd, frequency: int, recency: float, age: float, weeks: float) -> float:
    [expected] = expected_purchases(model, np.array([frequency]), np.array([recency]), np.array([age]), weeks)
    return float(expected)


def integrate(model: BgNbd, frequency: int, age: float, weeks: float) -> float:
    """What a customer who is not lost will buy: the mean over all dropout probabilities, point by point."""
    logit = np.linspace(-200, 60, 400_001)
    dropout, stay = 1 / (1 + np.exp(-logit)), 1 / (1 + np.exp(logit))
    log_density = model.a * np.log(dropout) + (model.b + frequency) * np.log(stay)
    density = np.exp(log_density - log_density.max())
    bought = -np.expm1(-(model.r + frequency) * np.log1p(dropout * weeks / (model.alpha + age))) / dropout
    return float((density * bought).sum() / density.sum())


def test_the_fit_to_cdnow_is_the_published_one(cdnow: Any) -> None:
    fit = fit_purchases(cdnow.frequency, cdnow.recency, cdnow.age)
    assert astuple(fit.model) == pytest.approx(astuple(PUBLISHED), rel=0.01)
    assert fit.log_likelihood == pytest.approx(-9582.4, abs=0.05)
    assert (fit.failure, fit.is_anchored) == (None, False)


def test_the_published_example_is_expected_to_buy_as_published() -> None:
    # Fader, Hardie and Lee (2005), Implementing the BG/NBD Model in Excel: customer 1, 39 weeks on.
    assert expected_of(PUBLISHED, 2, 30.43, 38.86, 39) == pytest.approx(1.226, abs=0.001)


@pytest.mark.parametrize(
    "model",
    [
        PUBLISHED,
        BgNbd(1, 5, 1, 3),  # a = 1: the formula as printed divides by zero
        BgNbd(0.3, 0.5, 0.3, 0.7),  # a + b = 1: its series divides by zero
        BgNbd(0.3, 0.5, 0.2, 0.3),  # an argument of .99: its series grows without bound
        BgNbd(2, 3, 8, 20),
        BgNbd(0.5, 4, 2000, 9000),
        BgNbd(50, 80, 0.5, 1),
    ],
)
@pytest.mark.parametrize("frequency", [0, 1, 10, 400])
@pytest.mark.parametrize("age", [0.0, 40.0, 500.0])
def test_the_expected_purchases_are_what_the_integral_says(model: BgNbd, frequency: int, age: float) -> None:
    # Bought last just now: the integral leaves out that the customer may be lost.
    alive = alive_probability(model, np.array([frequency]), np.array([age]), np.array([age]))[0]
    assert expected_of(model, frequency, age, age, 52) / alive == pytest.approx(
        integrate(model, frequency, age, 52), rel=1e-8
    )


def test_a_customer_who_kept_a_pace_and_broke_it_is_less_alive_than_a_slow_one_who_waits() -> None:
    frequency, recency, age = np.array([0, 2, 20]), np.array([0.0, 20.0, 20.0]), np.array([52.0, 52.0, 52.0])
    never_back, slow, fast = alive_probability(PUBLISHED, frequency, recency, age)
    assert never_back == 1
    assert 0 < fast < 0.01 < slow < 1


def test_the_same_histories_give_the_same_fit_in_any_order(cdnow: Any) -> None:
    shuffled = np.random.default_rng(1).permutation(cdnow.frequency.size)
    fit = fit_purchases(cdnow.frequency, cdnow.recency, cdnow.age)
    assert fit == fit_purchases(cdnow.frequency[shuffled], cdnow.recency[shuffled], cdnow.age[shuffled])


def test_customers_who_are_all_alike_get_a_fit_that_predicts_what_they_did() -> None:
    # Ten purchases in 50 weeks each, and never lost: dropout is not determined, the pace is.
    count, age = 200, 50.0
    frequency, recency = np.full(count, 10), np.full(count, age)
    fit = fit_purchases(frequency, recency, np.full(count, age))
    assert (fit.failure, fit.is_anchored) == (None, True)
    assert expected_of(fit.model, 10, age, age, age) == pytest.approx(10, rel=0.05)


def test_a_function_without_a_maximum_is_told_as_such() -> None:
    def slope(at: np.ndarray) -> tuple[float, np.ndarray]:
        return float(at.sum()), np.ones_like(at)

    found = maximise(slope, np.zeros(2))
    assert found.failure == "a parameter runs off without bound"


@pytest.mark.long
def test_a_quarter_of_a_million_customers_are_fitted_and_foretold_within_a_quarter_of_a_minute() -> None:
    random, count = np.random.default_rng(5), 250_000
    pace, age = random.gamma(0.55, 7 / 12, count), random.integers(0, 1095, count)
    bought = random.poisson(pace * age / 7)
    lost_after = random.geometric(random.beta(0.8, 2.4, count))
    frequency = np.minimum(bought, lost_after)
    recency = np.where(frequency > 0, np.floor(age * random.beta(np.maximum(frequency, 1), 1)), 0)
    began = time.perf_counter()
    fit = fit_purchases(frequency, recency / 7, age / 7)
    expected = expected_purchases(fit.model, frequency, recency / 7, age / 7, 365 / 7)
    seconds = time.perf_counter() - began
    assert fit.failure is None
    assert np.isfinite(expected).all()
    assert seconds < 15
