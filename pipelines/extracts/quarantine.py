"""The rows that did not fit their canonical table: one row each, with where it stood, why, and the row as it came."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from pipelines.extracts.sorted_parquet import union_all, write_sorted

COLUMNS = (
    ("source", "VARCHAR"),
    ("table_name", "VARCHAR"),
    ("file", "VARCHAR"),
    ("line", "BIGINT"),
    ("column_name", "VARCHAR"),
    ("reason", "VARCHAR"),
    ("raw", "VARCHAR"),
)


def write_quarantine(connection: duckdb.DuckDBPyConnection, rejects: Sequence[str], path: Path) -> None:
    """Writes the rows of the SELECTs ``rejects``, which have :data:`COLUMNS`; an empty table where there are none."""
    write_sorted(connection, union_all(rejects, COLUMNS), "source, file, line, column_name, reason, raw", path)


def count_reasons(connection: duckdb.DuckDBPyConnection, rejects: Sequence[str]) -> dict[tuple[str | None, str], int]:
    """How many rows of the SELECTs were rejected for each column and reason, the commonest first."""
    counted = connection.execute(
        f"select column_name, reason, count(*) as count from ({union_all(rejects, COLUMNS)}) "
        "group by all order by count desc, column_name, reason"
    ).fetchall()
    return {(column, reason): count for column, reason, count in counted}
