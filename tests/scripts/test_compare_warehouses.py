"""Two warehouses are told apart by any row, and by nothing else."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "compare_warehouses.py"
ROWS = "(1, 'a', 'r1'), (2, 'b', 'r1'), (2, 'b', 'r1')"


def write(file: Path, rows: str, columns: str = "id, name, run_id") -> Path:
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema marts")
        connection.execute(f"create table marts.customers as select * from (values {rows}) as found({columns})")
    return file


def compare(one: Path, other: Path) -> tuple[int, str]:
    ended = subprocess.run(
        [sys.executable, str(SCRIPT), str(one), str(other)], capture_output=True, text=True, check=False
    )
    return ended.returncode, ended.stdout


@pytest.mark.parametrize(
    ("rows", "columns", "differing"),
    [
        (ROWS, "id, name, run_id", 0),
        ("(2, 'b', 'r2'), (1, 'a', 'r2'), (2, 'b', 'r2')", "id, name, run_id", 0),  # Another order, another run.
        ("('a', 1, 'r1'), ('b', 2, 'r1'), ('b', 2, 'r1')", "name, id, run_id", 0),
        ("(1, 'a', 'r1'), (2, 'b', 'r1')", "id, name, run_id", 1),  # A repeated row counts.
        ("(1, 'a', 'r1'), (1, 'a', 'r1'), (2, 'b', 'r1')", "id, name, run_id", 1),
        ("(1, 'a', 'r1'), (2, 'c', 'r1'), (2, 'b', 'r1')", "id, name, run_id", 1),
        (ROWS, "id, title, run_id", 1),
    ],
)
def test_any_row_tells_two_warehouses_apart_and_nothing_else(
    tmp_path: Path, rows: str, columns: str, differing: int
) -> None:
    before, after = write(tmp_path / "before.duckdb", ROWS), write(tmp_path / "after.duckdb", rows, columns)
    exit_code, said = compare(before, after)
    assert exit_code == differing
    assert f"1 tables of 3 rows before; {differing} differ." in said


def test_a_home_that_published_nothing_is_an_error_of_use(tmp_path: Path) -> None:
    exit_code, _ = compare(write(tmp_path / "before.duckdb", ROWS), tmp_path)
    assert exit_code == 2


def test_a_table_that_only_one_has_is_named(tmp_path: Path) -> None:
    before, home = write(tmp_path / "before.duckdb", ROWS), tmp_path / "home"
    home.mkdir()
    with duckdb.connect(str(write(home / "warehouse.duckdb", ROWS))) as connection:
        connection.execute("create table marts.more as select 1 as id")
    exit_code, said = compare(before, home)
    assert exit_code == 1
    assert "more: other rows (absent before, 1 after)" in said
