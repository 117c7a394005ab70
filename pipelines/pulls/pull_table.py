"""One table of an open system, pulled into a batch and reconciled; nothing is in force until it is committed."""

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.config.pulls import Drift, Pull
from pipelines.extracts import sandbox
from pipelines.extracts.connectors.landed import select_live
from pipelines.extracts.sql_quoting import quote_name, quote_text
from pipelines.lake.landed import Batch, LandedTable, folder_of
from pipelines.lake.owner_only import make_folder
from pipelines.lake.tables import sync
from pipelines.name_lists import list_names
from pipelines.pulls import drift as drifts
from pipelines.pulls.changes import NONE, Changes
from pipelines.pulls.errors import IncompleteError, TableError
from pipelines.pulls.reconciliation import (
    CHANGED_ROWS,
    Reconciled,
    compare,
    count_landed,
    describe_worst,
    leave_forgotten,
    told_by_source,
)
from pipelines.pulls.system import (
    CURSORS,
    ROWS,
    Counted,
    Counts,
    Measures,
    Since,
    SourceColumn,
    SourceTable,
    System,
    schema_of,
    total,
)
from pipelines.unfinished import temporary

OVERLAP = timedelta(hours=1)
"""How far before the last cursor a pull begins: rows are stamped when a transaction begins and seen when it commits."""
OVERLAP_WITHOUT_ZONE = timedelta(hours=26) + OVERLAP
"""Of times of a clock that nobody knows: the earliest of the world's is 26 hours behind the latest."""
OVERLAP_OF_NUMBERS = 10_000
RESERVED = frozenset({"_file", "_file_number", "_row", "file_row_number"})
"""Names by which rows are placed."""
ROW_GROUP = 100_000


@dataclass(frozen=True)
class Pulled:
    """A table that was pulled and may be taken: how it is with this batch, and what was counted.

    ``source_rows`` is None, and ``reconciled`` empty, where the source counts nothing; ``repeated`` rows came again.
    """

    table: LandedTable
    batch: Batch
    reconciled: tuple[Reconciled, ...]
    source_rows: int | None
    repeated: int
    notes: tuple[str, ...]
    changes: Changes = NONE


@dataclass(frozen=True)
class TablePull:
    """How one table is pulled. ``root`` is the folder of the source's batches; ``most`` rows are enough for a look.

    ``place`` says which system it is.
    """

    name: str
    pull: Pull
    place: Mapping[str, str]
    drift: Drift
    root: Path
    scratch: Path
    pulled_at: str
    number: int
    most: int | None = None

    @property
    def folder(self) -> Path:
        return self.root / folder_of(self.name)

    @property
    def shown(self) -> str:
        """The table in messages."""
        return f"query '{self.name}'" if self.pull.select else f"table '{self.pull.from_ or self.name}'"

    @property
    def asked(self) -> str:
        """The digest of all that decides which rows come, so that a pull that is declared otherwise begins anew."""
        said = {
            "columns": self.pull.columns,
            "cursor": self.pull.cursor,
            "deletes": self.pull.model_dump(mode="json")["deletes"],
        }
        return f"{self._asked_of}-{_digest(said)}"

    @property
    def _asked_of(self) -> str:
        """The part of it that says whose rows they are: those of another stand beside these for nothing."""
        said = {
            "place": dict(self.place),
            "from": self.pull.from_ or self.name,
            "select": self.pull.select,
            "key": self.pull.key,
        }
        return _digest(said)

    def run(self, system: System, landed: LandedTable | None, *, full: bool) -> Pulled:
        """Pulls the changes since ``landed``, or all rows where that is asked for or changes would not be enough.

        Raises TableError where the table is not to be taken, MissingTableError where there is none.
        """
        table = system.open_table(self.name, self.pull, self.shown)
        columns = self.describe(table)
        changes = NONE
        if landed is not None and landed.asked == self.asked and landed.columns and not full:
            changes = drifts.compare(landed.columns, columns)
            drifts.refuse(changes, self.shown, self.drift)
        left_out = drifts.leave_out(changes, self.drift, self.pull.needed)
        columns = [column for column in columns if column.name not in left_out]
        notes = drifts.tell(changes, left_out)
        work = _Work(self, table, columns, tuple(notes), changes)
        has_new = len(changes.added) > len(left_out)
        is_usable = landed is not None and landed.asked == self.asked and landed.cursor is not None and not has_new
        kept = self._find_kept(landed, full=full)
        if kept is not None:
            self._refuse_retyped(drifts.compare(kept.columns, columns))
        elif self._has_kept(landed):
            forgotten = "its pull is another than before: rows that the source has no more are let go"
            work = replace(work, notes=(*work.notes, forgotten))
        if full or not self.pull.cursor or not is_usable or self.most is not None:
            return work.pull_all(kept)
        assert landed is not None
        try:
            return work.pull_changes(landed)
        except IncompleteError as error:
            return replace(work, notes=(*work.notes, f"pulled as a whole: {error}")).pull_all(kept)

    def _has_kept(self, landed: LandedTable | None) -> bool:
        """Whether rows were landed that the source may have forgotten, and that are to stay."""
        return landed is not None and landed.rows > 0 and self.pull.deletes == "none" and self.most is None

    def _find_kept(self, landed: LandedTable | None, *, full: bool) -> LandedTable | None:
        """The rows that stay beside those that come, also where all come anew.

        Raises TableError where they are of another system, table or query, and nobody has said that they may go.
        """
        if landed is None or not self._has_kept(landed):
            return None
        if landed.asked.partition("-")[0] == self._asked_of:
            return landed
        if full:
            return None
        raise TableError(
            f"{self.shown} is pulled from elsewhere, by another query or another key than the {landed.rows:,} rows "
            "that were landed of it, which stay (`deletes: none`). Declare it as it was; or `parcours run --full` lets "
            "go of those that the source has no more."
        )

    def _refuse_retyped(self, changes: Changes) -> None:
        if changes.retyped:
            told = "; ".join(f"{name} was {before} and is {now}" for name, before, now in changes.retyped)
            raise TableError(
                f"the columns of {self.shown} have changed: {told}; rows that were landed stay (`deletes: none`), and "
                "do not follow. Leave the column out with `columns`; or move the folder of the source away, to let go "
                "of what the source has no more.",
                changes=changes,
            )

    def describe(self, table: SourceTable) -> list[SourceColumn]:
        """The columns that come. Raises TableError where they are not as the pull needs them."""
        columns = table.describe()
        found = {column.name: column for column in columns}
        wanted = set(self.pull.columns) or set(found)
        folded = [column.name.lower() for column in columns if column.name in wanted]
        if len(found) < len(columns) or len(set(folded)) < len(folded) or RESERVED.intersection(folded):
            raise TableError(
                f"{self.shown} has columns whose names are the same but for capitals, or that Parcours uses itself "
                f"({', '.join(sorted(RESERVED))}): leave them out with `columns`, or name them otherwise in a `select`."
            )
        lacking = [name for name in (*self.pull.columns, *self.pull.needed) if name not in found]
        if lacking:
            raise TableError(
                f"{self.shown} has no column {list_names(list(dict.fromkeys(lacking)))}, of which its pull speaks. It "
                f"has {list_names(list(found))}."
            )
        if self.pull.columns:
            columns = [found[name] for name in dict.fromkeys([*self.pull.columns, *table.parent])]
        self._check_kinds(found)
        return columns

    def _check_kinds(self, found: dict[str, SourceColumn]) -> None:
        cursor, day = (found[name] if name else None for name in (self.pull.cursor, self.pull.day))
        if cursor and cursor.kind not in CURSORS:
            raise TableError(
                f"the cursor {cursor.name} of {self.shown} is {cursor.kind}: it must be a time or a number."
            )
        if day and day.kind not in ("date", "timestamp", "timestamptz"):
            raise TableError(f"the day {day.name} of {self.shown} is {day.kind}: it must be a day or a time.")
        for name in self.pull.amounts:
            if found[name].kind not in ("integer", "decimal", "float"):
                raise TableError(f"the amount {name} of {self.shown} is {found[name].kind}: it must be a number.")


@dataclass(frozen=True)
class _Work:
    """One table with its columns known."""

    of: TablePull
    table: SourceTable
    columns: Sequence[SourceColumn]
    notes: tuple[str, ...]
    changes: Changes

    def pull_all(self, kept: LandedTable | None = None) -> Pulled:
        """All rows, in place of those before; or beside those of ``kept`` that the source has no more."""
        batch = Batch(self.of.number, "full", self.of.pulled_at, rows=0)
        source: Counted | None = None
        reconciled: list[Reconciled] = []
        with self._written(batch) as rows:
            rows.write(self.table.stream(self.columns, most=self.of.most), self.columns)
            repeated = self._collapse(rows)
            batch = replace(batch, rows=rows.count)
            if self.of.most is None:
                source = self.table.count(self._measures)
                with self._connect([rows.path]) as connection:
                    check_key(connection, self.of.pull.key, self.of.shown, rows.path)
                    written = f"from read_parquet({quote_text(str(rows.path))})"
                    landed = count_landed(self._measures, connection, written)
                if source is not None:
                    reconciled = compare(self._measures, source, landed, self.of.pull.tolerance)
                    self._refuse_short(reconciled)
                    batch = replace(batch, **self._tell_counted(source, landed))
                batch = replace(batch, cursor_to=self._read_cursor(None))
            landed_batch = batch
            is_otherwise = kept is not None and (kept.asked, dict(kept.columns)) != (
                self.of.asked, dict(self._landed_as.columns),
            )  # fmt: skip
            if kept is not None and is_otherwise:
                rows.replace(self._merge(kept, rows.path))
                landed_batch = replace(batch, rows=rows.count)
            rows.keep()
        table = self._landed_as.with_batch(landed_batch, landed_batch.rows)
        if kept is not None and not is_otherwise:
            batch = replace(batch, mode="changes")
            after = replace(kept, batches=(*kept.batches, batch))
            with self._connect(self._files(after)) as connection:
                live = count_landed(Measures(), connection, select_live(after, self.of.folder, self._names))
            table = kept.with_batch(batch, int(total(live)))
        return self._pulled(table, batch, source, reconciled, repeated)

    def _merge(self, kept: LandedTable, pulled: Path) -> Path:
        """A file of ``pulled`` and of the rows of ``kept`` that are not among them, null where a column is new."""
        key = self.of.pull.key
        same = " and ".join(f"anew.{quote_name(name)} = live.{quote_name(name)}" for name in key)
        common = [name for name in self._names if name in kept.columns]
        names, rows = ", ".join(map(quote_name, common)), f"read_parquet({quote_text(str(pulled))})"
        live = select_live(kept, self.of.folder, common)
        merged = (
            f"select {', '.join(map(quote_name, self._names))} from {rows} union all by name select {names} "
            f"from ({live}) as live where not exists (select 1 from {rows} as anew where {same})"
        )
        made = self.of.scratch / "merged.parquet"
        with self._connect([*self._files(kept), pulled]) as connection:
            connection.execute(f"copy ({merged}) to {quote_text(str(made))} (format parquet, compression zstd)")
        return made

    def pull_changes(self, landed: LandedTable) -> Pulled:
        assert landed.cursor is not None
        since = Since(self._cursor, self._begin(landed.cursor))
        batch = Batch(self.of.number, "changes", self.of.pulled_at, rows=0, cursor_from=since.value)
        with self._written(batch) as rows:
            rows.write(self.table.stream(self.columns, since), self.columns)
            repeated = self._collapse(rows)
            batch = replace(batch, rows=rows.count, **self._count_changed(since, rows.count))
            gone = self._find_gone(landed, since, rows)
            batch = replace(batch, gone=gone, cursor_to=self._read_cursor(landed.cursor))
            rows.keep()
            after = replace(landed, batches=(*landed.batches, batch), columns=self._landed_as.columns)
            source = self.table.count(self._measures)
            with self._connect(self._files(after)) as connection:
                if rows.count:
                    check_key(connection, self.of.pull.key, self.of.shown, self.of.folder / batch.file)
                live = count_landed(self._measures, connection, select_live(after, self.of.folder, self._names))
            reconciled = [] if source is None else compare(self._measures, source, live, self.of.pull.tolerance)
            if self.of.pull.deletes == "none":
                reconciled = leave_forgotten(reconciled)
            if not all(each.is_taken for each in reconciled):
                rows.drop()
                raise IncompleteError(
                    "the changes since the last pull do not lead to what the source has "
                    f"({describe_worst(reconciled)}); a longer `overlap` may"
                )
        table = replace(landed.with_batch(batch, int(total(live))), columns=after.columns)
        return self._pulled(table, batch, source, reconciled, repeated, since)

    def _pulled(
        self,
        table: LandedTable,
        batch: Batch,
        source: Counted | None,
        reconciled: Sequence[Reconciled],
        repeated: int,
        since: Since | None = None,
    ) -> Pulled:
        rows = told_by_source(source, ROWS, Decimal(table.rows)) if source else None
        emptied = self.table.count_emptied(self.columns, since) if self.of.most is None else ()
        told = [
            f"{name} is empty in {count:,} rows where the source has what no day or number can be"
            for name, count in emptied
            if count
        ]
        source_rows = None if rows is None else int(rows)
        return Pulled(table, batch, tuple(reconciled), source_rows, repeated, (*self.notes, *told), self.changes)

    def _count_changed(self, since: Since, arrived: int) -> dict[str, Any]:
        """What the source counts of the rows that changed, for the batch. Raises TableError where others arrived."""
        asked = self.table.count(self._measures, since)
        counted = told_by_source(asked, ROWS, Decimal(arrived)) if asked else None
        if counted is not None and counted != arrived:
            raise TableError(
                f"a short pull of {self.of.shown}: the source counts {counted:,f} changed rows, "
                f"{arrived:,} arrived. Nothing of it is taken; run again.",
                reconciled=(Reconciled(None, CHANGED_ROWS, counted, Decimal(arrived), is_taken=False),),
            )
        return self._tell_counted(asked, {(None, ROWS): Decimal(arrived)}) if asked else {}

    def _tell_counted(self, source: Counted, landed: Counts) -> dict[str, Any]:
        """What a batch says of it."""
        told = {name: told_by_source(source, name, total(landed, name)) for name in self._measures.names}
        rows = told.pop(ROWS)
        return {
            "counted": None if rows is None else int(rows),
            "sums": {name: str(value) for name, value in told.items() if value is not None},
        }

    def _collapse(self, rows: "_BatchFile") -> int:
        """Leaves of rows that came more than once the latest version; how many went."""
        if not self.table.may_repeat or not self.of.pull.key or not rows.count:
            return 0
        written = f"read_parquet({quote_text(str(rows.path))}, file_row_number = true)"
        names = ", ".join(map(quote_name, self._names))
        key = ", ".join(map(quote_name, self.of.pull.key))
        latest = [f"{quote_name(self.of.pull.cursor)} desc nulls last"] if self.of.pull.cursor else []
        order = ", ".join([*latest, "file_row_number desc"])
        with self._connect([rows.path]) as connection:
            found = connection.execute(f"select count(*) from (select distinct {key} from {written})").fetchone()
            assert found is not None
            if found[0] == rows.count:
                return 0
            made = self.of.scratch / "collapsed.parquet"
            kept = f"select {names} from {written} qualify row_number() over (partition by {key} order by {order}) = 1"
            connection.execute(f"copy ({kept}) to {quote_text(str(made))} (format parquet, compression zstd)")
        return rows.replace(made)

    @property
    def _landed_as(self) -> LandedTable:
        kinds = {column.name: column.kind for column in self.columns}
        of = self.of
        return LandedTable(of.name, of.asked, of.pull.key, kinds, (), 0, of.pulled_at)

    @property
    def _names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def _cursor(self) -> SourceColumn:
        return next(column for column in self.columns if column.name == self.of.pull.cursor)

    @property
    def _measures(self) -> Measures:
        return Measures.of(self.of.pull, self.columns)

    def _refuse_short(self, reconciled: Sequence[Reconciled]) -> None:
        if not all(each.is_taken for each in reconciled):
            raise TableError(
                f"what arrived of {self.of.shown} is not what the source has: {describe_worst(reconciled)}. Nothing "
                "of it is taken; run again, and where it stays so, `tolerance` of its pull says how much may differ.",
                reconciled=tuple(reconciled),
            )

    def _begin(self, cursor: str) -> str:
        """Where changes begin: the cursor of the last pull, less the overlap."""
        overlap = self.of.pull.overlap
        if self._cursor.kind == "integer":
            if isinstance(overlap, timedelta):
                raise TableError(f"the cursor of {self.of.shown} is a number, and so must its `overlap` be.")
            return str(int(cursor) - (OVERLAP_OF_NUMBERS if overlap is None else overlap))
        if isinstance(overlap, int):
            raise TableError(f"the cursor of {self.of.shown} is a time: write its `overlap` as 30m, 2h or 1d.")
        usual = OVERLAP_WITHOUT_ZONE if self._cursor.kind == "timestamp" else OVERLAP
        span = usual if overlap is None else overlap
        if self._cursor.kind == "date":
            day = date.fromisoformat(cursor)
            return (day - min(timedelta(days=-(-span // timedelta(days=1))), day - date.min)).isoformat()
        moment = datetime.fromisoformat(cursor)
        first = datetime.min.replace(tzinfo=moment.tzinfo)  # A zero date of some system, say: nothing lies before it.
        return (moment - min(span, moment - first)).isoformat(sep=" ", timespec="microseconds")

    def _read_cursor(self, before: str | None) -> str | None:
        return (self.table.read_cursor(self._cursor) or before) if self.of.pull.cursor else None

    def _find_gone(self, landed: LandedTable, since: Since, rows: "_BatchFile") -> int:
        """Writes the keys that the source no longer has, or reports or marks as deleted; how many."""
        deletes = self.of.pull.deletes
        if deletes == "none":
            return 0
        is_compared = deletes == "compare_keys"
        names = (self.table.parent or self.of.pull.key) if is_compared else self.of.pull.key
        told = [next(column for column in self.columns if column.name == name) for name in names]
        streamed = self.table.stream_kept(told, since) if is_compared else self.table.stream_deleted(told, since)
        here = self.of.scratch / "keys.parquet"
        here.unlink(missing_ok=True)
        write_rows(streamed, here, schema_of(told))
        listed, key = quote_text(str(here)), ", ".join(map(quote_name, self.of.pull.key))
        gone = f"select distinct {key} from read_parquet({listed})"
        if is_compared:
            live = select_live(landed, self.of.folder, list(dict.fromkeys([*self.of.pull.key, *names])))
            kept = f"read_parquet({listed}) using ({', '.join(map(quote_name, names))})"
            gone = f"select distinct {key} from ({live}) anti join {kept}"
            if self.table.parent and rows.count:
                gone += f" anti join read_parquet({quote_text(str(rows.path))}) using ({key})"
        with self._connect([*self._files(landed), here, rows.path, self.of.scratch]) as connection:
            written = self.of.scratch / "gone.parquet"
            written.unlink(missing_ok=True)
            connection.execute(f"copy ({gone}) to {quote_text(str(written))} (format parquet)")
        here.unlink(missing_ok=True)
        found = int(pq.read_metadata(written).num_rows)
        if found:
            rows.keep_gone(written)
        written.unlink(missing_ok=True)
        return found

    def _files(self, table: LandedTable) -> list[Path]:
        return [self.of.folder / file for batch in table.batches for file in batch.files]

    def _connect(self, files: list[Path]) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        return sandbox.connect("UTC", self.of.scratch, files, is_single=False)

    @contextmanager
    def _written(self, batch: Batch) -> Iterator["_BatchFile"]:
        file = _BatchFile(self.of, batch)
        with temporary(file.path):
            try:
                yield file
            finally:
                file.path.unlink(missing_ok=True)


class _BatchFile:
    """The files of a batch, written under another name until they are kept."""

    def __init__(self, of: TablePull, batch: Batch) -> None:
        make_folder(of.folder)
        self._file, self._gone_file = of.folder / batch.file, of.folder / batch.gone_file
        self.path = self._file.with_name(f"{batch.file}.tmp-{secrets.token_hex(4)}")
        self.count = 0

    def write(self, batches: Iterable[pa.RecordBatch], columns: Sequence[SourceColumn]) -> None:
        """Writes rows as they stream in."""
        self.count = write_rows(batches, self.path, schema_of(columns))

    def replace(self, made: Path) -> int:
        """Takes the file ``made`` in place of what was written; how many rows there are fewer."""
        before, self.count = self.count, int(pq.read_metadata(made).num_rows)
        made.replace(self.path)
        return before - self.count

    def keep(self) -> None:
        """Gives the file its name, where it has any rows."""
        if self.count:
            sync(self.path)
            self.path.replace(self._file)

    def keep_gone(self, made: Path) -> None:
        """Puts the file of the keys that are gone in its place."""
        sync(made)
        made.replace(self._gone_file)

    def drop(self) -> None:
        """Removes what was kept."""
        self._file.unlink(missing_ok=True)
        self._gone_file.unlink(missing_ok=True)


def _digest(said: object) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def check_key(connection: duckdb.DuckDBPyConnection, key: Sequence[str], shown: str, file: Path) -> None:
    """Raises TableError where ``key`` does not tell the rows of ``file`` apart."""
    if not key:
        return
    names = list(map(quote_name, key))
    rows = f"read_parquet({quote_text(str(file))})"
    empty = " or ".join(f"{name} is null" for name in names)
    repeated = f"select 1 from {rows} group by {', '.join(names)} having count(*) > 1 limit 1"
    if (
        connection.execute(f"select 1 from {rows} where {empty} limit 1").fetchone()
        or connection.execute(repeated).fetchone()
    ):
        raise TableError(
            f"`key` of {shown} does not tell its rows apart: {list_names(list(key))} is empty or the same in several. "
            "Name the columns of its primary key."
        )


def write_rows(batches: Iterable[pa.RecordBatch], path: Path, schema: pa.Schema) -> int:
    """Writes ``batches`` to the Parquet file ``path``; how many rows there were. Holds one row group at a time."""
    rows = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in batches:
            rows += batch.num_rows
            writer.write_batch(batch, row_group_size=ROW_GROUP)
    return rows
