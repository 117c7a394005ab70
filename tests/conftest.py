"""What several areas test with: a small generated retailer, and the command as a process of its own."""

import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

import pytest

from pipelines.cli.main import main
from pipelines.config.home import Home, find_home
from pipelines.warehouse import dbt_project
from tests.kept_home import make_home
from tests.nights.listeners import MailServer, WebServer, mail_server, web_server

PEOPLE, DAYS, SEED = 150, 200, 7

Command = Callable[..., subprocess.CompletedProcess[str]]
MadeOnce = Callable[[str, Callable[[Path], None]], Path]

# Who asks for one of these, be it through other fixtures, needs a run: of the pipeline, of a command, or of dbt.
RUNS = {"start_parcours", "fork_parcours", "made_once", "make_home", "write_lake", "materialise"}

# What takes longest, the longest first: begun last, one of them would keep a single worker busy at the end. The second
# does without the first night, which the first of them makes for both workers.
LONGEST = (
    "cli/test_kill.py",
    "warehouse/test_documented_queries.py",
    "warehouse/test_engines_agree.py",
    "identity/scoring/test_spark_engine.py",
    "defs/test_multiprocess.py",
    "cli/commands/test_review.py",
    "cli/commands/test_model.py",
    "cli/test_crowd.py",
    "warehouse/test_small_world.py",
    "warehouse/test_segments.py",
    "cli/test_end_to_end.py",
    "segments/test_two_nights.py",
    "cli/test_online_retail.py",
    "identity/incremental/test_steps.py",
    "warehouse/test_journey_oracles.py",
    "warehouse/test_build.py",
    "identity/customer_ids/test_ledger.py",
    "identity/explain/test_explain_sample.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what needs a run, and puts it first: the longest files, the other runs, then all that is over at once."""
    ranks = {file: rank for rank, file in enumerate(LONGEST)}
    root = Path(__file__).parent
    assert all((root / file).exists() for file in LONGEST), "a file of LONGEST is gone or has another name"

    def rank(item: pytest.Item) -> int:
        is_run = item.get_closest_marker("run") is not None
        return ranks.get(item.path.relative_to(root).as_posix(), len(ranks) + (not is_run))

    for item in items:
        if RUNS.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("run")
    items.sort(key=rank)


@pytest.fixture(scope="session", autouse=True)
def nothing_runs_unmarked(pytestconfig: pytest.Config) -> Iterator[None]:
    """Where what needs a run is left out, a test that builds all the same says that it lacks the mark."""
    with pytest.MonkeyPatch.context() as patch:
        if "not run" in pytestconfig.getoption("markexpr"):
            patch.setattr(dbt_project, "build", lambda *_, **__: pytest.fail("it builds: mark it with pytest.mark.run"))
        yield


# The workers have a core each: a second thread of one would take its time from the other.
ALONE = {"PARCOURS_DBT_THREADS": "1", "POLARS_MAX_THREADS": "1"}
USUAL = {"PARCOURS_DBT_THREADS": "2", "POLARS_MAX_THREADS": "2"}
# The umasks of all commands here: what they write is closed to others, and to be read by its owner, all the same.
OPEN, STRANGE = 0o000, 0o277
PATIENCE_SECONDS = 900  # A run takes half a minute; a machine that others use as well, many times that.


def _environment(**changes: str) -> dict[str, str]:
    """This process's environment without its settings of Parcours and Dagster, changed."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PARCOURS_", "DAGSTER_"))}
    return inherited | ALONE | changes


def _start(*arguments: object, cwd: Path | None = None, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pipelines", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env=_environment(**environment),
        umask=OPEN,
    )


@pytest.fixture(scope="session")
def start_parcours() -> Callable[..., subprocess.Popen[str]]:
    """``parcours`` as a process of its own, with none of this process's settings, still at work."""
    return _start


def _wait_until(moment: str | float | Callable[[], bool], printed: Path, replies: IO[bytes]) -> bool:
    """Whether the process came as far before it ended, which a reply tells: as its exit code then does."""
    began = time.monotonic()

    def has_come() -> bool:
        if isinstance(moment, str):
            return moment.encode() in printed.read_bytes()
        return moment() if callable(moment) else time.monotonic() - began > moment

    while not has_come():
        if select.select([replies], [], [], 0.02)[0] or time.monotonic() > began + PATIENCE_SECONDS:
            return False
    return True


@pytest.fixture(scope="session")
def fork_parcours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """``parcours`` to its end, in a process forked from one that has imported everything: seconds sooner.

    With ``kill_at`` the process is killed, or sent the signal ``by``, as soon as it has said these words on stderr,
    after so many seconds, or once the function gives True.
    """
    printed = tmp_path_factory.mktemp("printed")
    files = {"out": str(printed / "out"), "err": str(printed / "err")}
    forker = subprocess.Popen(
        [sys.executable, "-P", Path(__file__).with_name("forked.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        env=_environment(PYTHONPATH=str(Path(__file__).parents[1])),
        umask=STRANGE,
    )
    assert forker.stdin is not None
    assert forker.stdout is not None
    commands, replies = forker.stdin, forker.stdout

    def read_number() -> int:
        return int(replies.readline())

    def run(
        *arguments: object,
        cwd: Path | None = None,
        kill_at: str | float | Callable[[], bool] | None = None,
        by: signal.Signals = signal.SIGKILL,
        **environment: str,
    ) -> subprocess.CompletedProcess[str]:
        for file in files.values():
            Path(file).write_bytes(b"")
        asked = {"arguments": list(map(str, arguments)), "cwd": str(cwd or Path.cwd()), **files}
        commands.write(json.dumps({**asked, "environment": _environment(**environment)}).encode() + b"\n")
        process = read_number()
        if kill_at is not None and _wait_until(kill_at, Path(files["err"]), replies):
            os.kill(process, by)
        if not select.select([replies], [], [], PATIENCE_SECONDS)[0]:
            os.kill(process, signal.SIGKILL)
            read_number()
            raise subprocess.TimeoutExpired(list(map(str, arguments)), PATIENCE_SECONDS)
        exit_code = read_number()
        out, err = (Path(file).read_text(encoding="utf-8") for file in files.values())
        return subprocess.CompletedProcess(list(map(str, arguments)), exit_code, out, err)

    yield run
    forker.communicate(timeout=20)


@pytest.fixture(scope="session")
def parcours(fork_parcours: Command, shared_folder: Path) -> Command:
    """``parcours`` as a process of its own, to its end.

    Each of its commands starts from nothing once, with all that it has to import; from then on, and for the other
    worker, it is forked.
    """

    def run(*arguments: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        started = shared_folder / f"started-{next(iter(arguments), 'alone')}"
        try:
            started.touch(exist_ok=False)
            is_first = True
        except FileExistsError:
            is_first = False
        if not is_first:
            return fork_parcours(*arguments, cwd=cwd, **environment)
        process = _start(*arguments, cwd=cwd, **environment)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    return run


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of all workers: each has one of its own in that of the session."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def made_once(shared_folder: Path) -> Iterator[MadeOnce]:
    """A folder that is filled once for all workers: by the first to ask, while the others wait. Read only for all.

    Who wrote into one all the same, or has made a file there come and go, is found out when the worker ends.
    """
    taken: dict[Path, dict[str, tuple[int, int]]] = {}

    def make(name: str, fill: Callable[[Path], None]) -> Path:
        folder, made = shared_folder / name, shared_folder / f"{name}.made"
        with made.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                shutil.rmtree(folder, ignore_errors=True)  # What somebody failed to fill.
                folder.mkdir()
                fill(folder)
                made.touch()
        taken.setdefault(folder, _times(folder))
        return folder

    yield make
    changed = [
        f"{folder.name}/{name}"
        for folder, before in taken.items()
        for name, _ in sorted(before.items() ^ _times(folder).items())
    ]
    assert not changed, f"what all tests share was written into: {sorted(set(changed))}"


def _times(folder: Path) -> dict[str, tuple[int, int]]:
    """When each file and folder was last written to, in nanoseconds, and its size."""
    states = ((path, path.stat()) for path in [folder, *folder.rglob("*")])
    return {path.relative_to(folder).as_posix(): (state.st_mtime_ns, state.st_size) for path, state in states}


@pytest.fixture(scope="session")
def exports(made_once: MadeOnce, parcours: Command) -> Path:
    """The exports of a small generated retailer with its sources.yml and truth.parquet. Read only: copy to change."""

    def fill(folder: Path) -> None:
        out = folder / "exports"
        written = parcours("sample", "--clean", "--out", out, "--customers", PEOPLE, "--days", DAYS, "--seed", SEED)
        assert written.returncode == 0, written.stderr

    return made_once("retailer", fill) / "exports"


@pytest.fixture(scope="session")
def first_night(made_once: MadeOnce, exports: Path, parcours: Command) -> tuple[Home, str]:
    """A home with one published run, and what that run printed. Read only: copy to change."""

    def fill(folder: Path) -> None:
        night = parcours("run", "--home", folder / "home", "--sources", exports / "sources.yml", **USUAL)
        assert night.returncode == 0, night.stderr
        (folder / "printed.txt").write_text(night.stdout, encoding="utf-8")

    folder = made_once("first-night", fill)
    return find_home(folder / "home"), (folder / "printed.txt").read_text(encoding="utf-8")


@pytest.fixture
def home(first_night: tuple[Home, str], tmp_path: Path) -> Home:
    """A home of the test's own with one published run."""
    shutil.copytree(first_night[0].root, tmp_path / "home")
    return find_home(tmp_path / "home")


@pytest.fixture
def kept(tmp_path: Path) -> Home:
    """A home of the test's own with what a publication keeps, made without a run."""
    return make_home(tmp_path / "home")


@pytest.fixture
def mail() -> Iterator[MailServer]:
    """A mail server that notes what it is sent."""
    with mail_server() as server:
        yield server


@pytest.fixture
def web() -> Iterator[WebServer]:
    """A web server that notes how it is called."""
    with web_server() as server:
        yield server


class Told(NamedTuple):
    """What a command exits with and says."""

    exit_code: int
    out: str
    err: str


@pytest.fixture
def parcours_here(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Told]:
    """``parcours`` in this process, for what is over before anything is run."""
    for name in ("PARCOURS_HOME", "PARCOURS_SOURCES"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: object) -> Told:
        exit_code = main([str(argument) for argument in arguments])
        told = Told(exit_code, *capfd.readouterr())
        assert "Traceback" not in told.err
        assert "bug in Parcours" not in told.err
        return told

    return run
