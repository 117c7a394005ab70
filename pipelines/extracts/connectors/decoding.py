"""Text files as plain UTF-8: decompressed, decoded, with line feeds.

DuckDB reads gzip, zstd and latin-1 itself, but takes a damaged gzip and a cut-off zstd for whole ones, and knows few
encodings; going through a copy, every such file is checked to its last byte, and later steps meet one form only.
"""

import codecs
import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pyarrow as pa

from pipelines.errors import ExtractError
from pipelines.extracts.connectors.file_kinds import COMPRESSIONS, refuse_disguised
from pipelines.extracts.connectors.limits import count_fine
from pipelines.unexpected import DISK_FULL

CHUNK = 1 << 20


def make_plain(
    path: Path, encoding: str, copy: Path, shown: str, enough: int | None = None, packed: int | None = None
) -> Path:
    """``path`` itself where it is plain already, else ``copy``, written now. ``shown`` is the file's name in messages.

    Bytes that the encoding does not know are carried over as they are, so that the line they stand in is found out as
    invalid UTF-8. Of a copy, ``enough`` bytes will do, a multiple of :data:`CHUNK`; None: all. ``packed``: how
    many bytes of disk it all comes from, where ``path`` was unpacked itself. Raises ExtractError where the file is cut
    short, damaged, no text, out of all proportion or not in ``encoding`` at all, as far as it is read.
    """
    with telling_damage(shown):
        with open_decompressed(path) as file:
            start = file.read(CHUNK)
        refuse_disguised(start, shown)
        encoding = _settle_encoding(encoding, start)
        is_utf8 = codecs.lookup(encoding).name in ("utf-8", "utf-8-sig", "ascii")
        has_bare_returns = b"\r" in start and b"\n" not in start
        has_glob_characters = any(character in str(path) for character in "*?[")
        if path.suffix.lower() not in COMPRESSIONS and is_utf8 and not has_bare_returns and not has_glob_characters:
            return path
        with open_decompressed(path) as file, copy.open("wb") as written:
            chunks = refuse_bomb(read_chunks(file, enough), shown, path.stat().st_size if packed is None else packed)
            for chunk in chunks if is_utf8 else _recode(chunks, encoding, shown, enough):
                written.write(chunk.replace(b"\r", b"\n") if has_bare_returns else chunk)
    return copy


@contextmanager
def open_decompressed(path: Path) -> Iterator[IO[bytes]]:
    if path.suffix.lower() == ".gz":
        with gzip.open(path) as file:
            yield file  # type: ignore[misc]
    elif path.suffix.lower() == ".zst":
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
            "Correct `encoding` under its `options`.",
            at=("options", "encoding"),
        ) from None
    except (EOFError, zlib.error, OSError) as fault:
        if getattr(fault, "errno", None) in DISK_FULL:
            raise  # The fault of the disk that the copy is written to.
        raise ExtractError(
            f"{shown} is cut short or damaged ({type(fault).__name__}). Fetch it again; nothing of it was taken."
        ) from fault


def _settle_encoding(declared: str, start: bytes) -> str:
    """UTF-16 announces itself by its first two bytes; spreadsheets save it under the name of Unicode."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return declared


def read_chunks(file: IO[bytes], enough: int | None = None) -> Iterator[bytes]:
    """The bytes of ``file``, of which ``enough`` will do."""
    count = 0
    while (enough is None or count < enough) and (chunk := file.read(CHUNK)):
        count += len(chunk)
        yield chunk


def refuse_bomb(chunks: Iterator[bytes], shown: str, packed: int) -> Iterator[bytes]:
    """``chunks`` of a file of ``packed`` bytes, as long as they are in proportion to it."""
    count, fine = 0, count_fine(packed)
    for chunk in chunks:
        count += len(chunk)
        if count > fine:
            raise ExtractError(
                f"{shown} unpacks from {packed:,} bytes to more than {fine:,}, which no export does. Unpack it "
                "yourself if you trust it."
            )
        yield chunk


def _recode(chunks: Iterator[bytes], encoding: str, shown: str, enough: int | None) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="surrogateescape")
    mark_misread, check = _marker_of_misread(encoding), _Utf8Check(encoding)
    count = 0
    for chunk in chunks:
        count += len(chunk)
        check.take(chunk)
        yield mark_misread(decoder.decode(chunk)).encode("utf-8", "surrogateescape")
    if enough is None or count < enough:  # A letter that is cut in two is no fault of the file.
        yield decoder.decode(b"", final=True).encode("utf-8", "surrogateescape")
    if check.is_utf8():
        raise ExtractError(
            f"{shown} is UTF-8, although `encoding: {encoding}` is declared: Hélène would become HÃ©lÃ¨ne. Declare "
            "`encoding: utf-8` under its `options`, or take `encoding` out.",
            at=("options", "encoding"),
        )


# ISO 8859 has control characters, which no text holds, where cp1252 has the euro and the typographic marks. Carried
# over as bytes, they show that the file is in cp1252.
_CONTROL = re.compile("[\x80-\x9f]")
_CONTROLS = {code: 0xDC00 + code for code in range(0x80, 0xA0)}


def _marker_of_misread(encoding: str) -> Callable[[str], str]:
    """What turns letters that are misread for certain back into bytes: their line is then no UTF-8, and is told.

    Beside control characters, that is the Ã of Ã©: in a file of several encodings, such a line is UTF-8. A capital Ã
    stands before no sign, save a closing quotation mark.
    """
    is_iso = codecs.lookup(encoding).name.startswith("iso8859")
    first = 0x80 if is_iso else 0xA0
    signs = bytes(code for code in range(first, 0xC0) if code != 0xBB).decode(encoding, "ignore")
    has_tilde = bytes([0xC3]).decode(encoding, "ignore") == "Ã"
    utf8 = re.compile(f"Ã(?=[{re.escape(signs)}])") if has_tilde else None

    def mark(text: str) -> str:
        if utf8 and "Ã" in text:
            text = utf8.sub("\udcc3", text)
        return text.translate(_CONTROLS) if is_iso and _CONTROL.search(text) else text

    return mark


class _Utf8Check:
    """Whether bytes declared to be of an encoding of one byte a letter are UTF-8: by chance they never are for long."""

    def __init__(self, encoding: str) -> None:
        is_single = codecs.lookup(encoding).name.startswith(("iso8859", "cp125", "cp437", "cp85", "mac"))
        self._decoder = codecs.getincrementaldecoder("utf-8")() if is_single else None
        self._letters: set[str] = set()

    def take(self, chunk: bytes) -> None:
        if self._decoder:
            try:
                self._letters |= set(self._decoder.decode(chunk))
            except UnicodeDecodeError:
                self._decoder = None

    def is_utf8(self) -> bool:
        """Not so if no letter needs two bytes, or one would be of the phonetic alphabet: É before a closing mark is."""
        beyond = {letter for letter in self._letters if ord(letter) > 0x9F}
        return (
            self._decoder is not None and bool(beyond) and not any(0x250 <= ord(letter) <= 0x36F for letter in beyond)
        )
