"""The in-memory database: whose frames it sees, what it takes, and where it puts what does not fit in memory."""

import os
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines import unfinished
from pipelines.frames import in_memory_sql
from pipelines.frames.in_memory_sql import connect_in_memory
from pipelines.lake.owner_only import closed_to_others

TOO_MUCH = "create table people as select range as id, hash(range)::text as name from range(2_000_000)"


def spilling() -> duckdb.DuckDBPyConnection:
    """A database of its own with too little memory for :data:`TOO_MUCH`."""
    return in_memory_sql._database.__wrapped__(0, 40 * 10**6, 1)


def test_what_is_spilled_is_the_owners_alone_out_of_the_way_and_gone_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with closed_to_others(), spilling() as connection:
        [(folder,)] = connection.execute("select current_setting('temp_directory')").fetchall()
        connection.execute(TOO_MUCH)
        assert {path.stat().st_mode & 0o077 for path in (Path(folder), *Path(folder).iterdir())} == {0}
        assert not list(tmp_path.iterdir()), "nothing where the command was called"
    assert not Path(folder).exists()


def test_what_is_spilled_goes_with_a_process_that_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unfinished, "_temporary", set())
    with spilling() as connection:
        [(folder,)] = connection.execute("select current_setting('temp_directory')").fetchall()
        connection.execute(TOO_MUCH)
        assert list(Path(folder).iterdir())
        unfinished.remove_temporary()
        assert not Path(folder).exists()


def test_a_frame_is_seen_by_the_block_that_registers_it_and_by_no_other() -> None:
    with connect_in_memory("This test") as one, connect_in_memory("This test") as other:
        one.register("people", pl.DataFrame({"id": [1]}).to_arrow())
        assert one.execute("from people").fetchall() == [(1,)]
        with pytest.raises(duckdb.CatalogException):
            other.execute("from people")


def test_a_forked_process_has_a_database_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with connect_in_memory("This test") as connection:
        connection.execute("create or replace table of_this_process as select 1")
    with monkeypatch.context() as forked:
        forked.setattr(os, "getpid", lambda: -1)
        with connect_in_memory("This test") as connection, pytest.raises(duckdb.CatalogException):
            connection.execute("from of_this_process")
    with connect_in_memory("This test") as connection:
        connection.execute("drop table of_this_process")


def test_it_takes_the_memory_and_the_threads_that_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARCOURS_MEMORY_LIMIT", "70MB")  # Enough for one thread.
    with connect_in_memory("This test") as connection:
        [(memory, threads)] = connection.execute(
            "select current_setting('memory_limit'), current_setting('threads')"
        ).fetchall()
    assert memory.startswith("66.")  # MiB.
    assert threads == 1
