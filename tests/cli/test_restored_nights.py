"""A home that was restored from its backup goes on as if nothing had happened: the same ids, the same marts."""

import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines.config.home import Home, find_home
from pipelines.lake.tables import Lake
from scripts.compare_warehouses import hash_tables

Command = Callable[..., subprocess.CompletedProcess[str]]

SECOND = date(2026, 3, 1)
MADE = ("crm", "ecommerce", "pos", "quarantine", "identity")
OF_THE_RUN = {"drift", "run_metrics"}
"""They compare it with the night before, which the first had not."""


@pytest.fixture
def fewer_contacts(exports: Path, tmp_path: Path) -> Path:
    """The sources.yml of the exports of a further night, in which some contacts are gone."""
    folder = tmp_path / "exports"
    shutil.copytree(exports, folder)
    contacts = folder / "crm" / "contacts.csv"
    header, *rows = contacts.read_bytes().splitlines(keepends=True)
    contacts.write_bytes(header + b"".join(row for at, row in enumerate(rows, 1) if at % 11))
    return folder / "sources.yml"


def test_a_restored_home_ends_where_the_undisturbed_one_does_and_a_run_at_work_spoils_no_backup(
    first_night: tuple[Home, str],
    fewer_contacts: Path,
    tmp_path: Path,
    start_parcours: Callable[..., subprocess.Popen[str]],
    parcours: Command,
) -> None:
    shutil.copytree(first_night[0].root, tmp_path / "home")
    home, restored = find_home(tmp_path / "home"), find_home(tmp_path / "restored")

    def back_up(name: str) -> bytes:
        told = parcours("backup", tmp_path / name, "--home", home.root, "--sources", fewer_contacts)
        assert told.returncode == 0, told.stderr
        return (tmp_path / name).read_bytes()

    def run(where: Home) -> tuple[object, ...]:
        return "run", "--home", where.root, "--sources", fewer_contacts, "--as-of", SECOND

    before, during = back_up("before"), []
    night = start_parcours(*run(home))
    while night.poll() is None:
        during.append(back_up("during"))
        time.sleep(4)  # The run is to get on, too.
    _, err = night.communicate()
    assert night.returncode == 0, err
    after = back_up("after")
    assert before != after
    assert set(during) <= {before, after}, "a backup is of one publication or of the other"
    assert before in during

    told = parcours("restore", tmp_path / "before", "--home", restored.root)
    assert told.returncode == 0, told.stderr
    assert str(fewer_contacts) in told.stdout, "it says where the configuration lay"
    assert "holds none" in parcours("rollback", "--home", restored.root).stderr
    ended = parcours(*run(restored))
    assert ended.returncode == 0, ended.stderr
    assert hash_tables(restored.warehouse) == hash_tables(home.warehouse)
    ledgers = [Lake(where.lake).committed_ledger.read_bytes() for where in (home, restored)]
    assert ledgers[0] == ledgers[1]


def test_a_home_of_which_only_state_and_models_are_left_runs_and_says_what_is_made_anew(
    first_night: tuple[Home, str], exports: Path, tmp_path: Path, fork_parcours: Command
) -> None:
    """To where all of the lake is there again: the warehouse is made from that alone."""
    first, home = first_night[0], find_home(tmp_path / "home")
    for name in ("state", "models"):
        shutil.copytree(first.lake / name, home.lake / name)
    arguments = ("run", "--home", home.root, "--sources", exports / "sources.yml")
    stopped = fork_parcours(*arguments, kill_at="identity: done", by=signal.SIGTERM)
    assert stopped.returncode == 143, stopped.stderr
    for file in [file for kind in MADE for file in (first.lake / kind).glob("*.parquet")]:
        made = home.lake / file.relative_to(first.lake)
        assert file.stem in OF_THE_RUN or pl.read_parquet(made).equals(pl.read_parquet(file)), file.name
    [log] = home.logs.glob("*.log")
    lines = [line for line in log.read_text(encoding="utf-8").splitlines() if "made anew, because" in line]
    assert any("lake/identity/records.parquet is missing" in line for line in lines)
    assert any("lake/identity/pairs.parquet is missing" in line for line in lines)
    ledger = Lake(home.lake).committed_ledger.read_bytes()
    assert ledger == Lake(first.lake).committed_ledger.read_bytes(), "no id changed"
