"""One run at a time on one home folder, however it was started: by the command, the interface or the schedule.

The lock is the operating system's (``flock``), so a kill releases it. It belongs to a run, not to a process: the steps
of one run may work side by side in several processes, while those of another run wait or are refused.
"""

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import ConfigurationError, ParcoursError
from pipelines.lake.exclusive_lock import try_to_lock
from pipelines.lake.owner_only import make_folder

PATIENCE_SECONDS = 1.0  # Steps of one run that start together hold the lock exclusively for some microseconds each.
LONGEST_PAUSE_SECONDS = 1.0
SAID_EVERY_SECONDS = 60.0


class HomeInUseError(ParcoursError):
    """Another run is at work on the same home folder."""


@contextmanager
def hold(
    root: Path,
    run_id: str,
    when_alone: Callable[[], object] = lambda: None,
    *,
    patience: float = 0.0,
    say: Callable[[str], object] = lambda _: None,
) -> Iterator[str | None]:
    """Holds ``<root>/run.lock`` for ``run_id`` while the block runs; gives the run that last held it, if not this one.

    While another run holds it, waits up to ``patience`` seconds, and tells ``say`` so at once and every minute. Raises
    HomeInUseError where it does not come free. ``when_alone`` is called while this process holds the lock exclusively,
    which it does only where no other process held it: the moment to clear away what a killed run left behind.
    """
    descriptor = open_lock(root, "run.lock")
    try:
        yield _acquire(descriptor, run_id, root, when_alone, patience, say)
    finally:
        os.close(descriptor)


def open_lock(root: Path, name: str) -> int:
    """The file ``name`` in the home ``root``, for a lock; both are made. Raises ConfigurationError where it cannot."""
    try:
        make_folder(root)
        return os.open(root / name, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as fault:
        if fault.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise ConfigurationError(
            f"The home folder {root} cannot be written to: {fault.strerror}. Run this as the user whom it "
            "belongs to, or name another folder with --home."
        ) from None


def is_free(root: Path) -> bool:
    """Whether no run is at work in ``root`` at this moment."""
    try:
        descriptor = os.open(root / "run.lock", os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        return try_to_lock(descriptor)
    finally:
        os.close(descriptor)


def last_holder(root: Path) -> str:
    """The run that holds the lock of ``root``, or held it last; empty where there was none."""
    file = root / "run.lock"
    return file.read_text(errors="replace")[:200] if file.exists() else ""


def _acquire(
    descriptor: int,
    run_id: str,
    root: Path,
    when_alone: Callable[[], object],
    patience: float,
    say: Callable[[str], object],
) -> str | None:
    began = time.monotonic()
    patience = max(patience, PATIENCE_SECONDS)
    said_at, pause = began + PATIENCE_SECONDS - SAID_EVERY_SECONDS, 0.05
    while True:
        is_acquired, former = _try_to_acquire(descriptor, run_id, when_alone)
        if is_acquired:
            return former
        now, owner = time.monotonic(), _owner(descriptor)
        if now - began > patience:
            waited = f" This one waited {_spell(patience)}." if patience > PATIENCE_SECONDS else ""
            raise HomeInUseError(
                f"Another run is at work in {root} (run {owner}).{waited} Wait until it has ended, or give this "
                "one its own folder with --home."
            )
        if now - said_at >= SAID_EVERY_SECONDS:
            say(f"waiting for run {owner}, which is at work on the same home: {_spell(patience - now + began)} at most")
            said_at = now
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def _try_to_acquire(descriptor: int, run_id: str, when_alone: Callable[[], object]) -> tuple[bool, str | None]:
    """Shares the lock with the steps of the same run; takes it over where nobody holds it, and tells from which run."""
    former = None
    if try_to_lock(descriptor):
        former = _owner(descriptor)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, run_id.encode(), 0)
        when_alone()
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False, None
    if _owner(descriptor) == run_id:
        return True, former if former != run_id else None
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False, None


def _owner(descriptor: int) -> str:
    return os.pread(descriptor, 200, 0).decode()


def _spell(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
