"""What the person asks about: record ids, and customer ids of any age, as the records of today that they stand for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from pipelines.errors import ConfigurationError, ParcoursError
from pipelines.identity.customer_ids.ledger import Resolution, resolve
from pipelines.lake.tables import Lake


@dataclass(frozen=True)
class Side:
    """One of the two asked about. ``path``: the customer ids from the one asked to today's (none: a record)."""

    asked: str
    kind: Literal["record", "customer"]
    customer_id: str
    path: tuple[str, ...]
    records: tuple[str, ...]


def find_sides(lake: Lake, one: str, other: str) -> tuple[Side, Side]:
    """The two that are asked about, as disjoint groups of records.

    Where both are of one customer of today, a customer's side is what its id brought along: of an id that was absorbed
    its own records, of the id that stayed all others. Raises ConfigurationError where an id stands for nothing, or both
    for the same; ParcoursError before the first run.
    """
    if one == other:
        raise ConfigurationError(f"{one} is named twice: name two records or customers to compare.")
    sides = [_find_side(lake, asked) for asked in (one, other)]
    if sides[0].customer_id == sides[1].customer_id:
        sides = _divide(lake, sides)
    return sides[0], sides[1]


def find_customer(lake: Lake, asked: str) -> Side:
    """The customer of today behind a customer id of any age, or a record id. Raises as :func:`find_sides` does."""
    side = _find_side(lake, asked)
    records = _read_records_of(lake, side.customer_id)
    return Side(asked, side.kind, side.customer_id, side.path, records)


def _find_side(lake: Lake, asked: str) -> Side:
    for name in ("records", "pairs", "customer_ids", "ledger"):
        if not lake.path("identity", name).exists():
            raise ParcoursError(f"Nobody was recognised in {lake.root.parent} yet: run `parcours run` first.")
    placed = lake.scan("identity", "customer_ids").filter(pl.col("record_id") == asked).collect()
    if placed.height:
        return Side(asked, "record", placed["customer_id"].item(), (), (asked,))
    resolution = resolve(_read_changes(lake), asked)
    if resolution.customer_id is None:
        raise ConfigurationError(_say_gone(lake, resolution))
    records = _read_records_of(lake, resolution.customer_id)
    return Side(asked, "customer", resolution.customer_id, resolution.path, records)


def _say_gone(lake: Lake, resolution: Resolution) -> str:
    if resolution.status == "retired":
        became = "" if len(resolution.path) == 1 else f" (it became {resolution.path[-1]})"
        return f"{resolution.asked} is retired{became}: none of its records is left. `parcours id` tells its history."
    return (
        f"{resolution.asked} is neither a record of the last run of {lake.root.parent} nor a customer id that was ever "
        "issued there. A record id is <source>:<table>:<key>, crm:contacts:17 say; a row that names nobody, since the "
        "person was erased or gave no name, is no record."
    )


def _read_changes(lake: Lake) -> pl.DataFrame:
    """The ledger's entries about customers, without those about records."""
    return lake.scan("identity", "ledger").filter(pl.col("record_id").is_null()).collect()


def _read_records_of(lake: Lake, customer_id: str) -> tuple[str, ...]:
    records = lake.scan("identity", "customer_ids").filter(pl.col("customer_id") == customer_id).select("record_id")
    return tuple(records.collect()["record_id"].sort())


def _divide(lake: Lake, sides: Sequence[Side]) -> list[Side]:
    """Both sides of one customer: each record is on one side only."""
    today = _read_records_of(lake, sides[0].customer_id)
    # The narrower claim comes first: a record, then the id that was absorbed the longer ago, then the id that stayed.
    order = sorted((0, 1), key=lambda position: (sides[position].kind != "record", -len(sides[position].path)))
    first, last = order
    claimed = _claim(lake, sides[first], today)
    left = tuple(record for record in _claim(lake, sides[last], today) if record not in claimed)
    divided = list(sides)
    for position, records in ((first, claimed), (last, left)):
        side = sides[position]
        if not records:
            raise ConfigurationError(
                f"{sides[0].asked} and {sides[1].asked} are both {side.customer_id} today, and no record of it is "
                f"{side.asked}'s alone: there are no two to compare. `parcours how {side.customer_id}` tells how it "
                "came together."
            )
        divided[position] = Side(side.asked, side.kind, side.customer_id, side.path, records)
    return divided


def _claim(lake: Lake, side: Side, today: Sequence[str]) -> tuple[str, ...]:
    """The records of today's customer that came with the id asked about."""
    if side.kind == "record" or len(side.path) == 1:
        return side.records
    brought = (
        lake.scan("identity", "ledger")
        .filter((pl.col("change") == "assigned") & (pl.col("customer_id") == side.asked))
        .select("record_id")
        .collect()
    )
    return tuple(sorted(set(brought["record_id"]) & set(today)))
