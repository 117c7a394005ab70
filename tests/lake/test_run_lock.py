"""Two runs never work on one home folder; the steps of one run may, and a killed run leaves nothing locked."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pipelines.lake.run_lock import HomeInUseError, hold, is_free

HOLDER = """
import sys, time
from pathlib import Path
from pipelines.lake.run_lock import hold
with hold(Path(sys.argv[1]), sys.argv[2]):
    print("held", flush=True)
    time.sleep(60)
"""


def start_holder(home: Path, run_id: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, home, run_id], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_run_on_the_same_home_is_refused_and_told_which_run_is_at_work(tmp_path: Path) -> None:
    holder = start_holder(tmp_path, "first")
    try:
        with pytest.raises(HomeInUseError, match="run first"), hold(tmp_path, "second"):
            pass
    finally:
        holder.kill()
        holder.communicate()


def test_the_steps_of_one_run_share_the_home(tmp_path: Path) -> None:
    holder = start_holder(tmp_path, "first")
    try:
        with hold(tmp_path, "first"), hold(tmp_path, "first"):
            pass
    finally:
        holder.kill()
        holder.communicate()


def test_a_killed_run_leaves_the_home_free(tmp_path: Path) -> None:
    holder = start_holder(tmp_path, "first")
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    with hold(tmp_path, "second"):
        pass


def test_another_run_may_not_slip_in_when_one_of_two_steps_ends(tmp_path: Path) -> None:
    holder = start_holder(tmp_path, "first")
    try:
        with hold(tmp_path, "first"):
            pass
        with pytest.raises(HomeInUseError), hold(tmp_path, "second"):
            pass
    finally:
        holder.kill()
        holder.communicate()


def test_homes_do_not_disturb_each_other(tmp_path: Path) -> None:
    with hold(tmp_path / "one", "first"), hold(tmp_path / "two", "second"):
        pass


def test_a_run_that_may_wait_says_for_whom_and_goes_on_once_the_home_is_free(tmp_path: Path) -> None:
    holder = start_holder(tmp_path, "first")
    said: list[str] = []
    threading.Timer(2.0, holder.kill).start()
    with hold(tmp_path, "second", patience=60, say=said.append) as former:
        assert former == "first", "who takes over learns whom to look after"
    holder.communicate()
    [words] = said
    assert words.startswith("waiting for run first")


def test_a_run_waits_no_longer_than_it_may(tmp_path: Path) -> None:
    holder = start_holder(tmp_path, "first")
    try:
        with pytest.raises(HomeInUseError, match="waited 2 s"), hold(tmp_path, "second", patience=2):
            pass
    finally:
        holder.kill()
        holder.communicate()


def test_a_home_is_free_until_a_run_holds_it_and_again_once_that_is_killed(tmp_path: Path) -> None:
    assert is_free(tmp_path)
    holder = start_holder(tmp_path, "first")
    assert not is_free(tmp_path)
    holder.kill()
    holder.communicate()
    assert is_free(tmp_path)
