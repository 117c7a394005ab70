"""The heads of all files of a folder."""

import csv
import zlib
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb

from pipelines.config.connectors import FileOptions, FilesConnector, FilesMapping
from pipelines.config.environment_text import EnvironmentText
from pipelines.errors import ExtractError
from pipelines.extracts.column_names import looks_like_values
from pipelines.extracts.connectors import archives, file_kinds, files, spreadsheets
from pipelines.onboarding.heads import encodings, excerpts, header_place
from pipelines.onboarding.heads.folder import FoundFile
from pipelines.onboarding.heads.head import Head, Unread
from pipelines.unfinished import temporary_folder

MOST_COLUMNS = 2_000  # Each is held against every canonical one; the widest exports that are known have some hundreds.
MOST_CELLS = 5_000_000  # Held in memory, of the rows that are looked at.
MOST_ROWS = 50_000  # More than an excerpt holds, but for columns of a few letters; of workbooks and Parquet, the first.
NO_HEADER = "its first line looks like values, not like names of columns: say `names` under `options`"
ONE_COLUMN = "it has one column only"


def read_heads(found: Sequence[FoundFile]) -> tuple[list[Head], list[Unread]]:
    """What each file begins with, in the order of names, and the files of which nothing is known."""
    heads: list[Head] = []
    unread: list[Unread] = []
    for file in found:
        with temporary_folder("parcours-init-") as scratch:
            try:
                for read in _read_file(file, scratch):
                    (heads if isinstance(read, Head) else unread).append(read)  # type: ignore[arg-type]
            except (ExtractError, duckdb.Error, OSError, EOFError, zlib.error, UnicodeError, csv.Error) as fault:
                unread.append(Unread(file.name, _say(fault, file)))
    return heads, unread


def _say(fault: Exception, file: FoundFile) -> str:
    """The fault in its own words where they hold no value of the file."""
    if isinstance(fault, ExtractError):
        said = str(fault).replace(str(file.path), file.name).splitlines()[0]
        return said.removeprefix(f"{file.name} ")
    return f"cannot be read ({type(fault).__name__})"


def _read_file(file: FoundFile, scratch: Path) -> Iterator[Head | Unread]:
    if file.path.stat().st_size == 0:
        yield Unread(file.name, "is empty")
    elif file.path.suffix.lower() == file_kinds.ARCHIVE:
        yield from _read_archive(file, scratch)
    elif file_kinds.find_format(file.path, file.name, None) == "xlsx":
        yield from _read_workbook(file.path, file, None, scratch)
    else:
        yield _read_table(file.path, file, None, scratch)


def _read_archive(file: FoundFile, scratch: Path) -> Iterator[Head | Unread]:
    for number, (path, member) in enumerate(archives.unpack(file.path, file.name, None, scratch / "archive")):
        inside = scratch / f"member-{number}"
        inside.mkdir()
        try:
            if file_kinds.find_format(path, member, None) == "xlsx":
                yield from _read_workbook(path, file, member, inside)
            else:
                yield _read_table(path, file, member, inside)
        except (ExtractError, duckdb.Error) as fault:
            yield Unread(f"{file.name}{files.INSIDE}{member}", _say(fault, FoundFile(path, member)))


def _read_workbook(path: Path, file: FoundFile, member: str | None, scratch: Path) -> Iterator[Head | Unread]:
    """Each visible sheet that holds a table."""
    sheets = spreadsheets.list_sheets(path, file.name)
    if not sheets:
        yield Unread(file.name, "has no sheet that is visible")
    for number, sheet in enumerate(sheets):
        first = []
        for place, row in spreadsheets.list_rows(path, sheet, file.name):
            first.append((place, [spreadsheets.write_cell(cell, ".") or "" for cell in row]))
            if len(first) == header_place.LOOKED_AT:
                break
        if len(first) < 2:
            continue
        widths = [row[: max((n + 1 for n, cell in enumerate(row) if cell), default=0)] for _, row in first]
        at = header_place.find_header([row + [""] * (max(map(len, widths)) - len(row)) for row in widths])
        skip = first[at][0] - 1 if at else 0
        options: dict[str, Any] = {"sheet": sheet} if len(sheets) > 1 or number else {}
        if skip:
            options["skip"] = skip
        if looks_like_values(first[at][1]):
            yield Unread(f"{file.name} {sheet}", NO_HEADER)
            continue
        folder = scratch / str(number)
        folder.mkdir()
        columns, rows = _open(path, FileOptions(**options, format="xlsx"), folder)
        yield Head(file.path, file.name, columns, rows, options, "xlsx", member, sheet if len(sheets) > 1 else None)


def _read_table(path: Path, file: FoundFile, member: str | None, scratch: Path) -> Head | Unread:
    kind = file_kinds.find_format(path, file.name, None)
    if kind == "parquet":
        columns, rows = _open(path, FileOptions(), scratch)
        return Head(file.path, file.name, columns, rows, {}, kind, member)
    options: dict[str, Any] = {}
    encoding = encodings.guess_encoding(path)
    if encoding != "utf-8":
        options["encoding"] = encoding
    is_document = path.suffix.lower() == ".json" or path.with_suffix("").suffix.lower() == ".json"
    start = (
        path if is_document else excerpts.write_excerpt(path, scratch / f"start{'.csv' if kind == 'csv' else '.jsonl'}")
    )
    if kind == "csv":
        skip, first = _find_csv_header(start, encoding)
        if skip:
            options["skip"] = skip
        if looks_like_values(first):
            return Unread(_shown(file, member), NO_HEADER)
        if len(first) < 2:
            return Unread(_shown(file, member), ONE_COLUMN)
    columns, rows = _open(start, FileOptions(**options), scratch)
    return Head(file.path, file.name, columns, rows, options, kind, member)


def _shown(file: FoundFile, member: str | None) -> str:
    return f"{file.name}{files.INSIDE}{member}" if member else file.name


def _find_csv_header(start: Path, encoding: str) -> tuple[int, list[str]]:
    """The lines above the header, and its cells. A line `sep=;` need not be counted."""
    raw = start.read_bytes()[:200_000]
    decoded = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else encoding, "replace")
    text = decoded.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")[: header_place.LOOKED_AT]
    delimiter = max(files.DELIMITERS, key=lambda mark: sum(line.count(mark) for line in lines))
    rows: list[list[str]] = []
    places: list[int] = []
    reader = csv.reader(StringIO(text), delimiter=delimiter)
    before = 0
    for row in reader:
        if any(cell.strip() for cell in row) and not (len(rows) == 0 and row[0].lower().startswith("sep=")):
            rows.append(row)
            places.append(before)
        before = reader.line_num
        if len(rows) == header_place.LOOKED_AT:
            break
    if not rows:
        return 0, []
    at = header_place.find_header(rows)
    return (places[at] if at else 0), rows[at]


def _open(path: Path, options: FileOptions, scratch: Path) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """The columns and first rows of one file, as an extract reads them; lines that are no rows are left out."""
    folder = scratch / "opened"
    folder.mkdir()
    root = EnvironmentText(str(path.parent), str(path.parent))  # No variable: a folder may be called anything.
    connector = FilesConnector(type="files", root=root)
    mapping = FilesMapping.model_validate({"from": _escape(path.name), "options": options})
    opened = files.open_rows(connector, mapping, path.parent, folder)
    if not opened.columns:
        return (), []
    if len(opened.columns) > MOST_COLUMNS:
        raise ExtractError(
            f"{path.name} has {len(opened.columns):,} columns, more than are looked at ({MOST_COLUMNS:,})"
        )
    most = min(MOST_ROWS, MOST_CELLS // len(opened.columns))
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("set enable_progress_bar = false")
        while True:
            try:
                rows = connection.execute(
                    f"select * exclude (_file) from ({opened.select(numbered=False)}) limit {most}"
                ).fetchall()
                return opened.columns, rows
            except duckdb.Error:
                if not opened.set_aside_malformed():
                    raise


def _escape(name: str) -> str:
    """A file's name as a pattern that matches nothing else."""
    return "".join(f"[{character}]" if character in "*?[" else character for character in name)
