"""What a killed page leaves in the temporary folder is removed by the next one, and nothing else."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.ui import private_folder

HOLDER = """
import subprocess, sys, tempfile, time
tempfile.tempdir = sys.argv[1]
from pipelines.ui.private_folder import private_folder
with private_folder() as (folder, held):
    (folder / "workspace.yaml").write_text("x")
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    started = subprocess.Popen(sleep, pass_fds=(held,), stdout=subprocess.DEVNULL)
    print(folder, started.pid, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A temporary folder whose name is short, as the address of a socket has to be."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


def left_in(scratch: Path) -> list[str]:
    private_folder.remove_left(scratch)
    return sorted(each.name for each in scratch.iterdir())


def test_a_folder_is_removed_when_its_owner_and_all_that_it_started_have_ended(scratch: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", HOLDER, scratch], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    folder, started = owner.stdout.readline().split()
    assert Path(folder).stat().st_mode & 0o777 == 0o700
    assert left_in(scratch) == [Path(folder).name]
    owner.kill()
    owner.communicate()
    assert left_in(scratch) == [Path(folder).name], "what it started is at work"
    os.kill(int(started), signal.SIGKILL)
    deadline = time.monotonic() + 60
    while left_in(scratch) and time.monotonic() < deadline:  # It is no child of ours, to be waited for.
        time.sleep(0.05)
    assert left_in(scratch) == []


def test_what_is_called_or_owned_otherwise_stays(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("parcours-check-x", "parcours-uix", "else"):
        (scratch / name).mkdir()
    (scratch / "parcours-ui-file").touch()
    (scratch / "parcours-ui-link").symlink_to("else")
    kept = ["else", "parcours-check-x", "parcours-ui-file", "parcours-ui-link", "parcours-uix"]
    assert left_in(scratch) == kept
    (scratch / "parcours-ui-other").mkdir()
    with monkeypatch.context() as patched:
        patched.setattr(os, "geteuid", lambda: 4242)
        assert left_in(scratch) == sorted([*kept, "parcours-ui-other"])
    assert left_in(scratch) == kept


def test_one_in_which_somebody_listens_is_in_use_also_without_a_lock(scratch: Path) -> None:
    """A page of a former version holds none."""
    folder = scratch / "parcours-ui-former"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as code:
        code.bind(str(folder / "code.sock"))
        code.listen()
        assert left_in(scratch) == [folder.name]
    assert left_in(scratch) == []


def test_one_that_is_open_is_whole_however_many_start_beside(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between making a folder and holding it, another may take it for left behind."""
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    make, taken = tempfile.mkdtemp, []

    def make_and_lose(*arguments: object, **named: object) -> str:
        made = make(*arguments, **named)  # type: ignore[call-overload]
        if len(taken) < 2:
            taken.append(made)
            private_folder.remove_left(scratch)
        return str(made)

    monkeypatch.setattr(tempfile, "mkdtemp", make_and_lose)
    with private_folder.private_folder() as (folder, _):
        assert folder.is_dir()
        assert str(folder) not in taken
        assert left_in(scratch) == [folder.name]
    assert left_in(scratch) == []
