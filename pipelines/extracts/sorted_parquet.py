"""Selected rows as one sorted Parquet file, which replaces the former one."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from pipelines.errors import ExtractError
from pipelines.extracts.duckdb_errors import explain
from pipelines.extracts.sql_quoting import quote_name, quote_text
from pipelines.lake.tables import replacing

FEW_WORDS = "dictionary_size_limit 2000"
"""Of a column of ids a dictionary is begun in vain: with a small limit the file is the smaller, written sooner."""


def union_all(selects: Sequence[str], columns: Sequence[tuple[str, str]]) -> str:
    """The rows of all ``selects``; with the columns' types, none at all gives an empty table."""
    empty = ", ".join(f"cast(null as {duckdb_type}) as {quote_name(name)}" for name, duckdb_type in columns)
    return " union all by name ".join([f"select {empty} where false", *selects])


def write_sorted(connection: duckdb.DuckDBPyConnection, select: str, order: str, path: Path) -> None:
    """Writes the rows of ``select``, sorted by ``order``. Raises ExtractError where DuckDB cannot."""
    try:
        connection.execute(
            f"copy (select * from ({select}) order by {order}) "
            f"to {quote_text(str(path))} (format parquet, compression zstd, {FEW_WORDS})"
        )
    except duckdb.Error as error:
        raise ExtractError(f"{path.stem} cannot be sorted and written: {explain(error)}") from error


def put_in_place(target: Path, made: Path) -> None:
    """Moves the file ``made`` to ``target``, in one rename."""
    with replacing(target) as temporary:
        made.replace(temporary)
