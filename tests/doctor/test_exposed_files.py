"""What is open to others is found and closed, as far as Parcours has made it, and nothing else is touched."""

import os
from pathlib import Path

import pytest

from pipelines.config.home import Home
from pipelines.doctor.exposed_files import close, find_exposed

OURS = (
    "warehouse.duckdb", "warehouse.previous.duckdb.zst", "report.html", "quality.html", "decisions.csv", "run.lock",
    "publication.lock", "page.lock", "restored/sources.yml", "replaced-1/lake/models/in_force",
    "restore.tmp-0a1b2c3d/home/x", "lake/crm/contacts.parquet", "lake/quarantine/rows/crm__contacts.parquet",
    "lake/state/pairs/note.json", "lake/models/m1/term_frequencies/email.parquet", "lake/models/in_force",
    "lake/x.tmp-0a1b2c3d/part",
    "build/warehouse.duckdb.workshop", "build/dbt/run/model.sql", "charts/match_weights.html",
    "charts/m0123456789ab/cluster_studio.html",
    "reports/2026-02-28-de3dc388.html", "reports/2026-02-28-de3dc388-quality.html",
    "logs/20261127T200354Z-de3dc388.log", "docs/index.html", "dagster/history/runs/index.db", "dagster/dagster.yaml",
)  # fmt: skip
OTHERS = (
    "sources.yml", "segments.yml", "letters/mother.txt", "docs/thesis.tex", "logs/httpd.log", "lake/photos/lake.jpg",
    "reports/tax.html", "build/Makefile", ".ssh/config", "dagster/project.py", "charts/sea.png",
    "charts/mediterranean/sea.html",
)  # fmt: skip


def fill(root: Path, names: tuple[str, ...]) -> None:
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    for path in (root, *root.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def modes(root: Path) -> dict[str, int]:
    return {path.relative_to(root).as_posix(): path.lstat().st_mode & 0o777 for path in (root, *root.rglob("*"))}


def test_every_file_and_folder_that_a_former_version_made_is_found_and_closed(tmp_path: Path) -> None:
    fill(tmp_path, (*OURS, "sources.yml"))
    before = modes(tmp_path)
    found = {each.path.relative_to(tmp_path).as_posix() for each in find_exposed(Home(tmp_path))}
    assert found == set(before) - {"sources.yml"}
    assert close(Home(tmp_path)) == []
    assert find_exposed(Home(tmp_path)) == []
    assert modes(tmp_path) == {name: mode if name == "sources.yml" else mode & 0o700 for name, mode in before.items()}


def test_in_a_folder_that_holds_other_things_only_what_is_ours_is_closed(tmp_path: Path) -> None:
    fill(tmp_path, (*OURS, *OTHERS))
    before = modes(tmp_path)
    close(Home(tmp_path))
    after = modes(tmp_path)
    for name in OTHERS:
        folders = {Path(name).parent.as_posix(), "."}
        assert {each: after[each] for each in (name, *folders)} == {each: before[each] for each in (name, *folders)}
    assert all(not after[name] & 0o077 for name in OURS)


def test_links_are_neither_followed_nor_changed(tmp_path: Path) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    fill(home, ("report.html", "lake/crm/contacts.parquet"))
    fill(elsewhere, ("secret.txt", "crm/contacts.parquet"))
    (home / "warehouse.duckdb").symlink_to(elsewhere / "secret.txt")
    (home / "lake" / "pos").symlink_to(elsewhere / "crm")
    (home / "build").symlink_to(elsewhere)
    close(Home(home))
    assert all(mode & 0o044 for mode in modes(elsewhere).values())
    assert not (home / "report.html").stat().st_mode & 0o077


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o200, 0o000])
def test_nothing_is_ever_opened(tmp_path: Path, mode: int) -> None:
    fill(tmp_path, ("report.html",))
    (tmp_path / "report.html").chmod(mode)
    close(Home(tmp_path))
    assert (tmp_path / "report.html").stat().st_mode & 0o777 == mode


def test_a_pipe_in_the_place_of_a_file_holds_nobody_up(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    os.mkfifo(tmp_path / "report.html", 0o666)
    assert find_exposed(Home(tmp_path)) == []
    assert close(Home(tmp_path)) == []


def test_a_file_that_a_run_has_just_taken_away_is_no_fault(tmp_path: Path) -> None:
    fill(tmp_path, ("report.html", "quality.html"))
    found = find_exposed(Home(tmp_path))
    (tmp_path / "report.html").unlink()
    assert close(Home(tmp_path)) == []
    assert len(found) == 3
