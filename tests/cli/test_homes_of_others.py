"""Homes that belong to another user or can only be read: a message of their own, and nothing written."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from pipelines.config.home import Home
from tests.conftest import ALONE

ROOT = Path(__file__).parents[2]
NOBODY = 65534

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else for a while")


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that every user can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def as_nobody(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "pipelines", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
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
    record = pl.read_parquet(home / "lake" / "identity" / "customer_ids.parquet")["record_id"][0]
    for arguments in (
        ["run", "--sources", sources],
        ["report", "--sources", sources],
        ["why", record, record],
        ["rollback"],
        ["export", reachable / "out"],
    ):
        refused = as_nobody(*arguments, "--home", home, cwd=reachable)
        assert refused.returncode == 2, (arguments, refused.stderr)
        assert "belongs to root and is closed to" in refused.stderr, arguments
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
        assert "closed" in refused.stderr
    told = as_nobody("doctor", *elsewhere, cwd=reachable)
    assert told.returncode == 1
    assert "cannot be written to" in told.stdout
