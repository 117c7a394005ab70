"""Where a value in quotes that goes over several lines ends, without reading any line twice for it.

A stray quote seems to open a value that swallows what follows. Whether a line ends such a value does not depend on
where the value began: each line is looked at once, and what it adds to a record is summed up, so that a file of which
every line opens a quote costs no more than another.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from operator import add, sub
from typing import IO, NamedTuple

from pipelines.extracts.connectors.line_faults import Encoding, find_encoding

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


class Quotes:
    """Whether a line ends inside a quoted value."""

    def __init__(self, dialect: Dialect) -> None:
        self.quote = dialect.quote.encode()
        if not self.quote:
            return
        delimiter, quote = re.escape(dialect.delimiter).encode(), re.escape(dialect.quote).encode()
        # Where blanks part values, each of many would be looked at as the first of those before a quote.
        blanks = b"" if dialect.delimiter == " " else b" *"
        self.opening = re.compile(b"(?:^|" + delimiter + b")" + blanks + quote)
        escape = dialect.escape or dialect.quote
        # What was read is never given back (`*+`): a value that does not end costs its length, and no more.
        if escape == dialect.quote:
            # A doubled quote belongs to the value; a single one ends it.
            self.closing = re.compile(b"(?:[^" + quote + b"]++|" + quote + quote + b")*+" + quote)
        else:
            guard = re.escape(escape).encode()
            self.closing = re.compile(b"(?:[^" + quote + guard + b"]++|" + guard + b".)*+" + quote, re.DOTALL)

    def stay_open(self, line: bytes, is_open: bool) -> bool:
        if not self.quote or self.quote not in line:
            return is_open
        position = 0
        while True:
            found = self.closing.match(line, position) if is_open else self.opening.search(line, position)
            if not found:
                return is_open
            is_open, position = not is_open, found.end()


def read_lines(file: IO[bytes]) -> Iterator[bytes]:
    """The lines of a file; of one that is longer than a record may be, no more than shows that it is."""
    while line := file.readline(LONGEST_RECORD + 1):
        yield line
        if len(line) > LONGEST_RECORD and not line.endswith(b"\n"):
            while (rest := file.readline(LONGEST_RECORD)) and not rest.endswith(b"\n"):
                pass


class Added(NamedTuple):
    """What lines add to a record that they belong to, beside their length."""

    misread: int = 0
    undecoded: int = 0
    other_encoding: int = 0
    quote_faults: int = 0
    delimiters: int = 0

    def plus(self, other: "Added") -> "Added":
        # Most lines add nothing, and are many.
        return self if other is NOTHING else Added(*map(add, self, other))

    def minus(self, other: "Added") -> "Added":
        return Added(*map(sub, self, other))


NOTHING = Added()


class Ahead:
    """Lines of a file, of which those to come can be looked at. ``number`` is that of the line last taken.

    ``has_ended``: looking ahead has met the end of the file.
    """

    def __init__(self, file: IO[bytes], dialect: Dialect) -> None:
        self.number = 0
        self.has_ended = False
        self._lines = read_lines(file)
        self._dialect, self._quotes = dialect, Quotes(dialect)
        self._coming: deque[tuple[bytes, int, Added]] = deque()  # With the sums of all lines looked at up to this one.
        self._closing: deque[int] = deque()  # The numbers of those that end a value begun before them.
        self._passed, self._passed_size = NOTHING, 0
        self._looked_at, self._looked_at_size = NOTHING, 0

    def take(self) -> bytes:
        """The next line; empty at the end."""
        if not self._coming:
            line = next(self._lines, b"")
        else:
            line, self._passed_size, self._passed = self._coming.popleft()
        self.number += bool(line)
        if self._closing and self._closing[0] <= self.number:
            self._closing.popleft()
        return line

    def is_open_after(self, line: bytes) -> bool:
        """Whether ``line``, with which a record begins, leaves a quoted value open."""
        return len(line) <= LONGEST_RECORD and self._quotes.stay_open(line, False)

    def count_to_end(self) -> int | None:
        """How many lines after the one last taken a quoted value goes on that it has left open.

        None where it is open still after the most lines or bytes that one may have.
        """
        while not self._closing:
            if len(self._coming) >= LONGEST_QUOTED - 1 or self._is_full() or not self._look_further():
                return None
        return self._closing[0] - self.number

    def sum_up(self, count: int) -> tuple[int, Added]:
        """How many bytes the next ``count`` lines have, and what they add to a record that they were found to be of."""
        _, size, added = self._coming[count - 1]
        return size - self._passed_size, added.minus(self._passed)

    def _is_full(self) -> bool:
        return self._looked_at_size - self._passed_size > LONGEST_RECORD

    def _look_further(self) -> bool:
        line = next(self._lines, b"")
        if not line:
            self.has_ended = True
            return False
        closes, added = self._judge(line)
        self._looked_at_size += len(line)
        self._looked_at = self._looked_at.plus(added)
        self._coming.append((line, self._looked_at_size, self._looked_at))
        if closes:
            self._closing.append(self.number + len(self._coming))
        return True

    def _judge(self, line: bytes) -> tuple[bool, Added]:
        """Whether the line ends a value that is open before it, and what it adds to the record of that value."""
        if len(line) > LONGEST_RECORD:
            return False, NOTHING
        closes = not self._quotes.stay_open(line, True)
        match find_encoding(line):
            case Encoding.MISREAD:
                return closes, Added(misread=1)
            case Encoding.UNKNOWN:
                return closes, Added(undecoded=1)
            case Encoding.WINDOWS:
                return closes, Added(other_encoding=1)
        if self._quotes.quote not in line:
            return closes, NOTHING
        # Within quotes put around it, the line is parsed as it is in its place.
        delimiters = count_delimiters(self._dialect, line, is_begun=False, is_ended=closes)
        return closes, Added(quote_faults=int(delimiters is None), delimiters=delimiters or 0)


def count_delimiters(dialect: Dialect, line: bytes, *, is_begun: bool, is_ended: bool) -> int | None:
    """How many values of a record end within one of its lines, not counting its last; None where a quote is at fault.

    ``is_begun``, ``is_ended``: the record begins or ends with the line; else a quoted value goes beyond it.
    """
    text = line.decode("utf-8")
    quoted = f"{'' if is_begun else dialect.quote}{text}{'' if is_ended else dialect.quote}"
    try:
        return len(dialect.read_fields(quoted)) - 1
    except csv.Error:
        return None
