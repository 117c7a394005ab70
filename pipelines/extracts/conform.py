"""A canonical table out of every source that has it: mapped, typed, checked; what does not fit goes to quarantine.

No row is dropped in silence (``counts``). DuckDB streams the files through a staging Parquet on the lake's disk and
sorts outside of memory, so a file of any size passes.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import reduce
from pathlib import Path
from types import MappingProxyType

import duckdb

from pipelines.config.connectors import RemoteSource, Source
from pipelines.config.sources import Sources
from pipelines.contracts import Table
from pipelines.errors import ExtractError
from pipelines.extracts import sandbox
from pipelines.extracts.counts import Extracted, check_limits
from pipelines.extracts.days import Days
from pipelines.extracts.division import Division
from pipelines.extracts.field_counts import write_field_counts
from pipelines.extracts.opening import open_table
from pipelines.extracts.plausibility import Window
from pipelines.extracts.quarantine import COLUMNS, count_reasons, write_quarantine
from pipelines.extracts.reading import SourceReading
from pipelines.extracts.sorted_parquet import put_in_place, union_all, write_sorted
from pipelines.extracts.source_shapes import describe_source
from pipelines.extracts.sql_quoting import quote_name, quote_text
from pipelines.lake.landed import landed_folder
from pipelines.lake.tables import Lake

Say = Callable[[str], object]

WORTH_TELLING = 1_000_000  # Rows whose sorting takes seconds.


def extract_table(
    sources: Sources,
    table: Table,
    lake: Lake,
    as_of: date,
    most: int | None = None,
    say: Say = str,
    divisions: Mapping[str, Division] = MappingProxyType({}),
) -> Extracted:
    """Writes ``table`` and its quarantine to the lake, from every source that names it; empty where none does.

    Nothing in it is later than the end of ``as_of`` in the retailer's time zone. For a look, ``most`` rows of each
    source are enough, and its files are read no further. ``say`` is told how far it is. With ``divisions``, one for
    each source, the table is written in parts, one for each unit; of units that are kept, what the lake has stays.

    The table, or each part of it, is sorted by source and key, the key unique within a source; table and quarantine are
    replaced atomically. Raises KeysMeetError and ReadAsAWholeError (nothing is replaced) where units cannot be kept,
    ExtractError where a source cannot be read or mapped (nothing is replaced), RejectLimitExceeded where more rows went
    to quarantine than allowed (the quarantine is replaced, so that one can look, the table is not).
    """
    try:
        return _extract_table(sources, table, lake, Window(as_of, sources.timezone), most, say, divisions)
    except OSError as fault:
        raise ExtractError(
            f"{table.path} cannot be written to {lake.root}: {fault.strerror or type(fault).__name__}. "
            "Make room or grant the right to write; what was there is as it was."
        ) from None


def _extract_table(
    sources: Sources,
    table: Table,
    lake: Lake,
    window: Window,
    most: int | None,
    say: Say,
    divisions: Mapping[str, Division],
) -> Extracted:
    feeding = [find_landed(source, lake) for source in sources.feeding(table)]
    with lake.scratch(f"extract-{table.kind}-{table.name}") as scratch:
        inputs = [
            open_table(sources, source, table, scratch, most, divisions[source.name].known if divisions else {})
            for source in feeding
        ]
        has_query = any(source.tables[table.name].query for source in feeding)
        waited_for = find_waited_for(table, lake)
        kept = _KeptRows(lake, table, {name: division for name, division in divisions.items() if division.kept})
        allowed = [path for opened in inputs for path in opened.paths] + ([waited_for] if waited_for else [])
        with sandbox.connect(sources.timezone, scratch, [*allowed, *kept.paths], is_single=has_query) as connection:
            readings = [
                SourceReading(
                    connection, sources, source, table, opened, scratch / source.name, window, waited_for,
                    divisions.get(source.name),
                )
                for source, opened in zip(feeding, inputs, strict=True)
            ]  # fmt: skip
            per_source = {reading.source.name: reading.conform() for reading in readings}
            typed = sum(tally.staged for reading in readings for tally in reading.tallies.values())
            if typed >= WORTH_TELLING:
                say(f"{table.path}: {typed:,} rows typed, to be sorted")
            quarantine, rejected = lake.quarantine_path(table.kind, table.name), scratch / "quarantine.parquet"
            rejects = [select for reading in readings for select in reading.rejects()]
            rejects += kept.rejects()
            write_quarantine(connection, rejects, rejected)
            files = tuple(f"{reading.source.name}: {file}" for reading in readings for file in reading.opened.files)
            fields = tuple(counted for reading in readings for counted in reading.fields)
            shapes = {each.source.name: describe_source(each.opened, each.declared, table) for each in readings}
            days = reduce(Days.meet, (reading.days for reading in readings), Days())
            extracted = Extracted(
                table, per_source, count_reasons(connection, rejected), files, fields, shapes, days,
                noted={reading.source.name: reading.note() for reading in readings} if divisions else {},
            )  # fmt: skip
            put_in_place(quarantine, rejected)
            check_limits(extracted, sources.file, quarantine)
            write_field_counts(fields, scratch / "fields.parquet")
            put_in_place(lake.field_counts_path(table.kind, table.name), scratch / "fields.parquet")

            _write_set_apart(connection, table, readings, kept, lake, scratch / "set_apart.parquet")
            _write_rows(connection, table, readings, divisions, lake, scratch)
    return extracted


class _KeptRows:
    """What the lake has of the rows of units that are not read, beside the table itself."""

    def __init__(self, lake: Lake, table: Table, divisions: Mapping[str, Division]) -> None:
        self._table, self._divisions = table, divisions
        self._quarantine = lake.quarantine_path(table.kind, table.name)
        self._set_apart = lake.set_apart_path(table.kind, table.name)

    @property
    def paths(self) -> list[Path]:
        """The files that are read for it, and those of the parts."""
        if not self._divisions:
            return []
        parts = [former.part for division in self._divisions.values() for former in division.kept.values()]
        return [self._quarantine, self._set_apart, *parts]

    def rejects(self) -> list[str]:
        """SELECTs of their rows in the quarantine."""
        return [f"select {', '.join(name for name, _ in COLUMNS)} from {rows}" for rows in self._read(self._quarantine)]

    def set_apart(self) -> list[str]:
        """SELECTs of their rows that were set apart."""
        return [f"select * from {rows}" for rows in self._read(self._set_apart)]

    def _read(self, file: Path) -> Iterator[str]:
        for source, division in self._divisions.items():
            names = ", ".join(quote_text(known.shape.file) for known in division.known.values())
            yield f"read_parquet({quote_text(str(file))}) where source = {quote_text(source)} and file in ({names})"


def find_landed(source: Source, lake: Lake) -> Source:
    """The source, and where its rows or files lie if they come into the lake first."""
    return source.at(landed_folder(lake, source.name)) if isinstance(source, RemoteSource) else source


def find_waited_for(table: Table, lake: Lake) -> Path | None:
    """The file of the rows that those of ``table`` are parts of and that are not there yet."""
    if table.part_of is None:
        return None
    file = lake.set_apart_path(table.kind, table.part_of[0])
    return file if file.exists() else None


def _write_set_apart(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    readings: list[SourceReading],
    kept: _KeptRows,
    lake: Lake,
    made: Path,
) -> None:
    """Keeps the keys of the rows that are not there, for the tables whose rows are parts of them."""
    names = dict.fromkeys([*table.key, *([table.part_of[1]] if table.part_of else [])])
    keys = ((name, table.column(name).duckdb_type) for name in names)
    columns = [("source", "VARCHAR"), *keys, ("file", "VARCHAR"), ("kind", "VARCHAR")]
    selects = [select for reading in readings for select in reading.set_apart()]
    write_sorted(connection, union_all([*selects, *kept.set_apart()], columns), "all", made)
    put_in_place(lake.set_apart_path(table.kind, table.name), made)


def _write_rows(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    readings: list[SourceReading],
    divisions: Mapping[str, Division],
    lake: Lake,
    scratch: Path,
) -> None:
    # One source is the same in every row, and would be compared for nothing.
    is_of_one = divisions or len(readings) == 1
    order = ", ".join(map(quote_name, table.key if is_of_one else ("source", *table.key)))
    if not divisions:
        made = scratch / f"{table.name}.parquet"
        write_sorted(connection, _select_table(table, readings), order, made)
        lake.put(table.kind, table.name, made)
        return
    parts = []
    for reading in readings:
        division = divisions[reading.source.name]
        for unit in range(division.count):
            if unit in division.kept:
                parts.append(division.kept[unit].part)
                continue
            parts.append(scratch / reading.source.name / f"part-{unit}.parquet")
            write_sorted(connection, _select_table(table, [reading], unit), order, parts[-1])
    lake.replace_parts(table.kind, table.name, parts)


def _select_table(table: Table, readings: list[SourceReading], unit: int | None = None) -> str:
    selects = [select for reading in readings for select in reading.kept(unit)]
    columns = [("source", "VARCHAR"), *((column.name, column.duckdb_type) for column in table.columns)]
    return union_all(selects, columns)
