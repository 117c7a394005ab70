"""Each examination finds what it is for, says what to do, and is content where there is nothing."""

import os
import sqlite3
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.config.home import Home
from pipelines.doctor.examinations import (
    configuration,
    dagster_storage,
    disk_space,
    home_folder,
    kept,
    ledger,
    leftovers,
    lock,
    nights,
    permissions,
    readers,
    versions,
    warehouse,
)
from pipelines.doctor.examine import examine, mend
from pipelines.doctor.findings import Case, Examined
from pipelines.lake import run_lock
from pipelines.lake.tables import Lake
from pipelines.nights import outbox, record
from pipelines.nights.alert import Alert
from tests.warehouse.test_publish import build_night, publish

SOURCES = """
sources:
  - name: shop
    kind: ecommerce
    connector: {type: files, root: .}
    tables: {orders: {from: orders.csv}}
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "home").mkdir(mode=0o700)
    return Home(tmp_path / "home")


@pytest.fixture
def published(home: Home) -> Home:
    build_night(home, 1)
    publish(home)
    return home


def told(examined: Examined) -> str:
    assert examined.findings, examined.well
    return "\n".join(f"{finding.what} {finding.fix}" for finding in examined.findings)


def test_a_home_that_is_not_there_is_told_and_the_rest_of_it_left_out(tmp_path: Path) -> None:
    case = Case(Home(tmp_path / "none"))
    assert "There is no folder" in told(home_folder.examine(case))
    assert [each.subject for each in examine(case)] == ["home", "versions", "sources", "systems"]
    assert not (tmp_path / "none").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_home_and_files_of_other_users_are_told(home: Home) -> None:
    (home.root / "report.html").touch(mode=0o600)
    assert not permissions.examine(Case(home)).findings
    os.chown(home.root, 12345, -1)
    assert "belongs to user 12345" in told(home_folder.examine(Case(home)))
    assert "report.html to root" in told(permissions.examine(Case(home)))


def test_open_files_are_counted_by_folder_with_examples_and_closed(home: Home) -> None:
    for name in ("contacts", "consents"):
        Lake(home.lake).write("crm", name, pl.DataFrame({"id": [1]})).chmod(0o644)
    home.lake.chmod(0o700)
    (home.lake / "crm").chmod(0o750)
    said = told(permissions.examine(Case(home)))
    assert "lake 3" in said
    assert "lake/crm/consents.parquet (0644)" in said
    assert mend([permissions.examine(Case(home))])
    assert not permissions.examine(Case(home)).findings


def test_a_folder_in_which_everybody_may_write_is_told_be_it_above_the_home(home: Home) -> None:
    home.root.parent.chmod(0o777)
    assert f"{home.root.parent} is writable for all" in told(permissions.examine(Case(home)))
    home.root.parent.chmod(0o1777)
    assert not permissions.examine(Case(home)).findings, "shared and sticky, as /tmp is"


def test_a_folder_that_holds_other_things_is_left_as_it_is_and_said_to_be(home: Home) -> None:
    (home.root / "letters").mkdir(mode=0o755)
    home.root.chmod(0o755)
    examined = permissions.examine(Case(home))
    assert not examined.findings
    assert "holds other things too, and stays as it is (0755)" in examined.well


def test_readers_whose_group_is_gone_are_told(home: Home) -> None:
    assert "no group is declared" in readers.examine(Case(home)).well
    note = Lake(home.lake).published_path("readers").with_suffix(".json")
    note.parent.mkdir(parents=True)
    note.write_text('{"readers": "nobody-has-this"}')
    assert "does not exist" in told(readers.examine(Case(home)))


def test_too_little_room_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not disk_space.examine(Case(home)).findings
    monkeypatch.setattr(disk_space.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10_000_000})())
    assert "Only 0.0 GB are free" in told(disk_space.examine(Case(home)))


def test_a_run_at_work_is_named(home: Home) -> None:
    assert "free" in lock.examine(Case(home)).well
    with run_lock.hold(home.root, "the-run"):
        examined = lock.examine(Case(home))
    assert "held by run the-run" in examined.well
    assert not examined.findings


def test_other_versions_than_the_locked_ones_are_told(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lock").write_text(
        "polars==0.0.1 \\\n    --hash=x\nno-such-package==1.0 \\\nonly-elsewhere==1 ; sys_platform == 'win32' \\\n"
    )
    monkeypatch.setattr(versions, "LOCK", tmp_path / "lock")
    said = told(versions.examine(Case(home)))
    assert "2 packages" in said
    assert f"polars {pl.__version__}, not 0.0.1" in said
    assert "no-such-package missing, not 1.0" in said
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    assert "Python 3.9.1" in told(versions.examine(Case(home)))


def test_a_published_warehouse_is_well_and_what_was_put_in_its_place_is_not(published: Home) -> None:
    assert "Nothing is published" in told(warehouse.examine(Case(Home(published.root / "lake"))))
    well = warehouse.examine(Case(published))
    assert not well.findings
    assert "no previous one yet" in well.well
    published.warehouse.unlink()
    with duckdb.connect(published.warehouse) as connection:
        connection.execute("create schema marts; create table marts.customer_360 as select 1 as customer_id")
    assert "none that a run here has published" in told(warehouse.examine(Case(published)))
    published.warehouse.unlink()
    published.warehouse.write_bytes(b"no database")
    assert "damaged" in told(warehouse.examine(Case(published)))


def test_a_damaged_record_of_publications_and_previous_warehouse_are_told(published: Home) -> None:
    build_night(published, 2)
    publish(published)
    assert "the previous one is there" in warehouse.examine(Case(published)).well
    published.previous_warehouse.unlink()
    published.previous_warehouse.write_bytes(b"cut")
    Lake(published.lake).published_path("publications").with_suffix(".jsonl").write_text("{")
    said = told(warehouse.examine(Case(published)))
    assert "nothing to roll back to" in said
    assert "publications.jsonl" in said


def test_a_ledger_that_is_gone_or_damaged_is_told_with_the_way_back(published: Home) -> None:
    assert "1 entries" in ledger.examine(Case(published)).well
    file = Lake(published.lake).committed_ledger
    file.write_bytes(b"half a ledger")
    assert "damaged" in told(ledger.examine(Case(published)))
    file.unlink()
    assert "from a backup" in told(ledger.examine(Case(published)))


def test_faults_of_sources_and_missing_exports_are_told(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "sources.yml"
    file.write_text(SOURCES)
    assert "no file matches orders.csv (source shop, table orders)" in told(configuration.examine(Case(home, file)))
    (tmp_path / "orders.csv").touch()
    assert not configuration.examine(Case(home, file)).findings
    file.write_text(SOURCES + "langage: fr\n")
    assert "unknown key 'langage'" in told(configuration.examine(Case(home, file)))
    assert "not a file" in told(configuration.examine(Case(home, tmp_path / "none.yml")))


def test_damaged_run_records_are_told_and_sound_ones_stay_as_they_are(home: Home) -> None:
    assert "no run" in dagster_storage.examine(Case(home)).well
    runs = home.dagster / "history" / "runs.db"
    runs.parent.mkdir(parents=True)
    connection = sqlite3.connect(runs)
    connection.execute("pragma journal_mode = wal")
    connection.execute("create table runs as select 1 as run")
    connection.close()
    before = sorted(home.dagster.rglob("*"))
    assert not dagster_storage.examine(Case(home)).findings
    assert sorted(home.dagster.rglob("*")) == before
    runs.write_bytes(b"no database at all")
    (home.dagster / "dagster.yaml").write_text("a: [")
    said = told(dagster_storage.examine(Case(home)))
    assert "runs.db is damaged" in said
    assert "dagster.yaml is no YAML" in said


def test_leftovers_of_killed_runs_are_removed_once_they_are_old(home: Home) -> None:
    file, folder = home.lake / "crm" / "contacts.parquet.tmp-0a1b2c3d", home.lake / "extract.tmp-0a1b2c3d"
    folder.mkdir(parents=True)
    file.parent.mkdir()
    file.touch()
    (folder / "spill").touch()
    assert not leftovers.examine(Case(home)).findings, "a command may be at work on them"
    for path in (file, folder):
        os.utime(path, (0, 0))
    assert "2 temporary files" in told(leftovers.examine(Case(home)))
    mend([leftovers.examine(Case(home))])
    assert not file.exists()
    assert not folder.exists()
    assert not leftovers.examine(Case(home)).findings


def test_a_home_that_kept_what_it_published_is_well_and_each_loss_is_told(published: Home) -> None:
    assert not kept.examine(Case(published)).findings
    lake = Lake(published.lake)
    lake.published_path("segments").unlink()
    lake.published_path("run_metrics").write_bytes(b"")
    lines = told(kept.examine(Case(published)))
    assert "segments.parquet is missing" in lines
    assert "run_metrics.parquet cannot be read" in lines
    assert "parcours restore FILE" in lines


def test_models_without_a_ledger_are_what_is_left_of_a_home_that_published(home: Home) -> None:
    (home.lake / "models").mkdir(parents=True)
    (home.lake / "models" / "in_force").write_text("m1")
    assert "ledger.parquet is missing, although" in told(kept.examine(Case(home)))


def test_a_note_without_its_tables_is_told_and_stops_nothing(published: Home) -> None:
    folder = published.lake / "state" / "pairs"
    folder.mkdir()
    (folder / "note.json").write_text('{"files": {"lake/identity/pairs.parquet": "0"}}')
    examined = kept.examine(Case(published))
    assert "pairs" in told(examined)
    assert not any(finding.is_grave for finding in examined.findings)


def test_the_last_night_is_looked_at_and_the_last_good_one(home: Home) -> None:
    assert "nobody is told" in nights.examine(Case(home)).well
    (home.root / "nights.yml").write_text("good_within_hours: 26\n")
    assert "No night has published yet" in told(nights.examine(Case(home)))
    now = datetime.now(UTC)
    for number, (state, hours) in enumerate((("published", 20), ("failed", 2))):
        began = now - timedelta(hours=hours)
        record.end_night(home, f"r{number}", "2026-03-28", state, began, began, "crm/contacts")  # type: ignore[arg-type]
    [finding] = nights.examine(Case(home)).findings
    assert finding.what == "The last night, run r1, was failed (crm/contacts)."
    (home.root / "nights.yml").write_text("good_within_hours: 19\n")
    assert "ended 20 hours ago; 19 hours are declared" in told(nights.examine(Case(home)))


def test_an_alert_that_did_not_arrive_and_a_nights_yml_with_faults_are_told(home: Home) -> None:
    (home.root / "nights.yml").write_text("alerts: [{type: webhook, url: 'http://127.0.0.1:9/'}]\n")
    outbox.put(home, Alert("failed-r1", "failed", "It failed", "It failed"), datetime.now(UTC))
    [finding] = nights.examine(Case(home)).findings
    assert (finding.is_grave, "'It failed' did not arrive by webhook-1: not tried yet" in finding.what) == (False, True)
    (home.root / "nights.yml").write_text("alert: []\n")
    assert "did you mean 'alerts'?" in told(nights.examine(Case(home)))
