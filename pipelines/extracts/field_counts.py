"""What became of the values of each column: how many there are, and how many were no such value.

Counted over the rows that a source had for the day of the run, those that went to quarantine among them.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import polars as pl


@dataclass(frozen=True)
class FieldCounts:
    """One canonical column, as one source fills it. Nothing in it is a value of a row.

    ``filled`` counts the values there are after those that are nothing were emptied, ``distinct`` the different ones
    among them (estimated where there are many). ``unreadable`` values were not of the column's type or none of those
    allowed, ``implausible`` ones could not be true, ``later_than_as_of`` ones are of after the day of the run.
    ``reason`` is the commonest for which a value was none of these; the example is the first unreadable or implausible
    one.
    """

    source: str
    table_name: str
    column_name: str
    rows: int
    filled: int
    distinct: int
    unreadable: int
    implausible: int
    later_than_as_of: int
    reason: str | None
    example_file: str | None
    example_line: int | None


SCHEMA = pl.Schema(
    {field.name: pl.Int64() if "int" in str(field.type) else pl.String() for field in fields(FieldCounts)}
)


def write_field_counts(counted: Iterable[FieldCounts], path: Path) -> None:
    """Writes them as Parquet, one row each, in their order."""
    pl.DataFrame([asdict(each) for each in counted], schema=SCHEMA, orient="row").write_parquet(path)
