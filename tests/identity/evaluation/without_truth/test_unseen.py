import numpy as np
import pytest

from pipelines.identity.evaluation.without_truth.unseen import count_unseen


def test_matches_that_agree_in_nothing_are_told_by_those_that_agree_once_and_twice():
    # Of a thousand matches, four values agree with a chance of .6 each: 26 agree in none, 154 in one, and so on.
    expected = 1000 * np.array([0.0256, 0.1536, 0.3456, 0.3456, 0.1296])
    known = expected.copy()
    known[0] = 0.0
    assert count_unseen(known) == pytest.approx(153.6**2 / (2 * 345.6) + max(0.0, 2 / 3 * 345.6 - 153.6), rel=0.5)
    assert count_unseen(known) > 25.6


def test_matches_of_unequal_quality_are_counted_too():
    generator = np.random.default_rng(1)
    agreements = np.bincount(generator.binomial(10, generator.beta(2, 5, 100_000)), minlength=11).astype(float)
    real, agreements[0] = agreements[0], 0.0
    assert 0.5 * real < count_unseen(agreements) < 2 * real


def test_nothing_is_missing_where_all_agree_in_much():
    assert count_unseen(np.array([0.0, 0.0, 0.0, 5.0, 100.0])) == 0.0
    assert count_unseen(np.array([0.0, 2.0, 50.0, 400.0, 900.0])) == pytest.approx(
        max(0.0, (2 * 50**2 / 1200) - 2 + (2 * 50**2 / 1200) ** 2 / 100)
    )
