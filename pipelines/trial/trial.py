"""The whole trial of a `sources.yml`: every table of every source, their values, and what their rows name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.config.sources import Sources
from pipelines.contracts import TABLES, Table
from pipelines.extracts.column_names import tellable
from pipelines.extracts.conform import extract_table, find_waited_for
from pipelines.lake.tables import Lake
from pipelines.trial.references import ReferenceTrial, try_references
from pipelines.trial.tables import TableTrial, land_first, tell_once, try_table
from pipelines.trial.values import report_fields
from pipelines.unfinished import temporary_folder

Place = tuple[str, str]
"""A source and a file of it."""


@dataclass(frozen=True)
class Trial:
    """What a run would say of the first rows.

    ``fields`` is the field report. ``unread`` are the columns of files that nothing reads, by source and file;
    ``tellable`` those of them that may be named without being asked for.
    ``unfed`` are the canonical tables that no source fills. ``exit_code`` is that of the run.
    """

    tables: tuple[TableTrial, ...]
    fields: pl.DataFrame
    references: ReferenceTrial
    unread: dict[Place, tuple[str, ...]]
    tellable: dict[Place, tuple[str, ...]]
    unfed: tuple[Table, ...]

    @property
    def exit_code(self) -> int:
        stops = any(finding.stops for finding in self.references.findings)
        return max([trial.exit_code for trial in self.tables], default=0) or int(stops)

    def list_unread(self, with_values: bool) -> dict[Place, tuple[str, ...]]:
        """The columns that nothing reads, all of them or those that may be named."""
        return self.unread if with_values else self.tellable

    def fields_of(self, tried: TableTrial) -> pl.DataFrame:
        """The field report of one table of one source, in the order of its columns."""
        order = pl.DataFrame({"column_name": [column.name for column in tried.table.columns]}).with_row_index("order")
        own = self.fields.filter(source=tried.source, table_name=tried.table.path)
        return own.join(order, on="column_name").sort("order")


def try_sources(sources: Sources, as_of: date, most: int) -> Trial:
    """Tries ``most`` rows of every table. Nothing is written but to a temporary folder, which is gone afterwards."""
    with temporary_folder("parcours-check-") as folder:
        lakes = {source.name: Lake(folder / source.name) for source in sources.sources}
        lacking = {source.name: land_first(sources, source, lakes[source.name], most) for source in sources.sources}
        tried = []
        for table in _in_order():
            for source in sources.feeding(table):
                own = lakes[source.name]
                _lend_waited_for(table, lakes[source.rows_of], own)
                tried.append(try_table(sources, source, table, own, as_of, most, lacking[source.name]))
        trials = tuple(tell_once(tried, lacking))
        lake = _join_lakes(sources, folder, as_of)
        unread = _list_unread(trials)
        return Trial(
            tables=trials,
            fields=report_fields(sources, trials, lake, as_of),
            references=try_references(sources, trials, lake, as_of),
            unread=unread,
            tellable=_choose_tellable(unread, trials, sources),
            unfed=tuple(table for table in TABLES if not sources.feeding(table)),
        )


def _in_order() -> list[Table]:
    """What is a part of other rows comes after them."""
    return sorted(TABLES, key=lambda table: table.part_of is not None)


def _lend_waited_for(table: Table, theirs: Lake, lake: Lake) -> None:
    """The list of what rows of ``table`` wait for, where another source tells what they are parts of."""
    file = find_waited_for(table, theirs)
    if file is not None:
        lent = lake.root / file.relative_to(theirs.root)
        lent.parent.mkdir(parents=True, exist_ok=True)
        if not lent.exists():
            lent.hardlink_to(file)


def _join_lakes(sources: Sources, folder: Path, as_of: date) -> Lake:
    """A lake of the rows of all sources; a table that could not be read is there, and empty."""
    joined, nobody = Lake(folder / "all sources"), sources.model_copy(update={"sources": ()})
    for table in TABLES:
        lakes = [Lake(folder / source.name) for source in sources.feeding(table)]
        read = [lake.read(table.kind, table.name) for lake in lakes if lake.has(table.kind, table.name)]
        if read:
            joined.write(table.kind, table.name, pl.concat(read))
        elif lakes:
            extract_table(nobody, table, joined, as_of)
    return joined


def _choose_tellable(
    unread: dict[Place, tuple[str, ...]], trials: Sequence[TableTrial], sources: Sources
) -> dict[Place, tuple[str, ...]]:
    """Of the columns that nothing reads, those whose names are known to be no values."""
    written: dict[Place, list[str]] = {}
    lines: dict[Place, list[str]] = {}
    declared = {source.name: source.tables for source in sources.sources}
    for trial in trials:
        for file in trial.shape.files if trial.shape else ():
            assert trial.shape is not None
            mapping = declared[trial.source][trial.table.name]
            headers = [each for name, header in mapping.headers.items() for each in header.names(name)]
            written.setdefault((trial.source, file.file), []).extend([*mapping.written_sql, *headers])
            lines.setdefault((trial.source, file.file), []).extend([*trial.shape.read, *trial.shape.unread])
    return {
        place: tuple(filter(set(tellable(dict.fromkeys(lines[place]), written[place])).__contains__, columns))
        for place, columns in unread.items()
    }


def _list_unread(trials: Sequence[TableTrial]) -> dict[Place, tuple[str, ...]]:
    """A column counts as read where any of the tables that are made of its file reads it.

    Nothing is said of a file where one of these tables could not be read.
    """
    failed = {(trial.source, trial.pattern) for trial in trials if trial.shape is None}
    read: dict[Place, set[str]] = {}
    unread: dict[Place, dict[str, None]] = {}
    for trial in trials:
        if trial.shape is None or (trial.source, trial.pattern) in failed:
            continue
        for file in trial.shape.files:
            read.setdefault((trial.source, file.file), set()).update(trial.shape.read)
            unread.setdefault((trial.source, file.file), {}).update(dict.fromkeys(trial.shape.unread))
    left = {
        place: tuple(column for column in columns if column not in read[place]) for place, columns in unread.items()
    }
    return {place: columns for place, columns in left.items() if columns}
