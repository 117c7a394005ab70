"""What Parcours writes is closed to all but its owner, whatever umask a shell, cron or a service was started with.

A umask belongs to a process, so it is set at each door: by the command, and where Dagster loads the code location or
starts a step. Folders that are roots of something, such as the home, are closed by their own mode as well.
"""

import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CLOSED = 0o077
"""The umask: nothing for the group, nothing for others. Bits for the owner stay, or we could not read what we wrote."""


def close_to_others() -> None:
    """From now on what this process creates is its owner's alone, and what its children create too."""
    os.umask(CLOSED)


@contextmanager
def closed_to_others() -> Iterator[None]:
    """The same while the block runs, in a process that is not ours to change."""
    before = os.umask(CLOSED)
    try:
        yield
    finally:
        os.umask(before)


def make_folder(folder: Path) -> None:
    """Makes ``folder``, and what is missing above it, for its owner only. One that is there stays as it is."""
    if folder.is_dir():
        return
    if folder.parent != folder:
        make_folder(folder.parent)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if not folder.is_dir():  # Else another process has made it meanwhile.
            raise
    else:
        folder.chmod(stat.S_IMODE(folder.stat().st_mode) | 0o700)  # A umask may have taken bits of the owner.


def name_user(number: int) -> str:
    """The name of a user of this machine, or the number where it has none."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"
