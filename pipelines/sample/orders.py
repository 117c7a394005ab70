"""Online orders: by account holders and guests, delivered, shipped from a store or picked up in one."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.contracts import table
from pipelines.sample.baskets import Aisles, Lines, draw_sizes, fill_baskets
from pipelines.sample.columns import DAY, Bools, Ints, canonical, keep, keys, money, pick, price, times, weighted
from pipelines.sample.contact_points import ContactPoints
from pipelines.sample.households import People
from pipelines.sample.lives import OMNICHANNEL, ONLINE_ONLY, Lives
from pipelines.sample.records import GUEST, Written, write_down
from pipelines.sample.registers import Register
from pipelines.sample.seasons import Calendar, draw_days, local_day, next_open, store_seconds, web_seconds
from pipelines.sample.visits import Visits

ORDERS_A_YEAR = {ONLINE_ONLY: 2.1, OMNICHANNEL: 1.8}
AFTER_A_VISIT = 0.12  # of orders by those who visit stores: within four days of a visit (store to web).
ADD_ON_AT_PICKUP = 0.29  # Share of click-and-collect customers who buy something else at pickup.
PURGED_ACCOUNT = 0.001  # of orders by account holders: the account has been erased since.
PURGED_ACCOUNTS_FROM = 9_000_000
CHANNELS = ("web", "app", "marketplace", "social")
WEB, APP, MARKETPLACE, SOCIAL = range(4)
FULFILMENTS = ("delivery", "click_and_collect", "ship_from_store", "locker")
DELIVERY, COLLECT, SHIP_FROM_STORE, LOCKER = range(4)
STATUSES = ("placed", "paid", "shipped", "delivered", "picked_up", "cancelled", "returned")
PLACED, PAID, SHIPPED, DELIVERED, PICKED_UP, CANCELLED, RETURNED = range(7)
COUPONS = ("BIENVENUE10", "NEWS10", "ANNIV10", "RETOUR10")
REWARD_CENTS = 1_000  # What a block of loyalty points is worth.


@dataclass
class Orders:
    """One row per order, in time order (row n has the number n + 1). Money in cents, times in UTC seconds, -1 is none.

    ``rewards`` counts the blocks of loyalty points spent on the order; ``status`` becomes final once returns are known.
    """

    person: Ints
    account: Ints
    seconds: Ints
    channel: Ints
    fulfilment: Ints
    pickup_store: Ints
    selling_store: Ints
    fulfilled: Ints
    status: Ints
    lines: Lines
    gross: Ints
    coupon: Ints
    coupon_cents: Ints
    rewards: Ints
    guests: Written

    def __len__(self) -> int:
        return len(self.person)

    @property
    def is_guest(self) -> Bools:
        return self.account < 0

    @property
    def discount(self) -> Ints:
        """Coupon and loyalty rewards together."""
        return self.coupon_cents + self.rewards * REWARD_CENTS

    @property
    def shipping(self) -> Ints:
        """Free from 60 euros of goods, and where a customer or a parcel needs no postage."""
        pays = (self.gross < 6_000) & ((self.fulfilment == DELIVERY) | (self.fulfilment == LOCKER))
        found: Ints = np.where(pays, np.where(self.fulfilment == LOCKER, 390, 490), 0)
        return found

    @property
    def total(self) -> Ints:
        return self.gross - self.discount + self.shipping


def draw_orders(
    rng: np.random.Generator,
    people: People,
    points: ContactPoints,
    lives: Lives,
    accounts: Register,
    visits: Visits,
    aisles: Aisles,
    calendar: Calendar,
) -> Orders:
    person, account, seconds = _draw_occasions(rng, lives, accounts, calendar)
    seconds, selling_store = _follow_visits(rng, person, account, seconds, visits, accounts, calendar)
    order = np.lexsort((account, person, seconds))
    person, account, seconds = person[order], account[order], seconds[order]
    selling_store = selling_store[order]
    size = len(person)
    is_guest = account < 0
    channel = np.where(rng.random(size) < 0.28, APP, WEB)
    outside = is_guest & (rng.random(size) < 0.12)
    channel = np.where(outside, np.where(rng.random(size) < 0.6, MARKETPLACE, SOCIAL), channel)
    channel = np.where(is_guest & (channel == APP), WEB, channel)
    fulfilment = weighted(rng, [0.55, 0.27, 0.08, 0.10], size)
    fulfilment = np.where((channel >= MARKETPLACE) | (selling_store > -1), DELIVERY, fulfilment)
    pickup_store = np.where(fulfilment == COLLECT, people.store[person], -1)
    lines = fill_baskets(
        rng,
        aisles,
        person,
        local_day(seconds) - calendar.first,
        np.full(size, -1, dtype=np.int64),
        draw_sizes(rng, size),
        np.full(size, -1, dtype=np.int64),
    )
    gross = lines.sums(size)
    uses_coupon = (rng.random(size) < 0.12) & (channel <= APP)
    fulfilled, status = _fulfil(rng, seconds, fulfilment, calendar)
    guests = write_down(
        rng, GUEST, person[is_guest], local_day(seconds[is_guest]), people, points, lives.asks_receipts, calendar.as_of
    )
    return Orders(
        person=person,
        account=account,
        seconds=seconds,
        channel=channel,
        fulfilment=fulfilment,
        pickup_store=pickup_store,
        selling_store=selling_store,
        fulfilled=fulfilled,
        status=status,
        lines=lines,
        gross=gross,
        coupon=np.where(uses_coupon, rng.integers(0, len(COUPONS), size), -1),
        coupon_cents=np.where(uses_coupon, gross // 10, 0),
        rewards=np.zeros(size, dtype=np.int64),
        guests=guests,
    )


def _draw_occasions(
    rng: np.random.Generator, lives: Lives, accounts: Register, calendar: Calendar
) -> tuple[Ints, Ints, Ints]:
    """Person, account number (-1: guest) and time of each order."""
    size = len(lives.profile)
    created = accounts.created_of_person // DAY
    start, end = np.maximum(created, calendar.first), lives.last_day
    years = np.maximum(end - start + 1, 0) / 365.0
    rate = np.select([lives.profile == profile for profile in ORDERS_A_YEAR], list(ORDERS_A_YEAR.values()), 0.0)
    expected = np.where(lives.accounts > 0, rate * years * rng.gamma(1.2, 1 / 1.2, size), 0.0)
    person = np.repeat(np.arange(size), rng.poisson(expected))
    day = draw_days(rng, calendar.web_weights, calendar.first, start[person], end[person])
    seconds = web_seconds(rng, day)
    # A second account serves some of the orders placed since it was opened.
    place = np.searchsorted(accounts.person, person)
    second = place + (lives.accounts[person] > 1)
    uses_second = (rng.random(len(person)) < 0.6) & (accounts.created[second] < seconds)
    row = np.where(uses_second, second, place)
    seconds = np.maximum(seconds, accounts.created[row] + 300)
    number = accounts.number[row]
    purged = rng.random(len(person)) < PURGED_ACCOUNT
    number = np.where(purged, PURGED_ACCOUNTS_FROM + number, number)

    guests = np.flatnonzero(lives.is_guest & (lives.last_day >= calendar.first))
    guest = np.repeat(guests, 1 + rng.poisson(0.6, len(guests)))
    since = np.maximum(lives.first_day[guest], calendar.first)
    guest_day = draw_days(rng, calendar.web_weights, calendar.first, since, lives.last_day[guest])
    return (
        np.concatenate([person, guest]),
        np.concatenate([number, np.full(len(guest), -1, dtype=np.int64)]),
        np.concatenate([seconds, web_seconds(rng, guest_day)]),
    )


def _follow_visits(
    rng: np.random.Generator,
    person: Ints,
    account: Ints,
    seconds: Ints,
    visits: Visits,
    accounts: Register,
    calendar: Calendar,
) -> tuple[Ints, Ints]:
    """Moves some orders to the days after a store visit of the same person, or into it: ordered by the store itself.

    Gives the times and the store that sold each order (-1: none).
    """
    size = len(person)
    known = np.flatnonzero(visits.person > -1)
    known = known[np.argsort(visits.person[known], kind="stable")]
    low = np.searchsorted(visits.person[known], person)
    count = np.searchsorted(visits.person[known], person, side="right") - low
    visit = known[np.minimum(low + (rng.random(size) * count).astype(np.int64), len(known) - 1)]
    draw = rng.random(size)
    latest = (calendar.as_of + 1) * DAY - 4 * 3600
    gap = np.where(draw < AFTER_A_VISIT / 2, 600, 3 * 3600 + rng.integers(0, 4 * DAY, size))
    follows = (count > 0) & (draw < AFTER_A_VISIT) & (account > -1) & (account < PURGED_ACCOUNTS_FROM)
    moved = visits.seconds[visit] + gap
    follows &= (
        (moved < latest) & (moved > accounts.created_of_person[person] + DAY) & (_is_first(accounts, person, account))
    )
    in_store = follows & (draw < AFTER_A_VISIT / 2)
    return np.where(follows, moved, seconds), np.where(in_store, visits.store[visit], -1)


def _is_first(accounts: Register, person: Ints, account: Ints) -> Bools:
    found: Bools = accounts.number_of_person[person] == account
    return found


def _fulfil(rng: np.random.Generator, seconds: Ints, fulfilment: Ints, calendar: Calendar) -> tuple[Ints, Ints]:
    """When goods reached the customer (-1: not yet, or never) and the status as of the last day."""
    size = len(seconds)
    day = local_day(seconds)
    collected = store_seconds(rng, next_open(day + 1 + rng.integers(0, 3, size), calendar))
    delivered = store_seconds(rng, day + 2 + rng.integers(0, 4, size))
    fulfilled = np.where(fulfilment == COLLECT, collected, delivered)
    end = (calendar.as_of + 1) * DAY - 3600
    cancelled = rng.random(size) < 0.025
    # The last opening day may come before an order of the final evening.
    done = ~cancelled & (fulfilled < end) & (fulfilled > seconds)
    age = calendar.as_of - day
    waiting = np.where(age == 0, PLACED, np.where(age == 1, PAID, np.where(fulfilment == COLLECT, PAID, SHIPPED)))
    reached = np.where(fulfilment == COLLECT, PICKED_UP, DELIVERED)
    status = np.where(cancelled, CANCELLED, np.where(done, reached, waiting))
    return np.where(done, fulfilled, -1), status


def list_orders(orders: Orders, session: Ints) -> pl.DataFrame:
    """``ecommerce/orders``. ``session`` numbers the web session of each order, -1 for none."""
    size = len(orders)
    guest_row = np.full(size, -1, dtype=np.int64)
    guest_row[orders.is_guest] = np.arange(int(orders.is_guest.sum()))
    written = orders.guests.columns
    phone = pl.select(pl.coalesce(written["mobile"], written["landline"])).to_series()

    def of_guest(values: pl.Series) -> pl.Series:
        return pick(values, guest_row)

    total = orders.total
    updated = np.where(orders.fulfilled > -1, orders.fulfilled, orders.seconds + 900)
    return canonical(
        table("ecommerce", "orders"),
        {
            "order_id": keys("W", np.arange(1, size + 1), 8),
            "account_id": keys("A", orders.account, 7),
            "contact_first_name": of_guest(written["first_name"]),
            "contact_last_name": of_guest(written["last_name"]),
            "contact_email": of_guest(written["email"]),
            "contact_phone": of_guest(phone),
            "contact_address": keep(of_guest(written["address"]), orders.fulfilment != COLLECT),
            "contact_postcode": of_guest(written["postcode"]),
            "contact_city": of_guest(written["city"]),
            "channel": pick(CHANNELS, orders.channel),
            "fulfilment": pick(FULFILMENTS, orders.fulfilment),
            "pickup_store_id": keys("S", np.where(orders.pickup_store > -1, orders.pickup_store + 1, -1), 3),
            "sold_by_store_id": keys("S", np.where(orders.selling_store > -1, orders.selling_store + 1, -1), 3),
            "status": pick(STATUSES, orders.status),
            "ordered_at": times(orders.seconds),
            "fulfilled_at": times(orders.fulfilled),
            "gross_amount": money(orders.gross),
            "discount_amount": money(orders.discount),
            "shipping_amount": money(orders.shipping),
            "tax_amount": money((total + 3) // 6),
            "total_amount": money(total),
            "coupon_code": pick(COUPONS, orders.coupon),
            "session_id": keys("Z", session, 9),
            "updated_at": times(updated),
        },
    )


def list_order_lines(orders: Orders) -> pl.DataFrame:
    """``ecommerce/order_lines``."""
    lines = orders.lines
    return canonical(
        table("ecommerce", "order_lines"),
        {
            "order_id": keys("W", lines.basket + 1, 8),
            "line_no": lines.line_no,
            "product_id": keys("P", lines.product + 1, 5),
            "quantity": lines.quantity,
            "unit_price": price(lines.price),
            "discount_amount": money(lines.discount),
            "line_amount": money(lines.amount),
        },
    )
