"""What definitions may refer to: the columns of the marts, from their contracts, and the built-in segments."""

import csv
from functools import cache

import yaml

from pipelines.config.repository import DBT_PROJECT

AS_OF = "as_of"
"""The day of the run, as a column of every condition on customers: no other "today" is known."""


@cache
def columns_of(mart: str) -> dict[str, str]:
    """The columns of a mart and their types, as its contract says."""
    [contract] = (DBT_PROJECT / "models" / "marts").rglob(f"{mart}.yml")
    [model] = yaml.safe_load(contract.read_text(encoding="utf-8"))["models"]
    return {column["name"]: column["data_type"] for column in model["columns"]}


@cache
def built_in_segments() -> dict[str, str]:
    """The segments that every retailer has, with their family."""
    found: dict[str, str] = {}
    for family in ("rfm", "lifecycle"):
        with (DBT_PROJECT / "seeds" / f"{family}_segments.csv").open(encoding="utf-8") as rows:
            found |= {row["segment"]: family for row in csv.DictReader(rows)}
    return found
