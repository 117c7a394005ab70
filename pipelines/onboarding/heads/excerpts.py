"""An excerpt of a text file as a file of its own: what is to be said of gigabytes shows in the first and last lines.

The last ones too, as exports are in the order of time: a day above 12 may come late.
"""

import codecs
import os
from pathlib import Path

from pipelines.extracts.connectors.decoding import open_decompressed
from pipelines.extracts.connectors.file_kinds import COMPRESSIONS

FIRST = 3 << 19  # Bytes, some ten thousand rows.
LAST = 1 << 19
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def write_excerpt(path: Path, copy: Path) -> Path:
    """Writes whole lines of the beginning of ``path``, decompressed, and of its end, to ``copy``.

    Of a compressed file or one of UTF-16 it is the beginning only; the latter becomes UTF-8.
    """
    with open_decompressed(path) as file:
        start = file.read(FIRST + LAST + 1)
    is_utf_16 = start.startswith(_UTF_16)
    if is_utf_16:
        start = start.decode("utf-16", "ignore").encode("utf-8")
    if len(start) <= FIRST + LAST:
        copy.write_bytes(start)
        return copy
    end = b""
    if path.suffix.lower() not in COMPRESSIONS and not is_utf_16:
        end = _read_end(path)
    first = start[:FIRST]
    copy.write_bytes((first[: first.rfind(b"\n") + 1] or first) + end)
    return copy


def _read_end(path: Path) -> bytes:
    """The whole lines among the last bytes."""
    with path.open("rb") as file:
        file.seek(-LAST, os.SEEK_END)
        end = file.read()
    return end[end.find(b"\n") + 1 :]
