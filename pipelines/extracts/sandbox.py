"""The DuckDB connection on which SQL of `sources.yml` runs: bounded in memory, and it sees the source's files only."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.errors import ExtractError
from pipelines.extracts.sql_quoting import quote_text
from pipelines.frames.memory_limit import PER_THREAD, VARIABLE, allowance, is_set, memory_limit, tell_size

MEMORY = 10**9  # DuckDB's; buffers that it does not count and Python come on top, within 2 GB in all.
MOST_THREADS = 4  # Each thread holds 32 MB of CSV buffer and a row group.
SHARE = 4  # A quarter of a limit that is set goes to an extract where that is more: the rest is the night's.


@contextmanager
def connect(
    timezone: str, scratch: Path, allowed: list[Path], *, is_single: bool
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that sees the files ``allowed`` and the scratch folder, and reads local times in ``timezone``.

    ``is_single``: on one thread, so that what depends on the order of rows is the same every night.
    """
    memory = allowed_memory()
    # `any_value` and sums of floats depend on it.
    threads = 1 if is_single else max(1, min(os.cpu_count() or 1, MOST_THREADS, memory // PER_THREAD))
    with duckdb.connect() as connection:
        connection.execute(f"set threads = {threads}")
        connection.execute(f"set memory_limit = '{memory}B'")
        connection.execute(f"set temp_directory = {quote_text(str(scratch / 'spill'))}")
        connection.execute(f"set TimeZone = {quote_text(timezone)}")
        connection.execute("set enable_progress_bar = false")
        connection.execute("set python_enable_replacements = false")
        connection.execute(f"set allowed_directories = [{quote_text(str(scratch))}]")
        connection.execute(f"set allowed_paths = [{', '.join(quote_text(str(path)) for path in allowed)}]")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        try:
            yield connection
        except duckdb.OutOfMemoryException as error:
            raise ExtractError(f"stopped: {explain_shortage()}") from error


def allowed_memory() -> int:
    """Bytes that an extract may take: :data:`MEMORY`, or what ``PARCOURS_MEMORY_LIMIT`` leaves it where that is set."""
    limit = allowance().memory
    return min(limit, max(MEMORY, limit // SHARE)) if is_set() else min(limit, MEMORY)


def explain_shortage() -> str:
    """What is said of an extract that needs more memory than that."""
    if allowance().memory < MEMORY:
        allowed = f"{VARIABLE}={memory_limit()} allows: set it higher, to a size such as {tell_size(MEMORY)}"
    else:
        least = tell_size(MEMORY)
        allowed = (
            f"the {tell_size(allowed_memory())} that it may take: set {VARIABLE} higher, to a size such as 8GB, of "
            f"which a quarter is an extract's where that is more than {least}"
        )
    return f"an extract needs more memory than {allowed}"
