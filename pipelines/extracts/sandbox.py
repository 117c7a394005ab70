"""The DuckDB connection on which SQL of `sources.yml` runs: bounded in memory, and it sees the source's files only."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.extracts.sql_quoting import quote_text

MEMORY = "1GB"  # DuckDB's; buffers that it does not count and Python come on top, within 2 GB in all.
MOST_THREADS = 4  # Each thread holds 32 MB of CSV buffer and a row group.


@contextmanager
def connect(
    timezone: str, scratch: Path, allowed: list[Path], *, is_single: bool
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that sees the files ``allowed`` and the scratch folder, and reads local times in ``timezone``.

    ``is_single``: on one thread, so that what depends on the order of rows is the same every night.
    """
    threads = 1 if is_single else min(os.cpu_count() or 1, MOST_THREADS)  # `any_value` and sums of floats depend on it.
    with duckdb.connect() as connection:
        connection.execute(f"set threads = {threads}")
        connection.execute(f"set memory_limit = '{MEMORY}'")
        connection.execute(f"set temp_directory = {quote_text(str(scratch / 'spill'))}")
        connection.execute(f"set TimeZone = {quote_text(timezone)}")
        connection.execute("set enable_progress_bar = false")
        connection.execute("set python_enable_replacements = false")
        connection.execute(f"set allowed_directories = [{quote_text(str(scratch))}]")
        connection.execute(f"set allowed_paths = [{', '.join(quote_text(str(path)) for path in allowed)}]")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        yield connection
