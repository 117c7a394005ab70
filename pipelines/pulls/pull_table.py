"""One table of an open snapshot, pulled into a batch and reconciled; nothing is in force until it is committed."""

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

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
from pipelines.pulls.errors import TableError
from pipelines.pulls.reconciliation import Counts, Measures, Reconciled, describe_worst, total
from pipelines.pulls.snapshot import CURSORS, Snapshot, SourceColumn, schema_of
from pipelines.unfinished import temporary

OVERLAP = timedelta(hours=1)
"""How far before the last cursor a pull begins: rows are stamped when a transaction begins and seen when it commits."""
OVERLAP_OF_NUMBERS = 10_000
RESERVED = frozenset({"_file", "_file_number", "_row", "file_row_number"})
"""Names by which rows are placed."""
ROW_GROUP = 100_000


@dataclass(frozen=True)
class Pulled:
    """A table that was pulled and may be taken: how it is with this batch, and what was counted."""

    table: LandedTable
    batch: Batch
    reconciled: tuple[Reconciled, ...]
    source_rows: int
    notes: tuple[str, ...]


class _IncompleteError(Exception):
    """Changes alone do not lead to what the source has: all rows are needed. The message says why."""


@dataclass(frozen=True)
class TablePull:
    """How one table is pulled. ``root`` is the folder of the source's batches; ``most`` rows are enough for a look."""

    name: str
    pull: Pull
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
            "from": self.pull.from_ or self.name,
            "select": self.pull.select,
            "columns": self.pull.columns,
            "key": self.pull.key,
            "cursor": self.pull.cursor,
            "deletes": self.pull.model_dump(mode="json")["deletes"],
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def run(self, snapshot: Snapshot, landed: LandedTable | None, *, full: bool) -> Pulled:
        """Pulls the changes since ``landed``, or all rows where that is asked for or changes would not be enough.

        Raises TableError where the table is not to be taken, MissingTableError where there is none.
        """
        relation = self._relation(snapshot)
        columns = self._describe(snapshot, relation)
        changes = drifts.Changes((), (), ())
        if landed is not None and landed.asked == self.asked and landed.columns and not full:
            changes = drifts.compare(landed.columns, columns)
            drifts.refuse(changes, self.shown, self.drift)
            if self.drift == "discard":
                columns = [column for column in columns if column.name not in changes.added]
        notes = drifts.tell(changes, self.drift)
        work = _Work(self, snapshot, relation, columns, tuple(notes))
        has_new = bool(changes.added) and self.drift != "discard"
        is_usable = landed is not None and landed.asked == self.asked and landed.cursor is not None and not has_new
        if full or not self.pull.cursor or not is_usable or self.most is not None:
            return work.pull_all()
        assert landed is not None
        try:
            return work.pull_changes(landed)
        except _IncompleteError as error:
            return replace(work, notes=(*work.notes, f"pulled as a whole: {error}")).pull_all()

    def _relation(self, snapshot: Snapshot) -> str:
        if self.pull.select:
            return f"({self.pull.select.strip().rstrip(';')}) as pulled"
        return snapshot.name_table(self.pull.from_ or self.name)

    def _describe(self, snapshot: Snapshot, relation: str) -> list[SourceColumn]:
        columns = snapshot.describe(relation, self.shown, is_table=not self.pull.select)
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
            columns = [found[name] for name in self.pull.columns]
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
    snapshot: Snapshot
    relation: str
    columns: Sequence[SourceColumn]
    notes: tuple[str, ...]

    def pull_all(self) -> Pulled:
        conditions = self._not_deleted()
        limit = "" if self.of.most is None else f" limit {self.of.most}"
        batch = Batch(self.of.number, "full", self.of.pulled_at, rows=0)
        with self._written(batch) as rows:
            rows.write(self.columns, f"{self._select(self.columns)} from {self.relation}{_where(conditions)}{limit}")
            batch = replace(batch, rows=rows.count)
            source_rows, reconciled = rows.count, []
            if self.of.most is None:
                source = self._count(conditions)
                with self._connect([rows.path]) as connection:
                    self._check_key(connection, rows.path)
                    landed = self._measures.count_landed(connection, f"from read_parquet({quote_text(str(rows.path))})")
                reconciled = self._measures.compare(source, landed, self.of.pull.tolerance)
                self._refuse_short(reconciled)
                source_rows = int(total(source))
                sums = {name: str(total(source, name)) for name in self.of.pull.amounts}
                batch = replace(batch, counted=source_rows, sums=sums, cursor_to=self._read_cursor(None))
            rows.keep()
        notes = (*self.notes, *self._count_impossible(conditions))
        return Pulled(self._table.with_batch(batch, batch.rows), batch, tuple(reconciled), source_rows, notes)

    def pull_changes(self, landed: LandedTable) -> Pulled:
        assert landed.cursor is not None
        begin = self._begin(landed.cursor)
        cursor = self.snapshot.quote(self._cursor.name)
        window = [f"({cursor} >= {self.snapshot.literal(self._cursor, begin)} or {cursor} is null)"]
        conditions = [*window, *self._not_deleted()]
        batch = Batch(self.of.number, "changes", self.of.pulled_at, rows=0, cursor_from=begin)
        with self._written(batch) as rows:
            rows.write(self.columns, f"{self._select(self.columns)} from {self.relation}{_where(conditions)}")
            asked = self._count(conditions)
            if total(asked) != rows.count:
                raise TableError(
                    f"a short pull of {self.of.shown}: the source counts {total(asked):,f} changed rows, "
                    f"{rows.count:,} arrived. Nothing of it is taken; run again."
                )
            sums = {name: str(total(asked, name)) for name in self.of.pull.amounts}
            batch = replace(batch, rows=rows.count, counted=int(total(asked)), sums=sums)
            gone = self._find_gone(landed, window, rows)
            batch = replace(batch, gone=gone, cursor_to=self._read_cursor(landed.cursor))
            rows.keep()
            after = replace(landed, batches=(*landed.batches, batch), columns=self._table.columns)
            source = self._count(self._not_deleted())
            with self._connect(self._files(after)) as connection:
                if rows.count:
                    self._check_key(connection, self.of.folder / batch.file)
                live = self._measures.count_landed(connection, select_live(after, self.of.folder, self._names))
            reconciled = self._measures.compare(source, live, self.of.pull.tolerance)
            if self.of.pull.deletes == "none":
                reconciled = [
                    replace(each, is_taken=each.is_taken or each.landed >= each.source) for each in reconciled
                ]
            if not all(each.is_taken for each in reconciled):
                rows.drop()
                raise _IncompleteError(
                    "the changes since the last pull do not lead to what the source has "
                    f"({describe_worst(reconciled)}); a longer `overlap` may"
                )
        table = landed.with_batch(batch, int(total(live)))
        notes = (*self.notes, *self._count_impossible(conditions))
        return Pulled(replace(table, columns=after.columns), batch, tuple(reconciled), int(total(source)), notes)

    @property
    def _table(self) -> LandedTable:
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

    def _select(self, columns: Sequence[SourceColumn]) -> str:
        return "select " + ", ".join(f"{column.sql} as {self.snapshot.quote(column.name)}" for column in columns)

    def _not_deleted(self) -> list[str]:
        where = self.of.pull.deleted_where
        return [f"not coalesce(({where}), false)"] if where else []

    def _count(self, conditions: Sequence[str]) -> Counts:
        return self._measures.count_in_source(self.snapshot, f"{self.relation}{_where(conditions)}", self.of.shown)

    def _count_impossible(self, conditions: Sequence[str]) -> Iterator[str]:
        """Of the rows that were asked for, the values that are null here and are not in the source."""
        asked = {column.name: self.snapshot.is_impossible(column) for column in self.columns}
        named = {name: sql for name, sql in asked.items() if sql}
        if not named or self.of.most is not None:
            return
        counted = ", ".join(f"count(case when {sql} then 1 end)" for sql in named.values())
        [row] = self.snapshot.ask(f"select {counted} from {self.relation}{_where(conditions)}", self.of.shown)
        for name, count in zip(named, map(int, row), strict=True):
            if count:
                yield f"{name} is empty in {count:,} rows where the source has what no day or number can be"

    def _refuse_short(self, reconciled: Sequence[Reconciled]) -> None:
        if not all(each.is_taken for each in reconciled):
            raise TableError(
                f"what arrived of {self.of.shown} is not what the source has: {describe_worst(reconciled)}. Nothing "
                "of it is taken; run again, and where it stays so, `tolerance` of its pull says how much may differ."
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
        span = OVERLAP if overlap is None else overlap
        if self._cursor.kind == "date":
            days = -(-span // timedelta(days=1))
            return (date.fromisoformat(cursor) - timedelta(days=days)).isoformat()
        return (datetime.fromisoformat(cursor) - span).isoformat(sep=" ", timespec="microseconds")

    def _read_cursor(self, before: str | None) -> str | None:
        """The highest cursor, but none ahead of the source's own clock: one such row would hide all others."""
        if not self.of.pull.cursor:
            return None
        now = self.snapshot.now(self._cursor)
        name = self.snapshot.quote(self._cursor.name)
        until = f" where {name} <= {now}" if now else ""
        text = self.snapshot.cursor_text(self._cursor, f"max({name})")
        [[value]] = self.snapshot.ask(f"select {text} from {self.relation}{until}", self.of.shown)
        return str(value) if value else before

    def _find_gone(self, landed: LandedTable, window: Sequence[str], rows: "_BatchFile") -> int:
        """Writes the keys that the source no longer has, or marks; how many."""
        keys = [column for column in self.columns if column.name in self.of.pull.key]
        names, where = ", ".join(quote_name(each.name) for each in keys), self.of.pull.deleted_where
        here = self.of.scratch / "keys.parquet"
        here.unlink(missing_ok=True)
        if where:
            conditions = [*window, f"coalesce(({where}), false)"]
            sql = f"{self._select(keys)} from {self.relation}{_where(conditions)}"
            write_rows(self.snapshot.stream(sql, schema_of(keys), self.of.shown), here, schema_of(keys))
            gone = f"select distinct {names} from read_parquet({quote_text(str(here))})"
        elif self.of.pull.deletes == "compare_keys":
            sql = f"{self._select(keys)} from {self.relation}"
            write_rows(self.snapshot.stream(sql, schema_of(keys), self.of.shown), here, schema_of(keys))
            live = select_live(landed, self.of.folder, self.of.pull.key)
            gone = (
                f"select distinct {names} from ({live}) anti join read_parquet({quote_text(str(here))}) using ({names})"
            )
        else:
            return 0
        with self._connect([*self._files(landed), here, self.of.scratch]) as connection:
            written = self.of.scratch / "gone.parquet"
            written.unlink(missing_ok=True)
            connection.execute(f"copy ({gone}) to {quote_text(str(written))} (format parquet)")
        here.unlink(missing_ok=True)
        found = int(pq.read_metadata(written).num_rows)
        if found:
            rows.keep_gone(written)
        written.unlink(missing_ok=True)
        return found

    def _check_key(self, connection: duckdb.DuckDBPyConnection, file: Path) -> None:
        if not self.of.pull.key:
            return
        names = list(map(quote_name, self.of.pull.key))
        rows = f"read_parquet({quote_text(str(file))})"
        empty = " or ".join(f"{name} is null" for name in names)
        repeated = f"select 1 from {rows} group by {', '.join(names)} having count(*) > 1 limit 1"
        if (
            connection.execute(f"select 1 from {rows} where {empty} limit 1").fetchone()
            or connection.execute(repeated).fetchone()
        ):
            raise TableError(
                f"`key` of {self.of.shown} does not tell its rows apart: {list_names(list(self.of.pull.key))} is empty "
                "or the same in several. Name the columns of its primary key."
            )

    def _files(self, table: LandedTable) -> list[Path]:
        return [self.of.folder / file for batch in table.batches for file in batch.files]

    def _connect(self, files: list[Path]) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        return sandbox.connect("UTC", self.of.scratch, files, is_single=False)

    @contextmanager
    def _written(self, batch: Batch) -> Iterator["_BatchFile"]:
        file = _BatchFile(self.snapshot, self.of, batch)
        with temporary(file.path):
            try:
                yield file
            finally:
                file.path.unlink(missing_ok=True)


class _BatchFile:
    """The files of a batch, written under another name until they are kept."""

    def __init__(self, snapshot: Snapshot, of: TablePull, batch: Batch) -> None:
        make_folder(of.folder)
        self._snapshot, self._of = snapshot, of
        self._file, self._gone_file = of.folder / batch.file, of.folder / batch.gone_file
        self.path = self._file.with_name(f"{batch.file}.tmp-{secrets.token_hex(4)}")
        self.count = 0

    def write(self, columns: Sequence[SourceColumn], sql: str) -> None:
        """Writes the rows of ``sql`` as they stream in."""
        schema = schema_of(columns)
        self.count = write_rows(self._snapshot.stream(sql, schema, self._of.shown), self.path, schema)

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


def write_rows(batches: Iterable[pa.RecordBatch], path: Path, schema: pa.Schema) -> int:
    """Writes ``batches`` to the Parquet file ``path``; how many rows there were. Holds one row group at a time."""
    rows = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in batches:
            rows += batch.num_rows
            writer.write_batch(batch, row_group_size=ROW_GROUP)
    return rows


def _where(conditions: Sequence[str]) -> str:
    return f" where {' and '.join(conditions)}" if conditions else ""
