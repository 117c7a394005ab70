"""One source that is pulled: tried again where it may help, reconciled, put in force at once.

Nothing of a source is in force before all of its tables were pulled from one state of it, or what is nearest to one;
a table that is not to be taken stays as it was. What was taken of the other tables stays taken also where the night
stops for it.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from pathlib import Path
from typing import Any, Literal, TypeVar

import duckdb
import polars as pl
import pyarrow as pa

from pipelines.config.connectors import PulledSource, RemoteSource
from pipelines.config.pulls import Pull, Taking
from pipelines.lake.landed import Batch, LandedSource, LandedTable, landed_folder, read_landed
from pipelines.lake.owner_only import make_folder
from pipelines.lake.tables import Lake
from pipelines.name_lists import list_names
from pipelines.pulls import compaction
from pipelines.pulls.changes import KINDS, NONE, Changes
from pipelines.pulls.connectors.registry import SYSTEMS
from pipelines.pulls.errors import MissingTableError, SourceError, TableError
from pipelines.pulls.pull_table import Pulled, TablePull
from pipelines.pulls.reconciliation import Reconciled, count_rows
from pipelines.pulls.system import System

State = Literal["taken", "kept", "absent", "not taken"]
"""taken: tonight's rows are in force. kept: those of the last pull are, as declared. absent: the source has no such
table, which is optional, and had none before. not taken: the night must not go on."""

LONGEST_WAIT = 600.0
Answer = TypeVar("Answer")
MOST = Decimal(10) ** 31  # Below, a decimal of 38 digits has room for six behind the point.


@dataclass(frozen=True)
class Outcome:
    """What became of one table tonight. ``message`` says why it was not taken; ``notes`` what else there is to say."""

    source: str
    name: str
    state: State
    batch: Batch | None = None
    rows: int | None = None
    source_rows: int | None = None
    taken_at: str | None = None
    notes: tuple[str, ...] = ()
    message: str | None = None
    repeated: int = 0
    reconciled: tuple[Reconciled, ...] = ()
    changes: Changes = NONE
    mode: Literal["files"] | None = None

    @property
    def reconciled_by(self) -> str | None:
        """How closely what was taken is known to be what the source has; None of what was not taken."""
        if self.state != "taken":
            return None
        if not self.reconciled:
            return "not counted by the source"
        if self.mode == "files" and self.source_rows is None:
            return "bytes"
        proved = [each for each in self.reconciled if each.is_comparable]
        if not proved:
            return "not comparable"
        return "day" if any(each.day for each in proved) else "table"

    def describe(self) -> dict[str, Any]:
        """The same in plain values, without what was reconciled and said."""
        batch = self.batch
        return {
            "source": self.source,
            "table": self.name,
            "state": self.state,
            "mode": batch.mode if batch else self.mode,
            "rows_pulled": batch and batch.rows,
            "rows_gone": batch and batch.gone,
            "rows": self.rows,
            "rows_in_source": self.source_rows,
            "rows_repeated": self.repeated,
            "reconciled_by": self.reconciled_by,
            "message": self.message,
        }


@dataclass(frozen=True)
class Settings:
    """What all pulls of one night share. ``say`` is told of tries that failed. ``full``: all rows come."""

    base: Path
    full: bool = False
    most: int | None = None
    say: Callable[[str], object] = lambda _: None
    wait: Callable[[float], object] = time.sleep


def pull_source(
    source: PulledSource, lake: Lake, settings: Settings, only: Iterable[str] | None = None
) -> list[Outcome]:
    """Pulls the tables of one source, or ``only`` some, and puts in force what is to be taken."""
    root = landed_folder(lake, source.name)
    make_folder(root)
    landed = read_landed(root)
    landed.sweep()
    wanted = {name: pull for name, pull in source.wanted.items() if only is None or name in set(only)}
    with lake.scratch(f"pull-{source.name}") as scratch:
        try:
            found = retry(lambda: _pull_tables(source, wanted, landed, scratch, settings), source, settings)
        except SourceError as error:
            return [_not_taken(source, name, pull, landed, error) for name, pull in wanted.items()]
        landed = landed.commit(_put_together(source, landed, found))
        if settings.most is None:
            landed = _compact(landed, scratch)
    landed.sweep()
    return [_describe(source, name, wanted[name], landed, result) for name, result in found.items()]


def retry(attempt: Callable[[], Answer], source: RemoteSource, settings: Settings) -> Answer:
    """Again where the system may answer the next time; each wait is twice the one before."""
    tries, pause = source.connector.tries, source.connector.wait_seconds
    for number in range(1, 1 if settings.most else tries):
        try:
            return attempt()
        except SourceError as error:
            if not error.is_passing:
                raise
            settings.say(f"source {source.name}, try {number} of {tries}: {error} Next try in {pause:g} seconds.")
        settings.wait(pause)
        pause = min(2 * pause, LONGEST_WAIT)
    return attempt()


def _pull_tables(
    source: PulledSource, wanted: Mapping[str, Pull], landed: LandedSource, scratch: Path, settings: Settings
) -> dict[str, Pulled | TableError]:
    pulled_at = datetime.now(UTC).isoformat(timespec="seconds")
    found: dict[str, Pulled | TableError] = {}
    with SYSTEMS[source.connector.type](source.connector, settings.base, scratch) as system:
        for position, name in enumerate(system.arrange(wanted)):
            table, pull = landed.tables.get(name), wanted[name]
            number = next_number(table)
            drift = source.connector.drift
            place = source.connector.place
            of = TablePull(name, pull, place, drift, landed.root, scratch, pulled_at, number, settings.most)
            try:
                with system.separate(position), telling_values(of):
                    found[name] = _pull_table(of, system, table, settings)
            except MissingTableError as error:
                rows = table.rows if table and pull.optional and not settings.full else 0
                found[name] = _tell_gone(of, rows) if rows else error
            except TableError as error:
                found[name] = error
    return {name: found[name] for name in wanted}


def _pull_table(of: TablePull, system: System, landed: LandedTable | None, settings: Settings) -> Pulled:
    """Once more where other rows arrived than the system counts: it may have changed between the two."""
    try:
        return of.run(system, landed, full=settings.full)
    except TableError as error:
        if not error.reconciled or settings.most is not None:
            raise
        settings.say(f"source {of.root.name}: {error} It is asked for once more.")
    return of.run(system, landed, full=settings.full)


def _tell_gone(of: TablePull, rows: int) -> TableError:
    """A right that was taken away looks the same to us as a table that is not there."""
    return TableError(
        f"the source does not have {of.shown} any more, or does not show it to the account that pulls: {rows:,} rows "
        "of it were landed before. Give the account its right again; where the table has gone, "
        "`parcours run --full` goes on without it."
    )


@contextmanager
def telling_values(of: TablePull) -> Iterator[None]:
    """What a value does to Arrow or DuckDB, without the value."""
    is_at_fault = False
    try:
        yield
    except (pa.ArrowInvalid, duckdb.ConversionException, duckdb.OutOfRangeException):
        is_at_fault = True
    if is_at_fault:
        raise TableError(
            f"{of.shown} holds a value that its own column's type does not let expect, or a sum too large to reckon. "
            "Leave the column out with `columns`, or cast it to text in a `select`."
        )


def next_number(table: LandedTable | None) -> int:
    """That of the batch to come."""
    return 1 + max((batch.number for batch in table.batches), default=0) if table else 1


def _put_together(
    source: PulledSource, landed: LandedSource, found: Mapping[str, Pulled | TableError]
) -> dict[str, LandedTable]:
    """The tables that are in force from now on; of those that are declared no more nothing stays."""
    tables = {name: table for name, table in landed.tables.items() if name in source.wanted}
    for name, result in found.items():
        if isinstance(result, Pulled):
            tables[name] = result.table
        elif _is_absent(result, source.wanted[name]):
            tables[name] = LandedTable(name, "", (), {}, (), 0, datetime.now(UTC).isoformat(timespec="seconds"))
    return tables


def _compact(landed: LandedSource, scratch: Path) -> LandedSource:
    compacted = {
        name: compaction.compact(table, landed.folder(name), next_number(table), scratch)
        for name, table in landed.tables.items()
        if compaction.is_due(table)
    }
    return landed.commit({**landed.tables, **compacted}) if compacted else landed


def _is_absent(result: object, pull: Pull) -> bool:
    return isinstance(result, MissingTableError) and pull.optional


def _describe(
    source: PulledSource, name: str, pull: Pull, landed: LandedSource, result: Pulled | TableError
) -> Outcome:
    if isinstance(result, Pulled):
        batch, table = result.batch, result.table
        return Outcome(
            source.name, name, "taken", batch, table.rows, result.source_rows, table.taken_at, result.notes,
            repeated=result.repeated, reconciled=result.reconciled, changes=result.changes,
        )  # fmt: skip
    if _is_absent(result, pull):
        return Outcome(source.name, name, "absent", rows=0, notes=("the source does not have it",))
    return _not_taken(source, name, pull, landed, result)


def _not_taken(
    source: PulledSource, name: str, pull: Pull, landed: LandedSource, error: SourceError | TableError
) -> Outcome:
    """Yesterday's rows stay in force where that is declared and there are any."""
    taking: Taking = pull.if_not_taken or source.connector.if_not_taken
    table, found = landed.tables.get(name), error if isinstance(error, TableError) else TableError(str(error))
    told: dict[str, Any] = {
        "message": str(error), "reconciled": found.reconciled, "changes": found.changes or NONE,
        "source_rows": count_rows(found.reconciled),
    }  # fmt: skip
    if table is None or taking == "stop":
        return Outcome(source.name, name, "not taken", **told)
    return Outcome(
        source.name, name, "kept", rows=table.rows, taken_at=table.taken_at,
        notes=(f"the rows of {table.taken_at[:10]} are used",), **told,
    )  # fmt: skip


def list_messages(outcomes: Iterable[Outcome], *states: State) -> list[str]:
    """A line for each message about tables in one of ``states``; one about many tables of a source is told once."""
    said: dict[tuple[str, str], list[str]] = {}
    for each in outcomes:
        if each.state in states and each.message:
            said.setdefault((each.source, each.message), []).append(each.name)
    return [f"source {source}, {list_names(names)}: {message}" for (source, message), names in said.items()]


def note_outcomes(outcomes: Sequence[Outcome], lake: Lake) -> None:
    """Writes ``landed/pulls`` and ``landed/reconciliation``."""
    lake.write("landed", "pulls", tell_outcomes(outcomes))
    lake.write("landed", "reconciliation", tell_reconciliation(outcomes))


def tell_outcomes(outcomes: Iterable[Outcome]) -> pl.DataFrame:
    """One row per table that is pulled: what became of it."""
    rows = [
        {
            **each.describe(),
            "cursor_from": each.batch and each.batch.cursor_from,
            "cursor_to": each.batch and each.batch.cursor_to,
            "taken_at": datetime.fromisoformat(each.taken_at).replace(tzinfo=None) if each.taken_at else None,
            "notes": "; ".join(each.notes) or None,
            **{f"columns_{kind}": "; ".join(each.changes.describe().get(kind, ())) or None for kind in KINDS},
        }
        for each in outcomes
    ]
    integer, text = pl.Int64(), pl.String()
    schema = {
        "source": text, "table": text, "state": text, "mode": text,
        "rows_pulled": integer, "rows_gone": integer, "rows": integer, "rows_in_source": integer,
        "rows_repeated": integer, "reconciled_by": text,
        "cursor_from": text, "cursor_to": text, "taken_at": pl.Datetime("us"), "notes": text, "message": text,
        **{f"columns_{kind}": text for kind in KINDS},
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema).rename({"table": "table_name", "rows": "rows_landed"})


def tell_reconciliation(outcomes: Iterable[Outcome]) -> pl.DataFrame:
    """One row per table, day and measure: what the source counted and what is landed, or arrived and is not taken.

    A day beyond the calendar, such as one of the year 20231, is null; ``is_tolerated`` where both sides cannot be
    compared, since the source has forgotten rows that stay here.
    """
    number = pl.Decimal(38, 6)
    rows = [
        {
            "source": each.source,
            "table_name": each.name,
            "day": _read_day(one.day),
            "measure": one.measure,
            "source_value": _rounded(one.source),
            "landed_value": _rounded(one.landed),
            "difference": _rounded(one.difference),
            "is_tolerated": one.is_taken if one.is_comparable else None,
        }
        for each in outcomes
        for one in each.reconciled
    ]
    schema = {
        "source": pl.String(), "table_name": pl.String(), "day": pl.Date(), "measure": pl.String(),
        "source_value": number, "landed_value": number, "difference": number, "is_tolerated": pl.Boolean(),
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema)


def _read_day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _rounded(value: Decimal) -> Decimal | None:
    """``value`` as the table has it; None where it has more digits than fit."""
    if abs(value) >= MOST:
        return None
    return value.quantize(Decimal("0.000001"), context=Context(prec=38))
