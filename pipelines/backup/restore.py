"""The way of a backup into a home: judged as a whole, laid down beside, and only then put in place.

What it replaces is moved aside, not removed. The state of recognition, with the ledger, comes last: a restore that was
killed before leaves a home in which no run starts, and is repeated.
"""

import errno
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from pipelines.backup.archive import Archive, open_archive
from pipelines.backup.contents import HOME, LANDED, MODELS, OUTSIDE, STATE, list_own_files
from pipelines.backup.errors import BackupError
from pipelines.backup.manifest import Manifest
from pipelines.config.home import Home
from pipelines.errors import ConfigurationError
from pipelines.lake import page_lock, publication_lock, run_lock
from pipelines.lake.tables import Lake, sync
from pipelines.nights.record import last_night_file, nights_folder
from pipelines.warehouse import previous, publish
from pipelines.warehouse.kept_state import UNFINISHED

LOCKS = ("run.lock", publication_lock.FILE_NAME, page_lock.FILE_NAME)
IN_FOLDERS = (f"{STATE}/", f"{MODELS}/", f"{LANDED}/")
"""What is put in place by the folder."""
ROOM_TO_SPARE = 16 << 20  # Bytes, for what a file system keeps beside the files.


@dataclass(frozen=True)
class Restored:
    """What a restore did.

    ``replaced`` is the folder of what was there before, None where nothing was; ``outside`` holds the files that lay
    outside the home, by where they lay. ``unknown_ids`` counts the customers of the published warehouse whose ids the
    restored ledger does not know; None where there is no warehouse to compare with.
    """

    manifest: Manifest
    replaced: Path | None
    outside: dict[str, Path]
    unknown_ids: int | None


def restore(file: Path, home: Home, identity: Path | None, *, replace: bool) -> Restored:
    """Restores ``file`` into ``home``: a new or empty one, or, with ``replace``, one whose state it takes the place of.

    Raises BackupError, ConfigurationError or HomeInUseError, and has then changed nothing.
    """
    is_new = not home.root.exists()
    if not is_new and not replace and any(path.name not in LOCKS for path in _list_entries(home)):
        raise ConfigurationError(
            f"{home.root} is not empty. Name a new folder with --home, or add --replace: the backup takes the place of "
            "its state and configuration, and what was there is moved aside."
        )
    nearest = next(folder for folder in (home.root, *home.root.parents) if folder.is_dir())
    with open_archive(file, identity, nearest) as archive:
        archive.verify()
        _require_room(archive.manifest, nearest)
        try:
            with run_lock.hold(home.root, "restore"):
                if is_new:
                    home.root.chmod(0o700)
                return _restore(archive, home)
        except BaseException:
            if is_new:
                shutil.rmtree(home.root, ignore_errors=True)
            raise


def _list_entries(home: Home) -> Iterator[Path]:
    return (path for path in home.root.iterdir() if not path.name.startswith(UNFINISHED))


def _require_room(manifest: Manifest, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if manifest.size + ROOM_TO_SPARE > free:
        raise BackupError(
            f"The backup holds {manifest.size:,} bytes, and the disk of {folder} has room for {free:,}: free some."
        )


def _restore(archive: Archive, home: Home) -> Restored:
    lake = Lake(home.lake)
    for left in home.root.glob(f"{UNFINISHED}*"):
        shutil.rmtree(left)
    with _laid_down(archive, home) as folder, publication_lock.hold(home.root):
        replaced = _move_aside(home, archive.manifest)
        publish.seal_path(home).unlink(missing_ok=True)  # What was built belongs to the state of before.
        names = [entry.name for entry in archive.manifest.files]
        _put(folder / HOME / MODELS, lake.models)
        for source in _list_landed(archive.manifest):
            _put(folder / HOME / LANDED / source, home.lake / "landed" / source)
        _put(folder / OUTSIDE, home.root / "restored")
        for name in names:
            place = name.removeprefix(f"{HOME}/")
            if name.startswith(f"{HOME}/") and not place.startswith(IN_FOLDERS):
                _put(folder / name, home.root / place)
        _put(folder / HOME / STATE, home.lake / "state")
        for changed in (home.root, home.lake):
            with suppress(FileNotFoundError):
                sync(changed)
    places = archive.manifest.outside
    outside = {
        places.get(name, name): home.root / "restored" / name.removeprefix(f"{OUTSIDE}/")
        for name in names
        if name.startswith(f"{OUTSIDE}/")
    }
    return Restored(archive.manifest, replaced, outside, _count_unknown_ids(home))


@contextmanager
def _laid_down(archive: Archive, home: Home) -> Iterator[Path]:
    """A folder of the home with all files of the backup; what is left in it is removed at the end."""
    folder = home.root / f"{UNFINISHED}{secrets.token_hex(4)}"
    folder.mkdir(mode=0o700)
    try:
        archive.extract(folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _move_aside(home: Home, manifest: Manifest) -> Path | None:
    """Moves what the backup takes the place of into a folder of its own, and returns that; None where nothing was.

    The previous warehouse goes too: the memory of the segments that belongs to it is not in the backup.
    """
    lake = Lake(home.lake)
    places = [entry.name.removeprefix(f"{HOME}/") for entry in manifest.files if entry.name.startswith(f"{HOME}/")]
    coming = [home.root / place for place in places if not place.startswith(IN_FOLDERS)]
    landed = [home.lake / "landed" / source for source in _list_landed(manifest)]
    aside = [
        lake.models, *landed, *coming, *list_own_files(home), home.previous_warehouse, previous.swapped_path(home),
        home.root / "restored", last_night_file(home), nights_folder(home), home.lake / "state",
    ]  # fmt: skip
    present = [path for path in dict.fromkeys(_find_top(path, home) for path in aside) if os.path.lexists(path)]
    if not present:
        return None
    number = 1 + sum(1 for _ in home.root.glob("replaced-*"))
    while os.path.lexists(home.root / f"replaced-{number}"):
        number += 1
    folder = home.root / f"replaced-{number}"
    folder.mkdir(mode=0o700)
    for path in present:
        target = folder / path.relative_to(home.root)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _move(path, target)
    return folder


def _list_landed(manifest: Manifest) -> list[str]:
    """The sources of which the backup has what was pulled."""
    within = f"{HOME}/{LANDED}/"
    places = [entry.name.removeprefix(within) for entry in manifest.files if entry.name.startswith(within)]
    return sorted({place.split("/")[0] for place in places})


def _find_top(path: Path, home: Home) -> Path:
    """``path``, or what stands where a folder above it is to be: a file, or a link, which leads out of the home.

    The lake and Dagster's folder may well lie on another disk.
    """
    above = [home.root / parent for parent in reversed(path.relative_to(home.root).parents[:-1])]
    in_the_way = (
        folder
        for folder in above
        if folder not in (home.lake, home.dagster)
        and os.path.lexists(folder)
        and (folder.is_symlink() or not folder.is_dir())
    )
    return next(in_the_way, path)


def _put(source: Path, target: Path) -> None:
    if source.exists():
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _move(source, target)


def _move(source: Path, target: Path) -> None:
    """Renames, or copies first where a part of the home lies on another disk."""
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.move(source, target)


def _count_unknown_ids(home: Home) -> int | None:
    if not home.warehouse.exists():
        return None
    known: Iterable[str] = ()
    try:
        if Lake(home.lake).committed_ledger.exists():
            known = pl.read_parquet(Lake(home.lake).committed_ledger, glob=False)["customer_id"].drop_nulls().unique()
        with duckdb.connect(home.warehouse, read_only=True) as connection:
            published = connection.execute("select customer_id from marts.customer_360").fetchall()
    except (duckdb.Error, pl.exceptions.PolarsError):
        return None
    return len({customer_id for (customer_id,) in published} - set(known))
