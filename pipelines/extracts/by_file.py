"""Of a table whose files are read in units, those that are what they were, so that only the others are read.

A unit is kept where nothing on which its rows depend differs: the content and names of its files, the days of a run
for which they say the same, the rows of other tables that they wait for, its part of the table in the lake; and where
all of this holds for the units with which it shares keys. What is asked of the table as a whole, :mod:`unchanged` asks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from pipelines.config.sources import Sources
from pipelines.contracts import Table
from pipelines.extracts.connectors.file_kinds import ARCHIVE
from pipelines.extracts.connectors.protocol import FileShape, KnownFile
from pipelines.extracts.division import Division, FormerReading, FormerUnit, ReadUnits
from pipelines.extracts.sql_quoting import quote_name, quote_text
from pipelines.extracts.tallies import Tally
from pipelines.frames.in_memory_sql import connect_in_memory
from pipelines.lake.tables import Lake

LEAST_BYTES = 4_000_000  # Of all files of a table; what is smaller is read in a second or two.
MOST_UNITS = 64  # About; a part of a table is a file, and each that reads the table opens all of them.
WAITED_FOR = ("later_than_as_of", "implausible")  # The kinds of rows of which the parts wait, or go with them.


@dataclass(frozen=True)
class Export:
    """One file that a table is read from. ``size`` in bytes."""

    source: str
    shown: str
    path: Path

    @property
    def size(self) -> int:
        try:
            return self.path.stat().st_size
        except OSError:
            return 0


def divide(sources: Sources, table: Table, exports: Sequence[Export]) -> dict[str, Division]:
    """The files of each source in units; nothing where the table is read and written as a whole.

    The same files, by their names and the size of all, are always divided in the same way, whatever was read before.
    """
    feeding = sources.feeding(table)
    is_divisible = (
        len(exports) > 1
        and len({(export.source, export.shown) for export in exports}) == len(exports)  # They are told apart by name.
        and sum(export.size for export in exports) >= LEAST_BYTES
        and not any(source.tables[table.name].query or source.tables[table.name].with_ for source in feeding)
        and not any(export.path.suffix.lower() == ARCHIVE for export in exports)
        and (table.part_of is None or table.column(table.part_of[1]).required)
    )
    if not is_divisible:
        return {}
    of_each = {source.name: [export for export in exports if export.source == source.name] for source in feeding}
    return {
        source.name: Division(
            _number(files := of_each[source.name]),
            tuple(file.path for file in files),
            tuple(file.shown for file in files),
            source.rows_of,
        )
        for source in feeding
    }


def _number(files: Sequence[Export]) -> tuple[int, ...]:
    """The number of the unit of each file.

    Of very many, units have several. Where one ends its last file's name says, so that a file more or less moves no
    end but its own.
    """
    several = 1
    while len(files) > MOST_UNITS * several:
        several *= 2
    numbers, unit = [], 0
    for file in files:
        numbers.append(unit)
        unit += int.from_bytes(sha256(file.shown.encode()).digest()[:4]) % several == 0
    return tuple(numbers)


def describe_units(
    divisions: Mapping[str, Division], read: Mapping[str, ReadUnits], contents: Mapping[Path, str | None]
) -> dict[str, Any]:
    """What the note of a table says of its units, as JSON has it: by source; nothing where one's cannot be kept."""
    if not all(units.may_be_kept for units in read.values()):
        return {}
    return {
        source: {
            "identities": [_identify(divisions[source], contents, unit) for unit in range(divisions[source].count)],
            "files": [[asdict(file) for file in files] for files in units.files],
            "tallies": [tally.to_plain() for tally in units.tallies],
            "groups": units.groups,
            "reading": asdict(units.reading),
        }
        for source, units in read.items()
    }


@dataclass(frozen=True)
class Noted:
    """What the note of a table says of its units, and how the files of the lake that it speaks of are found.

    ``are_whole``: of each part of the table, in order, whether it is what was written.
    """

    units: Mapping[str, Any]
    are_whole: Sequence[bool]
    waited_for: Path | None


def keep_units(
    divisions: Mapping[str, Division],
    noted: Noted,
    contents: Mapping[Path, str | None],
    table: Table,
    lake: Lake,
    as_of: date,
    waits_for: Path | None,
) -> dict[str, Division]:
    """``divisions`` with the units that need not be read. ``waits_for``: the rows that today's would wait for.

    Raises ValueError, KeyError, TypeError or IndexError where the note is none, duckdb.Error where a file is damaged.
    """
    kept, number = {}, 0
    for source, division in divisions.items():
        former = noted.units[source]
        parts = [lake.part_path(table.kind, table.name, number + unit) for unit in range(len(former["identities"]))]
        are_whole = noted.are_whole[number : number + len(parts)]
        if len(are_whole) != len(parts):
            raise ValueError("a part is not noted")
        number += len(parts)
        units = [_Unit.from_plain(former, unit) for unit in range(len(parts))]
        whole = [part for part, is_whole in zip(parts, are_whole, strict=True) if is_whole]
        waiting = _find_waiting(table, lake, source, division.rows_of, parts, whole, units, noted.waited_for, waits_for)
        here = {_identify(division, contents, unit): unit for unit in range(division.count)}
        same = {
            unit: here[each.identity]
            for unit, each in enumerate(units)
            if each.identity in here and are_whole[unit] and each.tally.days.hold(as_of) and unit not in waiting
        }
        lost = {units[unit].group for unit in range(len(units)) if unit not in same}
        same = {unit: now for unit, now in same.items() if units[unit].group not in lost}
        is_mended_lost = any(
            file.is_mended for unit, each in enumerate(units) if unit not in same for file in each.files
        )
        kept[source] = replace(
            division,
            kept={
                now: FormerUnit(units[unit].files, units[unit].tally, same[units[unit].group], parts[unit])
                for unit, now in same.items()
            },
            former=FormerReading(**former["reading"]) if same else None,
            is_mended_lost=is_mended_lost,
        )
    return kept


Identity = tuple[tuple[str, str | None], ...]
"""The name and content of each file of a unit."""


@dataclass(frozen=True)
class _Unit:
    """A unit as it was noted."""

    identity: Identity
    files: tuple[KnownFile, ...]
    tally: Tally
    group: int

    @classmethod
    def from_plain(cls, noted: Mapping[str, Any], unit: int) -> "_Unit":
        files = tuple(
            KnownFile(
                tuple((str(name), str(type_)) for name, type_ in each["columns"]),
                FileShape(**each["shape"]),
                bool(each["leaves_out"]),
                bool(each["is_mended"]),
                bool(each["is_unpickable"]),
            )
            for each in noted["files"][unit]
        )
        identity = tuple((str(name), content) for name, content in noted["identities"][unit])
        return cls(identity, files, Tally.from_plain(noted["tallies"][unit]), int(noted["groups"][unit]))


def _identify(division: Division, contents: Mapping[Path, str | None], unit: int) -> Identity:
    files = division.files_of(unit)
    return tuple((division.names[number], contents[division.paths[number]]) for number in files)


def _find_waiting(
    table: Table,
    lake: Lake,
    source: str,
    rows_of: str,
    parts: Sequence[Path],
    whole: Sequence[Path],
    units: Sequence[_Unit],
    former: Path | None,
    now: Path | None,
) -> set[int]:
    """The units with rows of which it has changed whether they wait for others, or go with them to quarantine.

    Those others are of the source ``rows_of``. Only ``whole`` ones of the ``parts`` are looked at: the rest is lost in
    any case. Raises duckdb.Error where a file cannot be read.
    """
    if table.part_of is None or (former is None and now is None):
        return set()
    if former is None or now is None:
        return set(range(len(units)))
    key = quote_name(table.part_of[1])
    of_unit = {file.shape.file: number for number, unit in enumerate(units) for file in unit.files}

    def waited_for(file: Path) -> str:
        kinds = ", ".join(map(quote_text, WAITED_FOR))
        return (
            f"select {key}, kind from read_parquet({quote_text(str(file))}) "
            f"where source = {quote_text(rows_of)} and kind in ({kinds})"
        )

    with connect_in_memory(f"Reading {table.path} by file") as connection:
        connection.execute(
            f"create temp table before as {waited_for(former)}; create temp table today as {waited_for(now)}; "
            "create temp table changed as (from before except from today) union (from today except from before)"
        )
        if connection.execute("select count(*) from changed").fetchall() == [(0,)]:
            return set()
        rows = (
            f"select distinct filename from read_parquet([{', '.join(quote_text(str(part)) for part in whole)}], "
            f"filename = true) semi join changed using ({key})"
        )
        found = {parts.index(Path(file)) for (file,) in connection.execute(rows).fetchall()} if whole else set()
        beside = (
            f"select distinct file from read_parquet({quote_text(str(lake.set_apart_path(table.kind, table.name)))}) "
            f"semi join changed using ({key}) where source = {quote_text(source)}"
        )
        return found | {of_unit[file] for (file,) in connection.execute(beside).fetchall()}
