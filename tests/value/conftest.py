"""The CDNOW customers that the published fits were made on."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

RETAIL = Path(__file__).resolve().parents[3] / "shared" / "data" / "retail"
CALIBRATED_UNTIL = date(1997, 9, 30)


@dataclass(frozen=True)
class Cdnow:
    """One entry per customer of the sample: repeat purchases, weeks to the last of them and to the end, and the mean
    amount of the repeat purchases (null without any)."""

    frequency: np.ndarray
    recency: np.ndarray
    age: np.ndarray
    mean_amount: list[float | None]


@pytest.fixture(scope="session")
def cdnow() -> Cdnow:
    summary, master = RETAIL / "cdnow_customers_summary.csv", RETAIL / "CDNOW_master.txt"
    if not (summary.exists() and master.exists()):
        pytest.skip("the CDNOW data does not lie beside the project (../shared/data/retail)")
    sample = pl.read_csv(summary)
    return Cdnow(
        sample["frequency"].to_numpy(),
        sample["recency"].to_numpy(),
        sample["T"].to_numpy(),
        find_amounts(sample, summarise_master(master)),
    )


def summarise_master(master: Path) -> pl.DataFrame:
    """One row per customer of the whole population: history in days up to the end of calibration."""
    rows = [line.split() for line in master.read_text().splitlines()[1:]]
    days = (
        pl.DataFrame(rows, schema=["id", "day", "units", "amount"], orient="row")
        .with_columns(pl.col("id").cast(int), pl.col("day").str.to_date("%Y%m%d"), pl.col("amount").cast(float))
        .filter(pl.col("day") <= CALIBRATED_UNTIL)
        .group_by("id", "day")
        .agg(pl.col("amount").sum())
    )
    return days.group_by("id").agg(
        (pl.len() - 1).cast(int).alias("frequency"),
        (pl.col("day").max() - pl.col("day").min()).dt.total_days().alias("recency"),
        (pl.lit(CALIBRATED_UNTIL) - pl.col("day").min()).dt.total_days().alias("age"),
        pl.col("amount").sort_by("day").slice(1).mean(),
    )


def find_amounts(sample: pl.DataFrame, master: pl.DataFrame) -> list[float | None]:
    """The sample names no ids, but keeps the order of the population's: each customer is the next one of that age whose
    history is the same. Of the 946 repeat customers 916 can be no other."""
    of_age = {age: group.sort("id").rows(named=True) for (age,), group in master.group_by("age")}
    reached = dict.fromkeys(of_age, -1)
    found: list[float | None] = []
    for row in sample.iter_rows(named=True):
        age, history = round(row["T"] * 7), (row["frequency"], round(row["recency"] * 7))
        people = of_age[age]
        reached[age] = next(
            place
            for place in range(reached[age] + 1, len(people))
            if (people[place]["frequency"], people[place]["recency"]) == history
        )
        found.append(people[reached[age]]["amount"])
    return found
