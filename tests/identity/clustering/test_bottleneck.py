"""The weakest needed link is the one that joins the last two parts when links, strongest first, put a customer
together."""

import numpy as np
import pytest

from pipelines.identity.clustering.bottleneck import NOT_CONNECTED, find_bottleneck_strength


def put_together(count: int, links: list[tuple[int, int, float]]) -> float:
    """Kruskal's algorithm: the strength of the link that joins last; APART, or infinite for one alone."""
    part, weakest = list(range(count)), np.inf
    for left, right, strength in sorted(links, key=lambda link: -link[2]):
        one, other = part[left], part[right]
        if one != other:
            part, weakest = [one if its == other else its for its in part], strength
    return weakest if len(set(part)) == 1 else NOT_CONNECTED


@pytest.mark.parametrize("seed", range(50))
def test_random_customers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 7, 12)
    customers = np.repeat(np.arange(12), sizes).astype(np.int32)
    starts = np.cumsum(sizes) - sizes
    expected, lefts, rights, strengths = [], [], [], []
    for size, start in zip(sizes, starts, strict=True):
        pairs = [(one, other) for one in range(size) for other in range(one + 1, size) if rng.random() < 0.5]
        links = [(one, other, float(rng.integers(1, 6))) for one, other in pairs]  # Few strengths: many are equal.
        expected += [put_together(int(size), links)] * int(size)
        for one, other, strength in links:
            lefts.append(start + one)
            rights.append(start + other)
            strengths.append(strength)
    order = rng.permutation(len(lefts))
    left, right = (np.array(places, dtype=np.int32)[order] for places in (lefts, rights))
    found = find_bottleneck_strength(customers, left, right, np.array(strengths)[order])
    assert found.tolist() == expected
