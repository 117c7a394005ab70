"""Ctrl-C, SIGTERM and SIGHUP end a command at once, in whatever it is at work, and break nothing."""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from pipelines.config.home import Home
from pipelines.lake.run_lock import hold, is_free

Command = Callable[..., subprocess.CompletedProcess[str]]

BEGIN = """
import os, signal, sys, threading, time
from pathlib import Path
from pipelines.cli import interrupts, stopping
from pipelines import unfinished
stopping.take_over(interrupts.take_interrupts())
def say(words):
    print(words, flush=True)
"""
WORK = {
    "in Python": "say('begun')\nwhile True: pass",
    "in a library that swallows what is raised": """
say('begun')
while True:
    try: time.sleep(0.01)
    except BaseException: pass
""",
    "in Polars, which takes SIGINT for itself": """
import polars as pl
say('begun')
while True: pl.LazyFrame({'a': range(1000)}).join(pl.LazyFrame({'b': range(3000)}), how='cross').sum().collect()
""",
    "in DuckDB": """
import duckdb
say('begun')
duckdb.sql('select sum(a.range * b.range) from range(10000000) a, range(1000000) b').fetchall()
""",
    "in threads": """
from concurrent.futures import ThreadPoolExecutor
say('begun')
with ThreadPoolExecutor(4) as pool: list(pool.map(time.sleep, [600] * 8))
""",
}
STAGES = ("starting", "extracts: done", "identity: done", "warehouse: 1 of")
"""What a run prints just before the stage in which it is stopped."""


@pytest.fixture(autouse=True)
def interrupts_as_on_a_terminal() -> Iterator[None]:
    """Whoever runs the tests in the background of a script has SIGINT ignored, and all that they start would too."""
    before = [(each, signal.getsignal(each)) for each in (signal.SIGINT, signal.SIGHUP)]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number, handler in before:
        signal.signal(number, handler)


def begin(work: str, *, prefix: tuple[str, ...] = (), **options: object) -> subprocess.Popen[str]:
    """A process in which a command is at work that says ``begun``."""
    body = "".join(f"    {line}\n" for line in work.strip().splitlines())
    code = f"{BEGIN}\ndef work():\n{body}    return 0\nsys.exit(stopping.carry_out(work))"
    process: subprocess.Popen[str] = subprocess.Popen(
        [*prefix, sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,  # type: ignore[call-overload]
    )
    return process


def wait_for(process: subprocess.Popen[str], words: str = "begun") -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if words in line:
            return
    raise AssertionError(process.communicate()[1])


def stop(process: subprocess.Popen[str], *numbers: int, within: float = 20.0) -> tuple[int, str, str]:
    """The exit code of a process that is sent the signals one after the other, and what it still said."""
    for number in numbers:
        process.send_signal(number)
        time.sleep(0.05)
    try:
        out, err = process.communicate(timeout=within)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return process.returncode, out, err


def assert_stopped(finished: subprocess.CompletedProcess[str], number: signal.Signals, *left: str) -> None:
    """Stopped, said once and last; nothing failed."""
    said = finished.stdout + finished.stderr
    assert finished.returncode == 128 + number, said
    assert finished.stderr.count("Stopped by") == 1
    assert finished.stderr.splitlines()[-1].startswith("parcours: Stopped by ")
    assert number.name in finished.stderr
    for word in left:
        assert word in finished.stderr
    for word in ("Traceback", "failed", "Exception ignored", "✗", "Interrupted"):
        assert word not in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("work", WORK.values(), ids=WORK.keys())
def test_a_signal_ends_a_command_at_once_wherever_it_is(work: str, number: signal.Signals) -> None:
    process = begin(work)
    wait_for(process)
    exit_code, _, told = stop(process, number)
    assert exit_code == 128 + number
    assert re.fullmatch(rf"parcours: Stopped by .*{number.name}.*\. The published warehouse is as it was\.\n", told)


def test_what_is_begun_is_put_in_order_and_no_temporary_file_stays(tmp_path: Path) -> None:
    process = begin(
        f"""
folder = Path({str(tmp_path)!r})
with (
    stopping.on_stop(lambda signal: (folder / 'first').write_text(signal)),
    stopping.on_stop(lambda signal: 1 / 0),
    unfinished.temporary(folder / 'half'),
    unfinished.temporary_folder('rows-', folder) as rows,
):
    (folder / 'half').write_text('a customer')
    (rows / 'deep').mkdir()
    say('begun')
    number = 0
    while True:
        number += 1
        try: (rows / 'deep' / str(number)).write_text('a customer')
        except FileNotFoundError: time.sleep(1)
"""
    )
    wait_for(process)
    assert stop(process, signal.SIGTERM)[0] == 143
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"first": "SIGTERM"}


def test_a_second_ctrl_c_ends_what_a_first_one_would_wait_for_and_the_message_stays_one() -> None:
    process = begin("with stopping.on_stop(lambda _: time.sleep(600)):\n    say('begun')\n    time.sleep(600)")
    wait_for(process)
    began = time.monotonic()
    exit_code, _, told = stop(process, signal.SIGINT, signal.SIGINT)
    assert (exit_code, told.count("Stopped by")) == (130, 1)
    assert time.monotonic() - began < 4.0, "not the patience that a single one has"


def test_even_a_single_one_does_not_wait_for_ever() -> None:
    process = begin("with stopping.on_stop(lambda _: time.sleep(600)):\n    say('begun')\n    time.sleep(600)")
    wait_for(process)
    exit_code, _, told = stop(process, signal.SIGTERM)
    assert (exit_code, told.count("Stopped by")) == (143, 1)


PUBLISHES = """
stopping.say_when_stopped(lambda: 'new' if Path({file!r}).exists() else 'old')
with unfinished.PUBLISHING:
    say('begun')
    time.sleep({seconds})
    Path({file!r}).touch()
time.sleep(600)
"""


def test_what_is_said_of_the_warehouse_is_true_also_in_the_middle_of_a_publication(tmp_path: Path) -> None:
    process = begin(PUBLISHES.format(file=str(tmp_path / "warehouse"), seconds=0.7))
    wait_for(process)
    exit_code, _, told = stop(process, signal.SIGTERM)
    assert (exit_code, told) == (143, "parcours: Stopped by SIGTERM. new\n")
    assert (tmp_path / "warehouse").exists()


def test_who_will_not_wait_for_the_end_of_a_publication_is_told_that_it_may_be_either(tmp_path: Path) -> None:
    process = begin(PUBLISHES.format(file=str(tmp_path / "warehouse"), seconds=600))
    wait_for(process)
    exit_code, _, told = stop(process, signal.SIGTERM, signal.SIGTERM)
    assert exit_code == 143
    assert "that of before or the new one" in told
    assert not (tmp_path / "warehouse").exists()


def test_nothing_is_published_once_a_stop_was_told(tmp_path: Path) -> None:
    file = str(tmp_path / "warehouse")
    process = begin(
        f"""
stopping.say_when_stopped(lambda: 'old')
with stopping.on_stop(lambda _: time.sleep(1)):
    say('begun')
    time.sleep(0.5)
    with unfinished.PUBLISHING:
        Path({file!r}).touch()
"""
    )
    wait_for(process)
    assert stop(process, signal.SIGTERM)[2] == "parcours: Stopped by SIGTERM. old\n"
    assert not Path(file).exists()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
def test_what_the_starter_ignores_stays_ignored(number: signal.Signals) -> None:
    ignore = f"import signal, os, sys; signal.signal({number:d}, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    process = begin("say('begun')\ntime.sleep(1)\nsay('ended')", prefix=(sys.executable, "-c", ignore))
    wait_for(process)
    exit_code, out, told = stop(process, number)
    assert (exit_code, out, told) == (0, "ended\n", "")


def test_a_suspended_command_goes_on() -> None:
    process = begin("say('begun')\ntime.sleep(1)\nsay('ended')")
    wait_for(process)
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED)
    process.send_signal(signal.SIGCONT)
    assert process.communicate(timeout=30)[0] == "ended\n"
    assert process.returncode == 0


def test_ctrl_z_suspends_and_a_stop_takes_effect_when_it_goes_on() -> None:
    process = begin("say('begun')\ntime.sleep(600)", start_new_session=False, process_group=0)
    wait_for(process)
    process.send_signal(signal.SIGTSTP)
    suspended = os.waitid(os.P_PID, process.pid, os.WSTOPPED)
    assert suspended is not None
    process.send_signal(signal.SIGTERM)
    assert stop(process, signal.SIGCONT)[0] == 143


def test_as_the_first_process_of_a_container_it_stops_too() -> None:
    unshare = ("unshare", "--pid", "--fork", "--kill-child")
    if not shutil.which("unshare") or subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user may not make a PID namespace")
    process = begin("say(f'begun as {os.getpid()}')\ntime.sleep(600)", prefix=unshare)
    wait_for(process, "begun as 1\n")
    [inside] = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(inside), signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 143
    assert "Stopped by SIGTERM" in err


def test_an_error_and_an_exit_of_the_command_are_its_own() -> None:
    for work, exit_code, told in (("raise SystemExit(7)", 7, ""), ("raise ValueError('mine')", 1, "ValueError: mine")):
        process = begin(work)
        _, err = process.communicate(timeout=30)
        assert process.returncode == exit_code
        assert told in err


def assert_canceled(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last run, in Dagster's records: neither it, nor a step or check of it, failed."""
    monkeypatch.setenv("DAGSTER_HOME", str(home.dagster))
    with dg.DagsterInstance.get() as instance:
        [run] = instance.get_runs(limit=1)
        events = [entry.dagster_event for entry in instance.all_logs(run.run_id) if entry.dagster_event is not None]
    assert run.status == dg.DagsterRunStatus.CANCELED
    assert not [event for event in events if "FAIL" in event.event_type_value]
    checks = [event for event in events if event.event_type_value == "ASSET_CHECK_EVALUATION"]
    assert all(check.asset_check_evaluation_data.passed or "WARN" in str(check) for check in checks)


def test_a_run_stopped_in_any_stage_says_so_and_leaves_all_as_it_was_and_the_next_one_publishes(
    home: Home, exports: Path, fork_parcours: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = home.warehouse.read_bytes()
    arguments = ("run", "--home", home.root, "--sources", exports / "sources.yml")
    for stage, words in enumerate(STAGES):
        number = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)[stage % 3]
        at_work = fork_parcours(*arguments, kill_at=words, by=number)
        assert_stopped(at_work, number, f"{home.warehouse} is as it was", "Nothing was published")
        assert home.warehouse.read_bytes() == published, words
        assert is_free(home.root)
        if words == "starting":  # Nothing is on record yet.
            continue
        assert_canceled(home, monkeypatch)
        log = max(home.logs.glob("*.log")).read_text()
        assert log.count("Stopped by") == 1
        assert not re.search("Traceback|Stack Trace|FAILURE", log)

    before = home.warehouse.stat().st_ino
    late = fork_parcours(*arguments, kill_at=lambda: home.warehouse.stat().st_ino != before, by=signal.SIGTERM)
    assert_stopped(late, signal.SIGTERM, "already published", "`parcours report` draws it")
    assert "as it was" not in late.stderr
    assert_canceled(home, monkeypatch)
    assert list(home.root.rglob("*.tmp-*")) == []
    drawn = fork_parcours("report", *arguments[1:])
    assert drawn.returncode == 0, drawn.stderr
    with duckdb.connect(home.warehouse, read_only=True) as connection:
        assert connection.execute("select count(*) from marts.customer_360").fetchone() != (0,)


def test_a_stop_while_a_run_waits_for_another_says_that_it_had_not_begun(
    home: Home, exports: Path, fork_parcours: Command
) -> None:
    with hold(home.root, "another"):
        waiting = fork_parcours(
            *("run", "--wait", 5, "--home", home.root, "--sources", exports / "sources.yml"),
            kill_at="waiting for run",
            by=signal.SIGTERM,
        )
    assert_stopped(waiting, signal.SIGTERM, "This run had not begun.")
    assert is_free(home.root)


ON_A_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
COMMANDS = {
    "check": ("check", "--sources", "{sources}"),
    "docs": ("docs", "--home", "{home}"),
    "evaluate": ("evaluate", "--truth", "{exports}/truth.parquet", "--home", "{home}"),
    "export": ("export", "{new}", "--home", "{home}"),
    "init": ("init", "{exports}", "--out", "{new}/sources.yml"),
    "report": ("report", "--home", "{home}", "--sources", "{sources}"),
    "rollback": ("rollback", "--home", "{home}"),
    "sample": ("sample", "--out", "{new}"),
    "train": ("train", "--home", "{home}", "--sources", "{sources}"),
}


def is_probe(file: Path) -> bool:
    """Whether Python's ``tempfile`` made it to see if the folder can be written to, and was stopped in that instant.

    It is written without a name of ours, holds nothing or the word ``blat``, and is removed at once otherwise.
    """
    return (
        re.fullmatch(r"[a-z0-9_]{8}", file.name) is not None and file.is_file() and file.read_bytes() in (b"", b"blat")
    )


def test_only_the_probe_of_tempfile_is_taken_for_one(tmp_path: Path) -> None:
    for name, content, expected in (
        ("a1_bcdef", b"blat", True),
        ("a1_bcdef", b"", True),
        ("a1_bcdef", b"Zoe;Durand", False),
        ("rows-a1b", b"blat", False),
        ("parcours-check-a1_bcdef", b"", False),
    ):
        file = tmp_path / name
        file.write_bytes(content)
        assert is_probe(file) is expected, name


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_stops_alike_and_leaves_nothing_half_done(
    command: str, home: Home, exports: Path, tmp_path: Path, fork_parcours: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    values = {"sources": exports / "sources.yml", "exports": exports, "home": home.root, "new": tmp_path / "new"}
    arguments = [argument.format_map(values) for argument in COMMANDS[command]]
    published = home.warehouse.read_bytes()
    at: str | float = "identity: " if command == "train" else 0.15
    stopped = fork_parcours(*arguments, kill_at=at, by=signal.SIGTERM, TMPDIR=str(scratch))
    if stopped.returncode != 0 and "no previous warehouse" not in stopped.stderr:
        assert_stopped(stopped, signal.SIGTERM)
    left = [file for file in scratch.iterdir() if not is_probe(file)]
    assert left == [], "no customer stays in a temporary folder"
    assert not [*home.root.rglob("docs-*"), *tmp_path.rglob("*.gone")]
    assert home.warehouse.read_bytes() == published
    assert is_free(home.root)
    if command == "train":
        assert "in force" in stopped.stderr
        assert_canceled(home, monkeypatch)


def test_a_review_stopped_at_its_prompt_keeps_its_answers_and_gives_the_terminal_back(
    home: Home, exports: Path
) -> None:
    master, terminal = pty.openpty()
    command = (sys.executable, "-m", "pipelines", "review", "--home", home.root, "--sources", exports / "sources.yml")
    before = termios.tcgetattr(terminal)
    review = subprocess.Popen(
        [sys.executable, "-c", ON_A_TERMINAL, *map(str, command)],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**os.environ, "PARCOURS_AUTHOR": "Ada", "TERM": "xterm"},
    )
    shown = b""
    deadline = time.monotonic() + 60
    while b"[q]uit: " not in shown and time.monotonic() < deadline:
        if select.select([master], [], [], 0.2)[0]:
            shown += os.read(master, 65536)
    os.write(master, b"\x03")
    assert review.wait(timeout=30) == 130, shown.decode()
    while select.select([master], [], [], 0.2)[0]:
        shown += os.read(master, 65536)
    assert shown.count(b"Stopped by Ctrl-C (SIGINT). The answers given are in") == 1
    assert termios.tcgetattr(terminal) == before
    os.close(master)
    os.close(terminal)


def test_a_run_goes_on_although_nobody_reads_of_its_progress_any_more(tmp_path: Path) -> None:
    code = """
from pipelines.cli.progress import Progress
with Progress() as progress:
    for number in range(3):
        progress.say("identity__pairs", "at work")
print("ended", flush=True)
"""
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=writer, text=True, check=False)
    os.close(writer)
    assert (ended.returncode, ended.stdout) == (0, "ended\n")


@pytest.mark.parametrize("missing", [(0,), (1,), (2,), (0, 1, 2)])
def test_a_command_started_without_its_standard_streams_writes_into_no_file_of_its_own(
    missing: tuple[int, ...], tmp_path: Path
) -> None:
    close = "".join(f"os.close({descriptor});" for descriptor in missing)
    started = f"import os, sys; {close} os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    code = """
import os, sys
from pipelines.cli.entry import open_standard_streams
open_standard_streams()
own = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
print("a line", flush=True)
sys.stderr.write("a line")
sys.exit(7 if own > 2 else 1)
"""
    file = tmp_path / "database"
    assert subprocess.run([sys.executable, "-c", started, "-c", code, file], check=False).returncode == 7
    assert file.read_bytes() == b""
