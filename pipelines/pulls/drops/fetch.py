"""One file, fetched as it is at one moment: all its bytes, the same before and after, by the digest the place has."""

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

from pipelines.pulls.drops.place import Entry, FileError, Place
from pipelines.pulls.errors import SourceError
from pipelines.unfinished import temporary

TRIES = 2  # Of a file whose bytes are not those that were said: a connection that ends early tells nobody.


@dataclass(frozen=True)
class Fetched:
    """A file in ``path`` and what was found of it. ``checked``: by what of the place its bytes are proved."""

    entry: Entry
    path: Path
    sha256: str
    md5: str
    lines: int
    checked: str


def fetch(place: Place, entry: Entry, scratch: Path) -> Fetched:
    """The content of ``entry``, written into ``scratch``.

    Raises FileError where it is not what was said of it, SourceError where the place or the disk fails.
    """
    for number in range(1, TRIES + 1):
        try:
            return _fetch(place, entry, scratch)
        except _ShortError as error:
            if number == TRIES:
                raise FileError(str(error)) from None
    raise AssertionError


class _ShortError(Exception):
    """Bytes that are not all that was said; the next try may bring them."""


def _fetch(place: Place, entry: Entry, scratch: Path) -> Fetched:
    path = scratch / f"fetched-{secrets.token_hex(8)}"
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    size = lines = 0
    with temporary(path):
        try:
            with path.open("wb") as written:
                for piece in place.read(entry.name):
                    size += len(piece)
                    if size > entry.size:
                        break
                    sha256.update(piece)
                    md5.update(piece)
                    lines += piece.count(b"\n")
                    _write(written, piece)
            _compare(place, entry, size, md5.hexdigest())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    return Fetched(entry, path, sha256.hexdigest(), md5.hexdigest(), lines, _tell_proof(entry, md5.hexdigest()))


def _write(written: object, piece: bytes) -> None:
    try:
        written.write(piece)  # type: ignore[attr-defined]
    except OSError as fault:
        raise cannot_write(fault) from None


def cannot_write(fault: OSError) -> SourceError:
    """What is said where the lake's disk takes no more."""
    return SourceError(
        f"what comes of it cannot be written to the lake: {fault.strerror or type(fault).__name__}. Make room or grant "
        "the right to write; nothing of it was taken, and what was there is as it was."
    )


def _compare(place: Place, entry: Entry, size: int, md5: str) -> None:
    now = place.look_up(entry.name)
    if now is None or now.state != entry.state:
        raise FileError("it was changed while it was fetched")
    if size != entry.size:
        raise _ShortError(f"a short delivery: {size:,} bytes arrived of {entry.size:,}")
    if entry.md5 is not None and entry.md5 != md5:
        raise _ShortError("what arrived has another MD5 than is said of it there")


def _tell_proof(entry: Entry, md5: str) -> str:
    if entry.md5 is not None:
        return "size and MD5"
    return "size and ETag" if entry.etag is not None and entry.etag.strip('"').lower() == md5 else "size"
