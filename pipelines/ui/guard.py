"""Stands over one process that ``parcours ui`` starts, so that it and what it starts never outlive the command.

Run by its path, with the command as arguments; needs the standard library only. Its standard input is a pipe whose
other end the command holds: it closes when the command ends, however it ends. Then, or when the process itself has
ended, the whole group is interrupted as by Ctrl-C, which lets a run at work end in order, and killed after a while.
Where the guard itself is killed, Linux interrupts the process; elsewhere a watcher does, this program again, which has
the other end of a pipe of the guard's.
"""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable

GRACE_SECONDS = 25.0
"""A run that is interrupted in the midst of a query ends when the query does."""

LOOK_SECONDS = 0.2

PR_SET_PDEATHSIG = 1  # Of <linux/prctl.h>.
WATCH = "--watch"


def guard(command: list[str]) -> int:
    """Runs ``command`` until it ends or standard input closes. Its exit code; 128 and more where a signal ended it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)  # Not ignored, which the process would inherit.
    tie = _find_tie()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        close_fds=False,  # The locks of the page, which this process inherited, are held by that one too.
        preexec_fn=tie,  # noqa: PLW1509  # There is no other thread.
    )
    watcher = None if tie else _start_watcher(process.pid)
    while process.poll() is None and not _is_closed(sys.stdin.fileno()):
        pass
    end_group(process)
    if watcher is not None:
        watcher.kill()
    code = process.wait()
    return code if code >= 0 else 128 - code


def _find_tie() -> Callable[[], object] | None:
    """What has a process that is being started interrupted when this one is killed; None where the system cannot."""
    if not sys.platform.startswith("linux"):
        return None
    control = ctypes.CDLL(None).prctl
    return lambda: control(PR_SET_PDEATHSIG, int(signal.SIGINT))


def _start_watcher(group: int) -> "subprocess.Popen[bytes]":
    """A process that interrupts ``group`` once this one is gone, which closes its standard input."""
    return subprocess.Popen(
        [sys.executable, "-I", __file__, WATCH, str(group)], stdin=subprocess.PIPE, start_new_session=True
    )


def watch(group: int) -> int:
    """Waits until standard input closes, and then interrupts the process group."""
    while not _is_closed(sys.stdin.fileno()):
        pass
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGINT)
    return 0


def _is_closed(descriptor: int) -> bool:
    readable, _, _ = select.select([descriptor], [], [], LOOK_SECONDS)
    return bool(readable) and os.read(descriptor, 1) == b""


def end_group(process: "subprocess.Popen[bytes]", grace: float = GRACE_SECONDS) -> None:
    """Ends the process and all of its group: asked first, then killed."""
    deadline = time.monotonic() + grace
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
        while time.monotonic() < deadline:
            process.poll()  # Who has ended counts as there until somebody takes note.
            os.killpg(process.pid, 0)
            time.sleep(LOOK_SECONDS / 4)
        os.killpg(process.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(watch(int(sys.argv[2])) if sys.argv[1] == WATCH else guard(sys.argv[1:]))
