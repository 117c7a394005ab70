"""Customers as numbers: the customer of each record and each profile today, without comparing a million texts."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.identity.scoring.predict import Numbers
from pipelines.identity.scoring.profiles import ProfiledRecords


@dataclass(frozen=True)
class CustomerNumbers:
    """Today's map, one row per record (record_id, customer_id), with the customer numbers of records and profiles.

    Numbers count from 0, in no meaningful order. ``of_records`` are those of the map's rows, ``of_profiles`` those of
    the profiles, -1 for a profile without a customer.
    """

    customer_map: pl.DataFrame
    of_records: Numbers
    of_profiles: Numbers

    @property
    def count(self) -> int:
        """The number of customers."""
        return int(self.of_records.max(initial=-1)) + 1


def number_customers(
    profiled: ProfiledRecords, customer_map: pl.DataFrame, numbers: Numbers | None = None
) -> CustomerNumbers:
    """The customers that ``customer_map`` (at least record_id and customer_id) gives the profiles of ``profiled``.

    ``numbers`` are the customer numbers of its rows, where they are known.
    """
    customer_map = customer_map.select("record_id", "customer_id").rechunk()  # Rows are soon gathered from it.
    if numbers is None:
        numbers = customer_map["customer_id"].hash().rank("dense").to_numpy().astype(np.int32) - 1
    if customer_map["record_id"].equals(profiled.records["record_id"]):  # As they nearly always are.
        in_order = numbers
    else:
        numbered = customer_map.select("record_id", pl.Series("customer", numbers))
        joined = profiled.records.select("record_id").join(numbered, on="record_id", how="left", maintain_order="left")
        in_order = joined["customer"].fill_null(-1).to_numpy()
    return CustomerNumbers(customer_map, numbers, np.asarray(in_order[profiled.profiles["row"].to_numpy()]))
