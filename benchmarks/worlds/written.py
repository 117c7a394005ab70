"""What the people of a world leave behind: the records of CRM, shop and till, each with its habits and errors.

How many records people leave, and how often a system's are missing or wrong, are the shares of the bundled sample
(``pipelines.sample.lives``, ``pipelines.sample.records``). A ``noise`` of 2 doubles what is missing and mistyped.
"""

import random
from collections.abc import Iterator
from dataclasses import fields
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl

from benchmarks.worlds.country import Country, strip_marks
from benchmarks.worlds.people import AS_OF, Person, draw_people
from pipelines.identity.standardisation.standardise import RECORD_COLUMNS
from pipelines.sample.lives import (
    ACCOUNT,
    CONTACT,
    GUEST,
    MEMBER,
    PROFILES,
    RECEIPT,
    SECOND_ACCOUNT,
    SECOND_CONTACT,
    SECOND_MEMBER,
)
from pipelines.sample.records import CRM, SHOP, TILL, Habits
from pipelines.sample.records import GUEST as GUEST_ORDER

ORIGINS = {  # Source, kind, table and habits of each kind of record.
    "crm": ("crm", "crm", "contacts", CRM),
    "shop": ("shop", "ecommerce", "customers", SHOP),
    "guest": ("shop", "ecommerce", "orders", GUEST_ORDER),
    "till": ("till", "pos", "members", TILL),
    "receipt": ("till", "pos", "tickets", TILL),
}
NOT_NOISE = ("capitals", "lower_case", "gives_landline", "work_email", "refreshed", "no_civility")
"""Habits that are neither a missing value nor an error."""
ONE_LINE = 0.06  # of addresses: street, postcode and town in one field.
WHOLE_NAME = 0.015  # of names: first name and surname in one field, in any order.
SPARSE = 0.02  # of records: neither e-mail nor phone nor birth date.
PLACEHOLDER_EMAILS = ("a@a.de", "test@test.com", "x@x.gr", "noemail@noemail.com")
DOUBLE_NAME = 0.06  # of married women: both surnames.
CARD_WRITTEN = {"crm": 0.5, "shop": 0.15, "till": 1.0, "guest": 0.0}


def draw_world(country: Country, size: int, seed: int, noise: float = 1.0) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Gathered records of ``size`` people (``standardise.RECORD_COLUMNS``) as of AS_OF, and their truth.

    The truth has one row per record: record_id, person_id.
    """
    rng = random.Random(f"{country.code} {size} {seed}")
    habits = {system: _with_noise(habits, noise) for system, (*_, habits) in ORIGINS.items()}
    rows, truth = [], []
    for person in draw_people(country, size, rng):
        for system, day, card, asks_receipts in _list_records(person, rng):
            row = _write(country, system, habits[system], person, day, card, noise, asks_receipts, rng)
            row["source_key"] = str(len(rows))
            source, kind, table, _ = ORIGINS[system]
            row |= {"source": source, "kind": kind, "table_name": table}
            row["record_id"] = f"{source}:{table}:{row['source_key']}"
            rows.append(row)
            truth.append((row["record_id"], f"P{person.number:06d}"))
    return (
        pl.DataFrame([{name: row.get(name) for name in RECORD_COLUMNS} for row in rows], schema=RECORD_COLUMNS),
        pl.DataFrame(truth, schema=["record_id", "person_id"], orient="row"),
    )


def _with_noise(habits: Habits, noise: float) -> Habits:
    shares = {each.name: getattr(habits, each.name) for each in fields(habits)}
    return Habits(
        **{
            name: share if name in NOT_NOISE or share == 1 else min(share * noise, 0.95)
            for name, share in shares.items()
        }
    )


def _list_records(person: Person, rng: random.Random) -> Iterator[tuple[str, date, str | None, bool]]:
    """System, day and loyalty card of each record of a person, and whether they ask for receipts by e-mail."""
    profile = rng.choices(range(len(PROFILES)), PROFILES)[0]
    happens = {
        system: rng.random() < chances[profile]
        for system, chances in (
            ("till", MEMBER),
            ("shop", ACCOUNT),
            ("guest", GUEST),
            ("receipt", RECEIPT),
            ("crm", CONTACT),
        )
    }
    happens["receipt"] &= person.shared_email is None or rng.random() < 0.1
    happens["till"] |= not any(happens[system] for system in ("till", "shop", "guest", "crm"))
    twice = {"crm": SECOND_CONTACT, "shop": SECOND_ACCOUNT, "till": SECOND_MEMBER, "guest": 0.35, "receipt": 0.4}
    for system in sorted(name for name, is_there in happens.items() if is_there):
        for copy in range(1 + (rng.random() < twice[system])):
            shown = system in CARD_WRITTEN and happens["till"] and rng.random() < CARD_WRITTEN[system]
            card = f"C{person.number * 2 + (system == 'till' and copy):08d}" if shown else None
            yield system, AS_OF - timedelta(days=int(rng.random() ** 1.4 * 2000)), card, happens["receipt"]


def _write(
    country: Country, system: str, habits: Habits, person: Person, day: date, card: str | None, noise: float,
    asks_receipts: bool, rng: random.Random,
) -> dict[str, Any]:  # fmt: skip
    as_true_on = AS_OF if rng.random() < habits.refreshed else day
    created = datetime.combine(day, time(12))
    row: dict[str, Any] = {"created_at": created, "updated_at": created}
    email = _write_email(habits, person, as_true_on, 0.3 if asks_receipts else 1.0, rng)
    if system == "receipt":
        own = (
            person.email
            if person.email_changed_on is None or as_true_on >= person.email_changed_on
            else person.former_email
        )
        return row | {"email": email or own}
    row |= _write_names(country, system, habits, person, as_true_on, rng)
    row |= _write_address(country, habits, person, as_true_on, rng)
    mobile, landline = _write_numbers(country, habits, person, as_true_on, rng)
    if email is None and mobile is None and landline is None and rng.random() < 0.9:
        mobile = _in_some_style(country, person.mobile, rng)
    birth_date = _write_birth_date(habits, person, rng)
    if rng.random() < SPARSE * noise:
        email = mobile = landline = birth_date = None
    row |= {"email": email, "birth_date": birth_date, "loyalty_card_id": card}
    if system == "crm":
        return row | {"mobile": mobile, "phone": landline}
    return row | {"phone": landline if landline and (mobile is None or rng.random() < 0.25) else mobile}


def _write_names(
    country: Country, system: str, habits: Habits, person: Person, day: date, rng: random.Random
) -> dict[str, str | None]:
    first, last = _choose_first_name(country, habits, person, rng), _choose_surname(habits, person, day, rng)
    if rng.random() < country.said["written_in_latin"][system]:
        first, last = (country.write_in_latin(name, rng) for name in (first, last))
    first, last = (
        mistype(country, name, rng) if rng.random() < habits.mistyped_name else name for name in (first, last)
    )
    first, last = _in_some_case(country, habits, (first, last), rng)
    title = country.said["titles"][person.sex] if rng.random() >= habits.no_civility else None
    draw = rng.random()
    if draw < habits.swapped_names:
        first, last = last, first
    elif draw < habits.swapped_names + WHOLE_NAME:
        whole = rng.choice([f"{first} {last}", f"{last} {first}", f"{last}, {first}"])
        return {"civility": title, "first_name": None, "last_name": whole}
    return {"civility": title, "first_name": first, "last_name": last}


def _choose_surname(habits: Habits, person: Person, day: date, rng: random.Random) -> str:
    """The one of the day, by which a few married women do not go, and to which a few add their own."""
    if person.married_on is None:
        return person.last_name
    if day < person.married_on or rng.random() < habits.maiden_name:
        return person.birth_name
    return f"{person.last_name}-{person.birth_name}" if rng.random() < DOUBLE_NAME else person.last_name


def _choose_first_name(country: Country, habits: Habits, person: Person, rng: random.Random) -> str:
    first = person.first_name
    if rng.random() < country.said["everyday_share"] * (habits.nickname / CRM.nickname):
        first = person.everyday_name
    if "-" in first and rng.random() < habits.compound_changed:
        one, two = first.split("-", 1)
        first = rng.choice([f"{one} {two}", f"{one}{two.lower()}", one, f"{one[0]}.-{two[0]}."])
    return first


def _in_some_case(country: Country, habits: Habits, names: tuple[str, str], rng: random.Random) -> tuple[str, ...]:
    if rng.random() < habits.accents_lost and not country.keeps_marks:
        names = (strip_marks(names[0]), strip_marks(names[1]))
    draw = rng.random()
    if draw < habits.capitals:
        return tuple(in_capitals(country, name) for name in names)
    return tuple(name.lower() for name in names) if draw < habits.capitals + habits.lower_case else names


def in_capitals(country: Country, text: str) -> str:
    """Greeks write capitals without accents; Germans keep the dots of Ä, Ö and Ü."""
    return text.upper() if country.keeps_marks else strip_marks(text).upper()


def mistype(country: Country, text: str, rng: random.Random) -> str:
    """One typing error: a neighbouring key, two letters swapped, one lost, one doubled, or a spelling by ear."""
    if len(text) < 3:
        return text
    kind, place = rng.randrange(5), rng.randrange(1, len(text))
    letter = text[place]
    near = country.said["keyboard"].get(strip_marks(letter).lower())
    if kind == 0 and near:
        other = rng.choice(near)
        return text[:place] + (other.upper() if letter.isupper() else other) + text[place + 1 :]
    if kind == 1 and place + 1 < len(text):
        return text[:place] + text[place + 1] + letter + text[place + 2 :]
    if kind == 2 and len(text) > 4:
        return text[:place] + text[place + 1 :]
    by_ear = [(heard, said) for heard, said in country.said["by_ear"] if text.lower().find(heard, 1) > 0]
    if kind == 3 or not by_ear:
        return text[:place] + letter + text[place:]
    heard, said = rng.choice(by_ear)
    place = text.lower().find(heard, 1)
    return text[:place] + (said.upper() if text.isupper() else said) + text[place + len(heard) :]


def _write_birth_date(habits: Habits, person: Person, rng: random.Random) -> date | None:
    true = person.birth_date
    if not person.gives_birth_date or rng.random() < habits.no_birth_date:
        return None
    draw = rng.random()
    if draw < habits.day_month_swapped and true.day <= 12:
        return date(true.year, true.day, true.month)
    if draw < habits.day_month_swapped + habits.mistyped_birth_date:
        return true + timedelta(days=rng.choice([-3653, -365, 365, 3652, -10, -1, 1, 10]))
    if rng.random() < habits.january_first:
        return date(1900 if rng.random() < 0.3 else true.year, 1, 1)
    return true


def _write_email(habits: Habits, person: Person, day: date, shyness: float, rng: random.Random) -> str | None:
    if rng.random() < habits.no_email * shyness:
        return None
    email = person.shared_email if person.shared_email and rng.random() < 0.85 else person.email
    if email == person.email and person.email_changed_on and day < person.email_changed_on:
        email = person.former_email
    if rng.random() < habits.placeholder_email:
        return rng.choice(PLACEHOLDER_EMAILS)
    if rng.random() < habits.mistyped_email:
        user, _, provider = email.partition("@")
        place = rng.randrange(1, len(user)) if len(user) > 2 else 1
        slipped = rng.choice([user[:place] + user[place + 1 :], user[:place] + user[place:][:1] + user[place:]])
        return f"{slipped}@{provider}"
    return email


def _write_numbers(
    country: Country, habits: Habits, person: Person, day: date, rng: random.Random
) -> tuple[str | None, str | None]:
    mobile = person.mobile
    if person.shared_mobile and rng.random() < 0.85:
        mobile = person.shared_mobile
    elif person.mobile_changed_on and day < person.mobile_changed_on:
        mobile = person.former_mobile
    if rng.random() < habits.misdialled:
        place = len(mobile) - 1 - rng.randrange(6)
        mobile = mobile[:place] + str((int(mobile[place]) + rng.randint(1, 9)) % 10) + mobile[place + 1 :]
    landline = _home(person, day).landline
    return (
        None if rng.random() < habits.no_mobile else _in_some_style(country, mobile, rng),
        _in_some_style(country, landline, rng) if landline and rng.random() < habits.gives_landline else None,
    )


def _in_some_style(country: Country, number: str, rng: random.Random) -> str:
    zero, code = country.said["trunk"], country.said["calling_code"]
    return rng.choices(
        [zero + number, f"{zero}{number[:3]} {number[3:]}", f"{zero}{number[:3]}/{number[3:]}", f"+{code}{number}",
         f"00{code} {number[:3]} {number[3:6]} {number[6:]}"],
        (50, 20, 10, 15, 5),
    )[0]  # fmt: skip


def _home(person: Person, day: date) -> Any:
    return person.former_home if person.moved_on and day < person.moved_on else person.home


def _write_address(
    country: Country, habits: Habits, person: Person, day: date, rng: random.Random
) -> dict[str, str | None]:
    said, home = country.said, _home(person, day)
    street, town = home.street, home.town.name
    if rng.random() < 0.25:
        for long, short in said["short_streets"]:
            street = street.replace(long, short)
    if rng.random() < said["streets_in_latin"]:
        street, town = country.write_in_latin(street, rng), country.write_in_latin(town, rng)
    if rng.random() < habits.mistyped_name:
        street = mistype(country, street, rng)
    if rng.random() < habits.capitals:
        street, town = in_capitals(country, street), in_capitals(country, town)
    if rng.random() < habits.no_address:
        is_known = rng.random() >= habits.no_town
        return {"postcode": home.postcode if is_known else None, "city": town if is_known else None, "country": None}
    named: dict[str, str | None] = {"country": rng.choice([*said["country_names"], None])}
    postcode = (
        f"{home.postcode[:3]} {home.postcode[3:]}" if said["code"] == "GR" and rng.random() < 0.6 else home.postcode
    )
    if rng.random() < ONE_LINE:
        return named | {"address": said["one_line"].format(street=street, postcode=postcode, town=town)}
    return named | {"address": street, "postcode": postcode, "city": town}
