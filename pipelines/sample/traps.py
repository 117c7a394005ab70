"""Who is behind each record, and which trap it falls into: the truth that an evaluation compares with."""

import numpy as np
import polars as pl

from pipelines.sample.columns import Bools, Ints, keys
from pipelines.sample.contact_points import ContactPoints
from pipelines.sample.households import CHILD, PARTNER, People
from pipelines.sample.lives import Lives
from pipelines.sample.orders import Orders
from pipelines.sample.registers import Register
from pipelines.sample.tills import Tickets
from pipelines.sample.visits import STORE_EMAIL

PREFIXES = {"contacts": ("crm", "K"), "customers": ("shop", "A"), "members": ("till", "M")}
MOST_PAIRS = 200_000  # Homonyms grow with the square of the world; so many are plenty to study.


def record_ids(name: str, numbers: Ints) -> pl.Series:
    """``crm:contacts:K0000001`` and the like."""
    source, prefix = PREFIXES[name]
    return pl.select(pl.lit(f"{source}:{name}:") + keys(prefix, numbers, 7)).to_series()


def guest_record_ids(orders: Orders) -> pl.Series:
    numbers = np.flatnonzero(orders.is_guest) + 1
    return pl.select(pl.lit("shop:orders:") + keys("W", numbers, 8)).to_series()


def receipt_rows(tickets: Tickets) -> Ints:
    """The tickets that carry a receipt e-mail and no loyalty card."""
    return np.flatnonzero(tickets.email.is_not_null().to_numpy() & (tickets.visits.card < 0))


def receipt_record_ids(tickets: Tickets) -> pl.Series:
    return pl.select(pl.lit("till:tickets:") + keys("T", receipt_rows(tickets) + 1, 9)).to_series()


def person_ids(person: Ints) -> pl.Series:
    return keys("P", np.where(person > -1, person + 1, -1), 7)


def list_truth(registers: dict[str, Register], orders: Orders, tickets: Tickets) -> pl.DataFrame:
    """One row per identity-bearing record: record_id, person_id. A stranger at a store tablet is a separate person."""
    parts = [(record_ids(name, register.number), person_ids(register.person)) for name, register in registers.items()]
    parts.append((guest_record_ids(orders), person_ids(orders.person[orders.is_guest])))
    rows = receipt_rows(tickets)
    person = tickets.visits.person[rows]
    stranger = keys("X", np.where(person < 0, rows + 1, -1), 9)
    parts.append((receipt_record_ids(tickets), pl.select(pl.coalesce(person_ids(person), stranger)).to_series()))
    return pl.DataFrame(
        {
            "record_id": pl.concat([ids for ids, _ in parts]),
            "person_id": pl.concat([people for _, people in parts]),
        }
    ).sort("record_id")


def list_traps(
    people: People,
    points: ContactPoints,
    lives: Lives,
    registers: dict[str, Register],
    orders: Orders,
    tickets: Tickets,
) -> pl.DataFrame:
    """One row per trap and record, person or pair of people: trap, record_id, person_id, other_person_id."""
    parts = [
        *_record_traps(registers, orders),
        *_receipt_traps(tickets),
        *_person_traps(people, points, lives),
        *_pair_traps(people),
    ]
    columns = ["trap", "record_id", "person_id", "other_person_id"]
    return pl.concat(parts, how="vertical").select(columns).unique().sort(columns, nulls_last=True)


def _rows(
    trap: str, record: pl.Series | None = None, person: pl.Series | None = None, other: pl.Series | None = None
) -> pl.DataFrame:
    size = next(len(values) for values in (record, person, other) if values is not None)
    empty = pl.Series([None], dtype=pl.String).gather(np.zeros(size, dtype=np.int64))
    return pl.DataFrame(
        {
            "trap": pl.Series([trap]).gather(np.zeros(size, dtype=np.int64)),
            "record_id": empty if record is None else record,
            "person_id": empty if person is None else person,
            "other_person_id": empty if other is None else other,
        }
    )


def _record_traps(registers: dict[str, Register], orders: Orders) -> list[pl.DataFrame]:
    parts = []
    for name, register in registers.items():
        ids, person = record_ids(name, register.number), person_ids(register.person)
        every = dict(register.written.traps)
        every["deleted_record"] = register.deleted
        for trap, rows in every.items():
            parts.append(_rows(trap, ids.filter(pl.Series(rows)), person.filter(pl.Series(rows))))
    ids, person = guest_record_ids(orders), person_ids(orders.guests.person)
    for trap, rows in orders.guests.traps.items():
        parts.append(_rows(trap, ids.filter(pl.Series(rows)), person.filter(pl.Series(rows))))
    return parts


def _receipt_traps(tickets: Tickets) -> list[pl.DataFrame]:
    rows = receipt_rows(tickets)
    ids, person = receipt_record_ids(tickets), person_ids(tickets.visits.person[rows])
    at_tablet = pl.Series(tickets.visits.receipt[rows] == STORE_EMAIL)
    slipped = pl.Series(tickets.is_mistyped[rows])
    cashier = np.flatnonzero(tickets.visits.is_cashier_card)
    on_card = pl.select(pl.lit("till:tickets:") + keys("T", cashier + 1, 9)).to_series()
    return [
        _rows("store_tablet_email", ids.filter(at_tablet)),
        _rows("typo_email", ids.filter(slipped), person.filter(slipped)),
        _rows("employee_card", on_card),
    ]


def _person_traps(people: People, points: ContactPoints, lives: Lives) -> list[pl.DataFrame]:
    def those(trap: str, rows: Bools, other: Ints | None = None) -> pl.DataFrame:
        chosen = np.flatnonzero(rows)
        return _rows(trap, None, person_ids(chosen), None if other is None else person_ids(other[chosen]))

    everyone = np.arange(len(people))
    return [
        those("shared_email_habit", points.email_owner != everyone, points.email_owner),
        those("shared_mobile_habit", points.mobile_owner != everyone, points.mobile_owner),
        those("shared_card", lives.shares_card, people.partner),
        those("moved", people.moved_day > -1),
        those("father_and_son", people.named_like_father, _fathers(people)),
        those("employee", lives.is_employee),
    ]


def _fathers(people: People) -> Ints:
    """For those named like their father, his place: the parent of the household who has the same first name."""
    parent = people.partner
    other = np.minimum(parent + 1, len(people) - 1)
    is_first = (people.first_name == people.first_name.gather(parent)).to_numpy()
    found: Ints = np.where(is_first, parent, other)
    return found


def _pair_traps(people: People) -> list[pl.DataFrame]:
    """Couples, parents and children, twins, and homonyms in one town (and of one birth year)."""
    everyone = np.arange(len(people))

    def pairs(trap: str, rows: Bools, other: Ints) -> pl.DataFrame:
        chosen = np.flatnonzero(rows)
        return _rows(trap, None, person_ids(other[chosen]), person_ids(chosen))

    frame = pl.DataFrame(
        {
            "person": everyone,
            "first": people.first_name,
            "last": people.last_name,
            "commune": people.homes.commune[people.household],
            "year": people.birth_year(),
            "household": people.household,
        }
    )
    right = frame.rename({name: f"{name}_r" for name in ("person", "year", "household")})
    same = (
        frame.join(right, on=["first", "last", "commune"])
        .filter((pl.col("person") < pl.col("person_r")) & (pl.col("household") != pl.col("household_r")))
        .sort("person", "person_r")
        .head(MOST_PAIRS)
    )
    of_one_year = same.filter(pl.col("year") == pl.col("year_r"))
    return [
        pairs("couple", people.role == PARTNER, people.partner),
        pairs("parent_and_child", people.role >= CHILD, people.partner),
        pairs("twins", people.is_twin & (people.role > CHILD), everyone - 1),
        *(
            _rows(trap, None, person_ids(found["person"].to_numpy()), person_ids(found["person_r"].to_numpy()))
            for trap, found in (("homonyms", same), ("homonyms_of_one_birth_year", of_one_year))
        ),
    ]
