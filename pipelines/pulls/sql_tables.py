"""Tables and queries of a system that speaks SQL: all that a pull asks of them, as SQL over one snapshot."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa

from pipelines.config.pulls import Pull
from pipelines.pulls.errors import TableError
from pipelines.pulls.reconciliation import read_counts
from pipelines.pulls.snapshot import Snapshot, SqlColumn
from pipelines.pulls.system import Counted, Measures, Since, SourceColumn, schema_of


@dataclass(frozen=True)
class SqlSystem:
    """See :class:`pipelines.pulls.system.System`."""

    snapshot: Snapshot

    def open_table(self, name: str, pull: Pull, shown: str) -> "SqlTable":
        if pull.deletes == "reported":
            raise TableError(f"`deletes: reported` of {shown}: a database reports none. Write `{{where: ...}}` in SQL.")
        if pull.select:
            return SqlTable(self.snapshot, f"({pull.select.strip().rstrip(';')}) as pulled", pull, shown)
        return SqlTable(self.snapshot, self.snapshot.name_table(pull.from_ or name), pull, shown)

    def arrange(self, pulls: Mapping[str, Pull]) -> list[str]:
        return list(pulls)

    def separate(self, number: int) -> AbstractContextManager[None]:
        return self.snapshot.separate(number)


@dataclass
class SqlTable:
    """See :class:`pipelines.pulls.system.SourceTable`. ``relation`` is what stands behind FROM."""

    snapshot: Snapshot
    relation: str
    pull: Pull
    shown: str
    may_repeat: bool = field(default=False, init=False)
    parent: tuple[str, ...] = field(default=(), init=False)
    reaches_back_to: date | None = field(default=None, init=False)
    _columns: dict[str, SqlColumn] = field(default_factory=dict, init=False)

    def describe(self) -> list[SourceColumn]:
        columns = self.snapshot.describe(self.relation, self.shown, is_table=not self.pull.select)
        self._columns = {column.name: column for column in columns}
        return list(columns)

    def stream(
        self, columns: Sequence[SourceColumn], since: Since | None = None, most: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        return self._stream(columns, self._where(since, *self._not_deleted), most)

    def stream_kept(self, columns: Sequence[SourceColumn], since: Since) -> Iterator[pa.RecordBatch]:  # noqa: ARG002
        return self._stream(columns, "")

    def stream_deleted(self, key: Sequence[SourceColumn], since: Since) -> Iterator[pa.RecordBatch]:
        return self._stream(key, self._where(since, f"{_truth_of(self.pull.deleted_where)} = 1"))

    def stream_days(
        self, columns: Sequence[SourceColumn], day: SourceColumn, first: date, last: date
    ) -> Iterator[pa.RecordBatch]:
        """See :class:`pipelines.pulls.days.DatedTable`."""
        return self._stream(columns, self._where(None, self._between(day, first, last), *self._not_deleted))

    def count_days(self, measures: Measures, first: date, last: date) -> Counted:
        """See :class:`pipelines.pulls.days.DatedTable`."""
        assert measures.day is not None
        where = self._where(None, self._between(measures.day, first, last), *self._not_deleted)
        return self._count(measures, where)

    def _between(self, day: SourceColumn, first: date, last: date) -> str:
        return f"{self.snapshot.day_of(day)} between '{first.isoformat()}' and '{last.isoformat()}'"

    def _stream(self, columns: Sequence[SourceColumn], where: str, most: int | None = None) -> Iterator[pa.RecordBatch]:
        named = ", ".join(f"{self._columns[each.name].sql} as {self.snapshot.quote(each.name)}" for each in columns)
        select = f"select {named} from {self.relation}{where}"
        sql = select if most is None else self.snapshot.first(select, most)
        return self.snapshot.stream(sql, schema_of(columns), self.shown)

    def count(self, measures: Measures, since: Since | None = None) -> Counted:
        return self._count(measures, self._where(since, *self._not_deleted))

    def _count(self, measures: Measures, where: str) -> Counted:
        day = self.snapshot.day_of(measures.day) if measures.day else "null"
        sums = (self.snapshot.sum_of(self._columns[column.name]) for column in measures.amounts)
        counted = ", ".join([day, "count(*)", *sums])
        grouped = f" group by {day}" if measures.day else ""
        rows = self.snapshot.ask(f"select {counted} from {self.relation}{where}{grouped}", self.shown)
        return Counted(read_counts(rows, measures.names))

    def read_cursor(self, cursor: SourceColumn) -> str | None:
        now = self.snapshot.now(cursor)
        name = self.snapshot.quote(cursor.name)
        until = f" where {name} <= {now}" if now else ""
        text = self.snapshot.cursor_text(cursor, f"max({name})")
        [[value]] = self.snapshot.ask(f"select {text} from {self.relation}{until}", self.shown)
        return str(value) if value else None

    def count_emptied(self, columns: Sequence[SourceColumn], since: Since | None = None) -> Iterator[tuple[str, int]]:
        asked = {column.name: self.snapshot.is_impossible(self._columns[column.name]) for column in columns}
        named = {name: sql for name, sql in asked.items() if sql}
        if not named:
            return
        counted = ", ".join(f"count(case when {sql} then 1 end)" for sql in named.values())
        where = self._where(since, *self._not_deleted)
        [row] = self.snapshot.ask(f"select {counted} from {self.relation}{where}", self.shown)
        yield from zip(named, map(int, row), strict=True)

    def tell(self) -> Iterator[str]:
        yield from ()

    @property
    def _not_deleted(self) -> list[str]:
        where = self.pull.deleted_where
        return [f"{_truth_of(where)} = 0"] if where else []

    def _where(self, since: Since | None, *conditions: str) -> str:
        window = []
        if since is not None:
            name = self.snapshot.quote(since.cursor.name)
            window = [f"({name} >= {self.snapshot.literal(since.cursor, since.value)} or {name} is null)"]
        together = [*window, *conditions]
        return f" where {' and '.join(together)}" if together else ""


def _truth_of(condition: str | None) -> str:
    """SQL of 1 where a condition is true, else of 0; in T-SQL a condition is no value that could be anything else."""
    return f"case when ({condition}) then 1 else 0 end"
