"""Kill -9 at any stage, or a full disk: the published warehouse stays whole, and the next run ends well."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import repeat
from pathlib import Path

import dagster as dg
import duckdb
import polars as pl
import pytest

from pipelines.config.home import Home, find_home
from pipelines.identity.customer_ids.ledger import current_map
from pipelines.identity.monitoring.invariants import count_reissued_ids
from pipelines.lake.tables import Lake
from pipelines.warehouse.previous import find_digest

Command = Callable[..., subprocess.CompletedProcess[str]]

# What a run prints just before the stage in which it is killed.
STAGES = {"while starting": "starting", "in identity": "extracts: done", "in dbt": "warehouse: 1 of"}
ROOM_FOR_HALF_A_BUILD = 6_000_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path | None]:
    """A file system of 200 MB, or None where this user may not mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", folder]
    mounted = shutil.which("mount") is not None and subprocess.run(mount, capture_output=True, check=False)
    if not mounted or mounted.returncode != 0:
        yield None
        return
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def fewer_contacts(exports: Path, tmp_path: Path) -> Path:
    """The exports without the last contacts: ids must change."""
    shutil.copytree(exports, tmp_path / "exports")
    contacts = tmp_path / "exports" / "crm" / "contacts.csv"
    contacts.write_bytes(b"".join(contacts.read_bytes().splitlines(keepends=True)[:-20]))
    return tmp_path / "exports"


def kill_at(process: subprocess.Popen[str], words: str) -> int:
    """The exit code of a process that is killed as soon as it has said ``words``."""
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            process.send_signal(signal.SIGKILL)
            break
    process.communicate(timeout=60)
    return process.returncode


def fill(folder: Path, room: int) -> Path:
    """A file that leaves ``room`` bytes of the file system."""
    filler = folder / "filler"
    state = os.statvfs(folder)
    blocks = (state.f_bavail * state.f_frsize - room) // 1_000_000
    with filler.open("wb") as file:
        file.writelines(repeat(bytes(1_000_000), blocks))
    return filler


def test_a_run_that_is_killed_or_finds_the_disk_full_harms_nothing_and_the_next_one_ends_well(
    first_night: tuple[Home, str],
    fewer_contacts: Path,
    small_disk: Path | None,
    tmp_path: Path,
    start_parcours: Callable[..., subprocess.Popen[str]],
    fork_parcours: Command,
    parcours: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copytree(first_night[0].root, (small_disk or tmp_path) / "home")
    home = find_home((small_disk or tmp_path) / "home")
    lake = Lake(home.lake)
    published, ledger = home.warehouse.read_bytes(), lake.committed_ledger.read_bytes()
    arguments = ("run", "--home", home.root, "--sources", fewer_contacts / "sources.yml")

    for words in STAGES.values():
        if words == STAGES["while starting"]:
            killed = kill_at(start_parcours(*arguments), words)
        else:
            killed = fork_parcours(*arguments, kill_at=words).returncode
        assert killed == -signal.SIGKILL, f"the run never said {words!r}"
        assert home.warehouse.read_bytes() == published
        assert lake.committed_ledger.read_bytes() == ledger, "a run that publishes nothing changes no id"

    if small_disk is not None:
        filler = fill(small_disk, ROOM_FOR_HALF_A_BUILD)
        full = parcours(*arguments)
        assert full.returncode == 1, full.stderr
        assert "Traceback" not in full.stderr
        assert "This is a bug" not in full.stderr
        assert home.warehouse.read_bytes() == published
        assert lake.committed_ledger.read_bytes() == ledger
        filler.unlink()

    ended = parcours(*arguments)
    assert ended.returncode == 0, ended.stderr
    assert "no id changed" not in ended.stdout
    with duckdb.connect(home.warehouse, read_only=True) as connection:
        [(customers,)] = connection.execute("select count(*) from marts.customer_360").fetchall()
    map_today, entries = lake.read("identity", "customer_ids"), pl.read_parquet(lake.committed_ledger)
    assert customers == map_today["customer_id"].n_unique()
    assert entries["run_id"].n_unique() == 2, "the killed runs left no entry behind"
    assert count_reissued_ids(entries) == 0
    assert current_map(entries).equals(map_today.select("record_id", "customer_id"))
    assert list(home.root.rglob("*.tmp-*")) == [], "what the killed runs left half-written is swept away"
    assert find_digest(home) == sha256(published).hexdigest()
    monkeypatch.setenv("DAGSTER_HOME", str(home.dagster))
    with dg.DagsterInstance.get() as instance:
        assert all(run.is_finished for run in instance.get_runs()), "no run that was killed holds up the next night"
