"""What became of the values of each column: how many there are, and how many were no such value.

Counted over the rows that a source had for the day of the run, those that went to quarantine among them.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl


@dataclass(frozen=True)
class FieldCounts:
    """One canonical column, as one source fills it. Nothing in it is a value of a row.

    ``filled_count`` are the values that are left, ``distinct_count`` the different ones (estimated where there are very
    many). ``unreadable_count`` were not of the column's type or none of those allowed, ``implausible_count`` could not
    be true, ``later_than_as_of_count`` are of after the day of the run. ``reason`` is the commonest of theirs; the
    example is the first of a row in which the column was at fault.
    """

    source: str
    table_name: str
    column_name: str
    row_count: int
    filled_count: int
    distinct_count: int
    unreadable_count: int
    implausible_count: int
    later_than_as_of_count: int
    reason: str | None
    example_file: str | None
    example_line: int | None


TEXTS = ("source", "table_name", "column_name", "reason", "example_file")
SCHEMA = pl.Schema({name: pl.String() if name in TEXTS else pl.Int64() for name in FieldCounts.__dataclass_fields__})


def write_field_counts(counted: Iterable[FieldCounts], path: Path) -> None:
    """Writes them as Parquet, one row each, in their order."""
    pl.DataFrame([asdict(each) for each in counted], schema=SCHEMA, orient="row").write_parquet(path)
