"""Exports that lie in a folder: CSV, Parquet, JSON and Excel, plain, gzip, zstd or in a .zip, one file or many."""

import csv
import json
import os
import re
import shutil
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count, islice, pairwise
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

import duckdb

from pipelines.config.connectors import FileOptions, FilesConnector, FilesMapping
from pipelines.errors import ExtractError
from pipelines.extracts.column_names import tellable
from pipelines.extracts.connectors import (
    archives,
    decoding,
    file_kinds,
    json_documents,
    line_faults,
    malformed_lines,
    matches,
)
from pipelines.extracts.connectors.limits import LONGEST_HEADER, MOST_COLUMNS
from pipelines.extracts.connectors.protocol import FileShape, KnownFile
from pipelines.extracts.connectors.quoted_lines import Dialect
from pipelines.extracts.sql_quoting import quote_name, quote_text
from pipelines.visible_text import make_one_line

DELIMITERS = (",", ";", "\t", "|")
NOWHERE = "\x1f"  # A character that JSON text never holds, so that a line is one field.
PLACES = ("_file", "_file_number", "_row")  # Columns that say where a row stands, beside the file's own.
LEAST_OF_EACH = 10  # Rows of each file, however many files there are: dates of another format show in a few.
LONGEST_USUAL = 4096  # Bytes; a product with its description as a page, an order with a long note.
LONGEST_SEPARATOR_LINE = 1_000  # Characters of `sep=;`, and a delimiter for each further column.
EMPTY = "is empty: not even a header. Fetch it again, or take it out of the folder."
INSIDE = "!/"  # Between an archive and a file inside, as in `orders.zip!/orders.csv`: no folder's name ends like that.
LINES = Dialect(NOWHERE, "", "", field_count=1, skip=0)


@dataclass
class _File:
    """One file: what it is called, where its plain form lies, which columns it has.

    ``starts``: the line of each row, where the plain form was made of another file and has other lines. ``most``: how
    many rows of a Parquet file are read; ``is_cut``: there are more than are read.
    """

    shown: str
    path: Path
    format: str
    columns: list[str] = field(default_factory=list)
    dialect: Dialect = LINES
    is_mended: bool = False
    starts: "array[int] | None" = None
    most: int | None = None
    is_cut: bool = False
    written_as: str = ""
    encoding: str | None = None
    size: int = 0
    keys: list[str] = field(default_factory=list)  # What a Parquet or JSON file itself calls each of ``columns``.
    has_gaps: bool = False  # Lines of a JSON file that are no rows, and count among them.
    types: list[str] = field(default_factory=list)  # Of a Parquet file's columns; all others are texts.
    known: KnownFile | None = None  # It is not opened, and has no rows here.

    @cached_property
    def names(self) -> frozenset[str]:
        """The columns, to look one up."""
        return frozenset(self.columns)

    @classmethod
    def not_opened(cls, path: Path, known: KnownFile) -> "_File":
        kind = "jsonl" if known.leaves_out else "csv"
        return cls(known.shape.file, path, kind, [name for name, _ in known.columns], known=known)

    @property
    def shape(self) -> FileShape:
        if self.known:
            return self.known.shape
        delimiter = self.dialect.delimiter if self.format == "csv" else None
        return FileShape(self.shown, self.written_as, self.encoding, delimiter, len(self.columns), self.size)

    @property
    def has_own_numbers(self) -> bool:
        """Whether a column has the name by which DuckDB gives a Parquet row its number."""
        return any(name.lower() == "file_row_number" for name in self.columns)

    @property
    def is_unpickable(self) -> bool:
        """Whether its rows are in no place of their own, by which one could be found without the others."""
        if self.known:
            return self.known.is_unpickable
        return self.has_gaps or self.has_own_numbers or self.most is not None

    def read(self) -> str:
        """FROM clause that yields the file's columns, and for JSON lines one column `line`."""
        if self.format == "parquet":
            numbering = "" if self.has_own_numbers else ", file_row_number = true"
            rows = f"read_parquet({quote_text(str(self.path))}, binary_as_string = true{numbering})"
            if self.keys != self.columns:
                rows = f"(select * from {rows} as named({', '.join(map(quote_name, self.columns))}))"
            return rows if self.most is None else f"(from {rows} limit {self.most})"
        names = self.columns if self.format == "csv" else ["line"]
        types = ", ".join(f"{quote_text(name)}: 'VARCHAR'" for name in names)
        return (
            f"read_csv({quote_text(str(self.path))}, auto_detect = false, strict_mode = true, header = false, "
            f"skip = {self.dialect.skip}, delim = {quote_text(self.dialect.delimiter)}, "
            f"quote = {quote_text(self.dialect.quote)}, escape = {quote_text(self.dialect.escape)}, "
            f"columns = {{{types}}})"
        )


class FileRows:
    """The files that one pattern finds, as rows (see :class:`pipelines.extracts.connectors.protocol.Rows`)."""

    def __init__(self, files: list[_File], scratch: Path, opened: dict[str, matches.State]) -> None:
        self._files = files
        self._opened = opened
        self._scratch = scratch
        self._lines: dict[int, dict[int, int]] = {}
        self._set_aside: set[int] = set()
        self.malformed = scratch / "malformed.jsonl"
        self.columns = tuple(dict.fromkeys(column for file in files for column in file.columns))
        self.files = tuple(file.shown for file in files)
        self.shapes = tuple(file.shape for file in files)
        self.is_whole = not any(file.is_cut for file in files)
        self.lacking = {
            column: missing
            for column in self.columns
            # A JSON object simply leaves out what it has no value for.
            if (missing := [file.shown for file in files if file.format != "jsonl" and column not in file.names])
        }

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(file.path for file in self._files if not file.known)

    def describe_files(self) -> list[KnownFile] | None:
        if any(INSIDE in file.shown or file.written_as == "xlsx" or file.most is not None for file in self._files):
            return None  # An archive is one file with the rows of many.
        return [
            file.known
            or KnownFile(
                tuple(zip(file.columns, file.types or ["VARCHAR"] * len(file.columns), strict=True)),
                file.shape,
                leaves_out=file.format == "jsonl",
                is_mended=number in self._set_aside,
                is_unpickable=file.is_unpickable,
            )
            for number, file in enumerate(self._files)
        ]

    def select(self, *, numbered: bool) -> str:
        return "\nunion all\n".join(self._select_file(number, numbered) for number in range(len(self._files)))

    def pick(self, rows: Mapping[int, Sequence[int]]) -> str | None:
        if any(file.is_unpickable for file in self._files):
            return None
        selects = []
        for number, wanted in rows.items():
            file, columns = self._files[number], ", ".join(self._list_columns(number, numbered=True))
            if file.format == "parquet":
                listed = ", ".join(map(str, wanted))
                found = f'(select *, file_row_number + 1 as "_row" from {file.read()}) where "_row" in ({listed})'
            elif not line_faults.is_utf8(file.path):
                return None  # Also what no column of the mapping reads is to be found out: all is read.
            else:
                copy, numbers = (self._scratch / f"picked-{number}{ending}" for ending in ("", ".rows"))
                self._lines[number] = malformed_lines.copy_records(file.path, file.dialect, wanted, copy)
                numbers.write_text("".join(f"{row}\n" for row in sorted(set(wanted))), encoding="utf-8")
                few = replace(file, path=copy, dialect=replace(file.dialect, skip=0))
                rows_of = f"read_csv({quote_text(str(numbers))}, header = false, columns = {{'_row': 'BIGINT'}})"
                found = _unpacked(few, f"(select * from {few.read()} positional join {rows_of})")
            selects.append(f"select {columns} from {found}")
        return "\nunion all\n".join(selects)

    def _list_columns(self, number: int, *, numbered: bool) -> list[str]:
        file = self._files[number]
        columns = [
            quote_name(column) if column in file.names else f"null as {quote_name(column)}" for column in self.columns
        ]
        columns.append(f'{quote_text(file.shown)} as "_file"')
        return [*columns, f'{number} as "_file_number"', '"_row"'] if numbered else columns

    def _select_file(self, number: int, numbered: bool) -> str:
        file = self._files[number]
        columns = self._list_columns(number, numbered=numbered)
        if file.known:
            if numbered:
                columns[-1] = 'cast(null as bigint) as "_row"'
            none = ", ".join(f"cast(null as {type_}) as {quote_name(name)}" for name, type_ in file.known.columns)
            return f"select {', '.join(columns)} from (select {none or '1'}) where false"
        if not numbered:
            return f"select {', '.join(columns)} from {_unpacked(file, file.read())}"
        if file.format == "parquet" and not file.has_own_numbers:
            return f'select {", ".join(columns)} from (select *, file_row_number + 1 as "_row" from {file.read()})'
        numbering = f'(select *, row_number() over () as "_row" from {file.read()})'
        return f"select {', '.join(columns)} from {_unpacked(file, numbering)}"

    def find_changed(self) -> list[str]:
        return [shown for shown, state in self._opened.items() if state.has_changed()]

    def set_aside_malformed(self) -> bool:
        """Mends the files that do not parse; False where none is left to mend."""
        has_mended = False
        for number, file in enumerate(self._files):
            if file.known or file.format == "parquet" or file.is_mended or _parses(file):
                continue
            copy = self._scratch / f"mended-{number}"
            if file.format == "csv":
                malformed_lines.set_aside(file.path, file.dialect, copy, self.malformed, file.shown)
            else:
                malformed_lines.set_aside_lines(file.path, copy, self.malformed, file.shown)
            file.path, file.is_mended, has_mended = copy, True, True
            self._set_aside.add(number)
            file.has_gaps = file.format == "jsonl"
            self._lines.pop(number, None)
        return has_mended

    def find_lines(self, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
        wanted: dict[int, set[int]] = {}
        for number, row in places:
            wanted.setdefault(number, set()).add(row)
        found: dict[tuple[int, int], int] = {}
        for number, rows in wanted.items():
            file = self._files[number]
            if file.starts is not None:
                found |= {(number, row): file.starts[row - 1] for row in rows}
            elif file.format == "jsonl":
                found |= {(number, row): row for row in rows}
            elif file.format == "csv":
                lines = self._lines.get(number, {})
                if not rows <= lines.keys():
                    lines = malformed_lines.find_lines(file.path, file.dialect, rows)
                found |= {(number, row): lines[row] for row in rows if row in lines}
        return found


def find_exports(connector: FilesConnector, mapping: FilesMapping, base: Path) -> list[tuple[str, Path]]:
    """The files under the connector's root that the mapping's pattern finds, by name (see ``FindExports``)."""
    root, shown_root = connector.folder(base), str(connector.root)
    found = matches.find_files(root, shown_root, mapping.from_, connector.outside_folders(base))
    return [(f"{shown_root}/{matches.show_name(path, root)}", path) for path in found]


def open_rows(
    connector: FilesConnector,
    mapping: FilesMapping,
    base: Path,
    scratch: Path,
    most: int | None = None,
    known: Mapping[str, KnownFile] = MappingProxyType({}),
) -> FileRows:
    """The rows of the files under the connector's root that the mapping's pattern finds, by name.

    Of ``most`` rows, each file gives its share, and a few in any case. Files that are ``known`` have none.
    Raises ExtractError where there are none, or one is empty, damaged or of no known format.
    """
    shown_root = str(connector.root)
    prefix = len(shown_root) + 1
    exports = [(shown[prefix:], path) for shown, path in find_exports(connector, mapping, base)]
    return open_files(exports, shown_root, mapping.options, scratch, most, known)


def open_files(
    exports: Sequence[tuple[str, Path]],
    shown_root: str,
    options: FileOptions,
    scratch: Path,
    most: int | None = None,
    known: Mapping[str, KnownFile] = MappingProxyType({}),
) -> FileRows:
    """The rows of ``exports``, files named as messages do below ``shown_root``, as by :func:`open_rows`."""
    places = {f"{shown_root}/{name}": path for name, path in exports}
    opened = {shown: matches.State.of(path) for shown, path in places.items() if shown not in known}
    files = []
    malformed = scratch / "malformed.jsonl"
    share = None if most is None else max(min(LEAST_OF_EACH, most), -(-most // len(exports)))
    for number, (path, name, packed) in enumerate(_list_files(exports, shown_root, options, scratch)):
        copy = scratch / f"plain-{number}"
        shown = f"{shown_root}/{name}"
        if shown in known:
            files.append(_File.not_opened(path, known[shown]))
            continue
        files.append(_read_file(path, name, shown, options, copy, malformed, share, packed))
    _check_members(files, shown_root, options)
    return FileRows(files, scratch, opened)


def _list_files(
    exports: Sequence[tuple[str, Path]], shown_root: str, options: FileOptions, scratch: Path
) -> Iterator[tuple[Path, str, int]]:
    """Each file that was found, its name, and the bytes of disk that it comes from; of an archive, each file inside."""
    for number, (name, path) in enumerate(exports):
        if path.suffix.lower() != file_kinds.ARCHIVE:
            yield _make_readable(path.resolve(), scratch / f"linked-{number}"), name, path.stat().st_size
            continue
        folder = scratch / f"unpacked-{number}"
        for member, inside in archives.unpack(path, f"{shown_root}/{name}", options.member, folder):
            yield member, f"{name}{INSIDE}{make_one_line(inside)}", path.stat().st_size


def _make_readable(path: Path, link: Path) -> Path:
    """``path``, or a link to it where DuckDB would take its name for a pattern, or cannot be given it at all."""
    name = os.fsencode(path)
    if not any(character in b"*?[{" for character in name) and _is_utf8(name):
        return path
    link.mkdir()
    linked = link / f"export{''.join(path.suffixes[-2:]) if _is_utf8(os.fsencode(path.name)) else path.suffix}"
    linked.symlink_to(path)
    return linked


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True


def _check_members(files: list[_File], shown_root: str, options: FileOptions) -> None:
    """An archive may hold the exports of many tables; only those of one table have the same columns."""
    if options.member:
        return
    first: dict[str, _File] = {}
    for file in files:
        archive, is_inside, _ = file.shown.partition(INSIDE)
        other = first.setdefault(archive, file) if is_inside else file
        if other.names != file.names:
            raise ExtractError(
                f"{shown_root}/{archive} holds files of different columns, {other.shown.partition(INSIDE)[2]} and "
                f"{file.shown.partition(INSIDE)[2]} among them. Say under `options` which are meant, such as "
                '`member: "orders_*.csv"`.'
            )


def _read_file(
    path: Path, name: str, shown: str, options: FileOptions, copy: Path, malformed: Path, most: int | None, packed: int
) -> _File:
    file = _open_file(path, name, shown, options, copy, malformed, most, packed)
    if len(file.columns) > MOST_COLUMNS:
        raise ExtractError(
            f"{shown} has more than {MOST_COLUMNS:,} columns, which no export has. Correct `delimiter` under its "
            "`options`, or leave out columns when exporting."
        )
    file.size = path.stat().st_size
    return file


def _open_file(
    path: Path, name: str, shown: str, options: FileOptions, copy: Path, malformed: Path, most: int | None, packed: int
) -> _File:
    kind = file_kinds.find_format(path, shown, options.format)
    if path.stat().st_size == 0 and not (kind == "jsonl" or options.names):
        raise ExtractError(f"{shown} {EMPTY}")
    if kind == "parquet":
        return _read_parquet(path, name, shown, most)
    if kind == "xlsx":
        return _read_sheet(path, name, shown, options, copy, most)
    enough = None if most is None else _count_bytes(most, kind)
    readable = decoding.make_plain(path, options.encoding, copy, shown, enough, packed)
    is_cut = enough is not None and readable == copy and copy.stat().st_size >= enough
    if kind == "csv":
        file = _read_csv(readable, name, shown, options, copy.with_suffix(".body"))
        readable = file.path
        if most is not None:
            file.path = copy.with_suffix(".head")
            file.is_cut = malformed_lines.copy_head(readable, file.dialect, most, file.path, is_cut=is_cut)
    else:
        file = _read_json(readable, name, shown, copy, malformed, most, is_cut)
    file.written_as, file.encoding = kind, options.encoding
    return file


def _count_bytes(most: int, kind: str) -> int:
    """How much of a text holds ``most`` rows, in whole chunks; of JSON, as much as one row may take, and more."""
    least = 2 * json_documents.LARGEST_VALUE if kind == "jsonl" else 0
    return -(-max(least, most * LONGEST_USUAL) // decoding.CHUNK) * decoding.CHUNK


def _read_parquet(path: Path, name: str, shown: str, most: int | None) -> _File:
    file = _File(name, path, "parquet", most=most, written_as="parquet")
    try:
        if most is not None:
            [[count]] = _ask(f"select count(*) from read_parquet({quote_text(str(path))})")
            file.is_cut = count > most
        described = _ask(f"describe from read_parquet({quote_text(str(path))}, binary_as_string = true)")
    except duckdb.Error:
        raise ExtractError(f"{shown} is not a whole Parquet file. Fetch it again.") from None
    file.keys = [row[0] for row in described]
    file.columns = _name_apart(file.keys)
    file.types = [row[1] for row in described]
    return file


def _name_apart(keys: list[str]) -> list[str]:
    """The names as they are, but for those that SQL cannot have, or by which rows are placed."""
    taken = {*PLACES, *(key.lower() for key in keys)}
    names = []
    for number, key in enumerate(keys, start=1):
        name = key
        if not key or key.lower() in PLACES:
            name = next(each for again in count(1) if (each := f"{key or f'column{number}'}_{again}") not in taken)
            taken.add(name)
        names.append(name)
    return names


def _read_csv(path: Path, name: str, shown: str, options: FileOptions, copy: Path) -> _File:
    """The columns of a CSV from its header, or from `names` where it has none.

    Where a quote of the lines that are skipped spans lines, DuckDB would skip more than those, and lose rows: ``copy``
    is written then, with blank lines in their place.
    """
    skip = options.skip
    named = _SEPARATOR_LINE.fullmatch(_line_after(path, skip)[:LONGEST_SEPARATOR_LINE])
    declared = options.delimiter or (_separator(named) if named else None)
    skip += named is not None
    if options.names:
        columns, delimiter = list(options.names), declared or _guess_delimiter(_line_after(path, skip))
    else:
        header, skip = _read_header(path, skip, options)
        if len(header) >= LONGEST_HEADER:
            raise ExtractError(
                f"{shown} has no header: its first line, or a quote that is opened in it, goes on for over "
                f"{LONGEST_HEADER >> 20} MB. Correct `quote`, `skip` or `names` under its `options`, or fetch it again."
            )
        if not header.strip():
            raise ExtractError(f"{shown} {EMPTY}")
        if "\ufffd" in header:
            raise ExtractError(
                f"{shown} is not in the encoding {options.encoding}: already its header holds bytes that are "
                "none of its letters. Say `encoding` under its `options`; cp1252 is what Windows writes in the west.",
                at=("options", "encoding"),
            )
        delimiter = declared or _guess_delimiter(header)
        columns = _split_header(header, delimiter, options.quote, shown)
    columns = _make_unique(columns)
    escape = options.escape or options.quote
    if options.quote and _blank_out(path, skip, options.quote.encode(), copy):
        path = copy
    return _File(name, path, "csv", columns, Dialect(delimiter, options.quote, escape, len(columns), skip))


def _blank_out(path: Path, skip: int, quote: bytes, copy: Path) -> bool:
    """Writes ``copy``, the file with its first ``skip`` lines blank, if one of these holds a quote without its pair."""
    with path.open("rb") as file:
        lines = list(islice(file, skip))
        if all(line.count(quote) % 2 == 0 for line in lines):
            return False
        with copy.open("wb") as written:
            written.write(b"\n" * len(lines))
            shutil.copyfileobj(file, written, decoding.CHUNK)
    return True


def _read_header(path: Path, skip: int, options: FileOptions) -> tuple[str, int]:
    """The header's text, which a quoted line break may spread over lines, and the number of lines up to its end."""
    header: list[str] = []
    length = quotes = count = 0
    with path.open(encoding="utf-8-sig", errors="replace", newline="\n") as file:
        for count, line in enumerate(_short_lines(file), start=1):
            if count <= skip or not (header or line.strip()):
                continue
            header.append(line)
            length += len(line)
            quotes += line.count(options.quote) if options.quote else 0
            if quotes % 2 == 0 or length >= LONGEST_HEADER:
                break
    return "".join(header).rstrip("\r\n")[:LONGEST_HEADER], count


def _split_header(header: str, delimiter: str, quote: str, shown: str) -> list[str]:
    csv.field_size_limit(LONGEST_HEADER)
    try:
        return next(csv.reader([header], delimiter=delimiter, quotechar=quote or None, skipinitialspace=True))
    except csv.Error:
        raise ExtractError(
            f"{shown} has no header that can be read: a line break or a quote stands within its names. Correct "
            "`quote`, `skip` or `names` under its `options`, or fetch it again."
        ) from None


def _line_after(path: Path, skip: int) -> str:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for number, line in enumerate(_short_lines(file)):
            if number >= skip and line.strip():
                return line
    return ""


def _short_lines(file: IO[str]) -> Iterator[str]:
    """The lines of a file, cut where they are longer than any header."""
    while line := file.readline(LONGEST_HEADER):
        yield line
        while line and not line.endswith("\n"):
            line = file.readline(LONGEST_HEADER)


def _guess_delimiter(header: str) -> str:
    """The usual delimiter that the header holds most of, outside quotes."""
    outside = "".join(header.split('"')[::2])
    return max(DELIMITERS, key=outside.count)


# Excel's own first line of a CSV, such as sep=; or "sep=\t".
_SEPARATOR_LINE = re.compile(r'"?sep=(?:(?P<tab>\\t)|(?P<delimiter>.))"?[;,\t]*\s*', re.IGNORECASE | re.DOTALL)
_UNSEEN = re.compile("[\\ufeff\\u200b\\u2060\\u200e\\u200f]")


def _separator(line: re.Match[str]) -> str:
    return "\t" if line["tab"] else line["delimiter"]


def _make_unique(names: list[str]) -> list[str]:
    """A visible name for every column, different from the others in more than case, as SQL needs it."""
    taken = set(PLACES)
    tried: dict[str, int] = {}  # Per name, how far its numbers are used: a header may repeat one any number of times.
    unique = []
    for number, name in enumerate((_UNSEEN.sub("", name).strip() for name in names), start=1):
        base = candidate = name or f"column{number}"
        while candidate.lower() in taken:
            tried[base.lower()] = again = tried.get(base.lower(), 0) + 1
            candidate = f"{base}_{again}"
        taken.add(candidate.lower())
        unique.append(candidate)
    return unique


def _read_sheet(path: Path, name: str, shown: str, options: FileOptions, copy: Path, most: int | None) -> _File:
    """A sheet's rows below its header, which is the first row after `skip` that is not empty."""
    from pipelines.extracts.connectors import spreadsheets  # Its library is loaded where there is a workbook only.

    rows = (
        (number, row) for number, row in spreadsheets.list_rows(path, options.sheet, shown) if number > options.skip
    )
    header = (
        list(options.names)
        if options.names
        else [spreadsheets.write_cell(cell, ".") or "" for cell in next((row for _, row in rows), [])]
    )
    if not header:
        raise ExtractError(f"{shown} {EMPTY}")
    columns = _make_unique(header)
    numbers = spreadsheets.write_rows(islice(rows, most), columns, options.decimal, copy)
    is_cut = next(rows, None) is not None
    return _File(name, copy, "parquet", columns, starts=numbers, is_cut=is_cut, written_as="xlsx")


def _read_json(path: Path, name: str, shown: str, copy: Path, malformed: Path, most: int | None, is_cut: bool) -> _File:
    """The keys of all the file's objects; lines or elements that are no object go to ``malformed``."""
    document, lines = copy.with_suffix(".lines"), path
    starts = json_documents.write_lines(path, document, shown, most, is_cut=is_cut)
    if starts is not None:
        lines, is_cut = document, most is not None and len(starts) >= most
    elif most is not None:
        lines = copy.with_suffix(".head")
        is_cut = malformed_lines.copy_head(path, LINES, most, lines, is_cut=is_cut)
    file = _read_json_lines(lines, name, shown, copy.with_suffix(".mended"), malformed, starts)
    file.is_cut = is_cut
    return file


def _read_json_lines(
    path: Path, name: str, shown: str, copy: Path, malformed: Path, starts: "array[int] | None"
) -> _File:
    file = _File(name, path, "jsonl", starts=starts)
    try:
        file.keys, file.has_gaps = _list_keys(file)
    except duckdb.Error:
        malformed_lines.set_aside_lines(path, copy, malformed, name)
        file.path, file.is_mended = copy, True
        file.keys, file.has_gaps = _list_keys(file)
    if file.has_gaps:
        _set_aside_others(file, malformed)
    file.columns = _name_apart(file.keys)
    for one, other in pairwise(sorted(file.columns, key=str.lower)):
        if one.lower() == other.lower():
            named = f", '{one}' and '{other}'" if len(tellable([one, other], ())) > 1 else ""
            raise ExtractError(f"{shown} has two keys that differ in capitals alone{named}: SQL takes them for one.")
    return file


def _list_keys(file: _File) -> tuple[list[str], bool]:
    """The keys of all objects, in order, one more than there may be columns at most; whether there are other lines."""
    alike = (  # Most objects of a file have the same keys.
        f"select case when {_IS_OBJECT} then json_keys(line) end as keys, count(*) as number "
        f"from {file.read()} group by all"
    )
    rows = _ask(
        f"with alike as materialized ({alike}) "
        f"from (select distinct unnest(keys) as key from alike order by key limit {MOST_COLUMNS + 1}) "
        "union all select null from alike where keys is null"
    )
    return [key for (key,) in rows if key is not None], any(key is None for (key,) in rows)


def _set_aside_others(file: _File, malformed: Path) -> None:
    """Appends the lines that are no object to ``malformed``."""
    numbered = f"(select line, row_number() over () as number from {file.read()})"
    with _connect() as connection:
        faulty = connection.execute(
            f"select number, line from {numbered} where line is not null and not ({_IS_OBJECT}) order by number"
        )
        with malformed.open("a", encoding="utf-8") as log:
            while batch := faulty.fetchmany(10_000):
                for number, text in batch:
                    raw = json.dumps({"line": text}, ensure_ascii=False)
                    line = number if file.starts is None else file.starts[number - 1]
                    entry = {"file": file.shown, "line": line, "reason": "is not a JSON object", "raw": raw}
                    log.write(json.dumps(entry, ensure_ascii=False) + "\n")


_IS_OBJECT = "coalesce(json_valid(line) and json_type(try_cast(line as json)) = 'OBJECT', false)"


def _unpacked(file: _File, source: str) -> str:
    """JSON lines as columns of text, one parse a line; other files as they are."""
    if file.format != "jsonl":
        return source
    if not file.columns:
        return f"(select *, null as line from {source} where false)"
    keys = [key for key in file.keys if key] or [file.columns[0]]  # A structure names at least one.
    structure = json.dumps(dict.fromkeys(keys, "VARCHAR"), ensure_ascii=False)
    columns = "unnest(object)"
    if file.keys != file.columns:
        values = [f"object[{quote_text(key)}]" if key else "json_extract_string(line, '/')" for key in file.keys]
        named = zip(values, file.columns, strict=True)
        columns = ", ".join(f"{value} as {quote_name(name)}" for value, name in named)
    objects = f"{source} where {_IS_OBJECT}" if file.has_gaps else source
    return (
        f"(select * exclude (line, object), {columns} from (select *, json_transform(line, "
        f"{quote_text(structure)}) as object from {objects}))"
    )


def _connect() -> duckdb.DuckDBPyConnection:
    """A connection for looking at a file, no SQL of `sources.yml` in it; of few threads, as each takes a buffer."""
    connection = duckdb.connect(config={"threads": 2})
    connection.execute("set enable_progress_bar = false")
    return connection


def _ask(sql: str) -> list[tuple[Any, ...]]:
    with _connect() as connection:
        return connection.execute(sql).fetchall()


def _parses(file: _File) -> bool:
    try:
        _ask(f"select count(columns(*)) from {file.read()}")
    except duckdb.Error:
        return False
    return True
