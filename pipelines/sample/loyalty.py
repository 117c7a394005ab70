"""Points earned, spent, reversed, granted as a gesture and expired, card by card in time order.

A point per euro; 300 points are worth ten euros at the till or online. What was earned more than a year ago and not
spent expires on 31 January. Balances are kept while events are replayed, so none ever falls below zero.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from pipelines.contracts import table
from pipelines.sample.columns import DAY, EPOCH, Bools, Ints, canonical, choose, keys, pick, times
from pipelines.sample.lives import Lives
from pipelines.sample.orders import APP, CANCELLED, PURGED_ACCOUNTS_FROM, REWARD_CENTS, Orders
from pipelines.sample.registers import Register
from pipelines.sample.returns import STORE, Returns
from pipelines.sample.seasons import Calendar
from pipelines.sample.tills import Tickets
from pipelines.sample.visits import UNKNOWN_CARDS_FROM

BLOCK = 300  # Points of one reward.
WELCOME = 50
GESTURE = 100  # Given by customer service after some complaints.
SPENDERS = 0.55  # of cards ever spend their points.
LEAST_PER_BLOCK = 2_000  # Cents of purchase for each reward used.
PURCHASE, BACK, GIFT, EXPIRY = range(4)
STORE_CHANNEL, WEB_CHANNEL, APP_CHANNEL, SERVICE = range(4)
CHANNELS = ("store", "web", "app", "service")
NO_DOCUMENT, ORDER, TICKET = range(3)


@dataclass(frozen=True)
class CardEvents:
    """One row per event on a card, by card and time. ``amount`` is in cents for purchases and returns, else in points.

    ``document`` is the row of the order or ticket (``document_kind``) behind it, -1 for none.
    """

    card: Ints
    seconds: Ints
    kind: Ints
    amount: Ints
    channel: Ints
    document_kind: Ints
    document: Ints


@dataclass(frozen=True)
class Movements:
    """Points that each event moved: all positive, one row per event."""

    events: CardEvents
    earned: Ints
    spent: Ints
    taken_back: Ints
    given: Ints
    expired: Ints


def gather_events(
    rng: np.random.Generator,
    lives: Lives,
    members: Register,
    orders: Orders,
    returns: Returns,
    tickets: Tickets,
    gestures: tuple[Ints, Ints],
    calendar: Calendar,
) -> CardEvents:
    """Everything that can move points. ``gestures`` are the person and time of customer service's."""
    since = _cards_since(lives, members)
    parts: list[tuple[Ints, Ints, int, Ints, Ints, int, Ints]] = []
    known = np.flatnonzero((tickets.visits.card > -1) & (tickets.visits.card < UNKNOWN_CARDS_FROM))
    card, seconds, gross = tickets.visits.card[known], tickets.visits.seconds[known], tickets.gross[known]
    in_store = np.full(len(known), STORE_CHANNEL, dtype=np.int64)
    bought = gross > 0
    parts.append((card[bought], seconds[bought], PURCHASE, gross[bought], in_store[bought], TICKET, known[bought]))
    parts.append((card[~bought], seconds[~bought], BACK, -gross[~bought], in_store[~bought], TICKET, known[~bought]))

    counts = _counts(orders, lives, since)
    rows = np.flatnonzero(counts)
    channel = np.where(orders.channel[rows] == APP, APP_CHANNEL, WEB_CHANNEL)
    paid = orders.gross[rows] - orders.coupon_cents[rows]
    parts.append((lives.card[orders.person[rows]], orders.seconds[rows], PURCHASE, paid, channel, ORDER, rows))
    back = np.flatnonzero(counts[returns.order])
    channel = np.where(returns.via[back] == STORE, STORE_CHANNEL, SERVICE)
    goods = returns.goods(orders)[back]
    owner = lives.card[orders.person[returns.order[back]]]
    parts.append((owner, returns.seconds[back], BACK, goods, channel, ORDER, returns.order[back]))

    parts += _gifts(rng, lives, since, gestures, calendar)
    parts += _expiries(lives, since, calendar)
    every = [np.concatenate([part[place] for part in parts]) for place in (0, 1, 3, 4, 6)]
    kinds, documents = (
        np.repeat([part[place] for part in parts], [len(part[0]) for part in parts]) for place in (2, 5)
    )
    order = np.lexsort((every[4], kinds, every[1], every[0]))
    return CardEvents(
        card=every[0][order],
        seconds=every[1][order],
        kind=kinds[order],
        amount=every[2][order],
        channel=every[3][order],
        document_kind=documents[order],
        document=every[4][order],
    )


def replay(rng: np.random.Generator, events: CardEvents, cards: int) -> Movements:
    """What each event moved, replayed first event of every card first, then every second one, and so on."""
    size = len(events.card)
    rank = np.arange(size) - np.searchsorted(events.card, events.card)
    spends = rng.random(cards + 1) < SPENDERS
    balance, earned_so_far, earned_before = (np.zeros(cards + 1, dtype=np.int64) for _ in range(3))
    earned, spent, taken_back, given, expired = (np.zeros(size, dtype=np.int64) for _ in range(5))
    by_rank = np.argsort(rank, kind="stable")
    edges = np.searchsorted(rank[by_rank], np.arange(int(rank.max()) + 2)) if size else np.zeros(1, dtype=np.int64)
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        rows = by_rank[first:last]
        card, kind, amount = events.card[rows], events.kind[rows], events.amount[rows]
        has = balance[card]
        wanted = np.minimum(np.minimum(has // BLOCK, amount // LEAST_PER_BLOCK), 3)
        blocks = np.where((kind == PURCHASE) & spends[card], wanted, 0)
        spent[rows] = blocks * BLOCK
        earned[rows] = np.where(kind == PURCHASE, (amount - blocks * REWARD_CENTS) // 100, 0)
        taken_back[rows] = np.where(kind == BACK, np.minimum(has, amount // 100), 0)
        given[rows] = np.where(kind == GIFT, amount, 0)
        recent = earned_so_far[card] - earned_before[card]
        expired[rows] = np.where(kind == EXPIRY, np.maximum(has - recent, 0), 0)
        balance[card] += earned[rows] - spent[rows] - taken_back[rows] + given[rows] - expired[rows]
        earned_so_far[card] += earned[rows]
        ends_year = kind == EXPIRY
        earned_before[card[ends_year]] = earned_so_far[card[ends_year]]
    return Movements(events, earned, spent, taken_back, given, expired)


def use_rewards(movements: Movements, orders: Orders, tickets: Tickets) -> None:
    """Writes the rewards that were used into the orders and tickets that they paid for."""
    events = movements.events
    for kind, documents in ((ORDER, orders.rewards), (TICKET, tickets.rewards)):
        rows = np.flatnonzero((events.document_kind == kind) & (movements.spent > 0))
        documents[events.document[rows]] = movements.spent[rows] // BLOCK


def list_movements(movements: Movements) -> pl.DataFrame:
    """``crm/loyalty_movements``; ``order_id`` names the web order or the till ticket."""
    events = movements.events
    kinds = (
        (movements.spent, -1, "spent"),
        (movements.earned, 1, "earned"),
        (movements.taken_back, -1, "adjusted"),
        (movements.given, 1, "adjusted"),
        (movements.expired, -1, "expired"),
    )
    rows = np.concatenate([np.flatnonzero(points) for points, _, _ in kinds])
    sizes = [int(np.count_nonzero(points)) for points, _, _ in kinds]
    kind = np.repeat(np.arange(len(kinds)), sizes)
    points = np.concatenate([sign * points[points > 0] for points, sign, _ in kinds])
    order = np.lexsort((kind, events.document[rows], events.card[rows], events.seconds[rows]))
    rows, kind, points = rows[order], kind[order], points[order]
    document, document_kind = events.document[rows], events.document_kind[rows]
    of_order = keys("W", np.where(document_kind == ORDER, document + 1, -1), 8)
    of_ticket = keys("T", np.where(document_kind == TICKET, document + 1, -1), 9)
    return canonical(
        table("crm", "loyalty_movements"),
        {
            "movement_id": keys("L", np.arange(1, len(rows) + 1), 9),
            "loyalty_card_id": keys("C", events.card[rows], 8),
            "points": points,
            "kind": pick([name for _, _, name in kinds], kind),
            "channel": pick(CHANNELS, events.channel[rows]),
            "order_id": choose(document_kind == ORDER, of_order, of_ticket),
            "occurred_at": times(events.seconds[rows]),
        },
    )


def _cards_since(lives: Lives, members: Register) -> Ints:
    """When each person's card began to count (UTC seconds)."""
    found: Ints = np.where(members.created_of_person > -1, members.created_of_person, lives.first_day * DAY)
    return found


def _counts(orders: Orders, lives: Lives, since: Ints) -> Bools:
    """The orders that earn: of a known account whose holder has a card, and not cancelled."""
    known = (orders.account > -1) & (orders.account < PURGED_ACCOUNTS_FROM)
    found: Bools = (
        known
        & (lives.card[orders.person] > -1)
        & (orders.seconds >= since[orders.person])
        & (orders.status != CANCELLED)
    )
    return found


def _gifts(
    rng: np.random.Generator, lives: Lives, since: Ints, gestures: tuple[Ints, Ints], calendar: Calendar
) -> list[tuple[Ints, Ints, int, Ints, Ints, int, Ints]]:
    """A welcome for new cards, the balance that older cards brought from the old scheme, and gestures of service."""
    start = calendar.first * DAY
    holders = np.flatnonzero((lives.card > -1) & ~lives.shares_card)
    is_new = since[holders] >= start
    at = np.where(is_new, since[holders], start + 6 * 3600)
    points = np.where(is_new, WELCOME, rng.integers(0, 400, len(holders)))
    channel = np.where(is_new, STORE_CHANNEL, SERVICE)
    person, seconds = gestures
    has_card = lives.card[person] > -1
    person, seconds = person[has_card], seconds[has_card]

    def gifts(card: Ints, when: Ints, amount: Ints, how: Ints) -> tuple[Ints, Ints, int, Ints, Ints, int, Ints]:
        return card, when, GIFT, amount, how, NO_DOCUMENT, np.full(len(card), -1, dtype=np.int64)

    size = len(person)
    return [
        gifts(lives.card[holders], at, points, channel),
        gifts(lives.card[person], seconds, np.full(size, GESTURE), np.full(size, SERVICE)),
    ]


def _expiries(lives: Lives, since: Ints, calendar: Calendar) -> list[tuple[Ints, Ints, int, Ints, Ints, int, Ints]]:
    holders = np.flatnonzero((lives.card > -1) & ~lives.shares_card)
    parts = []
    for year in range(2000, 2100):
        day = (date(year, 1, 31) - EPOCH).days
        if calendar.first < day <= calendar.as_of:
            rows = holders[since[holders] < day * DAY]
            size = len(rows)
            none = np.full(size, -1, dtype=np.int64)
            when = np.full(size, day * DAY + 21 * 3600)
            parts.append(
                (
                    lives.card[rows],
                    when,
                    EXPIRY,
                    np.zeros(size, dtype=np.int64),
                    np.full(size, SERVICE),
                    NO_DOCUMENT,
                    none,
                )
            )
    return parts
