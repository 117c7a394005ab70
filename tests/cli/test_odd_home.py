"""A home whose path a shell, SQL, a pattern of files and a template each take for something else."""

import shlex
import subprocess
import sys
from pathlib import Path

import duckdb

from pipelines.config.home import Home


def test_a_home_may_have_an_odd_name(bundled_night: tuple[Home, str], tmp_path: Path) -> None:
    home, printed = bundled_night
    assert all(character in home.root.name for character in "{}[]*'\"% ")
    with duckdb.connect(home.warehouse, read_only=True) as connection:
        assert connection.execute("select count(*) > 10 from marts.customer_360").fetchall() == [(True,)]
        assert connection.execute("select count(*) > 10 from marts.quarantined_rows").fetchall() == [(True,)]
    [suggested] = [line for line in printed.splitlines() if "duckdb.connect(" in line]
    asked = subprocess.run(
        [sys.executable, *shlex.split(suggested)[1:]], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert "channel_profile" in asked.stdout
