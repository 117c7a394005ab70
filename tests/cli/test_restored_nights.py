"""A home that was restored from its backup goes on as if nothing had happened: the same ids, the same marts."""

import shutil
import subprocess
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from pipelines.config.home import Home, find_home
from pipelines.lake.tables import Lake
from scripts.compare_warehouses import hash_tables

Command = Callable[..., subprocess.CompletedProcess[str]]

FIRST = date(2026, 2, 28)


@pytest.fixture
def nights(exports: Path, tmp_path: Path) -> list[Path]:
    """The exports of two further nights, in each of which some contacts are gone and some have changed."""
    made = []
    for number in (1, 2):
        folder = tmp_path / f"exports-{number}"
        shutil.copytree(exports, folder)
        contacts = folder / "crm" / "contacts.csv"
        header, *rows = contacts.read_bytes().splitlines(keepends=True)
        kept = [row for at, row in enumerate(rows) if (at + number) % 11]
        contacts.write_bytes(header + b"".join(kept))
        made.append(folder / "sources.yml")
    return made


def test_a_restored_home_ends_where_the_undisturbed_one_does_and_a_run_at_work_spoils_no_backup(
    first_night: tuple[Home, str],
    nights: list[Path],
    tmp_path: Path,
    start_parcours: Callable[..., subprocess.Popen[str]],
    parcours: Command,
) -> None:
    shutil.copytree(first_night[0].root, tmp_path / "home")
    home, restored = find_home(tmp_path / "home"), find_home(tmp_path / "restored")

    def back_up(name: str) -> bytes:
        told = parcours("backup", tmp_path / name, "--home", home.root, "--sources", nights[0])
        assert told.returncode == 0, told.stderr
        return (tmp_path / name).read_bytes()

    def run(where: Home, number: int) -> tuple[object, ...]:
        day = FIRST + timedelta(days=number)
        return "run", "--home", where.root, "--sources", nights[number - 1], "--as-of", day

    before, during = back_up("before"), []
    night = start_parcours(*run(home, 1))
    while night.poll() is None:
        during.append(back_up("during"))
        time.sleep(1)  # The run is to get on, too.
    _, err = night.communicate()
    assert night.returncode == 0, err
    after = back_up("after")
    assert before != after
    assert set(during) <= {before, after}, "a backup is of one publication or of the other"
    assert before in during

    told = parcours("restore", tmp_path / "after", "--home", restored.root)
    assert told.returncode == 0, told.stderr
    assert str(nights[0]) in told.stdout, "it says where the configuration lay"
    assert "holds none" in parcours("rollback", "--home", restored.root).stderr
    for where in (home, restored):
        ended = parcours(*run(where, 2))
        assert ended.returncode == 0, ended.stderr
    assert hash_tables(restored.warehouse) == hash_tables(home.warehouse)
    ledgers = [Lake(where.lake).committed_ledger.read_bytes() for where in (home, restored)]
    assert ledgers[0] == ledgers[1]


def test_a_home_of_which_only_state_and_models_are_left_runs_and_says_what_is_made_anew(
    first_night: tuple[Home, str], exports: Path, tmp_path: Path, parcours: Command
) -> None:
    home = find_home(tmp_path / "home")
    for name in ("state", "models"):
        shutil.copytree(first_night[0].lake / name, home.lake / name)
    ended = parcours("run", "--home", home.root, "--sources", exports / "sources.yml")
    assert ended.returncode == 0, ended.stderr
    assert hash_tables(home.warehouse) == hash_tables(first_night[0].warehouse)
    [log] = home.logs.glob("*.log")
    lines = [line for line in log.read_text(encoding="utf-8").splitlines() if "made anew, because" in line]
    assert any("lake/identity/records.parquet is missing" in line for line in lines)
    assert any("lake/identity/pairs.parquet is missing" in line for line in lines)
    ledger = Lake(home.lake).committed_ledger.read_bytes()
    assert ledger == Lake(first_night[0].lake).committed_ledger.read_bytes(), "no id changed"
