"""What is unfinished at this moment: temporary files, and a publication half done.

Who ends the process at once asks here, so that it leaves no copy of customers' data behind and says of the warehouse
what is true. A kill asks nobody: what it leaves, the next run removes.
"""

import secrets
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import gettempdir

PUBLISHING = threading.RLock()
"""Held from the rename that publishes a warehouse until all that goes with it is in place: milliseconds."""

_temporary: set[Path] = set()
_making = threading.Lock()
"""Held while a folder is made, and while those that are noted are removed."""


@contextmanager
def temporary(path: Path) -> Iterator[Path]:
    """Notes that ``path``, a file or a folder, is to go with the block, which removes it itself."""
    _temporary.add(path)
    try:
        yield path
    finally:
        _temporary.discard(path)


def note_temporary(path: Path) -> Path:
    """Notes a file or folder that goes with the process at the latest."""
    _temporary.add(path)
    return path


@contextmanager
def temporary_folder(prefix: str, within: Path | None = None) -> Iterator[Path]:
    """An empty folder that is removed with all it holds when the block ends; ``within`` the system's, unless given."""
    folder = Path(within or gettempdir()) / f"{prefix}{secrets.token_hex(8)}"
    with temporary(folder):  # From before it is there until it has gone.
        with _making:
            is_ending = folder not in _temporary
            if not is_ending:
                folder.mkdir(mode=0o700)
        if is_ending:  # What is temporary has been removed, since the process ends: there is nobody to go on for.
            threading.Event().wait()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def remove_temporary() -> None:
    """Removes what is noted, whoever is at work on it: a folder is renamed first, so that nothing is added to it.

    A folder that is noted and not yet there is not made any more.
    """
    with _making:
        for path in _temporary.copy():  # One call to the interpreter: no thread comes between.
            with suppress(OSError):
                if path.is_dir():
                    shutil.rmtree(path.rename(path.with_name(f"{path.name}.gone")), ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)
            _temporary.discard(path)
