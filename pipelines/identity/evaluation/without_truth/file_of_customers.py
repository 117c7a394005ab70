"""The customers whose errors are estimated: which profiles each has, and how many records these stand for."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.identity.scoring.profiles import ProfiledRecords, is_receipt

Integers = npt.NDArray[np.int64]

NOBODY = -1


@dataclass(frozen=True)
class CustomerFile:
    """Records and profiles with the customer that each belongs to.

    ``of_records`` and ``of_profiles`` are customer numbers from 0 on, in the order of ``profiled``. ``records`` counts
    for each profile the compared records that it stands for, ``placed`` these and the receipts of its e-mail that its
    customer has.
    """

    profiled: ProfiledRecords
    of_records: Integers
    of_profiles: Integers
    records: Integers
    placed: Integers

    @cached_property
    def sizes(self) -> Integers:
        """How many records each customer has."""
        return np.bincount(self.of_records)

    @cached_property
    def profile_counts(self) -> Integers:
        """How many profiles each customer has."""
        return np.bincount(self.of_profiles, minlength=len(self.sizes))

    @cached_property
    def _by_customer(self) -> tuple[Integers, Integers]:
        """The profiles, customer after customer, and where each customer's begin."""
        order = np.argsort(self.of_profiles, kind="stable").astype(np.int64)
        return order, np.concatenate([[0], np.cumsum(self.profile_counts)])

    def list_profiles(self, customer: int) -> Integers:
        """The profiles of a customer, in order."""
        order, starts = self._by_customer
        return order[starts[customer] : starts[customer + 1]]


def read_customers(profiled: ProfiledRecords, customers: pl.Series) -> CustomerFile:
    """The file of ``profiled``, given the customer (any name) of each of its records, row by row."""
    of_records = customers.rank("dense").cast(pl.Int64).to_numpy() - 1
    of_profiles = of_records[profiled.profiles["row"].to_numpy()]
    records = np.bincount(profiled.members["profile_no"].to_numpy(), minlength=len(of_profiles)).astype(np.int64)
    receipts = (
        profiled.records.select("email_key", pl.Series("customer", of_records), is_receipt().alias("is_receipt"))
        .filter("is_receipt")
        .group_by("customer", "email_key")
        .len("receipts")
    )
    hosts = (
        profiled.records[profiled.profiles["row"]]
        .select("email_key", pl.Series("customer", of_profiles), pl.int_range(pl.len()).alias("profile"))
        .join(receipts, on=["customer", "email_key"])
        .group_by("customer", "email_key")
        .agg(pl.col("profile").min(), pl.col("receipts").first())
    )
    placed = records.copy()
    np.add.at(placed, hosts["profile"].to_numpy(), hosts["receipts"].cast(pl.Int64).to_numpy())
    return CustomerFile(profiled, of_records, of_profiles, records, placed)


def count_pairs(sizes: Integers) -> int:
    """The pairs within groups of the given sizes."""
    return int((sizes * (sizes - 1) // 2).sum())
