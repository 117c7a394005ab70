"""All that belongs in a backup as of one moment, also while a run is at work.

No file of the state is ever written in place: a publication puts a new one in its stead. So it is enough to open all of
them while no publication is under way; what is open stays what it was, however long the copying takes. A pull puts
batches in force at any time: what belongs together is listed again once all of it is open.
"""

import errno
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pipelines.backup.contents import HOME, list_contents
from pipelines.backup.errors import BackupError
from pipelines.backup.manifest import Entry, Manifest
from pipelines.config.home import Home
from pipelines.config.sources import Sources
from pipelines.lake import publication_lock
from pipelines.lake.landed import LandedError
from pipelines.warehouse import kept_state, publish

PUBLICATIONS = f"{HOME}/lake/state/publications.jsonl"
TRIES = 5  # A source is put in force once or twice a night.


@contextmanager
def open_contents(
    home: Home, retailer: Sources, sources_file: Path, segments_file: Path, dagster_default: str
) -> Iterator[dict[str, io.BufferedReader]]:
    """The files of :func:`list_contents`, open for reading.

    Raises KeptStateError where what the home keeps is not whole, and BackupError where there is nothing to back up.
    """
    with ExitStack() as opened:
        with _no_publication(home):
            kept_state.require_whole(home, retailer, sources_file, segments_file)
            contents = _open_together(
                lambda: list_contents(home, retailer, sources_file, segments_file, dagster_default), opened
            )
        if not contents:
            raise BackupError(f"There is nothing to back up in {home.root}: no run has published there yet.")
        yield contents


def _open_together(listed: Callable[[], dict[str, Path]], opened: ExitStack) -> dict[str, io.BufferedReader]:
    """All files of ``listed``, open, where it lists the same afterwards."""
    fault: Exception | None = None
    for _ in range(TRIES):
        with ExitStack() as held:
            try:
                files = listed()
                contents = {name: held.enter_context(file.open("rb")) for name, file in files.items()}
                is_one_state = files == listed()
            except (FileNotFoundError, LandedError) as error:
                fault = error
                continue
            if is_one_state:
                opened.enter_context(held.pop_all())
                return contents
    if isinstance(fault, LandedError):
        raise fault
    raise BackupError("What is to be saved changed again and again while it was opened. Try again.")


@contextmanager
def _no_publication(home: Home) -> Iterator[None]:
    """Keeps publications and rollbacks off, having ended what a killed one left; on a home that nobody can write to,
    there is none to keep off."""
    with ExitStack() as held:
        try:
            publish.finish_interrupted(home)
            held.enter_context(publication_lock.hold(home.root))
        except OSError as error:
            if error.errno not in (errno.EROFS, errno.EACCES, errno.EPERM):
                raise
        yield


def list_manifest(contents: Mapping[str, io.BufferedReader], outside: Mapping[str, Path], version: str) -> Manifest:
    """What is in ``contents``; ``outside`` has the paths of files that lie outside the home, by their names."""
    entries = []
    for name, content in contents.items():
        content.seek(0)
        digest = hashlib.file_digest(content, "sha256").hexdigest()
        entries.append(Entry(name, content.tell(), digest))
    as_of, run_id = _read_publication(contents)
    return Manifest(version, as_of, run_id, tuple(entries), {name: str(path) for name, path in outside.items()})


def _read_publication(contents: Mapping[str, io.BufferedReader]) -> tuple[str | None, str | None]:
    """The day and the run of the last publication, where they are on record."""
    if PUBLICATIONS not in contents:
        return None, None
    contents[PUBLICATIONS].seek(0)
    try:
        last = json.loads(contents[PUBLICATIONS].read().splitlines()[-1])
        return str(last["as_of"]), str(last["run_id"])
    except (ValueError, TypeError, KeyError, IndexError):
        return None, None
