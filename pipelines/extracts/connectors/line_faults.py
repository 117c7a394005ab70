"""What keeps the bytes of a line from being text of the file's encoding."""

import codecs
import re
from enum import Enum
from pathlib import Path


class Encoding(Enum):
    """What the bytes of a line are that are no UTF-8, as :mod:`decoding` carries them over; the first one weighs most.

    MISREAD: UTF-8 in a file of another encoding. UNKNOWN: of no encoding that is known. WINDOWS: what Windows writes in
    western Europe.
    """

    MISREAD = "is not valid in the file's encoding; the line is UTF-8, unlike others of the file"
    UNKNOWN = "is not valid in the file's encoding"
    WINDOWS = "is not valid in the file's encoding; `encoding: cp1252` would read it"


# As `decoding` marks it: the byte of an Ã before a letter that was decoded, or before a control character.
_MISREAD_UTF8 = re.compile("\udcc3[\xa0-\u0fff\udc80-\udc9f]")


def find_encoding(line: bytes) -> Encoding | None:
    """Which one ``line`` is in; None for UTF-8."""
    if line.isascii():
        return None
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        text = line.decode("utf-8", "surrogateescape")
        if _MISREAD_UTF8.search(text):
            return Encoding.MISREAD
        strays = bytes(ord(letter) - 0xDC00 for letter in text if 0xDC80 <= ord(letter) <= 0xDCFF)
        try:
            strays.decode("cp1252")
        except UnicodeDecodeError:
            return Encoding.UNKNOWN
        return Encoding.WINDOWS
    return None


def is_utf8(file: Path) -> bool:
    """Whether all bytes of ``file`` are UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with file.open("rb") as content:
        try:
            while piece := content.read(1 << 20):
                # Nothing waits to be completed where the last piece was decoded to its end.
                if not (piece.isascii() and decoder.getstate()[0] == b""):
                    decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True
