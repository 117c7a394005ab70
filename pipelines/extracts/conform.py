"""A canonical table out of every source that has it: mapped, typed, checked; what does not fit goes to quarantine.

No row is dropped in silence (``counts``). DuckDB streams the files through a staging Parquet on the lake's disk and
sorts outside of memory, so a file of any size passes.
"""

from collections.abc import Callable
from datetime import date
from functools import reduce
from pathlib import Path

import duckdb

from pipelines.config.connectors import RemoteSource, Source
from pipelines.config.sources import Sources
from pipelines.contracts import Table
from pipelines.errors import ExtractError
from pipelines.extracts import sandbox
from pipelines.extracts.counts import Extracted, check_limits
from pipelines.extracts.days import Days
from pipelines.extracts.field_counts import write_field_counts
from pipelines.extracts.opening import open_table
from pipelines.extracts.plausibility import Window
from pipelines.extracts.quarantine import count_reasons, write_quarantine
from pipelines.extracts.reading import SourceReading
from pipelines.extracts.sorted_parquet import put_in_place, union_all, write_sorted
from pipelines.extracts.source_shapes import describe_source
from pipelines.extracts.sql_quoting import quote_name
from pipelines.lake.landed import landed_folder
from pipelines.lake.tables import Lake

Say = Callable[[str], object]

WORTH_TELLING = 1_000_000  # Rows whose sorting takes seconds.


def extract_table(
    sources: Sources, table: Table, lake: Lake, as_of: date, most: int | None = None, say: Say = str
) -> Extracted:
    """Writes ``table`` and its quarantine to the lake, from every source that names it; empty where none does.

    Nothing in it is later than the end of ``as_of`` in the retailer's time zone. For a look, ``most`` rows of each
    source are enough, and its files are read no further. ``say`` is told how far it is.

    The table is sorted by source and key, the key unique within a source; both files are replaced atomically. Raises
    ExtractError where a source cannot be read or mapped (nothing is replaced), RejectLimitExceeded where more rows went
    to quarantine than allowed (the quarantine is replaced, so that one can look, the table is not).
    """
    try:
        return _extract_table(sources, table, lake, Window(as_of, sources.timezone), most, say)
    except OSError as fault:
        raise ExtractError(
            f"{table.path} cannot be written to {lake.root}: {fault.strerror or type(fault).__name__}. "
            "Make room or grant the right to write; what was there is as it was."
        ) from None


def _extract_table(sources: Sources, table: Table, lake: Lake, window: Window, most: int | None, say: Say) -> Extracted:
    feeding = [find_landed(source, lake) for source in sources.feeding(table)]
    with lake.scratch(f"extract-{table.kind}-{table.name}") as scratch:
        inputs = [open_table(sources, source, table, scratch, most) for source in feeding]
        has_query = any(source.tables[table.name].query for source in feeding)
        waited_for = find_waited_for(table, lake)
        allowed = [path for opened in inputs for path in opened.paths] + ([waited_for] if waited_for else [])
        with sandbox.connect(sources.timezone, scratch, allowed, is_single=has_query) as connection:
            readings = [
                SourceReading(connection, sources, source, table, opened, scratch / source.name, window, waited_for)
                for source, opened in zip(feeding, inputs, strict=True)
            ]
            per_source = {reading.source.name: reading.conform() for reading in readings}
            typed = sum(counts.rows_read for counts in per_source.values())
            if typed >= WORTH_TELLING:
                say(f"{table.path}: {typed:,} rows typed, to be sorted")
            rejects = [select for reading in readings for select in reading.rejects()]
            files = tuple(f"{reading.source.name}: {file}" for reading in readings for file in reading.opened.files)
            fields = tuple(counted for reading in readings for counted in reading.fields)
            shapes = {each.source.name: describe_source(each.opened, each.declared, table) for each in readings}
            days = reduce(Days.meet, (reading.days for reading in readings), Days())
            extracted = Extracted(table, per_source, count_reasons(connection, rejects), files, fields, shapes, days)

            quarantine, rejected = lake.quarantine_path(table.kind, table.name), scratch / "quarantine.parquet"
            write_quarantine(connection, rejects, rejected)
            put_in_place(quarantine, rejected)
            check_limits(extracted, sources.file, quarantine)
            write_field_counts(fields, scratch / "fields.parquet")
            put_in_place(lake.field_counts_path(table.kind, table.name), scratch / "fields.parquet")

            _write_set_apart(connection, table, readings, lake, scratch / "set_apart.parquet")
            # One source is the same in every row, and would be compared for nothing.
            kept, key = scratch / f"{table.name}.parquet", (*(["source"] if len(feeding) > 1 else []), *table.key)
            write_sorted(connection, _select_table(table, readings), ", ".join(map(quote_name, key)), kept)
            put_in_place(lake.path(table.kind, table.name), kept)
    return extracted


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
    connection: duckdb.DuckDBPyConnection, table: Table, readings: list[SourceReading], lake: Lake, made: Path
) -> None:
    """Keeps the keys of the rows that are not there, for the tables whose rows are parts of them."""
    keys = ((name, table.column(name).duckdb_type) for name in table.key)
    columns = [("source", "VARCHAR"), *keys, ("kind", "VARCHAR")]
    selects = [select for reading in readings for select in reading.set_apart()]
    write_sorted(connection, union_all(selects, columns), "all", made)
    put_in_place(lake.set_apart_path(table.kind, table.name), made)


def _select_table(table: Table, readings: list[SourceReading]) -> str:
    selects = [select for reading in readings for select in reading.kept()]
    columns = [("source", "VARCHAR"), *((column.name, column.duckdb_type) for column in table.columns)]
    return union_all(selects, columns)
