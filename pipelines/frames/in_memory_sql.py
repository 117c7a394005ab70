"""SQL over frames: one DuckDB in memory for all that the process asks, since opening one takes thirty milliseconds."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import duckdb


@contextmanager
def in_memory() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own to the DuckDB that the process keeps: what is registered with it, nobody else sees."""
    with _database(os.getpid()).cursor() as connection:
        connection.execute("set enable_progress_bar = false")
        yield connection


@cache
def _database(_process: int) -> duckdb.DuckDBPyConnection:
    """By process: a forked one has not got the threads of this one."""
    return duckdb.connect(":memory:")
