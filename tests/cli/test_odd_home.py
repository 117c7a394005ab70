"""A home and exports in folders whose names mean something to shells, templates, patterns and SQL: all of it works."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import duckdb

from pipelines.config.home import Home

Command = Callable[..., subprocess.CompletedProcess[str]]

USUAL = {"PARCOURS_DBT_THREADS": "2", "POLARS_MAX_THREADS": "2"}
ODD = "a [x]*b {{c}} {% d %} 'e' \"f\" #%;$HOME~ e\u0301**g"


def test_two_nights_in_a_home_of_an_odd_name_end_as_anywhere(
    parcours: Command, exports: Path, first_night: tuple[Home, str], tmp_path: Path
) -> None:
    sources, home = tmp_path / f"exports {ODD}", Home(tmp_path / f"home {ODD}")
    shutil.copytree(exports, sources)
    # What the name would match if it were a pattern.
    (tmp_path / "home a xb {{c}} {% d %} 'e' \"f\" #%;$HOME~ e\u0301g" / "lake").mkdir(parents=True)
    for night in range(2):
        ran = parcours("run", "--home", home.root, "--sources", sources / "sources.yml", **USUAL)
        assert ran.returncode == 0, f"{night}: {ran.stderr}"
    for command in (["report"], ["export", tmp_path / f"out {ODD}", "--marts", "kpis"], ["model", "list"]):
        done = parcours(*command, "--home", home.root)
        assert done.returncode == 0, done.stderr
    counted = "select count(*), sum(revenue) from marts.customer_360"
    with duckdb.connect(home.warehouse, read_only=True) as connection:
        found = connection.execute(counted).fetchone()
    with duckdb.connect(first_night[0].warehouse, read_only=True) as connection:
        assert found == connection.execute(counted).fetchone()
