"""A backup holds all that a home cannot make anew, and becomes that home again, or nothing is changed."""

import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.backup import restore as restoring
from pipelines.backup import snapshot
from pipelines.backup.archive import SEAL
from pipelines.config.home import Home, find_home
from pipelines.lake import publication_lock, run_lock
from pipelines.lake.exclusive_lock import try_to_lock
from pipelines.lake.landed import Batch, LandedTable, Mode, landed_folder, read_landed
from pipelines.lake.tables import Lake
from tests.kept_home import read_files

Told_by = Callable[..., tuple[int, str, str]]


@pytest.fixture
def backup(kept: Home, parcours_here: Told_by, tmp_path: Path) -> Path:
    """A backup of ``kept``."""
    file = tmp_path / "backup"
    assert parcours_here("backup", file, "--home", kept.root)[0] == 0
    return file


def test_a_restored_home_holds_every_file_that_was_kept_for_its_owner_only(
    kept: Home, backup: Path, parcours_here: Told_by, tmp_path: Path
) -> None:
    derived = kept.lake / "identity" / "pairs.parquet"
    derived.parent.mkdir()
    derived.write_bytes(b"made anew")
    exit_code, out, _ = parcours_here("restore", backup, "--home", tmp_path / "new")
    assert exit_code == 0
    assert "as last published for 2026-02-28" in out
    assert "no previous one to roll back to" in out
    derived.unlink()
    assert read_files(tmp_path / "new") == read_files(kept.root)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new" / "lake" / "state").iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_the_same_state_gives_the_same_bytes_that_only_their_owner_reads(
    kept: Home, backup: Path, parcours_here: Told_by, tmp_path: Path
) -> None:
    shutil.copytree(kept.root, tmp_path / "elsewhere" / "home")
    assert parcours_here("backup", tmp_path / "again", "--home", tmp_path / "elsewhere" / "home")[0] == 0
    assert (tmp_path / "again").read_bytes() == backup.read_bytes()
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if "tmp-" in path.name] == []
    with zipfile.ZipFile(backup) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_backup_is_verified_and_listed(backup: Path, parcours_here: Told_by) -> None:
    exit_code, out, _ = parcours_here("backup", "--verify", backup)
    assert exit_code == 0
    assert "home/lake/state/ledger.parquet" in out
    assert "It is whole" in out


def test_files_that_lay_outside_the_home_are_put_into_a_folder_of_it_and_told(
    kept: Home, parcours_here: Told_by, tmp_path: Path
) -> None:
    configuration = tmp_path / "configuration"
    configuration.mkdir()
    for name in ("sources.yml", "segments.yml"):
        shutil.move(kept.root / name, configuration / name)
    people = configuration / "people.csv"
    shutil.move(kept.decisions, people)
    sources = configuration / "sources.yml"
    sources.write_text("decisions: people.csv\n" + sources.read_text())
    told = parcours_here("backup", tmp_path / "file", "--home", kept.root, "--sources", sources)
    assert told[0] == 0, told
    exit_code, out, _ = parcours_here("restore", tmp_path / "file", "--home", tmp_path / "new")
    assert exit_code == 0
    restored = tmp_path / "new" / "restored"
    assert (restored / "sources.yml").read_text() == sources.read_text()
    assert (restored / "decisions.csv").read_text() == people.read_text()
    assert (restored / "segments.yml").exists()
    assert f"at {people}: put it back there" in out
    assert not (tmp_path / "new" / "sources.yml").exists(), "its paths start from the folder that it lay in"


@pytest.mark.parametrize("name", ["of\nteam.csv", "logs/x.csv", "lake/people.csv", "a\\b.csv", "person’s.csv"])
def test_a_file_of_decisions_of_whatever_name_in_the_home_comes_back(
    kept: Home, parcours_here: Told_by, tmp_path: Path, name: str
) -> None:
    named = kept.root / name
    named.parent.mkdir(exist_ok=True)
    kept.decisions.rename(named)
    sources = kept.root / "sources.yml"
    sources.write_text(f"decisions: {json.dumps(name)}\n" + sources.read_text())
    assert parcours_here("backup", tmp_path / "file", "--home", kept.root)[0] == 0
    exit_code, out, err = parcours_here("restore", tmp_path / "file", "--home", tmp_path / "new")
    assert exit_code == 0, err
    places = [tmp_path / "new" / name, tmp_path / "new" / "restored" / "decisions.csv"]
    [restored] = [place for place in places if place.exists()]
    assert restored.read_bytes() == named.read_bytes()
    assert "\x1b" not in out


def test_a_home_that_is_not_empty_is_only_replaced_when_asked_for_and_then_moved_aside(
    kept: Home, backup: Path, parcours_here: Told_by
) -> None:
    (kept.lake / "state" / "records").mkdir()
    (kept.lake / "state" / "records" / "note.json").write_text("{}")
    kept.decisions.write_text("of today")
    kept.previous_warehouse.write_bytes(b"before")
    before = read_files(kept.root)
    exit_code, _, err = parcours_here("restore", backup, "--home", kept.root)
    assert exit_code == 2
    assert "--replace" in err
    assert read_files(kept.root) == before

    exit_code, out, _ = parcours_here("restore", backup, "--home", kept.root, "--replace")
    assert exit_code == 0, out
    aside = kept.root / "replaced-1"
    assert str(aside) in out
    assert (aside / "decisions.csv").read_text() == "of today"
    assert (aside / "lake" / "state" / "records" / "note.json").exists()
    assert (aside / "warehouse.previous.duckdb.zst").exists(), (
        "the memory of segments that belongs to it is not restored"
    )
    assert not (kept.lake / "state" / "records").exists(), "what steps kept is of another night"
    assert kept.decisions.read_text().startswith("verdict")
    parcours_here("restore", backup, "--home", kept.root, "--replace")
    assert (kept.root / "replaced-2" / "decisions.csv").exists()


def test_all_that_belongs_to_the_state_of_before_goes_aside_with_it(
    kept: Home, parcours_here: Told_by, tmp_path: Path
) -> None:
    kept.decisions.rename(kept.root / "people.csv")
    (kept.root / "sources.yml").write_text("decisions: people.csv\n" + (kept.root / "sources.yml").read_text())
    assert parcours_here("backup", tmp_path / "file", "--home", kept.root)[0] == 0
    seal = kept.root / "build" / "warehouse.sealed.json"
    aside = [
        "people.csv", "decisions.csv", "nights.yml", "last_night.json", "nights/history.jsonl", "restored/sources.yml",
        "warehouse.previous.duckdb",
    ]  # fmt: skip
    for file in (seal, *(kept.root / name for name in aside)):
        file.parent.mkdir(exist_ok=True)
        file.write_text("alerts: []" if file.name == "nights.yml" else "of before")
    for name in ("replaced-2", "replaced-3"):  # Somebody has removed the first.
        (kept.root / name).mkdir()
    exit_code, _, err = parcours_here("restore", tmp_path / "file", "--home", kept.root, "--replace")
    assert exit_code == 0, err
    [replaced] = [folder for folder in kept.root.glob("replaced-*") if any(folder.iterdir())]
    assert replaced.name == "replaced-4"
    assert [name for name in aside if not (replaced / name).exists()] == []
    assert [name for name in aside if (kept.root / name).exists()] == ["people.csv"]
    assert (kept.root / "people.csv").read_text().startswith("verdict")
    assert not seal.exists(), "what was built belongs to the state of before"


def test_a_home_in_which_a_run_was_only_refused_counts_as_empty(
    backup: Path, parcours_here: Told_by, tmp_path: Path
) -> None:
    new = find_home(tmp_path / "new")
    with run_lock.hold(new.root, "tonight"), publication_lock.hold(new.root):
        pass
    assert {path.name for path in new.root.iterdir()} == {"run.lock", "publication.lock"}
    assert parcours_here("restore", backup, "--home", new.root)[0] == 0


def test_a_restore_that_fails_on_the_way_leaves_nothing_half_done(
    kept: Home, backup: Path, parcours_here: Told_by, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(restoring, "_put", full)
        assert parcours_here("restore", backup, "--home", tmp_path / "new")[0] == 1
        assert not (tmp_path / "new").exists()
        assert parcours_here("restore", backup, "--home", kept.root, "--replace")[0] == 1
        assert not [path for path in kept.root.iterdir() if "tmp-" in path.name]
    assert parcours_here("restore", backup, "--home", kept.root, "--replace")[0] == 0


def test_a_backup_that_the_disk_has_no_room_for_is_refused_before_anything_is_touched(
    backup: Path, parcours_here: Told_by, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_000))
    exit_code, _, err = parcours_here("restore", backup, "--home", tmp_path / "new")
    assert (exit_code, "has room for 1,000: free some" in err) == (1, True)
    assert not (tmp_path / "new").exists()


def test_a_damaged_backup_is_judged_before_a_run_at_work_is_asked_after(
    kept: Home, backup: Path, parcours_here: Told_by
) -> None:
    with zipfile.ZipFile(backup) as archive:
        middle = archive.getinfo("home/lake/state/ledger.parquet").header_offset + 200
    content = backup.read_bytes()[:-64]
    altered = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    digest = hashlib.sha256(altered.removesuffix(SEAL)).hexdigest()
    backup.write_bytes(altered + digest.encode())
    with run_lock.hold(kept.root, "tonight"):
        _, _, err = parcours_here("restore", backup, "--home", kept.root, "--replace")
    assert "home/lake/state/ledger.parquet" in err
    assert "damaged" in err


def test_the_parts_of_a_home_may_lie_on_other_disks(
    kept: Home, backup: Path, parcours_here: Told_by, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.move(kept.lake, tmp_path / "large-disk")
    kept.lake.symlink_to(tmp_path / "large-disk")
    rename = Path.rename

    def on_one_disk_only(source: Path, target: Path) -> Path:
        if ("lake" in source.parts) != ("lake" in target.parts) or "lake" in source.parts:
            raise OSError(18, "Invalid cross-device link")
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", on_one_disk_only)
    before = read_files(tmp_path / "large-disk" / "state")
    exit_code, _, err = parcours_here("restore", backup, "--home", kept.root, "--replace")
    assert exit_code == 0, err
    assert kept.lake.is_symlink()
    assert read_files(tmp_path / "large-disk" / "state") == before
    assert read_files(kept.root / "replaced-1" / "lake" / "state") == before


def test_ids_that_were_published_after_the_backup_are_counted(kept: Home, backup: Path, parcours_here: Told_by) -> None:
    known = pl.read_parquet(Lake(kept.lake).committed_ledger)["customer_id"].drop_nulls()[0]
    with duckdb.connect(kept.warehouse) as connection:
        connection.execute("create schema marts")
        connection.execute(
            f"create table marts.customer_360 as select unnest(['{known}', 'cus_x', 'cus_y']) as customer_id"
        )
    _, out, _ = parcours_here("restore", backup, "--home", kept.root, "--replace")
    assert "younger than the backup: 2 of its customers" in out


def test_a_restore_waits_for_no_run_but_is_refused(kept: Home, backup: Path, parcours_here: Told_by) -> None:
    with run_lock.hold(kept.root, "tonight"):
        exit_code, _, err = parcours_here("restore", backup, "--home", kept.root, "--replace")
    assert exit_code == 1
    assert "Another run is at work" in err


def test_a_backup_while_a_run_is_at_work_says_so_and_is_the_same(
    kept: Home, backup: Path, parcours_here: Told_by, tmp_path: Path
) -> None:
    with run_lock.hold(kept.root, "tonight"):
        exit_code, out, _ = parcours_here("backup", tmp_path / "meanwhile", "--home", kept.root)
    assert exit_code == 0
    assert "A run is at work" in out
    assert (tmp_path / "meanwhile").read_bytes() == backup.read_bytes()


def test_a_backup_waits_for_the_end_of_a_publication(kept: Home, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipelines", "backup", tmp_path / "file", "--home", kept.root]
    with publication_lock.hold(kept.root):
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        threading.Event().wait(2.5)
        assert process.poll() is None
        assert not (tmp_path / "file").exists()
    assert process.wait(timeout=60) == 0
    process.communicate()


def test_no_publication_begins_while_the_files_are_opened(
    kept: Home, parcours_here: Told_by, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed, was_free = snapshot.list_contents, []

    def list_contents(*arguments: Any) -> dict[str, Path]:
        with (kept.root / publication_lock.FILE_NAME).open() as lock:
            was_free.append(try_to_lock(lock.fileno()))
        return listed(*arguments)

    monkeypatch.setattr(snapshot, "list_contents", list_contents)
    assert parcours_here("backup", tmp_path / "file", "--home", kept.root)[0] == 0
    assert set(was_free) == {False}


def test_nothing_is_put_in_place_while_something_is_published_or_saved(
    backup: Path, parcours_here: Told_by, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, was_free, new = restoring._put, [], tmp_path / "new"

    def look_and_put(source: Path, target: Path) -> None:
        with (new / publication_lock.FILE_NAME).open() as lock:
            was_free.append(try_to_lock(lock.fileno()))
        put(source, target)

    monkeypatch.setattr(restoring, "_put", look_and_put)
    assert parcours_here("restore", backup, "--home", new)[0] == 0
    assert set(was_free) == {False}


PULLED = """
- name: shop
  kind: ecommerce
  connector: {type: postgresql, host: h, database: d, user: u}
  pulls: {orders: {key: id, cursor: changed, deletes: none}}
  tables: {orders: {from: orders, columns: {order_id: id}}}
"""


def test_batches_that_a_pull_puts_in_force_meanwhile_are_saved_as_a_whole_or_not_at_all(
    kept: Home, parcours_here: Told_by, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = kept.root / "sources.yml"
    sources.write_text(sources.read_text() + PULLED)
    root, listed, pulls = landed_folder(Lake(kept.lake), "shop"), snapshot.list_contents, [0]
    (root / "orders").mkdir(parents=True)

    def pull(mode: Mode) -> None:
        pulls[0] += 1
        batch = Batch(pulls[0], mode, "2026-03-01T02:00:00+00:00", rows=1)
        pl.DataFrame({"id": [pulls[0]]}).write_parquet(root / "orders" / batch.file)
        new = LandedTable("orders", "asked", ("id",), {"id": "integer"}, (), 0, batch.pulled_at)
        source = read_landed(root)
        source.commit({"orders": source.tables.get("orders", new).with_batch(batch, 1)}).sweep()

    pull("full")
    modes: list[tuple[Mode, int]] = [("changes", 3), ("full", 3), ("full", 100)]
    for mode, most in modes:
        until = pulls[0] + most

        def list_contents(*arguments: Any, until: int = until, mode: Mode = mode) -> dict[str, Path]:
            files = listed(*arguments)
            if pulls[0] < until:
                pull(mode)
            return files

        monkeypatch.setattr(snapshot, "list_contents", list_contents)
        exit_code, _, err = parcours_here("backup", tmp_path / mode, "--home", kept.root)
        if most == 100:
            assert (exit_code, "changed again and again" in err) == (1, True)
            continue
        new = tmp_path / f"home-{mode}"
        assert parcours_here("restore", tmp_path / mode, "--home", new)[0] == 0
        restored = read_landed(landed_folder(Lake(new / "lake"), "shop"))
        batches = restored.tables["orders"].batches
        assert len(batches) == (4 if mode == "changes" else 1)
        for batch in batches:
            assert pl.read_parquet(restored.folder("orders") / batch.file)["id"].to_list() == [batch.number]
    (root / "manifest.json").write_text("{")
    exit_code, _, err = parcours_here("backup", tmp_path / "full", "--home", kept.root)
    assert (exit_code, "manifest.json is damaged" in err) == (1, True)


def test_what_is_open_stays_what_it_was_while_nights_are_published(kept: Home, tmp_path: Path) -> None:
    from pipelines.cli.run_job import DAGSTER_SETTINGS
    from pipelines.config.sources import load_sources
    from pipelines.segments.definitions import find_segments

    sources_file = kept.root / "sources.yml"
    sources = load_sources(sources_file)
    configuration = (sources, sources_file, find_segments(kept, sources), DAGSTER_SETTINGS)
    with snapshot.open_contents(kept, *configuration) as contents:
        before = snapshot.list_manifest(contents, {}, "v")
        Lake(kept.lake).committed_ledger.unlink()
        shutil.copyfile(kept.decisions, kept.root / "other")
        (kept.root / "other").replace(kept.decisions)
        assert snapshot.list_manifest(contents, {}, "v") == before


def test_a_home_that_nobody_can_write_to_is_backed_up_too(
    kept: Home, backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parcours_here: Told_by
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("pipelines.warehouse.publish.finish_interrupted", refused)
    assert parcours_here("backup", tmp_path / "other", "--home", kept.root)[0] == 0
    assert (tmp_path / "other").read_bytes() == backup.read_bytes()


@pytest.mark.parametrize(
    ("name", "words"),
    [("folder", "is a folder"), ("missing/file", "is no folder"), ("notes.txt", "no backup of Parcours")],
)
def test_nothing_but_an_earlier_backup_is_written_over(
    kept: Home, parcours_here: Told_by, tmp_path: Path, name: str, words: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    exit_code, _, err = parcours_here("backup", tmp_path / name, "--home", kept.root)
    assert exit_code == 2
    assert words in err
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_of_a_home_that_is_not_whole_no_backup_takes_the_place_of_a_good_one(
    kept: Home, backup: Path, parcours_here: Told_by
) -> None:
    good = backup.read_bytes()
    os.truncate(Lake(kept.lake).committed_ledger, 100)
    exit_code, _, err = parcours_here("backup", backup, "--home", kept.root)
    assert exit_code == 1
    assert "lake/state/ledger.parquet cannot be read" in err
    assert backup.read_bytes() == good


def test_of_an_empty_home_there_is_nothing_to_back_up(parcours_here: Told_by, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "nothing to back up" in parcours_here("backup", tmp_path / "file", "--home", tmp_path / "empty")[2]
    exit_code, _, err = parcours_here("backup", tmp_path / "file", "--home", tmp_path / "none")
    assert (exit_code, "no home folder" in err) == (2, True)


def test_a_restore_that_was_killed_half_way_starts_no_run_and_is_repeated(
    kept: Home, backup: Path, parcours_here: Told_by, tmp_path: Path
) -> None:
    new = find_home(tmp_path / "new")
    script = (
        "import os, signal, sys; from pipelines.backup import restore; left = [int(sys.argv[1])]\n"
        "def move(source, target):\n"
        "    if left[0] == 0: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    left[0] -= 1; source.rename(target)\n"
        "restore._move = move\n"
        "from pipelines.cli.main import main; main(['restore', sys.argv[2], '--home', sys.argv[3], '--replace'])\n"
    )
    for moves in range(3):
        killed = subprocess.run([sys.executable, "-c", script, str(moves), backup, new.root], check=False)
        assert killed.returncode == -9
        exit_code, _, err = parcours_here("run", "--home", new.root, "--sources", kept.root / "sources.yml")
        assert exit_code == 1
        assert "lake/state/ledger.parquet is missing" in err
    assert parcours_here("restore", backup, "--home", new.root, "--replace")[0] == 0
    found = {name: content for name, content in read_files(new.root).items() if not name.startswith("replaced")}
    assert found == read_files(kept.root)
