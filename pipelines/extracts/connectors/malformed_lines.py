"""Delimited text, record by record: which lines are no record, and on which line a record begins.

DuckDB parses the files; these passes run only for a file in which it found a fault. It tells neither the line of a
record behind a quoted line break, nor what an unclosed quote swallowed: one stray quote can make it drop tens of
thousands of rows as a single reject. Here such a quote costs its own line and nothing else.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

LONGEST_QUOTED = 1000  # Lines; a quote still open after that many is taken for a stray one.
LONGEST_RECORD = 2_000_000  # Bytes; DuckDB's own limit for one record.


@dataclass(frozen=True)
class Dialect:
    """How records are written. ``field_count`` is that of every record; ``skip`` counts lines before the first."""

    delimiter: str
    quote: str
    escape: str
    field_count: int
    skip: int

    def read_fields(self, record: str) -> list[str]:
        """The fields of one record. Raises csv.Error where its quotes do not work out."""
        csv.field_size_limit(LONGEST_RECORD)
        is_doubled = self.escape in ("", self.quote)
        rows = csv.reader(
            [record],
            delimiter=self.delimiter,
            quotechar=self.quote or None,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            doublequote=is_doubled,
            escapechar=None if is_doubled else self.escape,
            skipinitialspace=True,
            strict=True,
        )
        return next(rows, [])


class _Quotes:
    """Whether a line ends inside a quoted value."""

    def __init__(self, dialect: Dialect) -> None:
        self.quote = dialect.quote.encode()
        if not self.quote:
            return
        delimiter, quote = re.escape(dialect.delimiter).encode(), re.escape(dialect.quote).encode()
        self.opening = re.compile(b"(?:^|" + delimiter + b") *" + quote)
        escape = dialect.escape or dialect.quote
        if escape == dialect.quote:
            # A doubled quote belongs to the value; a single one ends it.
            self.closing = re.compile(b"(?:[^" + quote + b"]|" + quote + quote + b")*" + quote + b"(?!" + quote + b")")
        else:
            guard = re.escape(escape).encode()
            self.closing = re.compile(b"(?:[^" + quote + guard + b"]|" + guard + b".)*" + quote, re.DOTALL)

    def stay_open(self, line: bytes, is_open: bool) -> bool:
        if not self.quote or (not is_open and self.quote not in line):
            return is_open
        position = 0
        while True:
            found = (self.closing if is_open else self.opening).search(line, position)
            if is_open and found and found.start() != position:
                found = None
            if not found:
                return is_open
            is_open, position = not is_open, found.end()


def find_lines(path: Path, dialect: Dialect, wanted: Iterable[int]) -> dict[int, int]:
    """The first line of each record number (from 1) of a file that parses, for the records ``wanted``."""
    numbers = set(wanted)
    last = max(numbers, default=0)
    quotes = _Quotes(dialect)
    found: dict[int, int] = {}
    record, is_open = 0, False
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if number <= dialect.skip:
                continue
            for piece in _LONE_RETURN.split(line):
                # A blank line is no record, unless records have one field only.
                if not is_open and (dialect.field_count == 1 or piece.strip(b"\r\n")):
                    record += 1
                    if record in numbers:
                        found[record] = number
                is_open = quotes.stay_open(piece, is_open)
            if record >= last and len(found) == len(numbers):
                break
    return found


_LONE_RETURN = re.compile(b"\r(?!\n)")  # DuckDB ends a record with it, as Macintosh programs once did.


def copy_head(path: Path, dialect: Dialect, most: int, copy: Path, *, is_cut: bool) -> bool:
    """Writes ``copy``: the first ``most`` records of ``path``; whether there are more.

    ``is_cut``: the file itself ends somewhere, since no more of it is wanted; its last record may be half a one.
    """
    quotes, records = _Quotes(dialect), 0
    with path.open("rb") as file, copy.open("wb") as written:
        ahead = _Ahead(file)
        while line := ahead.take():
            if ahead.number <= dialect.skip or not line.strip(b"\r\n"):
                written.write(line)
                continue
            if records == most:
                return True
            lines, is_open = [line], quotes.stay_open(line, False)
            while is_open and len(lines) < LONGEST_QUOTED and (following := ahead.take()):
                lines.append(following)
                is_open = quotes.stay_open(following, True)
            if is_cut and (not lines[-1].endswith(b"\n") or (is_open and len(lines) < LONGEST_QUOTED)):
                return True
            if is_open:  # A stray quote: what it swallowed is read afresh.
                ahead.give_back(lines[1:])
                lines = lines[:1]
            written.writelines(lines)
            records += 1
    return is_cut


def set_aside(path: Path, dialect: Dialect, copy: Path, malformed: Path, shown: str) -> int:
    """Writes ``copy``: ``path`` with a blank line for each line that is no record, so that line numbers stay.

    Appends those lines to ``malformed`` (JSON lines: file, line, reason, raw); returns how many there were.
    """
    count = 0
    with copy.open("wb") as written, malformed.open("a", encoding="utf-8") as log:
        for number, lines, fault in _judge_records(path, dialect):
            if fault is None:
                written.write(_write_record(lines))
                continue
            count += 1
            written.write(b"\n" * len(lines))
            raw = json.dumps({"line": _show(b"".join(lines))}, ensure_ascii=False)
            entry = {"file": shown, "line": number, "reason": fault, "raw": raw}
            log.write(json.dumps(entry, ensure_ascii=False) + "\n")
    return count


def set_aside_lines(path: Path, copy: Path, malformed: Path, shown: str) -> int:
    """The same for JSON lines, where every line stands alone: only what keeps a line from being text is a fault."""
    count = 0
    with path.open("rb") as file, copy.open("wb") as written, malformed.open("a", encoding="utf-8") as log:
        for number, line in enumerate(file, start=1):
            fault = _find_text_fault(line)
            if fault is None:
                written.write(line.rstrip(b"\r\n") + b"\n")
                continue
            count += 1
            written.write(b"\n")
            raw = json.dumps({"line": _show(line)}, ensure_ascii=False)
            log.write(
                json.dumps({"file": shown, "line": number, "reason": fault, "raw": raw}, ensure_ascii=False) + "\n"
            )
    return count


def _find_text_fault(line: bytes) -> str | None:
    if len(line) > LONGEST_RECORD:
        return f"is longer than {LONGEST_RECORD} bytes"
    if fault := _find_encoding_fault(line):
        return fault
    if b"\x1f" in line or b"\r" in line.rstrip(b"\r\n"):
        return "is not a JSON object"
    return None


def _find_encoding_fault(line: bytes) -> str | None:
    """Bytes that are no UTF-8, and whether they are what Windows writes in western Europe."""
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        text = line.decode("utf-8", "surrogateescape")
        if _MISREAD_UTF8.search(text):
            return f"{NOT_DECODED}; the line is UTF-8, unlike others of the file"
        strays = bytes(ord(letter) - 0xDC00 for letter in text if _is_stray(letter))
        try:
            strays.decode("cp1252")
        except UnicodeDecodeError:
            return NOT_DECODED
        return f"{NOT_DECODED}; `encoding: cp1252` would read it"
    return None


# As `decoding` marks it: the byte of an Ã before a letter that was decoded, or before a control character.
_MISREAD_UTF8 = re.compile("\udcc3[\xa0-\u0fff\udc80-\udc9f]")
NOT_DECODED = "is not valid in the file's encoding"


def _is_stray(letter: str) -> bool:
    return 0xDC80 <= ord(letter) <= 0xDCFF


def _judge_records(path: Path, dialect: Dialect) -> Iterator[tuple[int, list[bytes], str | None]]:
    """Every record or faulty line after the skipped ones: its first line's number, its lines, its fault or None.

    The skipped lines come first, without fault, so that the copy has them too.
    """
    quotes = _Quotes(dialect)
    with path.open("rb") as file:
        ahead = _Ahead(file)
        while line := ahead.take():
            number = ahead.number
            if number <= dialect.skip or not line.strip(b"\r\n"):
                yield number, [line.rstrip(b"\r\n") + b"\n"], None
                continue
            if not quotes.stay_open(line, False):
                yield number, [line], _find_fault([line], dialect)
                continue
            lines = [line]
            is_open = True
            while is_open and len(lines) < LONGEST_QUOTED and (following := ahead.take()):
                lines.append(following)
                is_open = quotes.stay_open(following, True)
            fault = "opens a quote that nothing closes" if is_open else _find_fault(lines, dialect)
            if fault is None:
                yield number, lines, None
            else:
                # Only the first line is at fault; what it swallowed is read afresh.
                ahead.give_back(lines[1:])
                yield number, lines[:1], fault


class _Ahead:
    """Lines of a file that can be given back. ``number`` is that of the line last taken."""

    def __init__(self, file: Iterable[bytes]) -> None:
        self.file = iter(file)
        self.returned: list[bytes] = []
        self.number = 0

    def take(self) -> bytes:
        line = self.returned.pop() if self.returned else next(self.file, b"")
        self.number += bool(line)
        return line

    def give_back(self, lines: list[bytes]) -> None:
        self.returned.extend(reversed(lines))
        self.number -= len(lines)


def _find_fault(lines: list[bytes], dialect: Dialect) -> str | None:
    record = b"".join(lines)
    if len(record) > LONGEST_RECORD:
        return f"is longer than {LONGEST_RECORD} bytes"
    if fault := _find_encoding_fault(record):
        return fault
    try:
        fields = dialect.read_fields(record.decode("utf-8"))
    except csv.Error:
        return "has a quote or a line break in the wrong place"
    if len(fields) != dialect.field_count:
        return f"has {len(fields)} fields where {dialect.field_count} are expected"
    return None


def _write_record(lines: list[bytes]) -> bytes:
    """The record with a line feed at its end: DuckDB refuses a file that mixes line ends."""
    return b"".join([*lines[:-1], lines[-1].rstrip(b"\r\n") + b"\n"])


def _show(line: bytes) -> str:
    return line.rstrip(b"\r\n").decode("utf-8", "backslashreplace")
