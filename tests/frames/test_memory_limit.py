"""What DuckDB may take, and what is said where that is too little."""

import errno
import os
from pathlib import Path

import duckdb
import pytest

from pipelines.frames import memory_limit
from pipelines.frames.in_memory_sql import connect_in_memory
from pipelines.frames.memory_limit import (
    MemoryShortageError,
    explain_shortage,
    is_shortage,
    tell_shortage,
    tell_size,
)

GREEDY = "create or replace temp table listed as select list(range order by -range) as values from range(3_000_000)"


def test_sql_over_frames_that_needs_more_than_the_limit_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARCOURS_MEMORY_LIMIT", "32MB")
    with pytest.raises(MemoryShortageError) as short, connect_in_memory("The comparison of records") as connection:
        connection.execute(GREEDY)
    said = str(short.value)
    assert said.startswith("The comparison of records needs more memory than PARCOURS_MEMORY_LIMIT=32MB allows: set it")
    assert "SET " not in said


def test_the_default_is_told_as_a_share_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PARCOURS_MEMORY_LIMIT", raising=False)
    machine = memory_limit.tell_size(memory_limit._measure("100%").memory)
    said = explain_shortage("The build of orders")
    assert said.startswith(
        f"The build of orders needs more memory than PARCOURS_MEMORY_LIMIT (60% of {machine}, the default) allows: set"
    )


def test_a_full_disk_is_told_as_one() -> None:
    full = f'IO Error: Could not write file "/home/of/somebody": {os.strerror(errno.ENOSPC)}'
    said = explain_shortage("The build of orders", full)
    assert "no room left on the disk" in said
    assert "somebody" not in said


def test_a_full_disk_is_told_where_it_stops_the_work() -> None:
    full = f'IO Error: Could not write file "/home/of/somebody": {os.strerror(errno.ENOSPC)}'
    with pytest.raises(MemoryShortageError, match="no room left on the disk"), tell_shortage("The build of orders"):
        raise duckdb.IOException(full)


def test_too_little_room_for_what_is_put_aside_is_told_as_a_full_disk(tmp_path: Path) -> None:
    limits = {"memory_limit": "60MB", "threads": 1, "temp_directory": str(tmp_path)}
    sort = "create table sorted as select hash(range)::text as name from range(3_000_000) order by name"
    with duckdb.connect(config=limits) as connection:
        connection.execute("set max_temp_directory_size = '1MB'")
        with (
            pytest.raises(MemoryShortageError, match="no room left on the disk") as short,
            tell_shortage("The sorting"),
        ):
            connection.execute(sort)
    assert "max_temp_directory_size" not in str(short.value)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("Out of Memory Error: failed to pin block", True),
        ("OutOfMemoryException: failed to pin block", True),
        (f"IO Error: Could not write file: {os.strerror(errno.ENOSPC)}", True),
        ("IO Error: Could not read file: Input/output error", False),
    ],
)
def test_a_shortage_is_known_by_what_a_tool_repeats_of_it(text: str, is_one: bool) -> None:
    assert is_shortage(text) == is_one


@pytest.mark.parametrize("written", ["", "  "])
def test_a_blank_limit_is_the_default(written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARCOURS_MEMORY_LIMIT", written)
    assert memory_limit.memory_limit() == memory_limit.DEFAULT
    assert not memory_limit.is_set()


@pytest.mark.parametrize(
    ("size", "said"),
    [(150 * 10**6, "150 MB"), (10**9, "1 GB"), (1_540_000_000, "1.5 GB"), (24 * 10**9, "24 GB")],
)
def test_a_size_is_said_as_people_do(size: int, said: str) -> None:
    assert tell_size(size) == said


def test_another_fault_stays_what_it_is() -> None:
    with duckdb.connect() as connection, pytest.raises(duckdb.BinderException), tell_shortage("This test"):
        connection.execute("select nothing_of_that_name")


@pytest.mark.parametrize(
    ("limit", "threads", "models"), [("150MB", 2, 1), ("70MB", 1, 1), ("4GB", 59, 1), ("8GB", 119, 2)]
)
def test_threads_and_models_at_a_time_go_with_the_memory(
    limit: str, threads: int, models: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of 64 cores with blocks of its own would take more than there is."""
    monkeypatch.setenv("PARCOURS_MEMORY_LIMIT", limit)
    memory_limit._measure.cache_clear()
    known = memory_limit._ask_duckdb
    monkeypatch.setattr(memory_limit, "_ask_duckdb", lambda written: (known(written)[0], 64))
    try:
        allowed = memory_limit.allowance()
    finally:
        memory_limit._measure.cache_clear()
    assert allowed.memory == pytest.approx(known(limit)[0])
    assert (allowed.threads, allowed.models_at_once) == (min(64, threads), models)
