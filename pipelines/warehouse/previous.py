"""The warehouse of before, kept for `parcours rollback`: compressed, since nobody opens it and its half is enough.

While a publication or a rollback swaps warehouses, the one of before lies as it is at :func:`swapped_path`, a second
name of the file that was published, and no bytes move; :func:`settle` then compresses it, after readers have the new
one. What is found there later, a kill or a full disk left: it is newer than what is compressed.
"""

import filecmp
import shutil
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pyarrow as pa

from pipelines.config.home import Home
from pipelines.lake.tables import replacing
from pipelines.warehouse import access

CODEC = "zstd"
PIECE = 1 << 22  # Bytes that are read at once.


def swapped_path(home: Home) -> Path:
    """Where the warehouse of before lies while it changes places, not compressed."""
    return home.root / "warehouse.previous.duckdb"


def is_kept(home: Home) -> bool:
    return home.previous_warehouse.exists() or swapped_path(home).exists()


def settle(home: Home) -> None:
    """Compresses what lies at :func:`swapped_path`, if anything does.

    What is the published warehouse itself is that of a publication which did not come to its last step: it goes, and
    what is compressed stays the one of before. Where the disk is full, it stays as it is until the next time.
    """
    swapped = swapped_path(home)
    if not swapped.exists():
        return
    if is_published(home):
        swapped.unlink()
        return
    access.close_to_readers(swapped)
    with suppress(OSError):
        with replacing(home.previous_warehouse) as temporary:
            with swapped.open("rb") as content, pa.CompressedOutputStream(str(temporary), CODEC) as target:
                shutil.copyfileobj(content, target, PIECE)
            temporary.chmod(access.PUBLISHED)
        swapped.unlink()


def bring_out(home: Home) -> Path:
    """Lays the warehouse of before at :func:`swapped_path`, where it is not compressed, and returns that.

    Raises OSError where what is kept is damaged, or the disk full.
    """
    swapped = swapped_path(home)
    if not swapped.exists():
        with replacing(swapped) as temporary:
            with pa.CompressedInputStream(str(home.previous_warehouse), CODEC) as content, temporary.open("wb") as file:
                shutil.copyfileobj(content, file, PIECE)
            temporary.chmod(access.PUBLISHED)
    return swapped


def find_digest(home: Home) -> str | None:
    """The SHA-256 of the warehouse of before; None where there is none, or it cannot be read."""
    digest, swapped = sha256(), swapped_path(home)
    try:
        with swapped.open("rb") if swapped.exists() else _open_kept(home) as content:
            while piece := content.read(PIECE):
                digest.update(piece)
    except OSError:
        return None
    return digest.hexdigest()


def _open_kept(home: Home) -> pa.NativeFile:
    return pa.CompressedInputStream(str(home.previous_warehouse), CODEC)


def is_published(home: Home) -> bool:
    """Whether what lies at :func:`swapped_path` is the published warehouse, under a second name or as a copy."""
    swapped = swapped_path(home)
    if not home.warehouse.exists():
        return False
    return home.warehouse.samefile(swapped) or filecmp.cmp(home.warehouse, swapped, shallow=False)
