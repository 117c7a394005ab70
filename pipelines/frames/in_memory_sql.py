"""SQL over frames, in one in-memory DuckDB that the whole process shares, since opening one takes 30 milliseconds."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import duckdb

from pipelines.frames.memory_limit import allowance, tell_shortage
from pipelines.unfinished import note_temporary


@contextmanager
def connect_in_memory(work: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the process's in-memory DuckDB; only this block sees the frames that it registers.

    ``work`` names the block where it needs more memory than the limit allows, such as `The comparison of records`.
    Raises MemoryShortageError there, and ConfigurationError where the limit is not understood.
    """
    allowed = allowance()
    with _database(os.getpid(), allowed.memory, allowed.threads).cursor() as connection, tell_shortage(work):
        connection.execute("set enable_progress_bar = false")
        yield connection


@contextmanager
def connect_in_memory_alone(work: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """As :func:`connect_in_memory`, with a catalogue of its own: tables made in this block are gone after it.

    It shares the memory limit of the process with all others.
    """
    with connect_in_memory(work) as connection:
        name = f"alone_{secrets.token_hex(8)}"
        connection.execute(f"attach ':memory:' as {name}; use {name}")
        try:
            yield connection
        finally:
            connection.execute(f"use memory; detach {name}")


def open_in_memory() -> duckdb.DuckDBPyConnection:
    """A database of its own, which lives as long as the connection is kept: for who works on it by hand.

    Raises ConfigurationError where the memory limit is not understood.
    """
    allowed = allowance()
    connection = _open(allowed.memory, allowed.threads)
    connection.execute("set enable_progress_bar = false")
    return connection


@cache
def _database(_process: int, memory: int, threads: int) -> duckdb.DuckDBPyConnection:
    """One database for each process: a forked process does not have the threads of the one it came from."""
    return _open(memory, threads)


def _open(memory: int, threads: int) -> duckdb.DuckDBPyConnection:
    """A new database. What does not fit in memory goes to a folder that DuckDB makes when it comes to that and takes
    away again; its own choice would be `.tmp` in the folder where the command happens to be called.
    """
    spill = note_temporary(Path(tempfile.gettempdir()) / f"parcours-spill-{secrets.token_hex(8)}")
    return duckdb.connect(
        ":memory:", config={"memory_limit": f"{memory}B", "threads": threads, "temp_directory": str(spill)}
    )
