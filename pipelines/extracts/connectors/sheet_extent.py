"""How far the cells of a workbook reach, found out before a reader makes room for every cell up to the last one.

One value in the last row and column of a sheet of a few bytes would ask for seventeen thousand million cells, and end
the process.
"""

import re
import zipfile
from typing import IO

from pipelines.errors import ExtractError
from pipelines.extracts.connectors.decoding import CHUNK

MOST_CELLS = 20_000_000  # A million rows of twenty columns; a sheet that is full of them is larger than is read.
LONGEST_TAG = 10_000  # Bytes; that of a cell has some fifty.
_TAG = re.compile(rb"""<(?:[\w.-]+:)?(row|c)(?=[\s/>])((?:[^<>"']++|"[^"]*+"|'[^']*+')*+)>""")
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{0,10})(\d{0,20})""")


def check_extent(archive: zipfile.ZipFile, shown: str) -> None:
    """Raises ExtractError where the values of a sheet lie too far from each other, BadZipFile where it is damaged.

    Every part is read to its end, so that sizes and checksums that are not true are found out as well.
    """
    for entry in archive.infolist():
        with archive.open(entry) as part:
            box = _measure(part)
        if box.count > MOST_CELLS:
            raise ExtractError(
                f"{shown} has values that reach over {box.count:,} cells, over {MOST_CELLS:,}. Delete what stands far "
                "from the table, or save the sheet as CSV."
            )


class _Box:
    """The smallest part of a sheet that has all its values."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.columns: list[int] = []

    @property
    def count(self) -> int:
        if not self.rows:
            return 0
        return (self.rows[1] - self.rows[0] + 1) * (self.columns[1] - self.columns[0] + 1)

    def take(self, row: int, column: int) -> None:
        if not self.rows:
            self.rows, self.columns = [row, row], [column, column]
            return
        if row < self.rows[0]:
            self.rows[0] = row
        elif row > self.rows[1]:
            self.rows[1] = row
        if column < self.columns[0]:
            self.columns[0] = column
        elif column > self.columns[1]:
            self.columns[1] = column


def _measure(part: IO[bytes]) -> _Box:
    box, rest = _Box(), b""
    row, column = 0, 0
    while chunk := part.read(CHUNK):
        text = rest + chunk
        end = 0
        for tag in _TAG.finditer(text):
            end = tag.end()
            name, written = tag[1], tag[2]
            place = _PLACE.search(written)
            if name == b"row":
                row = int(place[2]) if place and place[2] else row + 1
                column = 0
                continue
            if place and place[1] and place[2]:
                at, column = int(place[2]), _number_of(place[1])
            else:
                at, column = row, column + 1
            if not written.endswith(b"/"):  # A cell without anything in it only has a colour.
                box.take(at, column)
        # What a tag may have begun with; of one that has no end, no more than a tag may have.
        last = text.rfind(b"<", end)
        rest = text[last:][:LONGEST_TAG] if last >= 0 else b""
    return box


def _number_of(letters: bytes) -> int:
    """The number of a column, from 1: A, B, …, Z, AA."""
    number = 0
    for letter in letters.upper():
        number = 26 * number + letter - 64
    return number
