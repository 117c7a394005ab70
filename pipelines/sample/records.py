"""How a person is written down by each system: the true values of the day, then each system's habits and errors."""

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from pipelines.sample import noise
from pipelines.sample.columns import Bools, Ints, choose, dates, keep, pick
from pipelines.sample.contact_points import ContactPoints
from pipelines.sample.households import People, Places
from pipelines.sample.places import communes

PLACEHOLDER_EMAILS = ("nomail@nomail.fr", "a@a.fr", "aucun@aucun.fr", "test@test.fr", "inconnu@inconnu.com", "x@x.fr")
NO_BIRTH_DATE = -25_567  # 1900-01-01, what a till fills in when nobody asks.
PLACEHOLDER_PHONES = ("0600000000", "0102030405", "0606060606", "0000000000", "0612345678", "0123456789")


@dataclass(frozen=True)
class Habits:
    """How often a system's records are missing or wrong, as shares of its records."""

    capitals: float
    lower_case: float
    accents_lost: float
    mistyped_name: float
    swapped_names: float
    nickname: float
    compound_changed: float
    maiden_name: float
    no_civility: float
    no_email: float
    no_mobile: float
    gives_landline: float
    no_birth_date: float
    no_address: float
    no_town: float
    mistyped_email: float
    misdialled: float
    mistyped_birth_date: float
    day_month_swapped: float
    january_first: float
    placeholder_email: float
    placeholder_phone: float
    work_email: float
    refreshed: float


CRM = Habits(
    capitals=0.05, lower_case=0.02, accents_lost=0.12, mistyped_name=0.02, swapped_names=0.004, nickname=0.02,
    compound_changed=0.2, maiden_name=0.05, no_civility=0.08, no_email=0.12, no_mobile=0.2, gives_landline=0.45,
    no_birth_date=0.25, no_address=0.18, no_town=0.04, mistyped_email=0.006, misdialled=0.008,
    mistyped_birth_date=0.01, day_month_swapped=0.012, january_first=0.006, placeholder_email=0.003,
    placeholder_phone=0.006, work_email=0.25, refreshed=0.5,
)  # fmt: skip
SHOP = Habits(
    capitals=0.04, lower_case=0.12, accents_lost=0.3, mistyped_name=0.012, swapped_names=0.008, nickname=0.025,
    compound_changed=0.3, maiden_name=0.03, no_civility=1.0, no_email=0.0, no_mobile=0.18, gives_landline=0.08,
    no_birth_date=0.5, no_address=0.12, no_town=0.02, mistyped_email=0.003, misdialled=0.006,
    mistyped_birth_date=0.006, day_month_swapped=0.008, january_first=0.012, placeholder_email=0.001,
    placeholder_phone=0.006, work_email=0.25, refreshed=0.5,
)  # fmt: skip
GUEST = Habits(
    capitals=0.05, lower_case=0.15, accents_lost=0.35, mistyped_name=0.02, swapped_names=0.01, nickname=0.03,
    compound_changed=0.3, maiden_name=0.03, no_civility=1.0, no_email=0.0, no_mobile=0.1, gives_landline=0.06,
    no_birth_date=1.0, no_address=0.0, no_town=0.0, mistyped_email=0.008, misdialled=0.008,
    mistyped_birth_date=0.0, day_month_swapped=0.0, january_first=0.0, placeholder_email=0.0,
    placeholder_phone=0.006, work_email=0.3, refreshed=0.0,
)  # fmt: skip
TILL = Habits(
    capitals=1.0, lower_case=0.0, accents_lost=1.0, mistyped_name=0.045, swapped_names=0.015, nickname=0.015,
    compound_changed=0.4, maiden_name=0.05, no_civility=0.1, no_email=0.4, no_mobile=0.2, gives_landline=0.25,
    no_birth_date=0.35, no_address=0.4, no_town=0.05, mistyped_email=0.012, misdialled=0.015,
    mistyped_birth_date=0.02, day_month_swapped=0.03, january_first=0.018, placeholder_email=0.02,
    placeholder_phone=0.025, work_email=0.05, refreshed=0.3,
)  # fmt: skip


@dataclass
class Written:
    """Contact fields as a system holds them, one row per record, and which rows fell into which trap."""

    person: Ints
    columns: dict[str, pl.Series] = field(default_factory=dict)
    traps: dict[str, Bools] = field(default_factory=dict)

    def change(self, column: str, chosen: Bools, draws: Ints, change: noise.Change, trap: str) -> None:
        """Applies an error to the chosen rows of a column, and notes the rows that really changed."""
        before = self.columns[column]
        after = noise.altered(before, chosen, draws, change)
        self.note(trap, before.ne_missing(after).to_numpy())
        self.columns[column] = after

    def note(self, trap: str, rows: Bools) -> None:
        self.traps[trap] = self.traps.get(trap, np.zeros(len(self.person), dtype=bool)) | rows


def write_down(
    rng: np.random.Generator,
    habits: Habits,
    person: Ints,
    day: Ints,
    people: People,
    points: ContactPoints,
    gives_email: Bools,
    as_of: int,
) -> Written:
    """The records of ``person`` (one row each) as true on ``day``; a refreshed record is as true on ``as_of``.

    ``gives_email`` are the people (one row each) who ask for e-mailed receipts: they give their address readily.
    """
    size = len(person)
    written = Written(person)
    true_on = np.where(rng.random(size) < habits.refreshed, as_of, day)
    _write_names(rng, habits, written, true_on, people)
    _write_birth_dates(rng, habits, written, people)
    _write_reachability(rng, habits, written, true_on, people, points, gives_email)
    _write_addresses(rng, habits, written, true_on, people)
    return written


def _write_names(rng: np.random.Generator, habits: Habits, written: Written, true_on: Ints, people: People) -> None:
    person, size = written.person, len(written.person)
    last, birth = people.last_name.gather(person), people.birth_name.gather(person)
    married = people.married_day[person]
    is_married = married > -1
    before_wedding = is_married & (true_on < married)
    draw = rng.random(size)
    maiden = before_wedding | (is_married & (draw < habits.maiden_name))
    double = is_married & ~maiden & (draw > 0.94)
    doubled = pl.select(last + pl.lit("-") + birth).to_series()
    written.columns["last_name"] = choose(maiden, birth, choose(double, doubled, last))
    written.columns["first_name"] = people.first_name.gather(person)
    is_woman = people.is_woman[person]
    written.columns["civility"] = keep(
        pick(["M.", "Mme"], is_woman.astype(np.int64)), rng.random(size) >= habits.no_civility
    )
    written.note("maiden_name", maiden)
    written.note("double_surname", double)

    def rows(share: float) -> Bools:
        found: Bools = rng.random(size) < share
        return found

    def draws() -> Ints:
        return rng.integers(0, 2**40, size)

    written.change("first_name", rows(habits.compound_changed), draws(), noise.shorten_compound, "compound_first_name")
    written.change("first_name", rows(habits.nickname), draws(), noise.call_familiarly, "nickname")
    written.change("first_name", rows(habits.mistyped_name), draws(), noise.mistype, "typo_first_name")
    written.change("last_name", rows(habits.mistyped_name), draws(), noise.mistype, "typo_last_name")
    swapped = rows(habits.swapped_names)
    first, last = written.columns["first_name"], written.columns["last_name"]
    written.columns["first_name"] = choose(swapped, last, first)
    written.columns["last_name"] = choose(swapped, first, last)
    written.note("swapped_names", swapped)

    accents, capitals, lower = rows(habits.accents_lost), rows(habits.capitals), rows(habits.lower_case)
    for column in ("first_name", "last_name"):
        value = written.columns[column]
        plain = choose(accents, noise.without_accents(value), value)
        written.note("accents_lost", value.ne_missing(plain).to_numpy())
        plain = choose(lower, plain.str.to_lowercase(), plain)
        written.columns[column] = choose(
            capitals, noise.shout(plain) if habits.capitals == 1.0 else plain.str.to_uppercase(), plain
        )
    written.note("capitals", capitals)


def _write_birth_dates(rng: np.random.Generator, habits: Habits, written: Written, people: People) -> None:
    size = len(written.person)
    true = people.birth_day[written.person]
    calendar = true.astype("datetime64[D]")
    month = calendar.astype("datetime64[M]")
    day_of_month = (calendar - month).astype(np.int64) + 1
    year = calendar.astype("datetime64[Y]")
    month_of_year = (month - year.astype("datetime64[M]")).astype(np.int64) + 1
    draw = rng.random(size)
    swaps = (draw < habits.day_month_swapped) & (day_of_month <= 12) & (day_of_month != month_of_year)
    turned = (year.astype("datetime64[M]") + (day_of_month - 1)).astype("datetime64[D]") + (month_of_year - 1)
    draw = rng.random(size)
    slips = ~swaps & (draw < habits.mistyped_birth_date)
    shift = np.array([-3653, -365, 365, 3652, -10, -1, 1, 10])[rng.integers(0, 8, size)]
    january = ~swaps & ~slips & (rng.random(size) < habits.january_first)
    first = np.where(rng.random(size) < 0.3, NO_BIRTH_DATE, year.astype("datetime64[D]").astype(np.int64))
    found = np.where(swaps, turned.astype(np.int64), np.where(slips, true + shift, np.where(january, first, true)))
    known = rng.random(size) >= habits.no_birth_date
    written.columns["birth_date"] = dates(found, known)
    written.note("day_month_swapped", swaps & known)
    written.note("typo_birth_date", slips & known)
    written.note("placeholder_birth_date", january & known)


def _write_reachability(
    rng: np.random.Generator,
    habits: Habits,
    written: Written,
    true_on: Ints,
    people: People,
    points: ContactPoints,
    gives_email: Bools,
) -> None:
    """E-mail, mobile and landline; a record with none of these and no birth date nearly always gets one."""
    person, size = written.person, len(written.person)
    owner = np.where(rng.random(size) < 0.85, points.email_owner[person], person)
    is_former = (points.email_changed_day[owner] > -1) & (true_on < points.email_changed_day[owner])
    email = choose(is_former, points.former_email.gather(owner), points.email.gather(owner))
    work = points.work_email.gather(person)
    uses_work = (rng.random(size) < habits.work_email) & work.is_not_null().to_numpy() & (owner == person)
    email = choose(uses_work, work, email)
    has_email = rng.random(size) >= habits.no_email * np.where(gives_email[person], 0.3, 1.0)

    called = points.mobile_owner[person]
    is_former_number = (points.mobile_changed_day[called] > -1) & (true_on < points.mobile_changed_day[called])
    mobile = np.where(is_former_number, points.former_mobile[called], points.mobile[called])
    has_mobile = rng.random(size) >= habits.no_mobile
    home = _home(people, person, true_on)
    landline = home.landline
    has_landline = (landline > -1) & (rng.random(size) < habits.gives_landline)
    unreachable = ~has_email & ~has_mobile & ~has_landline
    has_mobile |= unreachable & (rng.random(size) < 0.9)

    written.columns["email"] = keep(email, has_email)
    written.columns["mobile"] = keep(pl.Series(mobile).cast(pl.String), has_mobile)
    written.columns["landline"] = keep(pl.Series(landline).cast(pl.String), has_landline)
    written.note("shared_landline", has_landline & (np.bincount(people.household)[people.household[person]] > 1))
    written.note("shared_email", has_email & (owner != person))
    written.note("work_email", has_email & uses_work)
    written.note("former_email", has_email & is_former & ~uses_work)
    written.note("former_mobile", has_mobile & is_former_number)
    written.note("shared_mobile", has_mobile & (called != person))

    def draws() -> Ints:
        return rng.integers(0, 2**40, size)

    written.change("email", rng.random(size) < habits.mistyped_email, draws(), noise.mistype_email, "typo_email")
    written.change("mobile", rng.random(size) < habits.misdialled, draws(), noise.misdial, "typo_phone")
    empty = rng.random(size) < habits.placeholder_email
    written.columns["email"] = choose(
        empty, pick(PLACEHOLDER_EMAILS, rng.integers(0, len(PLACEHOLDER_EMAILS), size)), written.columns["email"]
    )
    written.note("placeholder_email", empty)
    unasked = rng.random(size) < habits.placeholder_phone
    written.columns["mobile"] = choose(
        unasked, pick(PLACEHOLDER_PHONES, rng.integers(0, len(PLACEHOLDER_PHONES), size)), written.columns["mobile"]
    )
    written.note("placeholder_phone", unasked)
    for column in ("mobile", "landline"):
        written.columns[column] = _format_phones(rng, written.columns[column])


def _format_phones(rng: np.random.Generator, digits: pl.Series) -> pl.Series:
    """Nine digits (or a placeholder's ten) as people write them: 0612345678, 06 12 34 56 78, +33612345678 ..."""
    national = digits.str.zfill(10)
    pairs = [national.str.slice(start, 2) for start in range(0, 10, 2)]
    spaced = pl.select(pl.concat_str(pairs, separator=" ")).to_series()
    dotted = spaced.str.replace_all(" ", ".", literal=True)
    international = pl.select(pl.lit("+33") + national.str.slice(1)).to_series()
    style = rng.random(len(digits))
    return choose(style < 0.6, national, choose(style < 0.8, spaced, choose(style < 0.87, dotted, international)))


def _home(people: People, person: Ints, true_on: Ints) -> Places:
    """Where each person lived on the day."""
    household = people.household[person]
    before = (people.moved_day[person] > -1) & (true_on < people.moved_day[person])
    now, then = people.homes, people.former_homes
    return Places(
        commune=np.where(before, then.commune[household], now.commune[household]),
        postcode=np.where(before, then.postcode[household], now.postcode[household]),
        street=choose(before, then.street.gather(household), now.street.gather(household)),
        landline=np.where(before, then.landline[household], now.landline[household]),
    )


def _write_addresses(rng: np.random.Generator, habits: Habits, written: Written, true_on: Ints, people: People) -> None:
    person, size = written.person, len(written.person)
    home = _home(people, person, true_on)
    street = home.street
    short = rng.random(size) < 0.2
    abbreviated = (
        street.str.replace("avenue", "av.", literal=True)
        .str.replace("boulevard", "bd", literal=True)
        .str.replace("place", "pl.", literal=True)
    )
    street = choose(short, abbreviated, street)
    city = pick(communes().names, home.commune)
    capitals = rng.random(size) < habits.capitals
    lost = rng.random(size) < habits.accents_lost
    city = choose(lost, noise.without_accents(city), city)
    saint = rng.random(size) < 0.2
    city = choose(saint, city.str.replace("^Saint-", "St "), city)
    has_address = rng.random(size) >= habits.no_address
    has_town = has_address | (rng.random(size) >= habits.no_town)
    written.columns["address"] = keep(choose(capitals, noise.shout(street), street), has_address)
    written.columns["postcode"] = keep(pick(communes().postcodes, home.postcode), has_town)
    written.columns["city"] = keep(choose(capitals, noise.shout(city), city), has_town)
    moved = people.moved_day[person] > -1
    written.note("former_address", moved & (true_on < people.moved_day[person]) & has_town)
