"""The encoding of a text file that does not say it, told from its bytes."""

import codecs
from pathlib import Path

from pipelines.extracts.connectors.decoding import open_decompressed, read_chunks, refuse_bomb

CANDIDATES = ("cp1252", "cp850", "mac-roman")
"""What Windows, tills under DOS and old Macs write in western Europe; latin-1 is a part of the first."""

_LETTERS = "éèêëàâäçîïôöùûüÿœæñáíóúßÉÈÊÀÂÇÔ€°’«»–"
_ENOUGH_BYTES = 200_000  # Beyond ASCII; which letters a language uses shows in far fewer.


def guess_encoding(path: Path) -> str:
    """`utf-8` where the file is (UTF-16 says so itself), else the candidate that makes letters of the most bytes.

    The whole file is looked at: the first letter with an accent may stand in its last line.
    """
    decoder, beyond = codecs.getincrementaldecoder("utf-8")(), bytearray()
    is_utf8 = True
    with open_decompressed(path) as file:
        for number, chunk in enumerate(refuse_bomb(read_chunks(file), path.name, path.stat().st_size)):
            if not number and chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF8)):
                return "utf-8"
            if is_utf8:
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    is_utf8 = False
            if len(beyond) < _ENOUGH_BYTES:
                beyond += chunk.translate(None, bytes(range(128)))
    if is_utf8 or _is_mostly_utf8(bytes(beyond)):
        return "utf-8"
    return max(CANDIDATES, key=lambda name: (_count_letters(bytes(beyond), name), -CANDIDATES.index(name)))


def _is_mostly_utf8(beyond: bytes) -> bool:
    """A few lines of another encoding in a file of UTF-8 are set apart, as lines that are no rows."""
    valid = sum(character != "\ufffd" for character in beyond.decode("utf-8", "replace"))
    return 2 * valid > 0.9 * len(beyond)


def _count_letters(beyond: bytes, encoding: str) -> int:
    return sum(character in _LETTERS for character in beyond.decode(encoding, "replace"))
