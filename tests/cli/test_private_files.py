"""What the commands write is its owner's alone, whatever umask they are started with; the fixtures start them with two
that would open everything to everybody, or close it to ourselves."""

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from pipelines.config.home import Home
from tests.conftest import ALONE, OPEN, STRANGE, Command

ROOT = Path(__file__).parents[2]


def list_modes(folder: Path) -> dict[str, int]:
    return {
        path.relative_to(folder).as_posix(): path.lstat().st_mode & 0o777
        for path in (folder, *folder.rglob("*"))
        if not path.is_symlink()
    }


def assert_private(folder: Path, at_least: int = 1) -> None:
    """Nothing for others in ``folder``, and everything for us but to write what is published."""
    modes = list_modes(folder)
    assert len(modes) >= at_least
    open_to_others = {name: oct(mode) for name, mode in modes.items() if mode & 0o077}
    assert not open_to_others
    closed_to_us = {
        name: oct(mode)
        for name, mode in modes.items()
        if (mode & 0o600 != 0o600 and not name.startswith("warehouse.")) or ((folder / name).is_dir() and mode != 0o700)
    }
    assert not closed_to_us


def run_with(umask: int, *arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipelines", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        umask=umask,
        env=os.environ | ALONE | {"PYTHONPATH": str(ROOT)},
        check=False,
    )


def test_a_run_under_an_open_umask_leaves_nothing_for_others(first_night: tuple[Home, str], exports: Path) -> None:
    assert OPEN == 0
    assert_private(first_night[0].root, at_least=500)
    assert_private(exports, at_least=10)
    assert "Other users of this machine can read" not in first_night[1]


def list_records(home: Home) -> list[str]:
    return pl.read_parquet(home.lake / "identity" / "customer_ids.parquet")["record_id"].to_list()


@pytest.mark.parametrize("umask", [OPEN, STRANGE])
def test_what_is_drawn_exported_and_explained_outside_the_home_is_private_too(
    first_night: tuple[Home, str], exports: Path, tmp_path: Path, umask: int
) -> None:
    home = first_night[0]
    one, other = list_records(home)[:2]
    (tmp_path / "new").mkdir()
    for name in ("report.html", "why.html"):  # Somebody was there before, and left files that all may read and write.
        (tmp_path / "new" / name).touch()
        (tmp_path / "new" / name).chmod(0o666)
    (tmp_path / "new").chmod(0o700)
    sources = ["--sources", exports / "sources.yml"]
    for arguments in (
        ["export", "--home", home.root, tmp_path / "new" / "marts"],
        ["report", "--home", home.root, *sources, "--out", tmp_path / "new" / "report.html"],
        ["why", one, other, "--home", home.root, "--html", tmp_path / "new" / "why.html"],
        ["init", exports, "--out", tmp_path / "new" / "sources.yml"],
    ):
        done = run_with(umask, *arguments)
        assert done.returncode == 0, done.stderr
    assert_private(tmp_path / "new", at_least=40)


def test_a_home_of_a_former_version_is_told_closed_by_the_doctor_and_then_well(
    home: Home, exports: Path, parcours: Command
) -> None:
    for path in (home.root, *home.root.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o444 if path == home.warehouse else 0o644)
    asked = ["doctor", "--home", home.root, "--sources", exports / "sources.yml"]
    found = parcours(*asked)
    assert found.returncode == 1
    assert "files and folders are open to other users" in found.stdout
    assert "lake " in found.stdout
    assert "--mend" in found.stdout
    assert list_modes(home.root)["lake"] == 0o755, "it changes nothing unless told to"
    mended = parcours(*asked, "--mend")
    assert "mended: permissions" in mended.stdout
    assert_private(home.root)
    after = parcours(*asked)
    assert "✓ permissions" in after.stdout
    assert "✗" not in after.stdout


def test_the_doctor_changes_nothing_of_a_home_that_it_only_looks_at(
    home: Home, exports: Path, parcours: Command
) -> None:
    def look() -> dict[str, tuple[int, int, int]]:
        return {
            str(path): (path.lstat().st_mode, path.lstat().st_mtime_ns, path.lstat().st_size)
            for path in (home.root, *home.root.rglob("*"))
        }

    before = look()
    found = parcours("doctor", "--home", home.root, "--sources", exports / "sources.yml")
    assert "✗" not in found.stdout, found.stdout
    assert look() == before
