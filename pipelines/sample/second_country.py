"""Customers in Belgium: their mobiles begin like landlines of south-east France, their postcodes have four digits."""

import numpy as np
import polars as pl

from pipelines.sample.columns import weighted
from pipelines.sample.fault_list import Untouched, few, is_among, list_faults

SHARE, LEAST = 0.005, 6
TOWNS = (("1050", "Ixelles", "2"), ("4000", "Liège", "4"), ("5000", "Namur", "81"), ("7000", "Mons", "65"))
"""Postcode, town, area code."""
REGISTERS = {
    "crm/contacts": ("crm:contacts:", "BE", ("phone", "mobile")),
    "ecommerce/customers": ("shop:customers:", "BE", ("phone",)),
    "pos/members": ("till:members:", "BELGIQUE", ("phone",)),
}
"""Per register: how its records are called, how it writes the country, and where it has numbers."""
IS_MOBILE = r"^(0|\+33|0033|33)\s*(\(0\))?\s*[67]"


def move_abroad(
    rng: np.random.Generator, tables: dict[str, pl.DataFrame], truth: pl.DataFrame, untouched: Untouched
) -> list[pl.DataFrame]:
    """Moves some people's records in ``tables`` to Belgium; the faults, with each number as E.164.

    Guest orders and receipts name no country, so that only people who left none are moved.
    """
    people = _draw_people(rng, truth)
    faults = []
    for table, (prefix, country, phones) in REGISTERS.items():
        frame = tables[table]
        own = truth.join(people, on="person_id").with_columns(pl.col("record_id").str.strip_prefix(prefix))
        key = frame.columns[0]
        rows = frame.join(own, left_on=key, right_on="record_id", how="inner", maintain_order="left")
        rows = untouched.draw(rng, table, rows, pl.lit(True), rows.height)
        moved = frame.join(
            rows.select(key, "town_postcode", "town_city", "national_mobile", "national_phone"),
            on=key,
            how="left",
            maintain_order="left",
        )
        is_abroad = is_among(table, rows)
        changes = [
            pl.when(is_abroad).then(pl.lit(country)).otherwise(pl.col("country")).alias("country"),
            *(
                pl.when(is_abroad & pl.col(name).is_not_null()).then(pl.col(f"town_{name}")).otherwise(pl.col(name))
                .alias(name)
                for name in ("postcode", "city")
            ),
        ]  # fmt: skip
        faults.append(list_faults("other_country", table, rows, "country", written=pl.lit(country), right=pl.lit("BE")))
        for name in phones:
            national = _choose(name, "national_mobile", "national_phone")
            changes.append(
                pl.when(is_abroad & pl.col(name).is_not_null()).then(national).otherwise(pl.col(name)).alias(name)
            )
            faults.append(
                list_faults(
                    "other_country",
                    table,
                    rows.filter(pl.col(name).is_not_null()),
                    name,
                    written=_choose(name, "national_mobile", "national_phone"),
                    right=_choose(name, "right_mobile", "right_phone"),
                )
            )
        tables[table] = moved.with_columns(changes).select(frame.columns)
    return faults


def _choose(name: str, mobile: str, landline: str) -> pl.Expr:
    return pl.when(pl.col(name).str.contains(IS_MOBILE)).then(pl.col(mobile)).otherwise(pl.col(landline))


def _draw_people(rng: np.random.Generator, truth: pl.DataFrame) -> pl.DataFrame:
    """One row per person who moves: person_id, the town, the numbers as written in Belgium and as E.164."""
    is_guest = pl.col("record_id").str.contains("^(shop:orders|till:tickets):")
    free = (
        truth.group_by("person_id")
        .agg(is_guest.any().alias("is_guest"))
        .filter(~pl.col("is_guest") & pl.col("person_id").str.starts_with("P"))
        .sort("person_id")
    )
    chosen = free[np.sort(rng.permutation(free.height)[: few(free.height, SHARE, LEAST)])]
    size = chosen.height
    town = weighted(rng, [1.0] * len(TOWNS), size)
    mobile = [f"{number:09}" for number in 470_000_000 + rng.integers(0, 29_000_000, size)]
    rest = rng.integers(100_000, 999_999, size)
    landline = [f"{TOWNS[place][2]}{number}" for place, number in zip(town, rest, strict=True)]
    landline = [(number + "0")[:8] for number in landline]
    return pl.DataFrame(
        {
            "person_id": chosen["person_id"],
            "town_postcode": [TOWNS[place][0] for place in town],
            "town_city": [TOWNS[place][1] for place in town],
            "national_mobile": [f"0{number[:3]} {number[3:5]} {number[5:7]} {number[7:]}" for number in mobile],
            "national_phone": [f"0{number}" for number in landline],
            "right_mobile": [f"+32{number}" for number in mobile],
            "right_phone": [f"+32{number}" for number in landline],
        }
    )
