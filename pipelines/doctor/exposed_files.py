"""Which files and folders of a home are open to more than they are declared for, and closing them.

Looks only at what Parcours has made, follows no link, and only ever narrows. Files are opened before they are changed,
from the folder that was looked at, so that nobody can put a link in a file's place meanwhile.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.config.home import Home
from pipelines.config.home_contents import is_ours, is_ours_alone
from pipelines.warehouse.access import declared_group, let_through

OTHERS = 0o077


@dataclass(frozen=True)
class Exposed:
    """One file or folder, and the bits for group and others that it has beyond those declared."""

    path: Path
    excess: int


def find_exposed(home: Home) -> list[Exposed]:
    """What of ``home`` is open to others, in the order of paths; folders that cannot be looked into are left out."""
    if not home.root.is_dir():
        return []
    group = declared_group(home)
    return sorted(_look(home, group), key=lambda exposed: exposed.path)


def close(home: Home) -> list[Exposed]:
    """Closes what :func:`find_exposed` finds; returns what could not be closed, because it is another user's.

    Of a folder that everybody could pass, the declared readers still can.
    """
    found = find_exposed(home)
    left = [exposed for exposed in found if not _narrow(exposed)]
    if any(exposed.path == home.root for exposed in found):
        let_through(home)
    return left


def find_made(home: Home) -> Iterator[os.DirEntry[str]]:
    """All that Parcours has made in ``home``, links too, which are not followed."""
    folders = [str(home.root)]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                found = [entry for entry in entries if is_ours(Path(entry.path), home.root)]
        except PermissionError:
            continue
        yield from found
        folders += [entry.path for entry in found if entry.is_dir(follow_symlinks=False)]


def _look(home: Home, group: int | None) -> Iterator[Exposed]:
    if _is_closable(home.root, home) and (excess := _excess(home.root.stat(), home.root, home, group)):
        yield Exposed(home.root, excess)
    for entry in find_made(home):
        try:
            state = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue  # A run at work has just taken it away.
        path = Path(entry.path)
        if stat.S_ISDIR(state.st_mode):
            if not _is_closable(path, home):
                continue
        elif not stat.S_ISREG(state.st_mode):
            continue
        if excess := _excess(state, path, home, group):
            yield Exposed(path, excess)


def _is_closable(folder: Path, home: Home) -> bool:
    try:
        return is_ours_alone(folder, home.root)
    except (PermissionError, FileNotFoundError):
        return False


def _excess(state: os.stat_result, path: Path, home: Home, group: int | None) -> int:
    declared = {home.root: 0o010, home.warehouse: 0o040, home.report: 0o040}
    allowed = declared.get(path, 0) if group is not None and state.st_gid == group else 0
    return state.st_mode & OTHERS & ~allowed


def _narrow(exposed: Exposed) -> bool:
    try:
        folder = os.open(exposed.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            file = os.open(exposed.path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        finally:
            os.close(folder)
        try:
            os.fchmod(file, stat.S_IMODE(os.fstat(file).st_mode) & ~exposed.excess)
        finally:
            os.close(file)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
