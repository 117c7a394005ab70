"""Households and the people in them: who lives with whom, who has whose name, who moved.

Most confusions of customer records are confusions within a household, so people are never drawn alone: a couple shares
a surname, an address and a landline, a son may have his father's name, twins share a birth date.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.sample.catalogue import Stores
from pipelines.sample.columns import Bools, Ints, choose, pick, repeated, weighted
from pipelines.sample.names import draw_first_names, draw_surnames
from pipelines.sample.places import communes, distances_km, draw_communes, streets

ADULT, PARTNER, CHILD, SECOND_CHILD = range(4)
KINDS = (  # Share of households, and the roles in them. Only customers are counted: most spouses are not.
    (0.60, (ADULT,)),
    (0.22, (ADULT, PARTNER)),
    (0.07, (ADULT, PARTNER, CHILD)),
    (0.04, (ADULT, PARTNER, CHILD, SECOND_CHILD)),
    (0.07, (ADULT, CHILD)),
)
MARRIED = 0.62  # of couples; the wife then goes by her husband's name.
MARRIED_LATELY = 0.12  # of the married: within the last four years, so that older records have the maiden name.
NAMED_LIKE_FATHER = 0.04  # of sons.
TWINS = 0.18  # of pairs of children who are both customers.
HOMONYMS = 0.02  # of those living alone: they have the name of someone in the same town.
MOVED = 0.09  # of households, within the last four years.
LANDLINE = 0.5
LOOKBACK_DAYS = 4 * 365


@dataclass(frozen=True)
class Places:
    """Where each household lives: commune and postcode (as places in the lists), street line, landline or -1."""

    commune: Ints
    postcode: Ints
    street: pl.Series
    landline: Ints


@dataclass(frozen=True)
class People:
    """The people of the world, one array per property; all of one length except ``homes`` and ``former_homes``.

    Days count from 1970-01-01; -1 where an event never happened. ``household`` points into the homes.
    """

    household: Ints
    role: Ints
    is_woman: Bools
    first_name: pl.Series
    last_name: pl.Series
    birth_name: pl.Series
    birth_day: Ints
    married_day: Ints
    moved_day: Ints
    partner: Ints  # The other adult of the household, or for a child its first parent; -1 for those alone.
    named_like_father: Bools
    is_twin: Bools
    store: Ints
    homes: Places
    former_homes: Places

    def __len__(self) -> int:
        return len(self.household)

    def birth_year(self) -> Ints:
        return (self.birth_day.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)) + 1970


def draw_people(rng: np.random.Generator, size: int, stores: Stores, as_of: int) -> People:
    """``size`` people in households, customers of the ``stores``; ``as_of`` is a day number."""
    household, role, kind_size = _draw_roles(rng, size)
    households = int(household[-1]) + 1
    first_of = np.searchsorted(household, np.arange(households))
    head = first_of[household]

    sex_of_head = rng.random(households) < 0.52
    same_sex = rng.random(households) < 0.04
    is_woman = np.where(role == ADULT, sex_of_head[household], rng.random(size) < 0.5)
    is_woman = np.where(role == PARTNER, sex_of_head[household] == same_sex[household], is_woman)

    birth_day = _draw_birth_days(rng, household, role, head, kind_size, as_of)
    is_twin = _pair_twins(rng, role, birth_day)
    years = birth_day.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    first_name = draw_first_names(rng, is_woman, years)

    has_partner = np.zeros(households, dtype=bool)
    has_partner[household[role == PARTNER]] = True
    father = np.where(has_partner[household] & is_woman[head], head + 1, head).clip(0, size - 1)
    father = np.where(is_woman[father], head, father)  # Two mothers: the first gives her name.
    named_like_father = (role >= CHILD) & ~is_woman & ~is_woman[father] & (rng.random(size) < NAMED_LIKE_FATHER)
    named_like_father &= role == CHILD
    first_name = choose(named_like_father, first_name.gather(father), first_name)

    birth_name = draw_surnames(rng, size)
    birth_name = choose(role >= CHILD, birth_name.gather(father), birth_name)
    other = np.where(role == ADULT, np.minimum(head + 1, size - 1), head)
    is_couple = (role <= PARTNER) & has_partner[household]
    married = rng.random(households)[household] < MARRIED
    takes_name = is_couple & married & is_woman & ~is_woman[other]
    last_name = choose(takes_name, birth_name.gather(other), birth_name)
    lately = rng.random(households)[household] < MARRIED_LATELY
    wedding = as_of - 30 - rng.integers(0, LOOKBACK_DAYS - 60, households)[household]
    married_day = np.where(takes_name, np.where(lately, wedding, birth_day + 20 * 365), -1)

    to_stores = distances_km(stores.latitude, stores.longitude)
    homes = _draw_homes(rng, households, to_stores)
    namesake = _draw_namesakes(rng, kind_size == 1)
    first_name, last_name, birth_name = (names.gather(namesake) for names in (first_name, last_name, birth_name))
    is_woman = is_woman[namesake]
    copies = np.flatnonzero(namesake != np.arange(size))
    years_apart = np.where(rng.random(size) < 0.3, 0, rng.integers(1, 15, size))
    birth_day[copies] = (birth_day[namesake] // 365 * 365 - years_apart * 365 + rng.integers(0, 365, size))[copies]
    married_day[copies] = -1
    birth_name = choose(namesake != np.arange(size), last_name, birth_name)
    towns = homes.commune.copy()
    towns[household[copies]] = homes.commune[household[namesake[copies]]]
    homes = _draw_addresses(rng, towns)
    moved = rng.random(households) < MOVED
    moved_day = np.where(moved, as_of - 20 - rng.integers(0, LOOKBACK_DAYS - 40, households), -1)
    former = _draw_former_homes(rng, homes, moved, to_stores)
    partner = np.where(role == ADULT, np.where(has_partner[household], other, -1), head)
    return People(
        household=household,
        role=role,
        is_woman=is_woman,
        first_name=first_name,
        last_name=last_name,
        birth_name=birth_name,
        birth_day=birth_day,
        married_day=married_day,
        moved_day=moved_day[household],
        partner=partner,
        named_like_father=named_like_father,
        is_twin=is_twin,
        store=to_stores.argmin(axis=1)[homes.commune][household],
        homes=homes,
        former_homes=former,
    )


def _draw_roles(rng: np.random.Generator, size: int) -> tuple[Ints, Ints, Ints]:
    """Household, role and household size of each of ``size`` people; the last household may stay incomplete."""
    kind = weighted(rng, [share for share, _ in KINDS], size)
    sizes = np.array([len(roles) for _, roles in KINDS], dtype=np.int64)
    roles = np.full((len(KINDS), 4), -1, dtype=np.int64)
    for place, (_, members) in enumerate(KINDS):
        roles[place, : len(members)] = members
    household, rank = repeated(sizes[kind])
    return household[:size], roles[kind[household], rank][:size], sizes[kind[household]][:size]


def _draw_birth_days(
    rng: np.random.Generator, household: Ints, role: Ints, head: Ints, kind_size: Ints, as_of: int
) -> Ints:
    """Birth days: heads aged 19 to 88, partners near their age, children aged 16 to 32 and 20 to 40 years younger."""
    size = len(role)
    age = np.where(kind_size == 1, 19, 25) + (rng.beta(1.7, 2.4, size) * 66).astype(np.int64)
    has_child = np.zeros(int(household[-1]) + 1, dtype=bool)
    has_child[household[role >= CHILD]] = True
    age = np.where(has_child[household], 40 + (rng.random(size) * 24).astype(np.int64), age)
    head_age = age[head]
    drift = rng.integers(-5, 6, size) // 2 + rng.integers(-2, 3, size)
    child_age = np.maximum(16, np.minimum(head_age - 20 - rng.integers(0, 14, size), 32))
    age = np.where(role == PARTNER, head_age + drift, np.where(role >= CHILD, child_age, age))
    found: Ints = as_of - age * 365 - age // 4 - rng.integers(0, 365, size)
    return found


def _pair_twins(rng: np.random.Generator, role: Ints, birth_day: Ints) -> Bools:
    """Gives some second children the first one's birth date, in place; says who is a twin."""
    second = np.flatnonzero(role == SECOND_CHILD)
    twins = second[rng.random(len(second)) < TWINS]
    birth_day[twins] = birth_day[twins - 1]
    is_twin = np.zeros(len(role), dtype=bool)
    is_twin[twins] = True
    is_twin[twins - 1] = True
    return is_twin


def _draw_namesakes(rng: np.random.Generator, is_alone: Bools) -> Ints:
    """For each person, the person whose name they have: themselves, except for homonyms."""
    size = len(is_alone)
    copies = is_alone & (rng.random(size) < HOMONYMS)
    others = np.flatnonzero(~copies)
    found: Ints = np.where(copies, others[rng.integers(0, len(others), size)], np.arange(size))
    return found


def _draw_homes(rng: np.random.Generator, size: int, to_stores: NDArray[np.float64]) -> Places:
    here = draw_communes(rng, size, to_stores.min(axis=1))
    return _draw_addresses(rng, here)


def _draw_addresses(rng: np.random.Generator, commune: Ints) -> Places:
    size = len(commune)
    number = np.minimum((rng.random(size) ** 2 * 140).astype(np.int64) + 1, 140)
    suffix = pick([" bis", " ter", ""], weighted(rng, [4, 1, 95], size))
    street = pick(streets(), weighted(rng, 1.0 / (np.arange(len(streets())) + 15.0), size))
    line = pl.select(pl.Series(number).cast(pl.String) + suffix + pl.lit(" ") + street).to_series()
    landline = communes().zones[commune] * 10**8 + rng.integers(3, 6, size) * 10**7 + rng.integers(0, 10**7, size)
    return Places(
        commune=commune,
        postcode=communes().draw_postcodes(rng, commune),
        street=line,
        landline=np.where(rng.random(size) < LANDLINE, landline, -1),
    )


def _draw_former_homes(
    rng: np.random.Generator,
    homes: Places,
    moved: Bools,
    to_stores: NDArray[np.float64],
) -> Places:
    """Where those who moved lived before (60% in the same commune); the others' home."""
    elsewhere = draw_communes(rng, len(moved), to_stores.min(axis=1))
    commune = np.where(moved & (rng.random(len(moved)) < 0.4), elsewhere, homes.commune)
    drawn = _draw_addresses(rng, commune)
    return Places(
        commune=np.where(moved, drawn.commune, homes.commune),
        postcode=np.where(moved, drawn.postcode, homes.postcode),
        street=choose(moved, drawn.street, homes.street),
        landline=np.where(moved, drawn.landline, homes.landline),
    )
