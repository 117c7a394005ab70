"""An extract that needs more memory than it may take, or more threads than its memory is enough for."""

import os
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import ExtractError
from pipelines.extracts import sandbox


@pytest.mark.parametrize("limit", ["2MB", "10MB"])
def test_an_extract_that_needs_more_names_the_setting(
    limit: str, exports: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARCOURS_MEMORY_LIMIT", limit)
    rows = "".join(f"{number},2026-01-01 10:00:00,{number % 90}.50\n" for number in range(100_000))
    exports.write("orders.csv", "id,moment,total\n" + rows)
    with pytest.raises(ExtractError) as failed:
        exports.extract("orders", {"from": "orders.csv", "columns": dict(exports.order_columns)})
    said = str(failed.value)
    assert f"an extract needs more memory than PARCOURS_MEMORY_LIMIT={limit} allows: set it higher" in said
    assert "SET " not in said
    assert "block" not in said


@pytest.mark.parametrize(
    ("limit", "megabytes"), [("", 1000), ("150MB", 150), ("2GB", 1000), ("4GB", 1000), ("16GB", 4000)]
)
def test_an_extract_takes_a_gigabyte_or_a_quarter_of_a_limit_that_is_set(
    limit: str, megabytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARCOURS_MEMORY_LIMIT", limit)
    assert sandbox.allowed_memory() == pytest.approx(megabytes * 10**6, rel=0.02)


def test_a_limit_above_a_gigabyte_is_told_with_the_share_that_is_an_extracts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARCOURS_MEMORY_LIMIT", "2GB")
    monkeypatch.setattr(sandbox, "MEMORY", 32 * 10**6)
    monkeypatch.setattr(sandbox, "SHARE", 100)
    with pytest.raises(ExtractError) as failed, sandbox.connect("UTC", tmp_path, [], is_single=True) as connection:
        connection.execute("create table listed as select list(range order by -range) from range(3_000_000)")
    assert str(failed.value).startswith(
        "stopped: an extract needs more memory than the 32 MB that it may take: set PARCOURS_MEMORY_LIMIT higher"
    )


@pytest.mark.parametrize(
    ("limit", "cores", "is_single", "threads"),
    [("150MB", 64, False, 2), ("60MB", 64, False, 1), ("", 64, False, 4), ("", 3, False, 3), ("", 64, True, 1)],
)
def test_an_extract_takes_few_threads_and_fewer_where_its_memory_is_small(
    limit: str, cores: int, is_single: bool, threads: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARCOURS_MEMORY_LIMIT", limit)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    with sandbox.connect("UTC", tmp_path, [], is_single=is_single) as connection:
        assert connection.execute("select current_setting('threads')").fetchall() == [(threads,)]
