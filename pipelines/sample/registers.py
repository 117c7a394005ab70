"""The three systems' registers of people: CRM contacts, shop accounts, till members."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.contracts import Kind, table
from pipelines.sample.catalogue import DOMAIN, Stores
from pipelines.sample.columns import DAY, Bools, Ints, canonical, choose, keep, keys, pick, times
from pipelines.sample.contact_points import ContactPoints, fold
from pipelines.sample.households import People
from pipelines.sample.lives import Lives
from pipelines.sample.records import CRM, SHOP, TILL, Habits, Written, write_down
from pipelines.sample.seasons import Calendar, store_seconds, web_seconds

STORE_EMAIL = 0.05  # of members without an e-mail: staff type the store's own to get past the field.
CARD_WRITTEN = {"contacts": 0.72, "customers": 0.4, "members": 0.96}
CHANNELS = ("email", "sms", "phone", "post")
STALE_DAYS = 3 * 365  # A record not touched for so long describes a person as they used to be.


@dataclass(frozen=True)
class Register:
    """One table of people: per record its person, its number (the key's), when it was made, and the table itself.

    ``number_of_person`` is the number of each person's first record, -1 for those who have none; ``created_of_person``
    is when it was made (UTC seconds), -1 likewise.
    """

    person: Ints
    number: Ints
    created: Ints
    deleted: Bools
    number_of_person: Ints
    created_of_person: Ints
    frame: pl.DataFrame
    written: Written


def store_emails(stores: Stores) -> pl.Series:
    """The address of each store's tablet."""
    towns = fold(pl.Series(stores.names)).str.replace_all("[^a-z]", "")
    return pl.select(pl.lit("magasin.") + towns + pl.lit(f"@{DOMAIN}")).to_series()


def draw_contacts(
    rng: np.random.Generator, people: People, points: ContactPoints, lives: Lives, calendar: Calendar
) -> Register:
    person, created = _draw_slots(rng, lives.contacts, lives, calendar, in_store=False)
    written = write_down(rng, CRM, person, created // DAY, people, points, lives.asks_receipts, calendar.as_of)
    updated, deleted = _draw_updates(rng, CRM, written, created, calendar, gone=0.005, step=1)
    preferred = pick(CHANNELS, rng.choice(4, size=len(person), p=[0.6, 0.2, 0.05, 0.15]))
    columns = {
        **_contact_columns(rng, written, lives, "contacts"),
        "phone": written.columns["landline"],
        "mobile": written.columns["mobile"],
        "civility": written.columns["civility"],
        "country": pl.Series(["FR"]).gather(np.zeros(len(person), dtype=np.int64)),
        "preferred_channel": keep(preferred, rng.random(len(person)) < 0.4),
    }
    return _register(
        "crm", "contacts", "contact_id", "K", person, created, updated, deleted, columns, written, len(people)
    )


def draw_accounts(
    rng: np.random.Generator, people: People, points: ContactPoints, lives: Lives, calendar: Calendar
) -> Register:
    person, created = _draw_slots(rng, lives.accounts, lives, calendar, in_store=False)
    written = write_down(rng, SHOP, person, created // DAY, people, points, lives.asks_receipts, calendar.as_of)
    updated, deleted = _draw_updates(rng, SHOP, written, created, calendar, gone=0.003, step=1)
    columns = {
        **_contact_columns(rng, written, lives, "customers"),
        "phone": _one_phone(rng, written),
        "country": pl.Series(["FR"]).gather(np.zeros(len(person), dtype=np.int64)),
    }
    return _register(
        "ecommerce", "customers", "account_id", "A", person, created, updated, deleted, columns, written, len(people)
    )


def draw_members(
    rng: np.random.Generator, people: People, points: ContactPoints, lives: Lives, stores: Stores, calendar: Calendar
) -> Register:
    person, created = _draw_slots(rng, lives.members, lives, calendar, in_store=True)
    written = write_down(rng, TILL, person, created // DAY, people, points, lives.asks_receipts, calendar.as_of)
    updated, deleted = _draw_updates(rng, TILL, written, created, calendar, gone=0.001, step=60)
    size = len(person)
    at_tablet = written.columns["email"].is_null().to_numpy() & (rng.random(size) < STORE_EMAIL)
    written.columns["email"] = choose(
        at_tablet, store_emails(stores).gather(people.store[person]), written.columns["email"]
    )
    written.note("store_tablet_email", at_tablet)
    columns = {
        **_contact_columns(rng, written, lives, "members"),
        "phone": _one_phone(rng, written),
        "civility": written.columns["civility"].replace_strict({"M.": "M", "Mme": "MME"}),
        "country": keep(pl.Series(["FRANCE"]).gather(np.zeros(size, dtype=np.int64)), rng.random(size) < 0.7),
        "store_id": keys("S", people.store[person] + 1, 3),
    }
    return _register(
        "pos", "members", "member_id", "M", person, created, updated, deleted, columns, written, len(people)
    )


def _draw_slots(
    rng: np.random.Generator, counts: Ints, lives: Lives, calendar: Calendar, *, in_store: bool
) -> tuple[Ints, Ints]:
    """Person and creation time (UTC seconds) of each record: the first soon after the person came, others later."""
    person = np.repeat(np.arange(len(counts)), counts)
    rank = np.arange(len(person)) - np.searchsorted(person, person)
    first, last = lives.first_day[person], lives.last_day[person]
    soon = first + (rng.random(len(person)) ** 3 * np.minimum(last - first, 500)).astype(np.int64)
    later = first + (rng.random(len(person)) * (last - first)).astype(np.int64)
    day = np.where(rank == 0, soon, np.maximum(soon, later))
    if in_store:  # Not on Sundays: 1970-01-01 was a Thursday.
        day += (day + 3) % 7 == 6
        day -= (day > calendar.as_of) * 2
        return person, store_seconds(rng, day)
    return person, web_seconds(rng, day)


def _draw_updates(
    rng: np.random.Generator,
    habits: Habits,
    written: Written,
    created: Ints,
    calendar: Calendar,
    *,
    gone: float,
    step: int,
) -> tuple[Ints, Ints]:
    """Last change and deletion (-1: none) of each record; a few records are deleted softly, at their last change."""
    now = (calendar.as_of + 1) * DAY - 3 * 3600
    touched = rng.random(len(created)) < habits.refreshed
    later = created + ((now - created) * rng.random(len(created))).astype(np.int64)
    midday = later // DAY * DAY + 10 * 3600 + rng.integers(0, 6 * 3600 // step, len(created)) * step
    updated = np.where(touched, np.maximum(midday, created), created)
    deleted = rng.random(len(created)) < gone
    written.note("stale_record", updated < (calendar.as_of - STALE_DAYS) * DAY)
    return updated, np.where(deleted, updated, -1)


def _contact_columns(rng: np.random.Generator, written: Written, lives: Lives, name: str) -> dict[str, pl.Series]:
    """The columns that the registers share; the loyalty card of a second record is an older one, since lost."""
    size = len(written.person)
    rank = np.arange(size) - np.searchsorted(written.person, written.person)
    card = lives.card[written.person]
    if name == "members":
        card = np.where(rank > 0, card + len(lives.card), card)
    shown = (card > -1) & (rng.random(size) < CARD_WRITTEN[name])
    return {
        **{
            column: written.columns[column]
            for column in ("first_name", "last_name", "email", "birth_date", "address", "postcode", "city")
        },
        "loyalty_card_id": keys("C", np.where(shown, card, -1), 8),
    }


def _one_phone(rng: np.random.Generator, written: Written) -> pl.Series:
    """Where a system has one field: the mobile, or for some the landline."""
    mobile, landline = written.columns["mobile"], written.columns["landline"]
    prefers_landline = landline.is_not_null().to_numpy() & (rng.random(len(mobile)) < 0.25)
    prefers_landline |= mobile.is_null().to_numpy()
    return choose(prefers_landline, landline, mobile)


def _register(
    kind: Kind,
    name: str,
    key: str,
    prefix: str,
    person: Ints,
    created: Ints,
    updated: Ints,
    deleted: Ints,
    columns: dict[str, pl.Series],
    written: Written,
    people: int,
) -> Register:
    """Numbers the records in the order of their creation."""
    number = np.empty(len(person), dtype=np.int64)
    number[np.argsort(created, kind="stable")] = np.arange(1, len(person) + 1)
    frame = canonical(
        table(kind, name),
        {
            key: keys(prefix, number, 7),
            **columns,
            "created_at": times(created),
            "updated_at": times(updated),
            "deleted_at": times(deleted),
        },
    )
    number_of_person = np.full(people, -1, dtype=np.int64)
    created_of_person = np.full(people, -1, dtype=np.int64)
    number_of_person[person[::-1]] = number[::-1]
    created_of_person[person[::-1]] = created[::-1]
    return Register(person, number, created, deleted > -1, number_of_person, created_of_person, frame, written)
