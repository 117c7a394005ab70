"""JSON that is not one object a line: an array, an object around one, objects written over many lines.

Such a file becomes JSON lines in the scratch folder, read piece by piece; it is never held as a whole.
"""

import json
from array import array
from collections.abc import Iterator
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import IO, Any

from pipelines import contracts
from pipelines.errors import ExtractError
from pipelines.extracts.connectors.decoding import CHUNK

LARGEST_VALUE = 16 << 20  # Characters; one row of that size is none.
LONGEST_TOKEN = 12  # Characters, of what can be cut in two other than a string: `false`, an escape, a separator.
WRAPPERS = {"data", "results", "result", "items", "records", "rows", "values", "value", "entries", "events", "list"} | {
    table.name for table in contracts.TABLES
}
"""Keys under which interfaces hand out rows; the rows of an order are `lines`, and no rows of the file."""

PAGING = {
    "count", "cursor", "has_more", "limit", "links", "message", "meta", "metadata", "next", "next_cursor", "object",
    "offset", "page", "page_info", "page_size", "pageinfo", "paging", "pagination", "per_page", "previous", "size",
    "status", "success", "total", "total_count", "total_pages", "url",
}  # fmt: skip
"""What interfaces say of a page of rows; beside anything else an empty list may be that of a single row."""


# Numbers are not reckoned with, and Python refuses those of thousands of digits.
_DECODER = json.JSONDecoder(strict=False, parse_int=str, parse_float=str)


def write_lines(
    path: Path, copy: Path, shown: str, most: int | None = None, *, is_cut: bool = False
) -> "array[int] | None":
    """Writes the rows of a JSON document to ``copy``, one a line; the line on which each begins in ``path``.

    Of the rows, ``most`` at most; ``is_cut``: the document ends somewhere, since no more of it is wanted.

    None where the file is JSON lines as it is. Raises ExtractError where the document ends too early or is no JSON.
    """
    starts = array("Q")
    try:
        if _is_json_lines(path):
            return None
        with _open(path) as file, copy.open("w", encoding="utf-8", errors="surrogateescape", newline="\n") as written:
            for line, row in islice(_Document(file).list_rows(), most):
                starts.append(line)
                written.write(row.replace("\r", " ").replace("\n", " ") + "\n")
    except RecursionError:
        raise ExtractError(
            f"{shown} has objects or lists within each other deeper than any row has. Export its rows as JSON lines; "
            "nothing of it was taken."
        ) from None
    except json.JSONDecodeError as fault:
        if is_cut and starts:
            return starts
        raise ExtractError(
            f"{shown} is cut short or is no JSON, near line {fault.lineno}: {_say(fault)}. Fetch it again; nothing of "
            "it was taken."
        ) from fault
    return starts


_FAULTS = {
    "Expecting value": "a value is missing",
    "Expecting property name": "a key is missing",
    "Expecting ',' delimiter": "a comma is missing",
    "Expecting ':' delimiter": "a colon is missing",
    "Illegal trailing comma": "a comma has nothing behind it",
    "Unterminated string": "a text is not closed",
    "Invalid control character": "a text has a character that must be escaped",
    "Invalid \\": "a text has an escape that there is not",
    "Extra data": "there is more text after the end",
    "more text after the end": "there is more text after the end",
}
"""What the parser says, by the beginning of it; behind that it repeats what it has found."""


def _say(fault: json.JSONDecodeError) -> str:
    return next((told for said, told in _FAULTS.items() if fault.msg.startswith(said)), "a mark is missing")


def _open(path: Path) -> IO[str]:
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n")


def _is_json_lines(path: Path) -> bool:
    """Not an array, not an object around one, and no object that needs more than its line."""
    with _open(path) as file:
        line = next((line for line in iter(lambda: file.readline(LARGEST_VALUE), "") if line.strip()), "").strip()
        is_only = not file.read(CHUNK).strip()
    if not line.startswith(("[", "{")):
        return True
    try:
        first = _DECODER.decode(line)
    except json.JSONDecodeError:
        goes_on = line.startswith("[") or line.endswith(("{", "[", ":")) or len(line) >= LARGEST_VALUE - 1
        return not (goes_on or _begins_with_object(path))
    if isinstance(first, list):
        return not is_only and not line.startswith("[{")
    return not (is_only and _find_wrapper(first))


def _begins_with_object(path: Path) -> bool:
    try:
        with _open(path) as file:
            _Document(file).take()
    except json.JSONDecodeError:
        return False
    return True


def _find_wrapper(document: dict[str, Any]) -> str | None:
    """The key of an object whose value are the rows."""
    listed = [key for key, value in document.items() if _are_rows(value)]
    named = [key for key in listed if key.lower() in WRAPPERS]
    if len(named) == 1:
        return named[0]
    if not listed:
        return _find_empty(document)
    return listed[0] if len(document) == len(listed) == 1 else None


def _find_empty(document: dict[str, Any]) -> str | None:
    """The key under which a night without rows has an empty list."""
    empty = [key for key, value in document.items() if value == [] and key.lower() not in PAGING]
    if len(empty) != 1 or not (len(document) == 1 or empty[0].lower() in WRAPPERS):
        return None
    return empty[0] if all(key == empty[0] or key.lower() in PAGING for key in document) else None


def _are_rows(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


class _Document:
    """The text of a file, of which a window is in memory."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._text = ""
        self._at = 0
        self._line = 1
        self._is_whole = False

    def list_rows(self) -> Iterator[tuple[int, str]]:
        """Every row with the line on which it begins, as it is written."""
        if self.peek() == "[":
            yield from self._list_array()
        else:
            yield from self._list_objects()
        if self.peek():
            raise self._fault("more text after the end")

    def _list_array(self) -> Iterator[tuple[int, str]]:
        self._expect("[")
        if self.peek() == "]":
            self._expect("]")
            return
        while True:
            self.peek()
            line, written, _ = self.take()
            yield line, written
            if self.peek() != ",":
                break
            self._expect(",")
        self._expect("]")

    def _list_objects(self) -> Iterator[tuple[int, str]]:
        try:
            line, written, value = self.take()
        except json.JSONDecodeError:
            if len(self._text) < LARGEST_VALUE:
                raise
            yield from self._list_wrapper(None)
            return
        key = _find_wrapper(value) if isinstance(value, dict) and not self.peek() else None
        if key is None:
            yield line, written
            while self.peek():
                line, written, _ = self.take()
                yield line, written
            return
        inner = _Document(StringIO(written))
        inner._line = line
        yield from inner._list_wrapper(key)

    def _list_wrapper(self, key: str | None) -> Iterator[tuple[int, str]]:
        """The rows under ``key`` of the object that begins here; None: those of the first array of objects."""
        self.peek()
        self._expect("{")
        has_found = False
        while self.peek() != "}":
            found = self.take()[2]
            self.peek()
            self._expect(":")
            is_array = self.peek() == "["
            if is_array and not has_found and found == (key or found) and (key or self._holds_objects()):
                has_found = True
                yield from self._list_array()
            else:
                self.take()
            if self.peek() == ",":
                self._expect(",")
        self._expect("}")

    def _holds_objects(self) -> bool:
        return self._text[self._at + 1 : self._at + 200].lstrip().startswith("{")

    def peek(self) -> str:
        """The next character that is no blank, which the next piece begins with; empty at the end."""
        while True:
            rest = len(self._text)
            end = self._at
            while end < rest and self._text[end] in " \t\r\n":
                end += 1
            self._move(end)
            if end < rest:
                return self._text[end]
            if not self._fill():
                return ""

    def take(self) -> tuple[int, str, Any]:
        """The value that begins here: its line, its text, itself. Raises JSONDecodeError where it does not end."""
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as fault:
                is_cut = fault.msg.startswith("Unterminated") or fault.pos > len(self._text) - LONGEST_TOKEN
                if not is_cut or len(self._text) - self._at >= LARGEST_VALUE or not self._fill():
                    raise self._fault(fault.msg) from None
                continue
            # A number may go on in what is not read yet: 12 in `12.5`, also if the point is there, or `e+`.
            if end >= len(self._text) - 2 and self._fill():
                continue
            line, written = self._line, self._text[self._at : end]
            self._move(end)
            return line, written, value

    def _expect(self, character: str) -> None:
        if self._text[self._at : self._at + 1] != character:
            raise self._fault(f"expecting {character}")
        self._move(self._at + 1)

    def _move(self, end: int) -> None:
        self._line += self._text.count("\n", self._at, end)
        self._at = end

    def _fill(self) -> bool:
        more = "" if self._is_whole else self._file.read(CHUNK)
        if not more:
            self._is_whole = True
            return False
        self._text, self._at = self._text[self._at :] + more, 0
        return True

    def _fault(self, message: str) -> json.JSONDecodeError:
        fault = json.JSONDecodeError(message, "", 0)
        fault.lineno = self._line
        return fault
