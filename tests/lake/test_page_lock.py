"""One page on a home: a second is refused and told who has it; a killed one leaves the home free once all has ended."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines.lake import page_lock
from pipelines.lake.run_lock import HomeInUseError

HOLDER = """
import subprocess, sys, time
from pathlib import Path
from pipelines.lake import page_lock
with page_lock.hold(Path(sys.argv[1]), print) as lock:
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    started = subprocess.Popen(sleep, pass_fds=(lock,), stdout=subprocess.DEVNULL)
    print(started.pid, flush=True)
    time.sleep(600)
"""


@contextmanager
def open_page(home: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process that has the page of the home, and one that it has started."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, home], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    started = int(process.stdout.readline())
    try:
        yield process, started
    finally:
        process.kill()
        process.communicate()
        end(started)


def end(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return


def test_a_second_page_is_refused_at_once_and_told_which_process_has_the_first(tmp_path: Path) -> None:
    with open_page(tmp_path) as (process, _):
        began = time.monotonic()
        for attempt in (lambda: page_lock.refuse_second(tmp_path), lambda: enter(tmp_path)):
            with pytest.raises(HomeInUseError, match=rf"{re.escape(str(tmp_path))}.*process {process.pid}\b") as told:
                attempt()
            assert told.value.exit_code == 1
        assert time.monotonic() - began < 5
        page_lock.refuse_second(tmp_path / "elsewhere")
        enter(tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere" / "run.lock").exists(), "a page is no run"


def test_a_home_that_is_only_asked_about_is_not_made(tmp_path: Path) -> None:
    page_lock.refuse_second(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_page_that_has_ended_or_was_killed_leaves_the_home_free(tmp_path: Path) -> None:
    enter(tmp_path)
    with open_page(tmp_path) as (process, started):
        process.kill()
        process.wait()
        end(started)
        page_lock.refuse_second(tmp_path)
        enter(tmp_path)


def test_what_a_killed_page_has_left_at_work_is_waited_for_and_said(tmp_path: Path) -> None:
    """It has the schedule."""
    said: list[str] = []
    with open_page(tmp_path) as (process, started):
        process.kill()
        process.wait()

        def end_it(words: str) -> None:
            said.append(words)
            end(started)

        enter(tmp_path, end_it)
    [words] = said
    assert str(process.pid) in words


def test_what_does_not_end_is_told_with_a_way_to_find_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_lock, "PATIENCE_SECONDS", 0.5)
    with open_page(tmp_path) as (process, _):
        process.kill()
        process.wait()
        with pytest.raises(HomeInUseError, match=f"process {process.pid}, which is gone.*`lsof .*page.lock`"):
            enter(tmp_path)


def test_of_a_page_on_another_machine_it_is_not_guessed_whether_it_is_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_page(tmp_path) as (process, _):
        monkeypatch.setattr("socket.gethostname", lambda: "elsewhere")
        process.kill()
        process.wait()
        with pytest.raises(HomeInUseError, match=f"process {process.pid} of .* has it"):
            enter(tmp_path)


def enter(home: Path, say: Callable[[str], object] = str) -> None:
    with page_lock.hold(home, say):
        pass
