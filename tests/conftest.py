"""What several areas test with: a small generated retailer, and the command as a process of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.config import Home, find_home

PEOPLE, DAYS, SEED = 150, 200, 7

Command = Callable[..., subprocess.CompletedProcess[str]]

# Files of whole nights, the longest first: begun last, one of them would keep a single worker busy at the end.
LONGEST = (
    "test_kill.py",
    "test_model_command.py",
    "test_engines_agree.py",
    "test_small_world.py",
    "test_review_command.py",
    "test_crowd.py",
    "test_end_to_end.py",
    "test_multiprocess.py",
    "test_documented_queries.py",
    "test_online_retail.py",
    "test_journey_oracles.py",
    "test_build.py",
    "test_drift.py",
    "test_blocking.py",
    "test_value.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.name, len(LONGEST)))


def _start(*arguments: object, cwd: Path | None = None, **environment: str) -> subprocess.Popen[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PARCOURS_", "DAGSTER_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "pipelines", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env=inherited | environment,
    )


@pytest.fixture(scope="session")
def start_parcours() -> Callable[..., subprocess.Popen[str]]:
    """``parcours`` as a process of its own, with none of this process's settings, still at work."""
    return _start


@pytest.fixture(scope="session")
def parcours() -> Command:
    """``parcours`` as a process of its own, to its end."""

    def run(*arguments: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        process = _start(*arguments, cwd=cwd, **environment)
        out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    return run


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory, parcours: Command) -> Path:
    """The exports of a small generated retailer with its sources.yml and truth.parquet. Read only: copy to change."""
    out = tmp_path_factory.mktemp("retailer") / "exports"
    written = parcours("sample", "--out", out, "--customers", PEOPLE, "--days", DAYS, "--seed", SEED)
    assert written.returncode == 0, written.stderr
    return out


@pytest.fixture(scope="session")
def first_night(tmp_path_factory: pytest.TempPathFactory, exports: Path, parcours: Command) -> tuple[Home, str]:
    """A home with one published run, and what that run printed. Read only: copy to change."""
    home = find_home(tmp_path_factory.mktemp("first-night") / "home")
    night = parcours("run", "--home", home.root, "--sources", exports / "sources.yml")
    assert night.returncode == 0, night.stderr
    return home, night.stdout


@pytest.fixture
def home(first_night: tuple[Home, str], tmp_path: Path) -> Home:
    """A home of the test's own with one published run."""
    shutil.copytree(first_night[0].root, tmp_path / "home")
    return find_home(tmp_path / "home")
