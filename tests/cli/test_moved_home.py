"""A home that was moved goes on where it is: nothing in it names the folder that it was in."""

import shutil
from pathlib import Path

import polars as pl

from pipelines.config.home import Home
from tests.conftest import Command


def test_a_moved_home_is_reported_explained_and_examined_where_it_is_now(
    home: Home, exports: Path, tmp_path: Path, parcours: Command
) -> None:
    moved = tmp_path / "elsewhere" / "it's [a] home"
    moved.parent.mkdir()
    shutil.move(home.root, moved)
    records = pl.read_parquet(moved / "lake" / "identity" / "customer_ids.parquet", glob=False)["record_id"]
    before = (moved / "report.html").stat().st_ino
    sources = ["--sources", exports / "sources.yml"]
    for arguments in (
        ["report", *sources],
        ["why", records[0], records[1]],
        ["export", tmp_path / "out", "--marts", "kpis"],
        ["doctor", *sources],
    ):
        done = parcours(*arguments, "--home", moved)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    assert (moved / "report.html").stat().st_ino != before
    assert not home.root.exists(), "nobody makes the old folder again"
