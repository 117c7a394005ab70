"""The field report as a table: what the extracts counted of each column, and what cleaning emptied of it."""

from collections.abc import Mapping
from typing import Any

import polars as pl

TEXTS = ("source", "table_name", "column_name", "reason", "example_file", "example_record_id")
COLUMNS = (
    "source", "table_name", "column_name", "row_count", "filled_count", "distinct_count", "unreadable_count",
    "implausible_count", "later_than_as_of_count", "placeholder_count", "shared_count", "reason", "example_file",
    "example_line", "example_record_id",
)  # fmt: skip
SCHEMA = pl.Schema({name: pl.String() if name in TEXTS else pl.Int64() for name in COLUMNS})


def merge_contact_fields(counts: pl.DataFrame, contact_fields: pl.DataFrame) -> pl.DataFrame:
    """The counts of the extracts, and what cleaning emptied of what they counted as filled.

    One row per source, table and column, sorted by them.
    """
    key = ["source", "table_name", "column_name"]
    cleaned = contact_fields.rename({"unreadable_count": "cleaned_unreadable", "reason": "cleaned_reason"})
    number = ("cleaned_unreadable", "placeholder_count", "shared_count")
    joined = counts.join(cleaned, on=key, how="left").with_columns(pl.col(number).fill_null(0))
    emptied = pl.col("cleaned_unreadable") + pl.col("placeholder_count")
    before = pl.col("unreadable_count") + pl.col("implausible_count") + pl.col("later_than_as_of_count")
    return joined.select(
        *key,
        "row_count",
        (pl.col("filled_count") - emptied).clip(lower_bound=0),
        "distinct_count",
        pl.col("unreadable_count") + pl.col("cleaned_unreadable"),
        "implausible_count",
        "later_than_as_of_count",
        "placeholder_count",
        "shared_count",
        pl.when(emptied > before).then("cleaned_reason").otherwise("reason").alias("reason"),
        "example_file",
        "example_line",
        "example_record_id",
    ).sort(key)


def find_noteworthy(fields: pl.DataFrame) -> pl.DataFrame:
    """The columns in which something was no value, or that hold none, those of the largest share first."""
    lost = pl.col("unreadable_count") + pl.col("implausible_count") + pl.col("placeholder_count")
    share = (lost / pl.col("row_count")).fill_nan(0)
    is_empty = (pl.col("row_count") > 0) & (pl.col("filled_count") == 0)
    found = fields.filter((lost > 0) | is_empty)
    return found.sort(share, "source", "table_name", "column_name", descending=[True, False, False, False])


def tell_example(row: Mapping[str, Any]) -> str:
    """Where the first value at fault of a row stands: file and line; empty where only its record is known.

    The id of a record may be somebody's mailbox: it stands in the table, and is told to nobody who does not ask.
    """
    file, line = row["example_file"], row["example_line"]
    if not file:
        return ""
    return f"{file}:{line}" if line else str(file)
