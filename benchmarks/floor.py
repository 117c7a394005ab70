"""The least that reading exports can cost: DuckDB alone, from the same files to sorted Parquet of the same types.

    python -m benchmarks.floor EXPORTS FOLDER

Each table is mapped as sources.yml says, cast to the types of its contract and sorted by its key. Nothing is judged: a
value that does not fit is null, a line that cannot be read is passed over, a key may occur twice, nothing is counted.
"""

import argparse
import re
import time
from pathlib import Path

import duckdb

from pipelines import contracts
from pipelines.config.connectors import FilesMapping, FilesSource
from pipelines.config.sources import load_sources
from pipelines.contracts import Column
from pipelines.extracts.sql_quoting import quote_name, quote_text
from pipelines.frames.memory_limit import allowance


def read_bare(exports: Path, folder: Path) -> dict[str, float]:
    """Writes every table of ``exports`` into ``folder``; seconds by table."""
    retailer = load_sources(exports / "sources.yml")
    folder.mkdir(parents=True, exist_ok=True)
    seconds: dict[str, float] = {}
    with duckdb.connect() as connection:
        allowed = allowance()
        connection.execute(f"set threads = {allowed.threads}")
        connection.execute(f"set memory_limit = '{allowed.memory // 1_000_000}MB'")
        connection.execute(f"set temp_directory = {quote_text(str(folder / 'spill'))}")
        connection.execute(f"set TimeZone = {quote_text(retailer.timezone)}")
        connection.execute("set enable_progress_bar = false")
        connection.execute("create macro as_of() as date " + quote_text(str(retailer.as_of)))
        for source in retailer.sources:
            if not isinstance(source, FilesSource):
                raise ValueError(f"{source.name} is not read from files")
            for name, mapping in source.tables.items():
                began = time.perf_counter()
                table = contracts.table(source.kind, name)
                rows = _rows(source.connector.folder(exports), mapping)
                written = {column: expression for column, expression in mapping.columns.items() if expression}
                kinds = _find_types(connection, rows, written)
                columns = ", ".join(
                    f"{_cast(written[column.name], kinds[column.name], column, mapping)} as {quote_name(column.name)}"
                    for column in table.columns
                    if column.name in written
                )
                order = ", ".join(quote_name(column) for column in table.key if column in written)
                target = quote_text(str(folder / f"{source.kind}_{name}.parquet"))
                connection.execute(
                    f"copy (select {columns} from {rows} order by {order}) to {target} (format parquet, "
                    "compression zstd)"
                )
                seconds[f"{source.kind}/{name}"] = time.perf_counter() - began
    return seconds


def _rows(root: Path, mapping: FilesMapping) -> str:
    """What DuckDB reads: all columns of a CSV as texts, as it does for the extracts."""
    files = quote_text(str(root / mapping.from_))
    options = mapping.options
    if ".parquet" in mapping.from_:
        return f"read_parquet({files}, union_by_name = true)"
    if ".jsonl" in mapping.from_:
        return f"read_json({files}, format = 'newline_delimited', ignore_errors = true, union_by_name = true)"
    delimiter = quote_text(options.delimiter or ",")
    encoding = quote_text(options.encoding)
    return (
        f"read_csv({files}, all_varchar = true, header = true, delim = {delimiter}, encoding = {encoding}, "
        "quote = '\"', ignore_errors = true, null_padding = false)"
    )


def _find_types(connection: duckdb.DuckDBPyConnection, rows: str, written: dict[str, str]) -> dict[str, str]:
    """The type of each column as it is read."""
    columns = ", ".join(f"{_value(expression)} as {quote_name(column)}" for column, expression in written.items())
    described = connection.execute(f"describe select {columns} from {rows}").fetchall()
    return {str(column): str(kind) for column, kind, *_ in described}


def _value(expression: str) -> str:
    """The expression, null where it fails."""
    return re.sub(r"\b(cast|strptime)\(", r"try_\1(", f"({expression})")


def _cast(expression: str, kind: str, column: Column, mapping: FilesMapping) -> str:
    value, wanted = _value(expression), column.duckdb_type
    if wanted.startswith(("DECIMAL", "DOUBLE")) and kind == "VARCHAR" and mapping.options.decimal == ",":
        value = f"replace({value}, ',', '.')"
    if wanted == "TIMESTAMP" and kind != "TIMESTAMP":
        return f"timezone('UTC', try_cast({value} as timestamptz))"
    if wanted == "TIMESTAMP":
        return f"timezone('UTC', cast({value} as timestamptz))"  # Local times, in the session's zone.
    return f"try_cast({value} as {wanted})"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.floor", description=__doc__)
    parser.add_argument("exports", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    for table, seconds in read_bare(options.exports, options.folder).items():
        print(f"{table} {seconds:.2f}")


if __name__ == "__main__":
    main()
