"""How far the cells of a workbook reach, found out before a reader makes room for every cell up to the last one.

One value in the last row and column of a sheet of a few bytes would ask for seventeen thousand million cells, and end
the process. A parser finds the cells, not a pattern, from which a comment or the value of an attribute could hide them.
"""

import re
import zipfile
from typing import IO
from xml.parsers import expat

from pipelines.errors import ExtractError
from pipelines.extracts.connectors.decoding import CHUNK

MOST_CELLS = 20_000_000  # A million rows of twenty columns; a sheet that is full of them is larger than is read.
LONGEST_TAG = 8 << 20  # Bytes; a parser begins a tag anew with every piece of it. Lists of ranges have some thousands.
_PLACE = re.compile(r"([A-Za-z]{1,10})([0-9]{1,20})")
_NUMBER = re.compile(r"[0-9]{1,20}")
_ROWS = b"sheetData"  # The element of a sheet that has its rows: without these letters a part is no sheet.
_CONTROLS = bytes.maketrans(bytes(code for code in range(32) if code not in b"\t\n\r"), b" " * 29)


def check_extent(archive: zipfile.ZipFile, shown: str) -> None:
    """Raises ExtractError where the values of a sheet lie too far from each other, BadZipFile where it is damaged.

    Every part is read to its end, so that sizes and checksums that are not true are found out as well.
    """
    for entry in archive.infolist():
        with archive.open(entry) as part:
            count = _count_cells(part)
        if count > MOST_CELLS:
            raise ExtractError(
                f"{shown} has values that reach over {count:,} cells, over {MOST_CELLS:,}. Delete what stands far "
                "from the table, or save the sheet as CSV."
            )


class _Box:
    """The smallest part of a sheet that has all its values: what a parser finds, tag by tag."""

    def __init__(self) -> None:
        self._rows: list[int] = []
        self._columns: list[int] = []
        self._row = self._column = 0
        self._cell: tuple[int, int] | None = None  # The last one, as long as no value is found in it.

    @property
    def count(self) -> int:
        if not self._rows:
            return 0
        return (self._rows[1] - self._rows[0] + 1) * (self._columns[1] - self._columns[0] + 1)

    def open_tag(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if local == "c":
            place = _PLACE.fullmatch(attributes.get("r", ""))
            self._column = _number_of(place[1]) if place else self._column + 1
            self._cell = (int(place[2]) if place else self._row), self._column
        elif local in ("v", "is"):  # A cell without a value only has a colour, or a formula that gave none.
            if self._cell is not None:
                self._take(*self._cell)
                self._cell = None
        elif local == "row":
            number = _NUMBER.fullmatch(attributes.get("r", ""))
            self._row = int(number[0]) if number else self._row + 1
            self._column = 0

    def _take(self, row: int, column: int) -> None:
        if not self._rows:
            self._rows, self._columns = [row, row], [column, column]
            return
        if row < self._rows[0]:
            self._rows[0] = row
        elif row > self._rows[1]:
            self._rows[1] = row
        if column < self._columns[0]:
            self._columns[0] = column
        elif column > self._columns[1]:
            self._columns[1] = column


def _count_cells(part: IO[bytes]) -> int:
    """How many cells a part reaches over; none where it is no sheet, such as a picture."""
    box, is_xml, may_have_rows, before = _Box(), True, False, b""
    size = 0
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = box.open_tag
    parser.StartDoctypeDeclHandler = _refuse_declarations
    while True:
        chunk = part.read(CHUNK)
        may_have_rows = may_have_rows or _ROWS in before + chunk
        before = (before + chunk)[1 - len(_ROWS) :]
        size += len(chunk)
        if is_xml:
            try:
                parser.Parse(chunk.translate(_CONTROLS), not chunk)
                is_xml = size - parser.CurrentByteIndex <= LONGEST_TAG
            except expat.ExpatError:
                is_xml = False
        if not chunk:
            break
    if may_have_rows and not is_xml:
        raise zipfile.BadZipFile("a sheet is no XML")
    return box.count


def _refuse_declarations(*_: object) -> None:
    """Sheets declare nothing; entities that stand for others would unpack to any size."""
    raise expat.ExpatError


def _number_of(letters: str) -> int:
    """The number of a column, from 1: A, B, …, Z, AA."""
    number = 0
    for letter in letters.upper():
        number = 26 * number + ord(letter) - 64
    return number
