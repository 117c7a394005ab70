"""What online customers send back by post or bring back to a store."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.contracts import table
from pipelines.sample.catalogue import Products
from pipelines.sample.columns import DAY, Ints, canonical, keys, money, pick, times, totals
from pipelines.sample.lives import OMNICHANNEL, Lives
from pipelines.sample.orders import RETURNED, Orders
from pipelines.sample.seasons import Calendar, local_day, next_open, store_seconds

SENT_BACK = 0.085  # of lines that arrived; fashion half as much again.
REASONS = ("taille", "ne convient pas", "défaut", "erreur de commande", "retard", "couleur différente")
POST, STORE = range(2)


@dataclass(frozen=True)
class Returns:
    """One row per returned order line, in time order (row n has the number n + 1). ``line`` is a row of the lines."""

    line: Ints
    order: Ints
    quantity: Ints
    seconds: Ints
    via: Ints
    store: Ints
    reason: Ints

    def goods(self, orders: Orders) -> Ints:
        """The price of what came back, in cents, before the order's own discount."""
        lines = orders.lines
        found: Ints = lines.amount[self.line] * self.quantity // lines.quantity[self.line]
        return found

    def refunds(self, orders: Orders) -> Ints:
        """What was paid back in cents: the goods less their share of the order's discount."""
        gross: Ints = np.maximum(orders.gross[self.order], 1).astype(np.int64)
        paid: Ints = gross - orders.discount[self.order]
        found: Ints = np.floor_divide(self.goods(orders) * paid, gross)
        return found


def draw_returns(
    rng: np.random.Generator, orders: Orders, lives: Lives, home_store: Ints, products: Products, calendar: Calendar
) -> Returns:
    """``home_store`` is each person's store. Orders whose every piece came back are then marked returned."""
    lines = orders.lines
    size = len(lines.basket)
    arrived = orders.fulfilled[lines.basket]
    is_fashion = products.category[lines.product] <= 1
    chance = SENT_BACK * np.where(is_fashion, 1.5, 1.0)
    line = np.flatnonzero((arrived > -1) & (rng.random(size) < chance))
    order = lines.basket[line]
    person = orders.person[order]
    to_store = rng.random(len(line)) < np.where(lives.profile[person] == OMNICHANNEL, 0.5, 0.12)
    # One trip for all lines of an order: the day hangs on the order.
    wait = 2 + rng.integers(0, 18, len(orders))[order]
    by_store = store_seconds(rng, next_open(local_day(arrived[line]) + wait, calendar))
    seconds = np.where(to_store, by_store, arrived[line] + wait * DAY + rng.integers(0, 6 * 3600, len(line)))
    in_time = (seconds < (calendar.as_of + 1) * DAY - 3600) & (seconds > arrived[line])
    part = 1 + (rng.random(len(line)) * lines.quantity[line]).astype(np.int64)
    quantity = np.where(rng.random(len(line)) < 0.8, lines.quantity[line], np.minimum(part, lines.quantity[line]))
    reason = rng.integers(0, len(REASONS), len(line))
    sequence = np.flatnonzero(in_time)
    sequence = sequence[np.lexsort((line[sequence], seconds[sequence]))]
    found = Returns(
        line=line[sequence],
        order=order[sequence],
        quantity=quantity[sequence],
        seconds=seconds[sequence],
        via=np.where(to_store, STORE, POST)[sequence],
        store=np.where(to_store, home_store[person], -1)[sequence],
        reason=reason[sequence],
    )
    came_back = totals(found.order, found.quantity, len(orders))
    orders.status[(came_back > 0) & (came_back == totals(lines.basket, lines.quantity, len(orders)))] = RETURNED
    return found


def list_returns(returns: Returns, orders: Orders) -> pl.DataFrame:
    """``ecommerce/returns``."""
    return canonical(
        table("ecommerce", "returns"),
        {
            "return_id": keys("R", np.arange(1, len(returns.line) + 1), 8),
            "order_id": keys("W", returns.order + 1, 8),
            "line_no": orders.lines.line_no[returns.line],
            "quantity": returns.quantity,
            "refund_amount": money(returns.refunds(orders)),
            "reason": pick(REASONS, returns.reason),
            "returned_at": times(returns.seconds),
            "returned_via": pick(("post", "store"), returns.via),
            "store_id": keys("S", np.where(returns.store > -1, returns.store + 1, -1), 3),
            "account_id": keys("A", orders.account[returns.order], 7),
        },
    )
