"""Materialising everything as the interface does, each step in a process of its own, while an analyst reads."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb

from pipelines.config.home import Home
from pipelines.identity.model.registry import list_versions
from pipelines.lake.fingerprints import fingerprint
from pipelines.lake.tables import Lake
from pipelines.warehouse.previous import find_digest

ROOT = Path(__file__).parents[2]
PREPARED = """
import dagster as dg
from pipelines.definitions import build_definitions

# Each step's process is forked from one that has imported this, so that the graph is made once and not for each step.
start = {"forkserver": {"preload_modules": ["prepared"]}}
executor = dg.multiprocess_executor.configured({"max_concurrent": 2, "start_method": start})
graph = build_definitions(executor=executor)
graph.resolve_implicit_global_asset_job_def()
"""
CODE_LOCATION = "from prepared import graph as defs\n"


def test_all_assets_materialise_with_the_multiprocess_executor_while_an_analyst_reads(
    home: Home, exports: Path, tmp_path: Path
) -> None:
    (tmp_path / "prepared.py").write_text(PREPARED)
    (tmp_path / "many_processes.py").write_text(CODE_LOCATION)
    settings = {
        "DAGSTER_HOME": str(home.dagster),
        "PARCOURS_HOME": str(home.root),
        "PARCOURS_SOURCES": str(exports / "sources.yml"),
    }
    before, versions = home.warehouse.stat().st_ino, list_versions(Lake(home.lake))
    published = fingerprint(home.warehouse)
    with duckdb.connect(home.warehouse, read_only=True) as analyst:
        materialised = subprocess.run(
            [sys.executable, "-m", "dagster", "asset", "materialize", "--select", "*", "-f", "many_processes.py"],
            cwd=tmp_path,
            env=os.environ | settings | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
            capture_output=True,
            text=True,
            umask=0,
            check=False,
        )
        assert materialised.returncode == 0, materialised.stderr[-3000:]
        [(seen,)] = analyst.execute("select count(*) from marts.customer_360").fetchall()
    assert home.warehouse.stat().st_ino != before, "a new warehouse was published"
    assert find_digest(home) == published, "the one of before is kept"
    open_to_others = [path for path in (home.root, *home.root.rglob("*")) if path.lstat().st_mode & 0o077]
    assert not open_to_others, "every process writes for the owner only, whatever the umask"
    assert list_versions(Lake(home.lake)) == versions, "a model in force is not trained again"
    with duckdb.connect(home.warehouse, read_only=True) as connection:
        assert connection.execute("select count(*) from marts.customer_360").fetchall() == [(seen,)]
