"""Some days of a source, pulled anew: exactly these take the place of what was landed of them.

For what changed at the source and left no stamp, as after a repair of last month's orders. Pulls that declare no
``day`` are left alone, and so is the cursor: the next night goes on where the last one ended.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Protocol, runtime_checkable

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.config.connectors import PulledSource
from pipelines.config.pulls import Pull
from pipelines.config.sources import Sources
from pipelines.config.web import WebSource
from pipelines.errors import ConfigurationError
from pipelines.extracts import sandbox
from pipelines.extracts.connectors.landed import select_live
from pipelines.extracts.sql_quoting import quote_name, quote_text
from pipelines.lake.landed import Batch, LandedSource, LandedTable, landed_folder, read_landed
from pipelines.lake.tables import Lake, replacing
from pipelines.name_lists import list_names
from pipelines.pulls import drift as drifts
from pipelines.pulls.connectors.registry import SYSTEMS
from pipelines.pulls.errors import SourceError, TableError
from pipelines.pulls.pull import Outcome, Settings, next_number, retry, telling_values
from pipelines.pulls.pull_table import TablePull, check_key, write_rows
from pipelines.pulls.reconciliation import Reconciled, compare, count_landed, count_rows, describe_worst
from pipelines.pulls.system import ROWS, Counted, Measures, SourceColumn, System, schema_of
from pipelines.yaml_document import did_you_mean


@runtime_checkable
class DatedTable(Protocol):
    """A table of a system of which some days can be read, beside what a ``SourceTable`` can."""

    def stream_days(
        self, columns: Sequence[SourceColumn], day: SourceColumn, first: date, last: date
    ) -> Iterator[pa.RecordBatch]:
        """The rows of ``first`` to ``last``, both included, by the days that :meth:`count_days` counts by."""

    def count_days(self, measures: Measures, first: date, last: date) -> Counted:
        """What the system counts of these rows."""


def list_dated(source: PulledSource) -> dict[str, Pull]:
    """The pulls of a source of which days can be pulled, by name."""
    return {name: pull for name, pull in source.wanted.items() if pull.day}


def choose_sources(
    sources: Sources, names: Iterable[str] | None, say: Callable[[str], object] = str
) -> list[PulledSource]:
    """The sources of which days can be pulled: those with ``names``, or all.

    Of all, web APIs are left out beside a database, and ``say`` is told. Raises ConfigurationError where a name is of
    none, or no pull declares a ``day``.
    """
    pulled = {source.name: source for source in sources.sources if isinstance(source, PulledSource)}
    for name in names or ():
        if name not in pulled:
            hint = did_you_mean(name, pulled)
            known = list_names(list(pulled)) or "none is"
            raise ConfigurationError(f"No source called '{name[:60]}' is pulled{hint} (pulled: {known}).")
    chosen = [source for name, source in sorted(pulled.items()) if not names or name in set(names)]
    dated = [source for source in chosen if list_dated(source)]
    if not dated:
        raise ConfigurationError(
            f"None of the pulls of {sources.file} says by which `day` its rows are (docs/connectors.md, pulling from "
            "databases): name it there; or `parcours run --full` pulls everything anew."
        )
    databases = [source for source in dated if not isinstance(source, WebSource)]
    if names or not databases:
        return dated
    for source in dated:
        if source not in databases:
            say(
                f"source {source.name} is left out: its system cannot be asked for some days. `parcours run --full` "
                "pulls all of it."
            )
    return databases


def pull_days(source: PulledSource, lake: Lake, first: date, last: date, settings: Settings) -> list[Outcome]:
    """Pulls the days of every table that declares them, and puts them in force, those of all tables at once.

    Days are those by which the source counts: of a time with a time zone, those of UTC. A table that is not to be
    taken stays as it was, and its outcome is "not taken".
    """
    root = landed_folder(lake, source.name)
    landed = read_landed(root)
    wanted = list_dated(source)
    with lake.scratch(f"days-{source.name}") as scratch:
        try:
            found = retry(lambda: _pull(source, landed, scratch, (first, last), settings), source, settings)
        except SourceError as error:
            return [Outcome(source.name, name, "not taken", message=str(error)) for name in wanted]
        taken = {name: result[0] for name, result in found.items() if not isinstance(result, TableError)}
        landed = landed.commit({**landed.tables, **taken})
    landed.sweep()
    return [_describe(source, name, result) for name, result in found.items()]


_Days = tuple[date, date]
_Result = tuple[LandedTable, Batch, tuple[Reconciled, ...], tuple[str, ...]]


def _pull(
    source: PulledSource, landed: LandedSource, scratch: Path, days: _Days, settings: Settings
) -> dict[str, _Result | TableError]:
    pulled_at = datetime.now(UTC).isoformat(timespec="seconds")
    found: dict[str, _Result | TableError] = {}
    with SYSTEMS[source.connector.type](source.connector, settings.base, scratch) as system:
        for position, (name, pull) in enumerate(list_dated(source).items()):
            table = landed.tables.get(name)
            place, drift, number = source.connector.place, source.connector.drift, next_number(table)
            of = TablePull(name, pull, place, drift, landed.root, scratch, pulled_at, number)
            try:
                with system.separate(position), telling_values(of):
                    found[name] = _pull_table(of, system, table, days)
            except TableError as error:
                found[name] = error
    return found


def _pull_table(of: TablePull, system: System, landed: LandedTable | None, days: _Days) -> _Result:
    if landed is None or landed.asked != of.asked or not landed.columns:
        raise TableError(
            f"nothing has been pulled of {of.shown} as it is declared now, so that there are no days to replace. "
            "`parcours run` pulls all of it."
        )
    table = system.open_table(of.name, of.pull, of.shown)
    columns = of.describe(table)
    changes = drifts.compare(landed.columns, columns)
    drifts.refuse(changes, of.shown, "evolve")
    if not isinstance(table, DatedTable):
        raise TableError(
            f"the system of {of.shown} cannot be asked for some days. `parcours run --full` pulls all of it."
        )
    columns = [column for column in columns if column.name in landed.columns]  # New ones come with the next night.
    unknown = [name for name in of.pull.needed if name not in landed.columns]
    if unknown:
        raise TableError(
            f"{list_names(unknown)} of {of.shown}, of which its pull speaks, was not landed. `parcours run` pulls it; "
            "then there are days to replace."
        )
    measures = Measures.of(of.pull, columns)
    assert measures.day is not None
    pulled = of.scratch / "days.parquet"
    pulled.unlink(missing_ok=True)
    write_rows(table.stream_days(columns, measures.day, *days), pulled, schema_of(columns))
    source = table.count_days(measures, *days)
    files = [of.folder / file for batch in landed.batches for file in batch.files]
    with sandbox.connect("UTC", of.scratch, [*files, pulled], is_single=False) as connection:
        check_key(connection, of.pull.key, of.shown, pulled)
        rows = f"from read_parquet({quote_text(str(pulled))})"
        reconciled = compare(measures, source, count_landed(measures, connection, rows), of.pull.tolerance)
        if not all(each.is_taken for each in reconciled):
            raise TableError(
                f"what arrived of {of.shown} is not what the source has: {describe_worst(reconciled)}. Nothing of it "
                "is taken; run again.",
                reconciled=tuple(reconciled),
            )
        made = of.scratch / "merged.parquet"
        made.unlink(missing_ok=True)
        live = select_live(landed, of.folder, list(landed.columns))
        merged = _merge(of, live, columns, measures.day, pulled, days)
        connection.execute(f"copy ({merged}) to {quote_text(str(made))} (format parquet, compression zstd)")
        notes = _tell_gone(connection, of, live, measures.day, pulled, days)
    batch = Batch(
        of.number, "compacted", of.pulled_at, rows=pq.read_metadata(made).num_rows,
        cursor_to=landed.cursor, counted=count_rows(reconciled),
    )  # fmt: skip
    if batch.rows:
        with replacing(of.folder / batch.file) as temporary:
            made.replace(temporary)
    return replace(landed, batches=(batch,), rows=batch.rows), batch, tuple(reconciled), notes


def _merge(
    of: TablePull, live: str, columns: Sequence[SourceColumn], day: SourceColumn, pulled: Path, days: _Days
) -> str:
    """A SELECT of what was landed of other days, but for rows that are of these days now, and of what was pulled.

    Of these days nothing else stays, unless what the source forgets is to stay.
    """
    names = ", ".join(quote_name(column.name) for column in columns)
    rows = f"select {names} from read_parquet({quote_text(str(pulled))})"
    conditions = [] if of.pull.deletes == "none" else [f"not {_is_of(day, days)}"]
    if of.pull.key:
        conditions.append(_is_not_among(of, rows))
    kept = f"select {names} from ({live}) as live where {' and '.join(conditions)}"
    return f"{kept} union all by name {rows}"


def _tell_gone(
    connection: duckdb.DuckDBPyConnection, of: TablePull, live: str, day: SourceColumn, pulled: Path, days: _Days
) -> tuple[str, ...]:
    """How many rows are of these days no more: some may have moved to another, of which nothing was asked."""
    if of.pull.deletes == "none" or not of.pull.key:
        return ()
    anew = f"select * from read_parquet({quote_text(str(pulled))})"
    [[count]] = connection.execute(
        f"select count(*) from ({live}) as live where {_is_of(day, days)} and {_is_not_among(of, anew)}"
    ).fetchall()
    if not count:
        return ()
    return (
        f"{count:,} rows that were of these days are no more: gone, or of another day now and then here with the next "
        "night",
    )


def _is_of(day: SourceColumn, days: _Days) -> str:
    first, last = (quote_text(each.isoformat()) for each in days)
    return f"coalesce(strftime({quote_name(day.name)}, '%Y-%m-%d') between {first} and {last}, false)"


def _is_not_among(of: TablePull, rows: str) -> str:
    same = " and ".join(f"anew.{quote_name(name)} = live.{quote_name(name)}" for name in of.pull.key)
    return f"not exists (select 1 from ({rows}) as anew where {same})"


def _describe(source: PulledSource, name: str, result: _Result | TableError) -> Outcome:
    if isinstance(result, TableError):
        return Outcome(
            source.name, name, "not taken", message=str(result), reconciled=result.reconciled,
            source_rows=count_rows(result.reconciled),
        )  # fmt: skip
    table, batch, reconciled, notes = result
    arrived = sum((each.landed for each in reconciled if each.measure == ROWS), Decimal(0))
    return Outcome(
        source.name, name, "taken", replace(batch, rows=int(arrived)), int(arrived), count_rows(reconciled),
        table.taken_at, notes, reconciled=reconciled,
    )  # fmt: skip
