"""One table of one source, tried: how its files are, what became of its first rows, and all that is wrong."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Literal

import duckdb

from pipelines.config.connectors import PulledSource, RemoteSource, Source
from pipelines.config.drop_sources import DropSource
from pipelines.config.sources import Sources
from pipelines.contracts import Table
from pipelines.errors import ExtractError
from pipelines.extracts.conform import extract_table
from pipelines.extracts.connectors.line_faults import Encoding
from pipelines.extracts.counts import Extracted, RejectLimitExceeded, SourceCounts
from pipelines.extracts.field_counts import FieldCounts
from pipelines.extracts.opening import place_error
from pipelines.extracts.refused_numbers import find_option
from pipelines.extracts.source_shapes import SourceShape
from pipelines.lake.tables import Lake
from pipelines.pulls.drops.mirror import mirror_source
from pipelines.pulls.pull import Settings, pull_source
from pipelines.pulls.web.client import reaching_once

Weight = Literal["stops", "told"]


@dataclass(frozen=True)
class TrialFault:
    """Something that is wrong: the line of `sources.yml` that it belongs to, and for rows the first one's place.

    stops: a run would stop. told: it would go on, and the rows or values be counted. No value of a row is in it.
    """

    weight: Weight
    line: int | None
    column: str | None
    message: str
    rows: int | None = None
    file: str | None = None
    file_line: int | None = None


@dataclass(frozen=True)
class TableTrial:
    """What was found of one source's table, of which the files are those that match ``pattern``.

    ``counts`` and ``shape`` are missing where it could not be read at all.

    ``exit_code`` is that of a run which stops here; 0: it would go on.
    """

    source: str
    table: Table
    pattern: str
    preset: str | None
    faults: tuple[TrialFault, ...] = ()
    counts: SourceCounts | None = None
    shape: SourceShape | None = None
    fields: tuple[FieldCounts, ...] = field(default=(), repr=False)
    exit_code: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether the table is in the trial's lake, with all its rows."""
        return self.exit_code == 0 and self.shape is not None and self.shape.is_whole


def try_table(
    sources: Sources, source: Source, table: Table, lake: Lake, as_of: date, most: int, lacking: Mapping[str, str]
) -> TableTrial:
    """Extracts the first ``most`` rows of one source's table into ``lake``, and tells what there is to tell.

    ``lacking`` is what :func:`land_first` says of the source.
    """
    alone = sources.model_copy(update={"sources": (source,)})
    declared = source.tables[table.name]
    tried = TableTrial(source.name, table, declared.from_, declared.preset)
    try:
        if isinstance(source, RemoteSource):
            _refuse_lacking(sources, source, table, lacking)
        extracted = extract_table(alone, table, lake, as_of, most)
    except RejectLimitExceeded as error:
        return _describe(tried, error.extracted, sources, source, lake, exit_code=error.exit_code)
    except ExtractError as error:
        return replace(tried, faults=_list_parts(error, sources, source, table), exit_code=error.exit_code)
    return _describe(tried, extracted, sources, source, lake, exit_code=0)


def land_first(sources: Sources, source: Source, lake: Lake, most: int) -> dict[str, str]:
    """Lands the first ``most`` rows of each pull of a source, or one file of each pattern.

    What is returned is why some are not there, by their names: the same of all where the source itself is at fault,
    which is asked once for all of its tables.
    """
    if not isinstance(source, RemoteSource):
        return {}
    settings = Settings(sources.base, most=most)
    with reaching_once():
        if isinstance(source, DropSource):
            outcomes = mirror_source(source, lake, settings)
        else:
            assert isinstance(source, PulledSource)
            outcomes = pull_source(source, lake, settings)
    return {each.name: each.message for each in outcomes if each.message}


def tell_once(trials: Iterable[TableTrial], lacking: Mapping[str, Mapping[str, str]]) -> list[TableTrial]:
    """Each with its faults, but for why a source gave nothing where a table before has told it."""
    said, told = set[tuple[str, str]](), []
    for each in trials:
        of_source = set(lacking[each.source].values())
        faults = [fault for fault in each.faults if (each.source, fault.message) not in said]
        said |= {(each.source, fault.message) for fault in faults if fault.message in of_source}
        told.append(replace(each, faults=tuple(faults)))
    return told


def _refuse_lacking(sources: Sources, source: RemoteSource, table: Table, lacking: Mapping[str, str]) -> None:
    """Raises ExtractError where something is not there that the table reads."""
    messages = [lacking[name] for name in source.read_by(table.name) if name in lacking]
    if messages:
        raise place_error(ExtractError(messages[0], at=("from",)), sources, source, table)


def _list_parts(error: ExtractError, sources: Sources, source: Source, table: Table) -> tuple[TrialFault, ...]:
    """The single faults of an error, each with the line that is to be corrected."""
    message = str(error).partition(f"table {table.path}")[2].partition(": ")[2] or str(error)
    if not error.parts:
        return (TrialFault("stops", sources.line(source.name, table.name, *error.at), None, message),)
    lead, *_, found = message.splitlines()
    *others, (at, last) = error.parts
    if lead != error.parts[0][1]:  # Else that is the cause of all the others, and says what is to be known.
        last = f"{last}\n{lead}\n{found.strip()}"
    return tuple(
        TrialFault("stops", sources.line(source.name, table.name, *at), at[1] if len(at) > 1 else None, part)
        for at, part in [*others, (at, last)]
    )


def _describe(
    tried: TableTrial, extracted: Extracted, sources: Sources, source: Source, lake: Lake, *, exit_code: int
) -> TableTrial:
    name, table = source.name, tried.table
    counts = extracted.per_source[name]
    weight: Weight = "stops" if exit_code else "told"
    faults = [
        TrialFault(
            weight,
            sources.line(name, table.name, *_key_of(column, reason, source, table)),
            column,
            reason,
            rows,
            file,
            line,
        )
        for column, reason, rows, file, line in _count_rejected(lake.quarantine_path(table.kind, table.name))
    ]
    faults += [
        TrialFault(
            "told",
            sources.line(name, table.name, *_key_of(each.column_name, each.reason, source, table)),
            each.column_name,
            each.reason,
            each.unreadable_count + each.implausible_count,
            each.example_file,
            each.example_line,
        )
        for each in extracted.fields
        if each.reason
        and each.unreadable_count + each.implausible_count
        and not any(f"{each.column_name} {each.reason}" in fault.message for fault in faults)
    ]
    return replace(
        tried,
        faults=tuple(faults),
        counts=counts,
        shape=extracted.shapes[name],
        fields=extracted.fields,
        exit_code=exit_code,
    )


def _key_of(column: str | None, reason: str, source: Source, table: Table) -> tuple[str, ...]:
    """The key of `sources.yml` that gives ``column``, or is to be set for it; else what is said of the files."""
    option = find_option(reason)
    if option is not None:
        return ("options", option)
    if column is not None and column in source.tables[table.name].columns:
        return ("columns", column)
    return ("options", "encoding") if Encoding.UNKNOWN.value in reason else ("from",)


def _count_rejected(quarantine: Path) -> list[tuple[str | None, str, int, str | None, int | None]]:
    """Column, reason, number of rows, file and line of the first: one for each column and reason, the commonest first.

    Rows that are later than the day are no fault. A row that is told of for several reasons counts under all of them
    together.
    """
    with duckdb.connect() as connection:
        return connection.execute(
            """
            select column_name, reason, count(*) as rows,
                arg_min(file, (coalesce(file, ''), coalesce(line, 0))), arg_min(line, (coalesce(file, ''), line))
            from read_parquet(?) where kind <> 'later_than_as_of'
            group by column_name, reason order by rows desc, column_name, reason
            """,
            [str(quarantine)],
        ).fetchall()
