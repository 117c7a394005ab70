"""What is in a basket: products in stock, quantities, prices of the day; the same for orders and till tickets."""

from dataclasses import dataclass

import numpy as np

from pipelines.sample.catalogue import Products, Shelves
from pipelines.sample.columns import Bools, Ints, repeated, totals, weighted
from pipelines.sample.tastes import Tastes, draw_to_taste

SIZES = (0.44, 0.29, 0.14, 0.07, 0.04, 0.02)  # Of one to six lines: 2 on average.
SAME_CATEGORY = 0.45  # of further lines: what goes together is bought together.
MARKED_DOWN = 0.6  # of products, in the sales.


@dataclass(frozen=True)
class Lines:
    """One row per line, in the order of the baskets; money in cents. ``amount`` = quantity x price - discount."""

    basket: Ints
    line_no: Ints
    product: Ints
    quantity: Ints
    price: Ints
    discount: Ints
    amount: Ints

    def sums(self, baskets: int) -> Ints:
        """The amount of each basket."""
        return totals(self.basket, self.amount, baskets)


@dataclass(frozen=True)
class Aisles:
    """What can be bought where and when, and who likes it. ``is_sale`` is per day from the first day."""

    products: Products
    tastes: Tastes
    shelves: Shelves
    is_sale: Bools


def draw_sizes(rng: np.random.Generator, baskets: int) -> Ints:
    return weighted(rng, SIZES, baskets) + 1


def fill_baskets(
    rng: np.random.Generator, aisles: Aisles, person: Ints, day: Ints, store: Ints, sizes: Ints, first: Ints
) -> Lines:
    """Lines for each basket: ``person`` is -1 where nobody is known, ``day`` counts from the first, ``store`` is -1
    online, ``first`` a wanted product or -1.

    Nothing is sold where it is out of stock, nor in a store what is sold online only, but a wanted product is.
    """
    basket, rank = repeated(sizes)
    product = _draw_products(rng, aisles, basket, rank, first)
    for _ in range(6):
        missing = ~available(aisles, product, store[basket], day[basket]) & ~((rank == 0) & (first[basket] >= 0))
        again = np.flatnonzero(missing)
        if not len(again):
            break
        product[again] = weighted(rng, aisles.products.popularity, len(again))
    product = _suit(rng.spawn(1)[0], aisles, product, person, basket, rank, day, store, first)
    quantity = weighted(rng, [0.88, 0.09, 0.03], len(basket)) + 1
    price = aisles.products.list_price[product]
    percent = mark_downs(aisles, product, day[basket])
    is_online = store[basket] < 0
    price = np.where(is_online, price, price - price * percent // 100)
    discount = np.where(is_online, quantity * price * percent // 100, 0)
    return Lines(basket, rank + 1, product, quantity, price, discount, quantity * price - discount)


def available(aisles: Aisles, product: Ints, store: Ints, day: Ints) -> Bools:
    """Whether each product is on the shelves of the store (online: -1) on the day."""
    online = ~aisles.shelves.online[product, day]
    on_shelf = ~aisles.shelves.stores[store.clip(0), product, day] & ~aisles.products.is_online_only[product]
    found: Bools = np.where(store < 0, online, on_shelf)
    return found


def mark_downs(aisles: Aisles, product: Ints, day: Ints) -> Ints:
    """Percent off: 20, 30 or 40 on most products during the sales, the same for everyone."""
    chance = (product * 2_654_435_761 % 1_000) / 1_000.0
    percent = np.array([20, 30, 40])[product % 3]
    found: Ints = np.where(aisles.is_sale[day] & (chance < MARKED_DOWN), percent, 0)
    return found


def _suit(
    rng: np.random.Generator,
    aisles: Aisles,
    product: Ints,
    person: Ints,
    basket: Ints,
    rank: Ints,
    day: Ints,
    store: Ints,
    first: Ints,
) -> Ints:
    """``product``, or what the person would rather have, where it can be had: first lines, then what goes with them."""
    is_wanted = (rank == 0) & (first[basket] >= 0)
    opening = np.flatnonzero(rank == 0)
    for is_turn in (rank == 0, rank > 0):
        lines = np.flatnonzero(is_turn & ~is_wanted)
        goes_with = np.where(rank[lines] > 0, product[opening[basket[lines]]], -1)
        suited = draw_to_taste(rng, aisles.tastes, aisles.products, person[basket[lines]], goes_with)
        can_be_had = (suited >= 0) & available(aisles, suited.clip(0), store[basket[lines]], day[basket[lines]])
        product[lines[can_be_had]] = suited[can_be_had]
    return product


def _draw_products(rng: np.random.Generator, aisles: Aisles, basket: Ints, rank: Ints, first: Ints) -> Ints:
    products = aisles.products
    product = weighted(rng, products.popularity, len(basket))
    product = np.where((rank == 0) & (first[basket] >= 0), first[basket], product)
    opening = product[np.flatnonzero(rank == 0)][basket]
    like = (rank > 0) & (rng.random(len(basket)) < SAME_CATEGORY)
    product[like] = products.draw_within(rng, products.category, products.category[opening[like]])
    return product
