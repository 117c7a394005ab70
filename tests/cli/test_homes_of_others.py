"""Homes that belong to another user or can only be read: a message of their own, and nothing written."""

import grp
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from pipelines.config.home import Home
from pipelines.warehouse.publish import publish
from tests.conftest import ALONE, Command
from tests.warehouse.test_publish import build_night

ROOT = Path(__file__).parents[2]
NOBODY = 65534
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


REFUSED = re.compile("is closed to|closed all the same|cannot be (read|written to): Permission denied")


def can_be_nobody() -> bool:
    """Whether this user may become another, and that one run this Python."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        return False
    return subprocess.run([*AS_NOBODY, sys.executable, "-c", "import duckdb"], check=False).returncode == 0


pytestmark = pytest.mark.skipif(not can_be_nobody(), reason="only root can be somebody else for a while")


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that every user can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def as_nobody(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*AS_NOBODY, sys.executable, "-m", "pipelines", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=os.environ | ALONE | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(cwd)},
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert "bug in Parcours" not in done.stderr
    return done


def test_a_home_of_another_user_is_closed_and_says_whose_it_is(
    first_night: tuple[Home, str], exports: Path, reachable: Path
) -> None:
    home = shutil.copytree(first_night[0].root, reachable / "home")
    sources = shutil.copytree(exports, reachable / "exports") / "sources.yml"
    for path in (sources.parent, *sources.parent.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    records = pl.read_parquet(home / "lake" / "identity" / "customer_ids.parquet")["record_id"]
    for arguments in (
        ["run", "--sources", sources],
        ["report", "--sources", sources],
        ["why", records[0], records[1]],
        ["rollback"],
        ["export", reachable / "out"],
    ):
        refused = as_nobody(*arguments, "--home", home, cwd=reachable)
        assert refused.returncode == 2, (arguments, refused.stderr)
        assert REFUSED.search(refused.stderr), refused.stderr
        assert str(home) in refused.stderr
    told = as_nobody("doctor", "--sources", sources, "--home", home, cwd=reachable)
    assert told.returncode == 1
    assert "belongs to root" in told.stdout
    assert not (reachable / "out").exists()


def test_a_home_that_can_only_be_read_is_explained_from_and_not_written_to(
    first_night: tuple[Home, str], exports: Path, reachable: Path
) -> None:
    home = shutil.copytree(first_night[0].root, reachable / "home")
    sources = shutil.copytree(exports, reachable / "exports") / "sources.yml"
    for path in (home, *home.rglob("*"), sources.parent, *sources.parent.rglob("*")):
        path.chmod(0o500 if path.is_dir() else 0o400)
        os.chown(path, NOBODY, NOBODY)
    (reachable / "out").mkdir()
    os.chown(reachable / "out", NOBODY, NOBODY)
    records = pl.read_parquet(home / "lake" / "identity" / "customer_ids.parquet")["record_id"]
    why = as_nobody("why", records[0], records[1], "--home", home, cwd=reachable)
    assert why.returncode == 0, why.stderr
    elsewhere = ["--sources", sources, "--home", home]
    drawn = as_nobody("report", *elsewhere, "--out", reachable / "out" / "report.html", cwd=reachable)
    assert drawn.returncode == 0, drawn.stderr
    for arguments in (["run", *elsewhere], ["report", *elsewhere], ["rollback", "--home", home]):
        refused = as_nobody(*arguments, cwd=reachable)
        assert refused.returncode == 2, (arguments, refused.stderr)
        assert REFUSED.search(refused.stderr), refused.stderr
    told = as_nobody("doctor", *elsewhere, cwd=reachable)
    assert told.returncode == 1
    assert "cannot be written to" in told.stdout


@pytest.fixture
def mounted_read_only(first_night: tuple[Home, str], tmp_path: Path) -> Iterator[Path]:
    """A home on a disk that is mounted read only; skips where this system lets nobody mount."""
    place = tmp_path / "mounted"
    place.mkdir()
    for options in (["--bind", first_night[0].root, place], ["-o", "remount,ro,bind", place]):
        if subprocess.run(["mount", *options], capture_output=True, check=False).returncode != 0:
            subprocess.run(["umount", place], capture_output=True, check=False)
            pytest.skip("nothing can be mounted here")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_home_on_a_disk_that_is_mounted_read_only_says_so(
    mounted_read_only: Path, exports: Path, tmp_path: Path, parcours: Command
) -> None:
    sources = ["--sources", exports / "sources.yml", "--home", mounted_read_only]
    for arguments in (["run", *sources], ["report", *sources], ["rollback", "--home", mounted_read_only]):
        refused = parcours(*arguments)
        assert refused.returncode == 2, (arguments, refused.stderr)
        assert re.search("mounted read only|Read-only file system", refused.stderr), refused.stderr
        assert "bug in Parcours" not in refused.stderr
    told = parcours("doctor", *sources)
    assert "mounted read only" in told.stdout
    assert "✓ ledger" in told.stdout, "the rest can be looked at all the same"
    assert parcours("report", *sources, "--out", tmp_path / "report.html").returncode == 0


def test_analysts_of_the_declared_group_read_and_export_what_is_published_and_see_nothing_else(reachable: Path) -> None:
    try:
        group = grp.getgrgid(NOBODY).gr_name
    except KeyError:
        pytest.skip("nobody's group has no name here")
    home = Home(reachable / "home")
    home.root.mkdir(mode=0o700)
    before = os.umask(0o077)
    try:
        build_night(home, 1)
        publish(home, group)
    finally:
        os.umask(before)
    (reachable / "out").mkdir()
    os.chown(reachable / "out", NOBODY, NOBODY)
    exported = as_nobody("export", reachable / "out", "--home", home.root, "--format", "csv", cwd=reachable)
    assert exported.returncode == 0, exported.stderr
    assert (reachable / "out" / "customer_360.csv").stat().st_mode & 0o777 == 0o600, "the analyst's own"
    refused = as_nobody("id", "cus_1", "--home", home.root, cwd=reachable)
    assert refused.returncode == 2
    assert "belongs to root and is closed to" in refused.stderr
    told = as_nobody("doctor", "--home", home.root, cwd=reachable)
    assert told.returncode == 1
    assert "belongs to root" in told.stdout
    for closed in (".", "lake", "build"):
        listed = subprocess.run([*AS_NOBODY, "ls", home.root / closed], capture_output=True, check=False)
        assert listed.returncode != 0, closed
