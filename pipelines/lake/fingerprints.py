"""What a file is, told by its content: a copy, or a home that was moved or restored, has the same fingerprint."""

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from stat import S_ISREG


def fingerprint(file: Path) -> str | None:
    """The SHA-256 of the file's content; None where there is no file.

    A file that has not been touched since it was last asked about in this process is not read again: whatever writes
    to it, renames it or puts another in its place changes one of the things by which it is known here.
    """
    try:
        state = file.stat()
        if not S_ISREG(state.st_mode):
            return None
        return _digest(file, state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
    except (FileNotFoundError, NotADirectoryError):
        return None


def fingerprint_all(files: Iterable[Path]) -> dict[Path, str | None]:
    """The fingerprint of each file; large ones are read side by side."""
    files = list(files)
    with ThreadPoolExecutor(2) as threads:  # Hashing lets other threads work.
        return dict(zip(files, threads.map(fingerprint, files), strict=True))


@lru_cache(maxsize=256)
def _digest(file: Path, *_: int) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
