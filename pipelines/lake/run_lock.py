"""One run at a time on one home folder, however it was started: by the command, the interface or the schedule.

The lock is the operating system's (``flock``), so a kill releases it. It belongs to a run, not to a process: the steps
of one run may work side by side in several processes, while those of another run are refused.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import ParcoursError

PATIENCE_SECONDS = 1.0  # Steps of one run that start together hold the lock exclusively for some microseconds each.


class HomeInUseError(ParcoursError):
    """Another run is at work on the same home folder."""


@contextmanager
def hold(root: Path, run_id: str, when_alone: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Holds ``<root>/run.lock`` for ``run_id`` while the block runs. Raises HomeInUseError.

    ``when_alone`` is called while this process holds the lock exclusively, which it does only where no other process
    held it: the moment to clear away what a killed run left behind.
    """
    root.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(root / "run.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _acquire(descriptor, run_id, root, when_alone)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, run_id: str, root: Path, when_alone: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not _try_to_acquire(descriptor, run_id, when_alone):
        if time.monotonic() > deadline:
            raise HomeInUseError(
                f"Another run is at work in {root} (run {_owner(descriptor)}). Wait until it has ended, or give this "
                "one its own folder with --home."
            )
        time.sleep(0.05)


def _try_to_acquire(descriptor: int, run_id: str, when_alone: Callable[[], object]) -> bool:
    """Shares the lock with the steps of the same run; takes it over where nobody holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pass
    else:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, run_id.encode(), 0)
        when_alone()
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    if _owner(descriptor) == run_id:
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False


def _owner(descriptor: int) -> str:
    return os.pread(descriptor, 200, 0).decode()
