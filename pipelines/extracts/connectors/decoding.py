"""Text files as plain UTF-8: decompressed, decoded, with line feeds.

DuckDB reads gzip, zstd and latin-1 itself, but takes a damaged gzip and a cut-off zstd for whole ones, and knows few
encodings; going through a copy, every such file is checked to its last byte, and later steps meet one form only.
"""

import codecs
import errno
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pyarrow as pa

from pipelines.errors import ExtractError

CHUNK = 1 << 20
COMPRESSIONS = (".gz", ".zst")
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def make_plain(path: Path, encoding: str, copy: Path, shown: str) -> Path:
    """``path`` itself where it is plain already, else ``copy``, written now. ``shown`` is the file's name in messages.

    Bytes that the encoding does not know are carried over as they are, so that the line they stand in is found out as
    invalid UTF-8. Raises ExtractError where the file is cut short, damaged, or not in ``encoding`` at all.
    """
    with telling_damage(shown):
        with open_decompressed(path) as file:
            start = file.read(CHUNK)
        encoding = _settle_encoding(encoding, start)
        is_utf8 = codecs.lookup(encoding).name in ("utf-8", "utf-8-sig", "ascii")
        has_bare_returns = b"\r" in start and b"\n" not in start
        has_glob_characters = any(character in str(path) for character in "*?[")
        if path.suffix not in COMPRESSIONS and is_utf8 and not has_bare_returns and not has_glob_characters:
            return path
        with open_decompressed(path) as file, copy.open("wb") as written:
            for chunk in _read_chunks(file) if is_utf8 else _recode(file, encoding):
                written.write(chunk.replace(b"\r", b"\n") if has_bare_returns else chunk)
    return copy


@contextmanager
def open_decompressed(path: Path) -> Iterator[IO[bytes]]:
    if path.suffix == ".gz":
        with gzip.open(path) as file:
            yield file  # type: ignore[misc]
    elif path.suffix == ".zst":
        with pa.input_stream(str(path), compression="zstd") as file:
            yield file
    else:
        with path.open("rb") as file:
            yield file


@contextmanager
def telling_damage(shown: str) -> Iterator[None]:
    """What goes wrong in reading ``shown``, as an ExtractError that names it."""
    try:
        yield
    except PermissionError:
        raise ExtractError(f"{shown} may not be read by this user. Grant the right to read it.") from None
    except UnicodeError as fault:
        raise ExtractError(
            f"{shown} is not in the encoding {getattr(fault, 'encoding', 'declared')}. "
            "Correct `encoding` under its `options`."
        ) from None
    except (EOFError, zlib.error, OSError) as fault:
        if getattr(fault, "errno", None) in DISK_FULL:
            raise  # The fault of the disk that the copy is written to.
        raise ExtractError(
            f"{shown} is cut short or damaged ({fault}). Fetch it again; nothing of it was taken."
        ) from None


def _settle_encoding(declared: str, start: bytes) -> str:
    """UTF-16 announces itself by its first two bytes; spreadsheets save it under the name of Unicode."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return declared


def _read_chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk


def _recode(file: IO[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="surrogateescape")
    for chunk in _read_chunks(file):
        yield decoder.decode(chunk).encode("utf-8", "surrogateescape")
    yield decoder.decode(b"", final=True).encode("utf-8", "surrogateescape")
