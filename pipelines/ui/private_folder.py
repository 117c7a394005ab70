"""A temporary folder of one ``parcours ui`` that only its user enters, and the removal of those that were left behind.

Whoever works in one holds a lock of the operating system on it, as do the processes that inherit its descriptor. So who
finds a folder that nobody holds knows that all of them have ended, whatever numbers processes have been given since.
"""

import contextlib
import fcntl
import os
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.lake.exclusive_lock import try_to_lock

PREFIX = "parcours-ui-"

LONGEST_FOLDER = 60  # The address of a unix socket has at most 103 characters on every system.


@contextmanager
def private_folder() -> Iterator[tuple[Path, int]]:
    """A folder of mode 0700 while the block runs, and the descriptor by which it is held. Removes what was left."""
    usual = tempfile.gettempdir()
    parent = Path(usual if len(usual) <= LONGEST_FOLDER else "/tmp")  # noqa: S108  # In it, a folder of a name of its own.
    remove_left(parent)
    folder, descriptor = _make(parent)
    try:
        yield folder, descriptor
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def remove_left(parent: Path) -> None:
    """Removes the folders in ``parent`` that are this user's, called like ours, and in which nobody is at work."""
    for folder in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if (
                    os.fstat(descriptor).st_uid == os.geteuid()
                    and try_to_lock(descriptor)
                    and not _has_listener(folder)
                ):
                    shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)


def _make(parent: Path) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if folder.exists():  # Else one that started beside has taken it for left behind, in this very moment.
                return folder, descriptor
            os.close(descriptor)


def _has_listener(folder: Path) -> bool:
    """Whether a process listens in it that holds no lock: one of a former version, or one that did not inherit it."""
    return any(stat.S_ISSOCK(file.lstat().st_mode) and is_answered(file) for file in folder.iterdir())


def is_answered(at: Path) -> bool:
    """Whether a process listens at the unix socket ``at``."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(at))
        except OSError:
            return False
    return True
