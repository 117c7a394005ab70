"""Visits to stores that end at a till, before anything is in the basket: who, where, when, and how they identify
themselves.

Most are anonymous. The others show a loyalty card or ask for the receipt by e-mail; some use one that is not theirs:
the cashier's card, or the store's own e-mail address.
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from pipelines.sample.catalogue import Stores
from pipelines.sample.columns import DAY, Bools, Ints, weighted
from pipelines.sample.households import People
from pipelines.sample.lives import OMNICHANNEL, STORE_ONLY, Lives
from pipelines.sample.registers import Register
from pipelines.sample.seasons import Calendar, draw_days, store_seconds

CARD_VISITS_A_YEAR = {STORE_ONLY: 2.5, OMNICHANNEL: 2.1}
ANONYMOUS_SHARE = 1.1  # Anonymous visits per identified one.
CASHIER_CARD_VISITS = 14  # Passers-by rung up on each employee's card, over the window.
STORE_EMAIL_RECEIPTS = 0.012  # Passers-by whose receipt goes to the store's own address, per customer.
UNKNOWN_CARD = 0.003  # of cards shown: of another country or an old scheme, on no record.
RECEIPT_WITH_CARD = 0.25
NOTHING, OWN_EMAIL, STORE_EMAIL = range(3)
UNKNOWN_CARDS_FROM = 90_000_000


@dataclass(frozen=True)
class Visits:
    """One row per visit. ``person`` is -1 for strangers; ``card`` -1 for none; ``receipt`` says which e-mail is given.

    ``wanted`` is a product that the visit is for, or -1; ``order`` the order that it picks up, or -1.
    """

    person: Ints
    store: Ints
    seconds: Ints
    card: Ints
    receipt: Ints
    wanted: Ints
    order: Ints
    is_cashier_card: Bools

    def __len__(self) -> int:
        return len(self.person)


def join_visits(*parts: Visits) -> Visits:
    """All visits in time order."""
    every = Visits(
        **{name.name: np.concatenate([getattr(part, name.name) for part in parts]) for name in fields(Visits)}
    )
    order = np.lexsort((every.card, every.store, every.seconds))
    return take_visits(every, order)


def take_visits(visits: Visits, rows: Ints | Bools) -> Visits:
    return Visits(**{name.name: getattr(visits, name.name)[rows] for name in fields(Visits)})


def new_visits(person: Ints, store: Ints, seconds: Ints, card: Ints, receipt: Ints) -> Visits:
    size = len(person)
    none = np.full(size, -1, dtype=np.int64)
    return Visits(person, store, seconds, card, receipt, none, none, np.zeros(size, dtype=bool))


def draw_visits(
    rng: np.random.Generator, people: People, lives: Lives, members: Register, stores: Stores, calendar: Calendar
) -> Visits:
    with_card = _draw_card_visits(rng, people, lives, members, stores, calendar)
    receipts = _draw_receipt_visits(rng, people, lives, stores, calendar)
    strangers = _draw_strangers(rng, people, lives, stores, calendar, len(with_card) + len(receipts))
    return join_visits(with_card, receipts, strangers)


def _draw_card_visits(
    rng: np.random.Generator, people: People, lives: Lives, members: Register, stores: Stores, calendar: Calendar
) -> Visits:
    size = len(people)
    has_card = lives.card > -1
    since = np.where(members.created_of_person > -1, members.created_of_person // DAY, lives.first_day)
    start, end = np.maximum(since, calendar.first), lives.last_day
    years = np.maximum(end - start + 1, 0) / 365.0
    rate = np.select(
        [lives.profile == profile for profile in CARD_VISITS_A_YEAR], list(CARD_VISITS_A_YEAR.values()), 0.0
    )
    counts = rng.poisson(np.where(has_card, rate * years * rng.gamma(1.5, 1 / 1.5, size), 0.0))
    person = np.repeat(np.arange(size), counts)
    day = draw_days(rng, calendar.store_weights, calendar.first, start[person], end[person])
    card = lives.card[person]
    strange = rng.random(len(person)) < UNKNOWN_CARD
    card = np.where(strange, UNKNOWN_CARDS_FROM + rng.integers(0, 9_000_000, len(person)), card)
    receipt = np.where(rng.random(len(person)) < RECEIPT_WITH_CARD, OWN_EMAIL, NOTHING)
    return new_visits(person, _store_of(rng, people, person, stores), store_seconds(rng, day), card, receipt)


def _draw_receipt_visits(
    rng: np.random.Generator, people: People, lives: Lives, stores: Stores, calendar: Calendar
) -> Visits:
    asks = np.flatnonzero(lives.asks_receipts & (lives.last_day >= calendar.first))
    person = np.repeat(asks, 1 + rng.poisson(0.8, len(asks)))
    start = np.maximum(lives.first_day[person], calendar.first)
    day = draw_days(rng, calendar.store_weights, calendar.first, start, lives.last_day[person])
    none = np.full(len(person), -1, dtype=np.int64)
    receipt = np.full(len(person), OWN_EMAIL, dtype=np.int64)
    return new_visits(person, _store_of(rng, people, person, stores), store_seconds(rng, day), none, receipt)


def _draw_strangers(
    rng: np.random.Generator, people: People, lives: Lives, stores: Stores, calendar: Calendar, identified: int
) -> Visits:
    """Anonymous visits, those rung up on a cashier's card, and those whose receipt goes to the store's address."""
    traffic = np.bincount(people.store, minlength=len(stores)) + 1.0
    cashiers = np.flatnonzero(lives.is_employee & (lives.card > -1))
    sizes = [int(identified * ANONYMOUS_SHARE), len(cashiers) * CASHIER_CARD_VISITS]
    sizes.append(max(len(stores), int(len(people) * STORE_EMAIL_RECEIPTS)))
    total = sum(sizes)
    kind = np.repeat(np.arange(3), sizes)
    store = weighted(rng, traffic, total)
    card = np.full(total, -1, dtype=np.int64)
    on_card = np.repeat(cashiers, CASHIER_CARD_VISITS)
    card[kind == 1] = lives.card[on_card]
    store[kind == 1] = people.store[on_card]
    first = np.full(total, calendar.first, dtype=np.int64)
    day = draw_days(rng, calendar.store_weights, calendar.first, first, np.full(total, calendar.as_of))
    nobody = np.full(total, -1, dtype=np.int64)
    found = new_visits(nobody, store, store_seconds(rng, day), card, np.where(kind == 2, STORE_EMAIL, NOTHING))
    return replace(found, is_cashier_card=kind == 1)


def _store_of(rng: np.random.Generator, people: People, person: Ints, stores: Stores) -> Ints:
    """The store near home, or now and then another one."""
    elsewhere = rng.integers(0, len(stores), len(person))
    found: Ints = np.where(rng.random(len(person)) < 0.08, elsewhere, people.store[person])
    return found
