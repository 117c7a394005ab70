"""Households and the people in them: who lives with whom, who has whose name, number and e-mail, who moved.

The shares are those of the bundled sample, which says more about them (``pipelines.sample.households``); what a country
does otherwise, its file says.
"""

import random
import re
from dataclasses import dataclass, replace
from datetime import date, timedelta

from benchmarks.worlds.country import Country, Town
from pipelines.sample.contact_points import (
    CHANGED_EMAIL,
    CHANGED_MOBILE,
    CHILD_SHARES_EMAIL,
    SHARES_EMAIL,
    SHARES_MOBILE,
)
from pipelines.sample.households import (
    ADULT,
    CHILD,
    HOMONYMS,
    KINDS,
    LANDLINE,
    LOOKBACK_DAYS,
    MARRIED_LATELY,
    MOVED,
    NAMED_LIKE_FATHER,
    PARTNER,
    SECOND_CHILD,
    TWINS,
)

AS_OF = date(2026, 2, 28)
MOVED_FAR = 0.4  # of those who moved: to another town, mostly.
NEVER_ASKED = 0.15  # of households: none of them ever gives a birth date.


@dataclass(frozen=True)
class Home:
    street: str
    postcode: str
    town: Town
    landline: str | None


@dataclass(frozen=True)
class Person:
    """One customer. ``former_*`` is what was true until ``moved_on`` or ``changed_on``; the day is None for never."""

    number: int
    sex: str
    first_name: str
    everyday_name: str
    last_name: str
    birth_name: str
    married_on: date | None
    birth_date: date
    gives_birth_date: bool
    home: Home
    former_home: Home
    moved_on: date | None
    email: str
    former_email: str
    email_changed_on: date | None
    shared_email: str | None
    mobile: str
    former_mobile: str
    mobile_changed_on: date | None
    shared_mobile: str | None


def draw_people(country: Country, size: int, rng: random.Random) -> list[Person]:
    """``size`` people in households."""
    taken: dict[str, int] = {}
    people: list[Person] = []
    while len(people) < size:
        roles = rng.choices([roles for _, roles in KINDS], [share for share, _ in KINDS])[0]
        people += _draw_household(country, roles, people, taken, rng)
    return [replace(person, number=number) for number, person in enumerate(people[:size])]


def _draw_household(
    country: Country, roles: tuple[int, ...], known: list[Person], taken: dict[str, int], rng: random.Random
) -> list[Person]:
    household = _draw_what_they_share(country, roles, rng)
    members: list[Person] = []
    for role in roles:
        members.append(_draw_member(country, household, role, members, taken, rng))
    if len(roles) == 1 and known and rng.random() < HOMONYMS:
        return [_named_like(members[0], rng.choice(known), country, taken, rng)]
    return members


@dataclass(frozen=True)
class _Household:
    """``surnames`` are those of the head and the partner, each a man's and a woman's form."""

    roles: tuple[int, ...]
    sex_of_head: str
    same_sex: bool
    age_of_head: int
    surnames: tuple[tuple[str, str], tuple[str, str]]
    one_surname: bool
    married_lately: bool
    gives_birth_dates: bool
    home: Home
    former_home: Home
    moved_on: date | None


def _draw_what_they_share(country: Country, roles: tuple[int, ...], rng: random.Random) -> _Household:
    home = _draw_home(country, country.draw_town(rng), rng)
    moved_on = _some_day(rng) if rng.random() < MOVED else None
    former_town = country.draw_town(rng) if rng.random() < MOVED_FAR else home.town
    age = (25 if len(roles) > 1 else 19) + int(rng.betavariate(1.7, 2.4) * 66)
    return _Household(
        roles=roles,
        sex_of_head="f" if rng.random() < 0.52 else "m",
        same_sex=rng.random() < 0.04,
        age_of_head=40 + int(rng.random() * 24) if CHILD in roles else age,
        surnames=(country.draw_surname(rng), country.draw_surname(rng)),
        one_surname=PARTNER in roles and rng.random() < country.said["married"],
        married_lately=rng.random() < MARRIED_LATELY,
        gives_birth_dates=rng.random() >= NEVER_ASKED,
        home=home,
        former_home=_draw_home(country, former_town, rng) if moved_on else home,
        moved_on=moved_on,
    )


def _draw_member(
    country: Country, of: _Household, role: int, elder: list[Person], taken: dict[str, int], rng: random.Random
) -> Person:
    sex = _draw_sex(of, role, rng)
    birth_date = _draw_birth_date(of, role, elder, rng)
    father = next((person for person in elder if person.sex == "m"), None)
    first_name = country.draw_first_name(rng, sex, birth_date.year)
    if role == CHILD and father is not None and sex == "m" and rng.random() < NAMED_LIKE_FATHER:
        first_name = father.first_name
    # Children have their father's surname, who is the partner where the head is a woman with a man.
    is_of_partner = role == PARTNER or (role >= CHILD and of.sex_of_head == "f" and father is not None)
    birth_name = of.surnames[is_of_partner][sex == "f"]
    is_wife = role <= PARTNER and sex == "f" and of.one_surname and not of.same_sex
    everyday = country.said["everyday"].get(first_name, first_name)
    last_name = of.surnames[role == ADULT][1] if is_wife else birth_name
    name = (rng.choice([first_name, everyday]), last_name)
    has_other_email, has_other_mobile = rng.random() < CHANGED_EMAIL, rng.random() < CHANGED_MOBILE
    email, mobile = _draw_email(country, name, birth_date, taken, rng), _draw_mobile(country, rng)
    is_young = AS_OF.year - birth_date.year < 22
    shares_email = rng.random() < (
        SHARES_EMAIL if role == PARTNER else CHILD_SHARES_EMAIL * (role >= CHILD and is_young)
    )
    shares_mobile = role >= PARTNER and bool(elder) and rng.random() < SHARES_MOBILE
    wedding = _some_day(rng) if of.married_lately else birth_date + timedelta(days=20 * 365)
    return Person(
        number=-1,
        sex=sex,
        first_name=first_name,
        everyday_name=everyday,
        last_name=last_name,
        birth_name=birth_name,
        married_on=wedding if is_wife else None,
        birth_date=birth_date,
        gives_birth_date=of.gives_birth_dates,
        home=of.home,
        former_home=of.former_home,
        moved_on=of.moved_on,
        email=email,
        former_email=_draw_email(country, name, birth_date, taken, rng) if has_other_email else email,
        email_changed_on=_some_day(rng) if has_other_email else None,
        shared_email=elder[0].email if elder and shares_email else None,
        mobile=mobile,
        former_mobile=_draw_mobile(country, rng) if has_other_mobile else mobile,
        mobile_changed_on=_some_day(rng) if has_other_mobile else None,
        shared_mobile=elder[0].mobile if shares_mobile else None,
    )


def _draw_sex(of: _Household, role: int, rng: random.Random) -> str:
    if role >= CHILD:
        return rng.choice("fm")
    if role == ADULT or of.same_sex:
        return of.sex_of_head
    return "m" if of.sex_of_head == "f" else "f"


def _draw_birth_date(of: _Household, role: int, elder: list[Person], rng: random.Random) -> date:
    """Partners are near the head's age, children twenty to forty years younger, twins born on one day."""
    if role == SECOND_CHILD and rng.random() < TWINS:
        return elder[-1].birth_date
    age = of.age_of_head
    if role == PARTNER:
        age += rng.randint(-4, 4)
    elif role >= CHILD:
        age = max(16, min(age - 20 - rng.randint(0, 13), 32))
    return AS_OF - timedelta(days=age * 365 + age // 4 + rng.randint(0, 364))


def _named_like(person: Person, other: Person, country: Country, taken: dict[str, int], rng: random.Random) -> Person:
    """``person`` as a homonym of ``other`` in the same town."""
    name = (other.first_name, other.last_name)
    email = _draw_email(country, name, person.birth_date, taken, rng)
    home = _draw_home(country, other.home.town, rng)
    return replace(
        person,
        sex=other.sex,
        first_name=other.first_name,
        everyday_name=other.everyday_name,
        last_name=other.last_name,
        birth_name=other.last_name,
        married_on=None,
        home=home,
        former_home=home,
        moved_on=None,
        email=email,
        former_email=email,
        email_changed_on=None,
    )


def _some_day(rng: random.Random) -> date:
    return AS_OF - timedelta(days=20 + rng.randrange(LOOKBACK_DAYS - 40))


def _draw_home(country: Country, town: Town, rng: random.Random) -> Home:
    digits = country.said["landline_digits"] + 3 - len(town.area_code)
    landline = town.area_code + str(rng.randint(2, 8)) + _digits(rng, digits - 1)
    return Home(
        street=country.draw_street(rng),
        postcode=town.postcodes[int(rng.random() ** 1.3 * len(town.postcodes))],
        town=town,
        landline=landline if rng.random() < LANDLINE else None,
    )


def _draw_mobile(country: Country, rng: random.Random) -> str:
    return str(rng.choice(country.said["mobiles"])) + _digits(rng, 7)


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choices("0123456789", k=count))


def _draw_email(
    country: Country, name: tuple[str, str], birth_date: date, taken: dict[str, int], rng: random.Random
) -> str:
    """An address that nobody else has, mostly of the person's names."""
    first, last = (re.sub("[^a-z]", "", country.write_in_latin(part, rng).lower()) for part in name)
    year = f"{birth_date.year % 100:02d}"
    shapes = (
        f"{first}.{last}", f"{first}{last}", f"{last}.{first}", f"{first[0]}.{last}", f"{first}_{last}",
        f"{first}.{last}{year}", f"{first}{rng.randint(1, 99)}{last[0]}", f"{first[:3]}{last[:3]}{_digits(rng, 3)}",
    )  # fmt: skip
    user = rng.choices(shapes, (34, 13, 8, 9, 4, 12, 8, 12))[0]
    providers = country.said["providers"]
    provider = rng.choices(list(providers), list(providers.values()))[0]
    address = f"{user}@{provider}"
    taken[address] = taken.get(address, -1) + 1
    return f"{user}{taken[address] * 7 + 3}@{provider}" if taken[address] else address
