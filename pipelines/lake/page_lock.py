"""One page at a time on one home: its daemon has the schedule, and two of them would each start the night.

The lock is the operating system's, as that of a run is. The processes behind the page inherit it, since one of them is
that daemon: after a kill the home is free when the last of them has ended, to which their guards see within seconds.
"""

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipelines.lake.exclusive_lock import try_to_lock
from pipelines.lake.run_lock import HomeInUseError, open_lock

FILE_NAME = "page.lock"

PATIENCE_SECONDS = 60.0
"""For what a killed page has left at work: a run that is interrupted in a query ends when the query does."""

_MOMENT_SECONDS = 1.0  # Who has just taken the lock has not written its name yet.
_PAUSE_SECONDS = 0.1


@contextmanager
def hold(root: Path, say: Callable[[str], object]) -> Iterator[int]:
    """Holds ``<root>/page.lock`` while the block runs; gives its descriptor, for the processes of the page to inherit.

    Raises HomeInUseError: at once where the process that has the page is alive; else, having told ``say``, only where
    what that process has left at work does not end. Raises ConfigurationError where the home cannot be written to.
    """
    descriptor = open_lock(root, FILE_NAME)
    try:
        _acquire(descriptor, root, say)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {socket.gethostname()}".encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def refuse_second(root: Path) -> None:
    """Raises HomeInUseError where a process that is alive has the page of ``root``. Makes nothing."""
    with suppress(FileNotFoundError, PermissionError):  # Whoever opens the page is told of the latter.
        descriptor = os.open(root / FILE_NAME, os.O_RDONLY)
        try:
            if not try_to_lock(descriptor):
                _refuse_living(descriptor, root)
        finally:
            os.close(descriptor)


def _acquire(descriptor: int, root: Path, say: Callable[[str], object]) -> None:
    began, is_told = time.monotonic(), False
    while not try_to_lock(descriptor):
        _refuse_living(descriptor, root)
        owner, waited = _owner(descriptor), time.monotonic() - began
        if waited > PATIENCE_SECONDS:
            raise HomeInUseError(
                f"The page of {root} was open in {_name(owner)}, which is gone, but something that it had started is "
                f"still at work. `lsof {root / FILE_NAME}` names it: end it, then start again."
            )
        if owner is not None and not is_told:
            say(f"waiting for what {_name(owner)}, which had the page of {root} open and was killed, left at work")
            is_told = True
        time.sleep(_PAUSE_SECONDS)


def _refuse_living(descriptor: int, root: Path) -> None:
    deadline = time.monotonic() + _MOMENT_SECONDS
    while (owner := _owner(descriptor)) is None and time.monotonic() < deadline:
        time.sleep(_PAUSE_SECONDS)
    if owner is not None and _is_alive(*owner):
        raise HomeInUseError(
            f"The page of {root} is open already, and its schedule with it: {_name(owner)} has it. Use that one, or "
            f"stop it (`kill {owner[0]}`), or give this one its own folder with --home."
        )


def _owner(descriptor: int) -> tuple[int, str] | None:
    """The process that took the lock, and its machine; None where that is not written down."""
    number, _, machine = os.pread(descriptor, 400, 0).decode(errors="replace").partition(" ")
    return (int(number), machine) if number.isdecimal() and number.isascii() else None


def _name(owner: tuple[int, str] | None) -> str:
    if owner is None:
        return "a process"
    number, machine = owner
    return f"process {number}" if machine == socket.gethostname() else f"process {number} of {machine}"


def _is_alive(number: int, machine: str) -> bool:
    """Also where that cannot be known: on another machine, or in a container."""
    if machine != socket.gethostname():
        return True
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
