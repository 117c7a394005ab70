"""The file of human decisions as text: CSV, one decision per line, read and written line by line.

People edit it by hand too, so writing changes only the line in question: comments (lines that begin with ``#``),
delimiter, order of columns, line ends and a byte order mark stay as they are.
"""

import csv
import fcntl
import io
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.errors import ConfigurationError
from pipelines.lake.owner_only import make_folder
from pipelines.lake.tables import replacing

COLUMNS = ("verdict", "record_a", "record_b", "author", "reason", "decided_on", "expires_on")
DELIMITERS = (",", ";", "\t")  # What spreadsheets write, by country.
LARGEST_FILE = 64 << 20  # Bytes; half a million decisions.
BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class DecisionFile:
    """The file as it is. ``rows``: line number and values by column; ``faults``: line number and what is wrong."""

    lines: list[str]
    has_header: bool = False
    columns: tuple[str, ...] = COLUMNS
    delimiter: str = ","
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)


def read_file(path: Path) -> DecisionFile:
    """The file, parsed; an empty one where there is no file. Raises ConfigurationError if unreadable."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise ConfigurationError(
                f"{path} is larger than {LARGEST_FILE >> 20} MB: no people decide so much. Name the file of decisions."
            )
        text = content.decode("utf-8")
    except FileNotFoundError:
        return DecisionFile([])
    except (OSError, UnicodeDecodeError) as fault:
        reason = "not UTF-8" if isinstance(fault, UnicodeDecodeError) else fault.strerror
        raise ConfigurationError(
            f"The decisions in {path} cannot be read ({reason}). It must be a CSV file in UTF-8 with the header "
            f"{','.join(COLUMNS)}."
        ) from None
    return parse_lines(text.split("\n"))


def parse_lines(lines: list[str]) -> DecisionFile:
    """The decisions in ``lines``."""
    written = [
        (number, line.rstrip("\r").removeprefix(BYTE_ORDER_MARK if number == 1 else ""))
        for number, line in enumerate(lines, start=1)
    ]
    entries = [(number, line) for number, line in written if line.strip() and not line.lstrip().startswith("#")]
    if not entries:
        return DecisionFile(lines)
    (header_line, header), *rest = entries
    delimiter = max(DELIMITERS, key=header.count)
    columns = tuple(name.strip().strip('"').lower() for name in header.split(delimiter))
    if sorted(columns) != sorted(COLUMNS):
        missing = [name for name in COLUMNS if name not in columns]
        lacks = f"it lacks {', '.join(missing)}" if missing else "it has one of them twice, or others"
        wanted = f"the header must be {','.join(COLUMNS)}; {lacks}"
        return DecisionFile(lines, True, faults=[(header_line, wanted)])
    rows, faults = [], []
    for number, line in rest:
        try:
            [values] = csv.reader([line], delimiter=delimiter, strict=True)
        except csv.Error:
            faults.append((number, "a quote is not closed, or stands in the wrong place; a decision is one line"))
            continue
        if len(values) != len(columns):
            faults.append((number, f"has {len(values)} fields where {len(columns)} are expected"))
            continue
        rows.append((number, {name: value.strip() for name, value in zip(columns, values, strict=True)}))
    return DecisionFile(lines, True, columns, delimiter, rows, faults)


def add_line(found: DecisionFile, values: Mapping[str, str]) -> list[str]:
    """The lines with one more decision at the end, and a header where there was none."""
    lines, end = list(found.lines), _line_end(found.lines)
    if lines and lines[-1].strip():
        lines[-1] += end
    elif lines:
        lines.pop()
    if not found.has_header:
        lines.append(_join(dict(zip(COLUMNS, COLUMNS, strict=True)), found) + end)
    return [*lines, _join(values, found) + end, ""]


def comment_out(found: DecisionFile, numbers: list[int], note: str) -> list[str]:
    """The lines, with those of ``numbers`` turned into comments that begin with ``note``: void, but still on record."""
    return [
        f"# {_one_line(note)} | {line}" if number in numbers else line
        for number, line in enumerate(found.lines, start=1)
    ]


def _join(values: Mapping[str, str], found: DecisionFile) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=found.delimiter, lineterminator="")
    writer.writerow([_one_line(values[name]) for name in found.columns])
    return text.getvalue()


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _line_end(lines: list[str]) -> str:
    """The character before the line feed: a carriage return in files from Windows."""
    return "\r" if len(lines) > 1 and lines[0].endswith("\r") else ""


@contextmanager
def locked_for_editing(path: Path) -> Iterator[None]:
    """Locks the folder while the block runs: of two people's reviews at once, both verdicts are kept."""
    make_folder(path.parent)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def write_lines(path: Path, lines: list[str]) -> None:
    """Replaces the whole text in one step."""
    target = path.resolve()  # Of a link, what it points to is replaced, not the link.
    with replacing(target) as temporary:
        temporary.write_bytes("\n".join(lines).encode())
        if target.exists():
            shutil.copymode(target, temporary)
