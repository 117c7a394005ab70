"""The rows that did not fit their canonical table: one row each, with where it stood, why, and the row as it came.

What is found about a row later, such as a reference that matches nothing, is told in the same columns, in a file of its
own beside those of the tables.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import duckdb

from pipelines.extracts.sorted_parquet import union_all, write_sorted
from pipelines.extracts.sql_quoting import quote_text

Kind = Literal["malformed", "unreadable", "implausible", "duplicate", "reference", "later_than_as_of"]
"""What is wrong with a row, or with what it says.

- malformed: the line is no row of the file, or the row lacks a required value
- unreadable: a value is not of its column's type or not one of those allowed
- implausible: a value can be read, and cannot be true
- duplicate: another row of the same key is kept
- reference: it names something that is in no extract
- later_than_as_of: it happened after the day that the run is for
"""

COLUMNS = (
    ("source", "VARCHAR"),
    ("table_name", "VARCHAR"),
    ("file", "VARCHAR"),
    ("line", "BIGINT"),
    ("column_name", "VARCHAR"),
    ("kind", "VARCHAR"),  # One of Kind.
    ("reason", "VARCHAR"),
    ("is_kept", "BOOLEAN"),  # Whether the row stays in the warehouse, and is only told of.
    ("raw", "VARCHAR"),
)


def write_quarantine(connection: duckdb.DuckDBPyConnection, rejects: Sequence[str], path: Path) -> None:
    """Writes the rows of the SELECTs ``rejects``, which have :data:`COLUMNS`; an empty table where there are none."""
    write_sorted(connection, union_all(rejects, COLUMNS), "source, file, line, column_name, reason, raw", path)


def count_reasons(connection: duckdb.DuckDBPyConnection, written: Path) -> dict[tuple[str | None, str], int]:
    """How many of the rows ``written`` were rejected for each column and reason, the commonest first."""
    counted = connection.execute(
        f"select column_name, reason, count(*) as count from read_parquet({quote_text(str(written))}) "
        "where kind <> 'later_than_as_of' group by all order by count desc, column_name, reason"
    ).fetchall()
    return {(column, reason): count for column, reason, count in counted}
