"""Delimited text, record by record: which lines are no record, and on which line a record begins.

DuckDB parses the files; these passes run only for a file in which it found a fault. It tells neither the line of a
record behind a quoted line break, nor what an unclosed quote swallowed: one stray quote can make it drop tens of
thousands of rows as a single reject. Here such a quote costs its own line and nothing else.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Collection, Generator, Iterable, Iterator
from io import SEEK_CUR, BytesIO
from pathlib import Path
from typing import IO

from pipelines.extracts.connectors.line_faults import Encoding, find_encoding
from pipelines.extracts.connectors.quoted_lines import (
    LONGEST_RECORD,
    NOTHING,
    Added,
    Ahead,
    Dialect,
    Quotes,
    count_delimiters,
    read_lines,
)

LONGEST_SHOWN = 10_000  # Bytes of a line that is longer than any record: the rest of it says no more.
TOO_LONG = f"is longer than {LONGEST_RECORD} bytes"
STRAY_QUOTE = "opens a quote that nothing closes"
WRONG_QUOTE = "has a quote or a line break in the wrong place"
_as_json = json.JSONEncoder(ensure_ascii=False).encode


def find_lines(path: Path, dialect: Dialect, wanted: Iterable[int]) -> dict[int, int]:
    """The first line of each record number (from 1) of a file that parses, for the records ``wanted``."""
    found: dict[int, int] = {}
    for record, line, _ in _list_wanted(path, dialect, set(wanted)):
        found.setdefault(record, line)
    return found


def copy_records(path: Path, dialect: Dialect, wanted: Iterable[int], copy: Path) -> dict[int, int]:
    """The same, and writes these records to ``copy``, in their order, with nothing before them."""
    found: dict[int, int] = {}
    with copy.open("wb") as written:
        for record, line, content in _list_wanted(path, dialect, set(wanted)):
            found.setdefault(record, line)
            written.write(content)
    return found


PIECE = 1 << 20
_AFTER_LONE_RETURN = re.compile(b"(?<=\r)(?!\n)")  # DuckDB ends a record with it, as Macintosh programs once did.
_BLANK_LINE = re.compile(b"(?:^|\n)\r?\n")


def _list_wanted(path: Path, dialect: Dialect, wanted: Collection[int]) -> Iterator[tuple[int, int, bytes]]:
    """Every line of each record number of ``wanted``: the record, the number of the line, its bytes.

    Of text in which each line is a record, as in most it is, the lines are counted a piece of the file at a time.
    """
    quotes, ordered = Quotes(dialect), sorted(wanted)
    record = number = 0
    is_open = False
    with path.open("rb") as file:
        for _ in range(dialect.skip):
            number += bool(file.readline())
        while (is_open or (ordered and record < ordered[-1])) and (piece := file.read(PIECE)):
            piece += file.readline()
            if not is_open and _is_record_a_line(piece, dialect):
                count = piece.count(b"\n") + (not piece.endswith(b"\n"))
                here = ordered[bisect_right(ordered, record) : bisect_right(ordered, record + count)]
                lines = piece.split(b"\n") if here else []
                for each in here:
                    yield each, number + each - record, lines[each - record - 1].rstrip(b"\r") + b"\n"
                record, number = record + count, number + count
                continue
            for line in BytesIO(piece):
                number += 1
                for part in _AFTER_LONE_RETURN.split(line):
                    # A blank line is no record, unless records have one field only.
                    begins = not is_open and (dialect.field_count == 1 or bool(part.strip(b"\r\n")))
                    record += begins
                    is_of_record = begins or is_open
                    is_open = quotes.stay_open(part, is_open)
                    if is_of_record and record in wanted:
                        # Within a value line ends are as they came; DuckDB refuses records that end differently.
                        yield record, number, part if is_open else part.rstrip(b"\r\n") + b"\n"


def _is_record_a_line(piece: bytes, dialect: Dialect) -> bool:
    if dialect.quote and dialect.quote.encode() in piece:
        return False
    if b"\r" in piece and piece.count(b"\r") != piece.count(b"\r\n"):
        return False
    return dialect.field_count == 1 or _BLANK_LINE.search(piece) is None


def copy_head(path: Path, dialect: Dialect, most: int, copy: Path, *, is_cut: bool) -> bool:
    """Writes ``copy``: the first ``most`` records of ``path``; whether there are more.

    ``is_cut``: the file itself ends somewhere, since no more of it is wanted; its last record may be half a one.
    """
    records = 0
    with path.open("rb") as file, copy.open("wb") as written:
        ahead = Ahead(file, dialect)
        while line := ahead.take():
            if ahead.number <= dialect.skip or not line.strip(b"\r\n"):
                written.write(line)
                continue
            if records == most:
                return True
            # A stray quote, which ends nowhere, costs its own line only.
            further = ahead.count_to_end() if ahead.is_open_after(line) else 0
            lines = [line, *(ahead.take() for _ in range(further or 0))]
            if is_cut and (not lines[-1].endswith(b"\n") or (further is None and ahead.has_ended)):
                return True
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
            raw = _as_json({"line": _show(b"".join(lines))})
            entry = {"file": shown, "line": number, "reason": fault, "raw": raw}
            log.write(_as_json(entry) + "\n")
    return count


def set_aside_lines(path: Path, copy: Path, malformed: Path, shown: str) -> int:
    """The same for JSON lines, where every line stands alone: only what keeps a line from being text is a fault."""
    count = 0
    with path.open("rb") as file, copy.open("wb") as written, malformed.open("a", encoding="utf-8") as log:
        for number, line in enumerate(read_lines(file), start=1):
            fault = _find_text_fault(line)
            if fault is None:
                written.write(line.rstrip(b"\r\n") + b"\n")
                continue
            count += 1
            written.write(b"\n")
            raw = _as_json({"line": _show(line)})
            log.write(_as_json({"file": shown, "line": number, "reason": fault, "raw": raw}) + "\n")
    return count


def _find_text_fault(line: bytes) -> str | None:
    if len(line) > LONGEST_RECORD:
        return TOO_LONG
    if encoding := find_encoding(line):
        return encoding.value
    if b"\x1f" in line or b"\r" in line.rstrip(b"\r\n"):
        return "is not a JSON object"
    return None


def _judge_records(path: Path, dialect: Dialect) -> Iterator[tuple[int, list[bytes], str | None]]:
    """Every record or faulty line after the skipped ones: its first line's number, its lines, its fault or None.

    The skipped lines come first, without fault, so that the copy has them too.
    """
    with path.open("rb") as file:
        passed = yield from _judge_plain_lines(file, dialect)
        ahead = Ahead(file, dialect)
        while line := ahead.take():
            number = passed + ahead.number
            if number <= dialect.skip or not line.strip(b"\r\n"):
                yield number, [line.rstrip(b"\r\n") + b"\n"], None
                continue
            further = ahead.count_to_end() if ahead.is_open_after(line) else 0
            if further is None:
                yield number, [line], STRAY_QUOTE
                continue
            size, others = ahead.sum_up(further) if further else (0, NOTHING)
            fault = _find_fault(line, size, others, dialect, is_whole=not further)
            # Where it is at fault, only its first line is; what it swallowed is read afresh.
            yield number, [line, *(ahead.take() for _ in range(0 if fault else further))], fault


def _judge_plain_lines(file: IO[bytes], dialect: Dialect) -> Generator[tuple[int, list[bytes], str | None], None, int]:
    """The same up to the first piece in which a quote stands; ``file`` is before that one then. How many lines.

    Without quotes every line is a record, and most are seen at a glance to be whole.
    """
    marks = {dialect.quote.encode(), dialect.escape.encode()} - {b""}
    delimiter, wanted = dialect.delimiter.encode(), dialect.field_count - 1
    number = 0
    while piece := file.read(PIECE):
        piece += file.readline(LONGEST_RECORD)
        has_marks = any(mark in piece for mark in marks)
        if has_marks or not piece.endswith(b"\n") or piece.count(b"\r") != piece.count(b"\r\n"):
            file.seek(-len(piece), SEEK_CUR)
            return number
        is_text = find_encoding(piece) is None
        for line in piece.split(b"\n")[:-1]:
            number += 1
            record = line.removesuffix(b"\r") + b"\n"
            is_whole = is_text and len(record) <= LONGEST_RECORD and record.count(delimiter) == wanted
            fault = (
                None
                if is_whole or number <= dialect.skip or record == b"\n"
                else _find_fault(record, 0, NOTHING, dialect, is_whole=True)
            )
            yield number, [record], fault
    return number


def _find_fault(first: bytes, size: int, others: Added, dialect: Dialect, *, is_whole: bool) -> str | None:
    """What is wrong with a record of a ``first`` line and ``others`` of ``size`` bytes; ``is_whole``: it has none."""
    if len(first) + size > LONGEST_RECORD:
        return TOO_LONG
    encoding = find_encoding(first)
    if encoding is Encoding.MISREAD or others.misread:
        return Encoding.MISREAD.value
    if encoding is Encoding.UNKNOWN or others.undecoded:
        return Encoding.UNKNOWN.value
    if encoding is Encoding.WINDOWS or others.other_encoding:
        return Encoding.WINDOWS.value
    delimiters = count_delimiters(dialect, first, is_begun=True, is_ended=is_whole)
    if delimiters is None or others.quote_faults:
        return WRONG_QUOTE
    count = delimiters + others.delimiters + 1
    return None if count == dialect.field_count else f"has {count} fields where {dialect.field_count} are expected"


def _write_record(lines: list[bytes]) -> bytes:
    """The record with a line feed at its end: DuckDB refuses a file that mixes line ends."""
    return b"".join([*lines[:-1], lines[-1].rstrip(b"\r\n") + b"\n"])


def _show(line: bytes) -> str:
    shown = line.rstrip(b"\r\n").decode("utf-8", "backslashreplace")
    return f"{shown[:LONGEST_SHOWN]}…" if len(line) > LONGEST_RECORD else shown
