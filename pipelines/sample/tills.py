"""Till tickets: store purchases, add-on purchases at click-and-collect pickups, and returns."""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from pipelines.contracts import table
from pipelines.sample import noise
from pipelines.sample.baskets import Aisles, Lines, draw_sizes, fill_baskets
from pipelines.sample.catalogue import Stores
from pipelines.sample.columns import (
    DAY,
    Bools,
    Ints,
    canonical,
    choose,
    keep,
    keys,
    money,
    pick,
    price,
    times,
    weighted,
)
from pipelines.sample.contact_points import ContactPoints
from pipelines.sample.lives import Lives
from pipelines.sample.orders import ADD_ON_AT_PICKUP, COLLECT, PICKED_UP, REWARD_CENTS, Orders
from pipelines.sample.registers import store_emails
from pipelines.sample.seasons import Calendar, local_day, next_open, store_seconds
from pipelines.sample.visits import NOTHING, OWN_EMAIL, STORE_EMAIL, Visits, new_visits, take_visits

BROUGHT_BACK = 0.035  # of ticket lines, within 25 days.
OUT_OF_ORDER_PICKUPS = 0.002  # of tickets at pickup: the web order number was mistyped and names no order.
UNKNOWN_ORDERS_FROM = 99_000_000
PAYMENTS = ("card", "cash", "cheque", "gift_card", "mobile")
RETURN_REASONS = ("taille", "défaut", "ne convient pas", "cadeau", "couleur")
MISTYPED_RECEIPT = 0.008  # of addresses that staff type for a receipt.


@dataclass
class Tickets:
    """One row per ticket, in time order (row n has the number n + 1). Money in cents.

    ``original`` is, per line, the ticket row that a return comes from, or -1. ``rewards`` counts the blocks
    of points spent.
    """

    visits: Visits
    lines: Lines
    original: Ints
    reason: Ints
    gross: Ints
    rewards: Ints
    email: pl.Series
    is_mistyped: Bools

    def __len__(self) -> int:
        return len(self.visits)

    @property
    def total(self) -> Ints:
        return self.gross - self.rewards * REWARD_CENTS


def draw_pickups(rng: np.random.Generator, orders: Orders, lives: Lives) -> Visits:
    """Visits in which someone who collects an order buys something more."""
    rows = np.flatnonzero((orders.fulfilment == COLLECT) & (orders.status == PICKED_UP))
    rows = rows[rng.random(len(rows)) < ADD_ON_AT_PICKUP]
    person = orders.person[rows]
    shows = rng.random(len(rows)) < 0.8
    found = new_visits(
        person,
        orders.pickup_store[rows],
        orders.fulfilled[rows],
        np.where(shows, lives.card[person], -1),
        np.full(len(rows), NOTHING, dtype=np.int64),
    )
    named = np.where(rng.random(len(rows)) < OUT_OF_ORDER_PICKUPS, UNKNOWN_ORDERS_FROM + rows, rows)
    return replace(found, order=named)


def draw_tickets(
    rng: np.random.Generator,
    visits: Visits,
    aisles: Aisles,
    stores: Stores,
    points: ContactPoints,
    calendar: Calendar,
) -> Tickets:
    """Baskets for all visits, and the returns that follow some of them."""
    size = len(visits)
    day = local_day(visits.seconds) - calendar.first
    lines = fill_baskets(rng, aisles, visits.person, day, visits.store, draw_sizes(rng, size), visits.wanted)
    back = np.flatnonzero(rng.random(len(lines.basket)) < BROUGHT_BACK)
    ticket = lines.basket[back]
    returned_on = next_open(day[ticket] + calendar.first + 2 + rng.integers(0, 24, size)[ticket], calendar)
    in_time = (returned_on <= calendar.as_of) & (returned_on > day[ticket] + calendar.first)
    back, ticket, returned_on = back[in_time], ticket[in_time], returned_on[in_time]
    origin, position = np.unique(ticket, return_inverse=True)  # One return visit per ticket.
    first_line = np.zeros(len(origin), dtype=np.int64)
    first_line[position[::-1]] = np.arange(len(ticket))[::-1]
    bringing = replace(
        take_visits(visits, origin),
        seconds=store_seconds(rng, returned_on[first_line]),
        wanted=np.full(len(origin), -1, dtype=np.int64),
        order=np.full(len(origin), -1, dtype=np.int64),
    )
    # Without a card nobody asks for an e-mailed receipt of a return.
    bringing = replace(bringing, receipt=np.where(bringing.card > -1, bringing.receipt, NOTHING))
    return _assemble(rng, visits, lines, bringing, origin, position, back, stores, points)


def _assemble(
    rng: np.random.Generator,
    visits: Visits,
    lines: Lines,
    bringing: Visits,
    origin: Ints,
    position: Ints,
    back: Ints,
    stores: Stores,
    points: ContactPoints,
) -> Tickets:
    """Purchases and returns in one time order, lines numbered within each ticket."""
    size = len(visits)
    seconds = np.concatenate([visits.seconds, bringing.seconds])
    order = np.lexsort((np.arange(len(seconds)), seconds))
    row_of = np.empty(len(order), dtype=np.int64)
    row_of[order] = np.arange(len(order))
    every = join_in_order(visits, bringing, order)
    basket = np.concatenate([row_of[lines.basket], row_of[size + position]])
    quantity = np.concatenate([lines.quantity, -lines.quantity[back]])
    product = np.concatenate([lines.product, lines.product[back]])
    unit = np.concatenate([lines.price, lines.price[back]])
    original = np.concatenate([np.full(len(lines.basket), -1, dtype=np.int64), row_of[origin[position]]])
    sequence = np.lexsort((np.arange(len(basket)), basket))
    basket, quantity, product, unit = basket[sequence], quantity[sequence], product[sequence], unit[sequence]
    line_no = np.arange(len(basket)) - np.searchsorted(basket, basket) + 1
    joined = Lines(basket, line_no, product, quantity, unit, np.zeros_like(unit), quantity * unit)
    email, is_mistyped = _write_receipts(rng, every, stores, points)
    reason = np.where(original[sequence] > -1, rng.integers(0, len(RETURN_REASONS), len(basket)), -1)
    return Tickets(
        visits=every,
        lines=joined,
        original=original[sequence],
        reason=reason,
        gross=joined.sums(len(every)),
        rewards=np.zeros(len(every), dtype=np.int64),
        email=email,
        is_mistyped=is_mistyped,
    )


def join_in_order(first: Visits, second: Visits, order: Ints) -> Visits:
    both = Visits(*(np.concatenate([getattr(first, name), getattr(second, name)]) for name in Visits.__annotations__))
    return take_visits(both, order)


def _write_receipts(
    rng: np.random.Generator, visits: Visits, stores: Stores, points: ContactPoints
) -> tuple[pl.Series, Bools]:
    """The address each receipt goes to, as staff type it, and where they mistyped it."""
    size = len(visits)
    person = visits.person.clip(0)
    shared = rng.random(size) < 0.5
    owner = np.where(shared, points.email_owner[person], person)
    day = visits.seconds // DAY
    former = (points.email_changed_day[owner] > -1) & (day < points.email_changed_day[owner])
    own = choose(former, points.former_email.gather(owner), points.email.gather(owner))
    own = keep(own, (visits.receipt == OWN_EMAIL) & (visits.person > -1))
    typed = noise.altered(own, rng.random(size) < MISTYPED_RECEIPT, rng.integers(0, 2**40, size), noise.mistype_email)
    of_store = visits.receipt == STORE_EMAIL
    return choose(of_store, store_emails(stores).gather(visits.store), typed), own.ne_missing(typed).to_numpy()


def list_tickets(rng: np.random.Generator, tickets: Tickets) -> pl.DataFrame:
    """``pos/tickets``."""
    size = len(tickets)
    visits = tickets.visits
    cashier = visits.store * 20 + rng.integers(0, 6, size)
    return canonical(
        table("pos", "tickets"),
        {
            "ticket_id": keys("T", np.arange(1, size + 1), 9),
            "store_id": keys("S", visits.store + 1, 3),
            "loyalty_card_id": keys("C", visits.card, 8),
            "receipt_email": tickets.email,
            "sold_at": times(visits.seconds),
            "gross_amount": money(tickets.gross),
            "discount_amount": money(tickets.rewards * REWARD_CENTS),
            "total_amount": money(tickets.total),
            "payment_kind": pick(PAYMENTS, weighted(rng, [0.68, 0.15, 0.03, 0.05, 0.09], size)),
            "cashier_id": keys("E", cashier, 4),
            "web_order_id": keys("W", np.where(visits.order > -1, visits.order + 1, -1), 8),
            "updated_at": times(visits.seconds),
        },
    )


def list_ticket_lines(tickets: Tickets) -> pl.DataFrame:
    """``pos/ticket_lines``."""
    lines = tickets.lines
    return canonical(
        table("pos", "ticket_lines"),
        {
            "ticket_id": keys("T", lines.basket + 1, 9),
            "line_no": lines.line_no,
            "product_id": keys("P", lines.product + 1, 5),
            "quantity": lines.quantity,
            "unit_price": price(lines.price),
            "line_amount": money(lines.amount),
            "original_ticket_id": keys("T", np.where(tickets.original > -1, tickets.original + 1, -1), 9),
            "return_reason": pick(RETURN_REASONS, tickets.reason),
        },
    )


def list_footfall(rng: np.random.Generator, tickets: Tickets, stores: int, calendar: Calendar) -> pl.DataFrame:
    """``pos/footfall``: one row per store and opening day; more people come in than buy, and queues follow them."""
    day = local_day(tickets.visits.seconds) - calendar.first
    cells = tickets.visits.store * calendar.days + day
    sold = np.bincount(cells, minlength=stores * calendar.days).reshape(stores, calendar.days)
    store, opened = np.nonzero(np.broadcast_to(calendar.is_open, (stores, calendar.days)))
    tickets_sold = sold[store, opened]
    visitors = np.ceil(tickets_sold * (2.2 + 2.2 * rng.random(len(store)))).astype(np.int64) + rng.integers(
        2, 15, len(store)
    )
    typical = np.maximum(sold.sum(axis=1) / max(int(calendar.is_open.sum()), 1), 1.0)[store]
    wait = 0.8 + 2.4 * (tickets_sold / typical) * (0.5 + rng.random(len(store)))
    return canonical(
        table("pos", "footfall"),
        {
            "store_id": keys("S", store + 1, 3),
            "date": pl.Series((opened + calendar.first).astype(np.int32)).cast(pl.Date),
            "visitors": visitors,
            "average_wait_minutes": np.round(np.minimum(wait, 25.0), 1),
        },
    )
