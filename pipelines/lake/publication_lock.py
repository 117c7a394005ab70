"""Held for the moments in which a publication or a rollback puts one state in the place of another.

Who reads several files of that state, as a backup does while a run is at work, holds it too, and finds all of them of
one publication. A run holds ``run_lock`` for as long as it works; this one is held for moments only.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.lake.owner_only import make_folder

FILE_NAME = "publication.lock"


@contextmanager
def hold(root: Path) -> Iterator[None]:
    """Holds ``<root>/publication.lock`` while the block runs, once nobody else does. A kill releases it."""
    make_folder(root)
    descriptor = os.open(root / FILE_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
