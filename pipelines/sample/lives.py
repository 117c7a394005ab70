"""Each person as a customer: since when, until when, in which channels, and which records they leave behind."""

from dataclasses import dataclass

import numpy as np

from pipelines.sample.columns import Bools, Ints, weighted
from pipelines.sample.households import CHILD, PARTNER, People
from pipelines.sample.seasons import Calendar

STORE_ONLY, ONLINE_ONLY, OMNICHANNEL, PROSPECT = range(4)
PROFILES = (0.35, 0.25, 0.34, 0.06)
# Chance of each kind of record by profile, in the order above.
MEMBER = (0.84, 0.0, 0.76, 0.0)
ACCOUNT = (0.0, 0.74, 0.82, 0.25)
GUEST = (0.0, 0.48, 0.17, 0.0)
RECEIPT = (0.30, 0.0, 0.24, 0.0)
CONTACT = (0.64, 0.60, 0.80, 0.85)
SECOND_CONTACT, SECOND_ACCOUNT, SECOND_MEMBER = 0.09, 0.05, 0.07
SHARED_CARD = 0.10  # of partners who would each have had a card.
EMPLOYEES_PER_STORE = 2


@dataclass(frozen=True)
class Lives:
    """One row per person. Days are day numbers; ``card`` is the number of the loyalty card in use, -1 for none."""

    profile: Ints
    first_day: Ints
    last_day: Ints
    contacts: Ints
    accounts: Ints
    members: Ints
    is_guest: Bools
    asks_receipts: Bools
    card: Ints
    shares_card: Bools
    is_employee: Bools


def draw_lives(rng: np.random.Generator, people: People, shares_email: Bools, calendar: Calendar) -> Lives:
    """``shares_email`` are those who give another's address: they seldom ask for a receipt by e-mail."""
    size = len(people)
    profile = weighted(rng, PROFILES, size)

    def happens(chances: tuple[float, ...]) -> Bools:
        found: Bools = rng.random(size) < np.array(chances)[profile]
        return found

    member, account, guest, receipt, contact = (
        happens(chances) for chances in (MEMBER, ACCOUNT, GUEST, RECEIPT, CONTACT)
    )
    receipt &= ~shares_email | (rng.random(size) < 0.1)
    nothing = ~(member | account | guest | receipt | contact)
    member |= nothing & (profile == STORE_ONLY)
    account |= nothing & ((profile == ONLINE_ONLY) | (profile == OMNICHANNEL))
    contact |= nothing & (profile == PROSPECT)

    first_day, last_day = _draw_span(rng, member | account | contact, calendar)
    has_card = member | (contact & (profile == OMNICHANNEL))
    number = rng.permutation(size) + 1
    is_partner = people.role == PARTNER
    shares_card = is_partner & has_card & has_card[people.partner] & (rng.random(size) < SHARED_CARD)
    card = np.where(has_card, np.where(shares_card, number[people.partner], number), -1)
    return Lives(
        profile=profile,
        first_day=first_day,
        last_day=last_day,
        contacts=contact * (1 + (rng.random(size) < SECOND_CONTACT)),
        accounts=account * (1 + (rng.random(size) < SECOND_ACCOUNT)),
        members=member * (1 + (rng.random(size) < SECOND_MEMBER)),
        is_guest=guest,
        asks_receipts=receipt,
        card=card,
        shares_card=shares_card,
        is_employee=_choose_employees(people, member),
    )


def _draw_span(rng: np.random.Generator, is_registered: Bools, calendar: Calendar) -> tuple[Ints, Ints]:
    """First and last day as a customer: half came in the five years before the window, some are dormant since.

    Only those whom a register keeps can have left before the window: guests are known by what they buy in it.
    """
    size = len(is_registered)
    is_new = rng.random(size) < 0.45
    before = calendar.first - 1 - (rng.random(size) ** 1.4 * 1_800).astype(np.int64)
    within = calendar.first + (rng.random(size) * (calendar.days - 1)).astype(np.int64)
    first_day = np.where(is_new, within, before)
    stays = 60 + (rng.exponential(900.0, size)).astype(np.int64)
    left_before = ~is_new & is_registered & (rng.random(size) < 0.10)
    last_day = np.where(
        left_before, np.minimum(first_day + stays, calendar.first - 1), np.maximum(first_day, calendar.first) + stays
    )
    return first_day, np.minimum(np.maximum(last_day, first_day), calendar.as_of)


def _choose_employees(people: People, member: Bools) -> Bools:
    """The first adult members of each store's neighbourhood: their own card is kept beside the till."""
    found = np.zeros(len(people), dtype=bool)
    adults = np.flatnonzero(member & (people.role < CHILD))
    stores = people.store[adults]
    order = np.argsort(stores, kind="stable")
    starts = np.searchsorted(stores[order], stores[order])
    found[adults[order[np.arange(len(order)) - starts < EMPLOYEES_PER_STORE]]] = True
    return found
