"""Who may read what is published: its owner, and the group of analysts that `sources.yml` declares, if it does.

The published file and the report are open to that group, the home's folder lets it through without showing what else
is there, and all the rest stays its owner's. What the last publication declared is noted in the lake: a rollback, an
export or a report drawn later keeps to it, whichever `sources.yml` they are called with.

Each file is given to the group while it is closed and opened last, before it takes its place: at no moment can anybody
read it who is not to.
"""

import json
import os
import stat
from contextlib import suppress
from pathlib import Path

from pipelines.config.home import Home
from pipelines.config.home_contents import is_ours_alone
from pipelines.config.readers import find_group
from pipelines.errors import ParcoursError
from pipelines.lake.tables import Lake, replacing

PUBLISHED, PUBLISHED_TO_READERS = 0o400, 0o440
"""Opened for writing, the published file would lock every other reader out."""
PAGE, PAGE_TO_READERS = 0o600, 0o640
FOLDER_TO_READERS = 0o750
PASS = 0o010


class AccessError(ParcoursError):
    """The group of readers cannot be given what it is to read."""


def declare(home: Home, readers: str | None) -> None:
    """Notes the group that reads from now on, None for nobody but the owner, and lets it through the home's folder.

    Raises AccessError where there is no such group, or who runs this is not in it.
    """
    former = declared_group(home)
    group = None if readers is None else find_group(readers)
    if readers is not None and group is None:
        raise AccessError(f"This machine has no group '{readers}', which `readers` of sources.yml names. Make it.")
    if readers is not None or _note(home).exists():
        with replacing(_note(home)) as temporary:
            temporary.write_text(json.dumps({"readers": readers}) + "\n")
    if former is not None and former != group:
        _shut_out(home.root, former)
    let_through(home)


def declared_readers(home: Home) -> str | None:
    """The name of the group that the last publication was declared for.

    None for nobody, where that is not ours to know, and where the note is damaged: the next publication writes it anew.
    """
    try:
        name = json.loads(_note(home).read_text())["readers"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return None if name is None else str(name)


def declared_group(home: Home) -> int | None:
    """The number of that group; None too where this machine has none of that name."""
    name = declared_readers(home)
    return None if name is None else find_group(name)


def give_to_readers(file: Path, home: Home) -> None:
    """Lets ``file`` belong to the group of readers; what it may do with it stays as it is. Raises AccessError."""
    group = declared_group(home)
    if group is None or file.stat().st_gid == group:
        return
    try:
        os.chown(file, -1, group)
    except PermissionError:
        raise AccessError(
            f"{file} cannot be given to the group that `readers` of sources.yml names: who runs this is not in it."
        ) from None


def seal_for_readers(warehouse: Path, home: Home) -> None:
    """Makes a warehouse that belongs to its readers readable, for them too, and for nobody to write."""
    warehouse.chmod(PUBLISHED if declared_group(home) is None else PUBLISHED_TO_READERS)


def open_page(page: Path, home: Home) -> None:
    """Lets the readers read a page that holds counts and sums only."""
    give_to_readers(page, home)
    page.chmod(PAGE if declared_group(home) is None else PAGE_TO_READERS)


def share_export(path: Path, home: Home) -> None:
    """Makes a file or folder made from the published warehouse as open as that is, where it is ours to give."""
    group = declared_group(home)
    if group is None:
        return
    with suppress(PermissionError):  # Who exports is not in the group: the export is theirs alone.
        os.chown(path, -1, group)
        path.chmod(FOLDER_TO_READERS if path.is_dir() else PAGE_TO_READERS)


def close_to_readers(file: Path) -> None:
    """Takes a file that is no longer published from all but its owner."""
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o077:
        with suppress(PermissionError):  # It belongs to another user: `parcours doctor` tells.
            file.chmod(mode & ~0o077)


def let_through(home: Home) -> None:
    """Lets the readers pass the home's folder, where Parcours made it and nobody has opened it to another group."""
    root, group = home.root, declared_group(home)
    if group is None:
        return
    state = root.stat()
    mode = stat.S_IMODE(state.st_mode)
    if mode & 0o001 or (state.st_gid == group and mode & PASS):
        return
    is_others = state.st_gid != group and mode & 0o070
    if is_others or not is_ours_alone(root, root):
        return  # `find_barrier` tells.
    with suppress(PermissionError):
        os.chown(root, -1, group)
        root.chmod(mode | PASS)


def find_barrier(home: Home, group: int) -> Path | None:
    """The first folder from the home upwards that members of ``group`` cannot pass; None where they reach the home."""
    for folder in (home.root, *home.root.parents):
        state = folder.stat()
        if not (state.st_mode & 0o001 or (state.st_gid == group and state.st_mode & PASS)):
            return folder
    return None


def _shut_out(root: Path, group: int) -> None:
    state = root.stat()
    if state.st_gid == group and stat.S_IMODE(state.st_mode) & 0o077 == PASS:
        with suppress(PermissionError):
            root.chmod(stat.S_IMODE(state.st_mode) & ~PASS)


def _note(home: Home) -> Path:
    return Lake(home.lake).published_path("readers").with_suffix(".json")
