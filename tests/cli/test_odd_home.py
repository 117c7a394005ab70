"""A home whose path a shell, SQL, a pattern of files and a template each take for something else."""

import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.run
def test_a_home_may_have_an_odd_name(exports: Path, fork_parcours: Command, tmp_path: Path) -> None:
    home = tmp_path / "ho {{a}} [x]* 'q' \"d\" {% b"
    night = fork_parcours("run", "--home", home, "--sources", exports / "sources.yml", cwd=tmp_path)
    assert night.returncode == 0, night.stderr
    with duckdb.connect(home / "warehouse.duckdb", read_only=True) as connection:
        assert connection.execute("select count(*) > 10 from marts.customer_360").fetchall() == [(True,)]
        assert connection.execute("select count(*) > 10 from marts.quarantined_rows").fetchall() == [(True,)]
    [suggested] = [line for line in night.stdout.splitlines() if "duckdb.connect(" in line]
    asked = subprocess.run(
        [sys.executable, *shlex.split(suggested)[1:]], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert "channel_profile" in asked.stdout
