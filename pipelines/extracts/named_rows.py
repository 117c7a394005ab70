"""A source's rows under the names that the SQL of its table calls them by, whatever the export calls them.

Beside the columns that the file has, those that it may lack are there too, empty.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pipelines.config.connectors import TableMapping
from pipelines.errors import ExtractError
from pipelines.extracts.column_names import list_found
from pipelines.extracts.connectors.protocol import KnownFile, QuickRows, Rows, RowsOfFiles
from pipelines.extracts.sql_quoting import quote_name, quote_text
from pipelines.name_lists import list_lines, list_names
from pipelines.presets.headers import Header, find_columns, fold_name

PLACES = ("_file", "_file_number", "_row")
EMPTY = "cast(null as varchar)"


class NamedRows:
    """Rows of which some columns go by other names (see :class:`pipelines.extracts.connectors.protocol.Rows`).

    ``found`` are the source's columns by the name that SQL gives them, several where files differ. ``missing`` are
    added, empty.
    """

    def __init__(self, rows: Rows, found: Mapping[str, Sequence[str]], missing: Sequence[str]) -> None:
        self._rows = rows
        names = {columns[0]: name for name, columns in found.items()}
        spare = {column for columns in found.values() for column in columns[1:]}
        taken = {*map(str.lower, (*names.values(), *missing, *PLACES))}
        tried: dict[str, int] = {}
        self._sql: dict[str, str] = {}
        self.lacking: dict[str, list[str]] = {}
        for column in rows.columns:
            if column in spare:
                continue
            if column in names:
                name, columns = names[column], found[names[column]]
            else:
                name, columns = _make_unique(column, taken, tried), (column,)
                taken.add(name.lower())
            read = ", ".join(map(quote_name, columns))
            self._sql[name] = f"coalesce({read})" if len(columns) > 1 else read
            lacked = [set(rows.lacking.get(each, ())) for each in columns]
            lacking = [file for file in rows.files if all(file in each for each in lacked)] if all(lacked) else []
            if lacking:
                self.lacking[name] = lacking
        for name in missing:
            self._sql[name] = EMPTY
            self.lacking[name] = list(rows.files)
        self.columns = tuple(self._sql)
        self.files, self.shapes, self.is_whole = rows.files, rows.shapes, rows.is_whole
        self.originals = {name: columns[0] for name, columns in found.items()}
        self.malformed = rows.malformed
        self.missing = tuple(missing)

    @property
    def paths(self) -> tuple[Path, ...]:
        return self._rows.paths

    def select(self, *, numbered: bool) -> str:
        return self._name(self._rows.select(numbered=numbered), numbered=numbered)

    def _name(self, rows: str, *, numbered: bool) -> str:
        columns = [f"{sql} as {quote_name(name)}" for name, sql in self._sql.items()]
        columns += map(quote_name, PLACES if numbered else PLACES[:1])
        return f"select {', '.join(columns)} from ({rows})"

    def pick(self, rows: Mapping[int, Sequence[int]]) -> str | None:
        picked = self._rows.pick(rows) if isinstance(self._rows, QuickRows) else None
        return None if picked is None else self._name(picked, numbered=True)

    def describe_files(self) -> list[KnownFile] | None:
        return self._rows.describe_files() if isinstance(self._rows, RowsOfFiles) else None

    def find_changed(self) -> list[str]:
        return self._rows.find_changed()

    def set_aside_malformed(self) -> bool:
        return self._rows.set_aside_malformed()

    def find_lines(self, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
        return self._rows.find_lines(places)


def name_rows(rows: Rows, headers: Mapping[str, Header], sql: Iterable[str], preset: str | None) -> Rows:
    """``rows`` with the columns that are among ``headers`` under their names.

    Raises ExtractError that lists every column that ``sql`` speaks of, that no export may lack, and this one does.
    """
    if not rows.columns:  # JSON lines without a line have none; then nothing can be missing from them either.
        return rows
    found = find_columns(headers, rows.columns, rows.lacking)
    named = NamedRows(rows, found.columns, found.missing)
    mentioned = list_mentioned(sql)
    wanted = [
        name
        for name, header in headers.items()
        if name in named.lacking and not header.is_optional and name.lower() in mentioned
    ]
    if wanted:
        raise ExtractError(_describe_missing(wanted, headers, named, rows, preset), at=("headers",))
    return named


def _describe_missing(
    wanted: Sequence[str],
    headers: Mapping[str, Header],
    named: NamedRows,
    rows: Rows,
    preset: str | None,
) -> str:
    names = [each for name, header in headers.items() for each in header.names(name)]
    faults = []
    for name in wanted:
        others = " or ".join(f"'{each}'" for each in headers[name].names(name) if fold_name(each) != fold_name(name))
        called = f" (or {others})" if others else ""
        faults.append(f"  '{name}'{called} is not in {list_names(named.lacking[name])}")
    are = "1 column is" if len(wanted) == 1 else f"{len(wanted)} columns are"
    whose = f"preset '{preset}' needs" if preset else "`headers` names"
    listed = "\n".join(list_lines(faults))
    return (
        f"{are} missing that {whose}. Where your export calls it otherwise, say so under `headers`, such as "
        f'{{"{wanted[0]}": "its name in your file"}}; where it has none, write null for its name. If it is another '
        f"export, name another preset, or map its columns yourself.\n{listed}\n"
        f"  {list_found(rows.columns, names, rows.lacking, rows.files)}"
    )


def speak_of_names(declared: TableMapping, rows: Rows) -> TableMapping:
    """``declared`` with SQL's name of a column wherever `columns` give the one that stands in the file instead."""
    if declared.query or not isinstance(rows, NamedRows):
        return declared
    names = {original: name for name, original in rows.originals.items() if original not in rows.columns}
    columns = {column: names.get(sql, sql) if sql else sql for column, sql in declared.columns.items()}
    return declared.model_copy(update={"columns": columns})


_TOKEN = re.compile(r"""\"((?:[^"]|"")*)\"|'(?:[^']|'')*'|(\w+)""")


def list_mentioned(sql: Iterable[str]) -> set[str]:
    """The columns that the texts, each SQL or a column's name, speak of, in small letters; with words that are none."""
    texts = list(sql)
    found = (found for text in texts for found in _TOKEN.findall(text))
    words = {word.replace('""', '"').lower() for quoted_and_bare in found for word in quoted_and_bare}
    return words.union(map(str.lower, texts))


def empty_relation(headers: Iterable[str]) -> str:
    """A SELECT of no rows, with the columns that there would be."""
    columns = [f"{EMPTY} as {quote_name(name)}" for name in headers]
    return f"select {', '.join([*columns, f'{quote_text(str())} as _file'])} where false"


def _make_unique(name: str, taken: set[str], tried: dict[str, int]) -> str:
    """``name``, or the next free one where SQL would take it for one of ``taken``; ``tried``: how far each has got."""
    candidate = name
    while candidate.lower() in taken:
        tried[name.lower()] = again = tried.get(name.lower(), 0) + 1
        candidate = f"{name}_{again}"
    return candidate
