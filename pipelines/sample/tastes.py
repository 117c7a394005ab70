"""Who likes what, and what goes with what: why people who bought one thing buy another.

Drawn from a separate random stream, so that the same people come on the same days with or without tastes.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.sample.catalogue import Products
from pipelines.sample.columns import Ints, weighted

FAVOURITES = 2  # Ranges that a person likes best, such as knitwear or bed linen.
COMPANIONS = 3  # Products that each product is worn or laid out with.
BY_TASTE = 0.7  # of lines: from a favourite range.
BY_COMPANION = 0.40  # of further lines: what goes with the first.


@dataclass(frozen=True)
class Tastes:
    """``favourites[person]`` are numbers of ranges, ``companions[product]`` of products."""

    favourites: Ints
    companions: Ints


def draw_tastes(rng: np.random.Generator, people: int, products: Products) -> Tastes:
    """Favourites by how much of each range is bought; companions among what is bought about as often."""
    bought = np.bincount(products.range, weights=products.popularity).astype(np.float64)
    favourites = weighted(rng, bought, people * FAVOURITES).reshape(people, FAVOURITES)
    size = len(products)
    near = np.arange(size)[:, None] + rng.integers(1, max(2, size // 6), (size, COMPANIONS))
    return Tastes(favourites, near % size)


def draw_to_taste(rng: np.random.Generator, tastes: Tastes, products: Products, person: Ints, goes_with: Ints) -> Ints:
    """For each line, a product that its ``person`` (-1: nobody known) would like, -1 where taste has no say.

    ``goes_with`` is the product that it is bought with, -1 for the first of its basket.
    """
    size = len(person)
    chosen = np.full(size, -1, dtype=np.int64)
    liked = tastes.favourites[person.clip(0), rng.integers(0, FAVOURITES, size)]
    by_taste = (person >= 0) & (rng.random(size) < BY_TASTE)
    chosen[by_taste] = products.draw_within(rng, products.range, liked[by_taste])
    companion = tastes.companions[goes_with.clip(0), rng.integers(0, COMPANIONS, size)]
    return np.where((goes_with >= 0) & (rng.random(size) < BY_COMPANION), companion, chosen)
