"""One source's rows on their way into one canonical table: mapped, judged, and of those that share a key one kept.

DuckDB streams the rows once through a staging Parquet. A second look, for lines and rows as they came, is only taken
where something did not fit.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.config.connectors import Source
from pipelines.config.sources import Sources
from pipelines.contracts import Column, Table
from pipelines.errors import ExtractError, MappingError
from pipelines.extracts import casting, currencies, mapping, plausibility
from pipelines.extracts.column_names import list_found
from pipelines.extracts.connectors.protocol import QuickRows, Rows
from pipelines.extracts.counts import SourceCounts
from pipelines.extracts.days import Days, depend_on_day, latest_day, times_of
from pipelines.extracts.duckdb_errors import explain
from pipelines.extracts.faults import FIRST, Fault
from pipelines.extracts.field_counts import FieldCounts
from pipelines.extracts.named_rows import empty_relation, speak_of_names
from pipelines.extracts.opening import OpenedTable, place_error
from pipelines.extracts.plausibility import Rule, Window
from pipelines.extracts.quarantine import Kind
from pipelines.extracts.sorted_parquet import FEW_WORDS
from pipelines.extracts.source_values import ORIGINAL, SourceValues
from pipelines.extracts.sql_quoting import quote_name, quote_text
from pipelines.extracts.unseen_columns import find_unseen
from pipelines.name_lists import list_names

MOST_LOCATED = 500_000  # Rejected rows whose line is looked up; held in memory. Any further one keeps its raw row.
MOST_LISTED = 1_000  # Rows later than as_of that are listed one by one; a night of the past has millions.
MOST_READ_TWICE = 200_000  # Rows that are read again only to list later ones: their place is worth no more than that.
MOST_PICKED = 20_000  # Rows that are looked for one by one; of more, all rows are read again.
MOST_COUNTED = 20_000  # Rows up to which different values are counted one by one; beyond, an estimate will do.
SOURCE = "source"  # What a query calls the rows of `from`.
_FITS = f"coalesce(_worst, 0) < {FIRST['rejected']}"
_IS_LATER = f"coalesce(_worst, 0) >= {FIRST['set apart']}"
_CUT = ("updated_at", "later_than_as_of")  # What is written in place of it is the end of the day of the run.
_IS_REJECT = "_verdict in ('rejected', 'duplicate')"


MOST_ROWS = 1 << 40  # Of one file.


def _place_of(file: str, row: str) -> str:
    """SQL of one number for the ``row`` of a ``file``, both SQL."""
    return f"({file}::bigint * {MOST_ROWS} + {row})"


class _MendedError(Exception):
    """Lines were set aside after the rows were counted."""


class SourceReading:
    """One source's rows on their way into one canonical table."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        sources: Sources,
        source: Source,
        table: Table,
        opened: OpenedTable,
        scratch: Path,
        window: Window,
        waited_for: Path | None,
    ) -> None:
        self.connection = connection
        self.sources = sources
        self.source = source
        self.table = table
        self.opened = opened
        self.rows = opened.rows
        self.window = window
        self.waited_for = waited_for
        self.declared = speak_of_names(source.tables[table.name], self.rows)
        self.staging = scratch / "staging.parquet"
        self.lines = scratch / "lines.parquet"
        self.result = quote_name(f"{source.name}_result")
        self.found = quote_name(f"{source.name}_found")
        self.suspects = quote_name(f"{source.name}_suspects")
        self.repeated = quote_name(f"{source.name}_repeated")
        self.examples = quote_name(f"{source.name}_examples")
        self.picked = quote_name(f"{source.name}_picked")
        self.columns: tuple[str, ...] = self.rows.columns
        self.mapping: mapping.Mapping | None = None
        self.values: dict[str, SourceValues] = {}
        self.has_suspects = False
        self.has_repeated = False
        self.has_examples = False
        self.rows_set_apart = 0
        self.lists_later = False
        self.is_staged = False
        self.fields: tuple[FieldCounts, ...] = ()
        self.days = Days()
        self.uses_numbers = any("_row" in sql for sql in self.declared.written_sql)

    def conform(self) -> SourceCounts:
        """Leaves the rows that fit in the staging Parquet, the others in the suspects, and counts both."""
        try:
            while True:
                try:
                    return self._conform()
                except _MendedError:
                    self._begin_again()
        except ExtractError as error:
            raise place_error(error, self.sources, self.source, self.table) from error.__cause__

    def _begin_again(self) -> None:
        """Forgets what was counted: some of the rows that were staged are none, now that all of their bytes were read.

        Until then only the columns of the mapping were, and DuckDB says nothing of what it does not read.
        """
        self.is_staged = self.has_suspects = self.has_repeated = self.has_examples = self.lists_later = False
        self.rows_set_apart = 0
        self.fields = ()
        self.days = Days()

    def _conform(self) -> SourceCounts:
        staged = filtered = rejected = implausible = repeated = later = 0
        if self.rows.columns:  # JSON lines without a line have none; then nothing can be missing from them either.
            for function in casting.sql_functions(self.declared.options, self.window.as_of):
                self.connection.execute(function)
            self.mapping = self._map()
            staged, fitting, later = self._stage()
            self.rows_set_apart = later
            filtered = self._count(lambda: self._mapped.counted_out(self._select())) if self.mapping.where else 0
            counted = self._count_faults()
            self.days = self.days.meet(self._find_days(counted))
            self._find_repeated_keys()
            self.has_examples = self._find_examples(counted)
            is_at_fault = fitting + later < staged or self.has_repeated or self.has_examples
            self.lists_later = 0 < later <= MOST_LISTED and (is_at_fault or staged <= MOST_READ_TWICE)
            if is_at_fault or self.lists_later:
                self._look_again()
                rejected = self._count(lambda: f"select count(*) from {self.suspects} where {_IS_REJECT}")
                implausible = self._count(
                    lambda: (
                        f"select count(*) from {self.suspects} where _verdict = 'rejected' and _kind = 'implausible'"
                    )
                )
                repeated = self._count(lambda: f"select count(*) from {self.suspects} where _verdict = 'repeated'")
            self.fields = self._count_fields(staged - later, counted)
        malformed = self._count(lambda: f"select count(*) from {self._malformed()}") if self._has_malformed() else 0
        changed = [file for rows in self.opened.every for file in rows.find_changed()]
        if changed:
            raise ExtractError(
                f"{list_names(changed)} changed while it was read, so that its rows may be of two exports. Run again "
                "once it is written; an export that is renamed into its place when it is whole never does so."
            )
        limit = self.declared.reject_limit
        return SourceCounts(
            rows_read=staged + filtered + malformed,
            rows_kept=staged - rejected - repeated - later,
            rows_rejected=rejected + malformed,
            rows_set_apart=later,
            rows_filtered=filtered,
            rows_repeated=repeated,
            rows_implausible=implausible,
            reject_limit=self.sources.reject_limit if limit is None else limit,
            is_limit_declared=limit is not None or "reject_limit" in self.sources.model_fields_set,
        )

    @property
    def _mapped(self) -> mapping.Mapping:
        if self.mapping is None:
            raise RuntimeError("the columns are mapped first")
        return self.mapping

    def _run(self, make_sql: Callable[[], str]) -> list[tuple[Any, ...]]:
        """Runs SQL that reads the files; lines that are no rows are set aside, and it runs again."""
        while True:
            try:
                return self.connection.execute(make_sql()).fetchall()
            except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
                raise ExtractError(f"stopped: {explain(error)}") from error
            except duckdb.Error as error:
                are_mended = [rows.set_aside_malformed() for rows in self.opened.every]
                if not any(are_mended):
                    raise ExtractError(f"cannot be read: {explain(error)}") from error
                if self.is_staged:
                    raise _MendedError from None

    def _count(self, make_sql: Callable[[], str]) -> int:
        return int(self._run(make_sql)[0][0])

    def _select(self, *, numbered: bool = False) -> str:
        """The rows that `columns` map: those of the files, or of the `query` over them."""
        if self.declared.query:
            return f"select * from {self.result}"
        return self._see(SOURCE, self.rows, numbered=numbered or self.uses_numbers)

    def _see(self, name: str, rows: Rows, *, numbered: bool) -> str:
        """The rows of the files called ``name``, their values as SQL is to see them."""
        if name not in self.values:
            described = self._run(lambda: f"describe {rows.select(numbered=False)}")
            types = {str(column): str(type_) for column, type_, *_ in described if column != "_file"}
            unseen = find_unseen(types, self.declared.written_sql, self._names, (SOURCE, *self.opened.relations))
            self.values[name] = SourceValues(types, self.table, self.declared, self.sources.currency, unseen)
        keeps_original = numbered and not self.declared.query
        return self.values[name].select(rows.select(numbered=numbered), keeps_original=keeps_original)

    @property
    def _names(self) -> list[str]:
        return [column.name for column in self.table.columns]

    def _map(self) -> mapping.Mapping:
        lacking, files = self.rows.lacking, self.rows.files
        if self.declared.query:
            self._run_query(self.declared.query)
            described = [str(row[0]) for row in self._run(lambda: f"describe {self.result}")]
            self.columns = tuple(name for name in described if name not in ("_file", "_file_number", "_row"))
            lacking, files = {}, ()

        def execute(sql: str) -> list[tuple[Any, ...]]:
            return self.connection.execute(sql).fetchall()

        # Only bound, never read: values as they came have the same types, in SQL that is bound in a tenth of the time.
        rows = self._select() if self.declared.query else self.rows.select(numbered=self.uses_numbers)
        return mapping.map_columns(
            self.table,
            self.declared,
            self.columns,
            lacking,
            rows,
            execute,
            self._rules_of,
            self.window.as_of,
            files,
        )

    def _rules_of(self, column: Column) -> tuple[Rule, ...]:
        rules = plausibility.rules_of(self.table, column, self.sources, self.declared, self.window)
        if self.waited_for and self.table.part_of and column.name == self.table.part_of[1]:
            waiting = self._keep_parents(column, self.waited_for, "later_than_as_of")
            refused = self._keep_parents(column, self.waited_for, "implausible")
            return (*rules, plausibility.wait_for(column.name, waiting), plausibility.go_with(column.name, refused))
        return rules

    def _keep_parents(self, column: Column, file: Path, kind: Kind) -> str:
        name, key = quote_name(f"{self.source.name}_parents_{kind}"), quote_name(column.name)
        self.connection.execute(
            f"create or replace temp table {name} as select {key} from read_parquet({quote_text(str(file))}) "
            f"where source = {quote_text(self.source.name)} and kind = {quote_text(kind)}"
        )
        return name

    def _run_query(self, query: str) -> None:
        """Keeps the result of `query`, so that every later step sees the same rows in the same order."""
        try:
            statements = duckdb.extract_statements(query)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise MappingError("`query` must be one SELECT over `source`.", at=("query",))
            # Only bound, never read: values as they came have the same types, in SQL that is bound in no time.
            self.connection.execute(self._make_relations(self._rows_as_they_came()))
            self.connection.execute(f"describe {query.rstrip().rstrip(';')}").fetchall()
        except duckdb.Error as error:
            found = [f"  {self._list_columns(self.rows)}"]
            found += [f"  in {name}, {self._list_columns(rows)}" for name, rows in self.opened.relations.items()]
            listed = "\n".join(found)
            message = f"DuckDB does not understand `query`: {explain(error, [query])}\n{listed}"
            raise MappingError(message, at=("query",)) from error
        made = f"create or replace temp table {self.result} as {query.rstrip().rstrip(';')}"
        self._run(lambda: f"{self._make_relations(self._relations())}; {made}")
        for name in self._rows_as_they_came():
            self.connection.execute(f"drop view {quote_name(name)}")

    def _list_columns(self, rows: Rows) -> str:
        return list_found(rows.columns, self.declared.written_sql, rows.lacking, rows.files)

    def _make_relations(self, relations: Mapping[str, str]) -> str:
        """SQL that makes what the query reads: `source`, and a view of each name of `with`."""
        return "; ".join(f"create or replace temp view {quote_name(name)} as {sql}" for name, sql in relations.items())

    def _rows_as_they_came(self) -> dict[str, str]:
        read = {SOURCE: self.rows, **self.opened.relations}
        plain = {name: rows.select(numbered=self.uses_numbers) for name, rows in read.items()}
        return plain | {name: empty_relation(columns) for name, columns in self.opened.empty.items()}

    def _relations(self) -> dict[str, str]:
        read = {SOURCE: self.rows, **self.opened.relations}
        seen = {name: self._see(name, rows, numbered=self.uses_numbers) for name, rows in read.items()}
        return seen | {name: empty_relation(columns) for name, columns in self.opened.empty.items()}

    def _stage(self) -> tuple[int, int, int]:
        """Maps every row into the staging Parquet; how many there are, how many fit, and how many are later.

        With the place of each in its export: rows of several files, or read by several threads, are in no order there.
        """
        times = times_of(mapped.column for mapped in self._mapped.columns)
        extras = [] if self.declared.query else [("_file_number", "_in_file"), ("_row", "_in_row")]
        self._run(
            lambda: (
                f"copy ({self._mapped.judged(self._select(numbered=True), extras)}) to {quote_text(str(self.staging))} "
                f"(format parquet, compression lz4_raw, preserve_order true, {FEW_WORDS})"
            )
        )
        counts = self._run(
            lambda: (
                f"select count(*), count(*) filter (where {_FITS}), count(*) filter (where {_IS_LATER}), "
                f"greatest(max(_first), {latest_day(times, self.window.as_of)}), min(_end) from {self._staged()}"
            )
        )[0]
        self.is_staged = True
        self.days = Days(counts[3], counts[4])
        return int(counts[0]), int(counts[1]), int(counts[2])

    def _count_faults(self) -> dict[int, int]:
        """How often each fault stands in the rows staged, by its number."""
        rows = self._run(
            lambda: (
                f"select fault, count(*) from (select unnest(_faults) as fault from {self._staged()} "
                "where _worst is not null) group by fault order by fault"
            )
        )
        return {int(fault): int(count) for fault, count in rows}

    def _find_days(self, counted: dict[int, int]) -> Days:
        """This day alone, where a rule reckons from it or a time was cut to its end."""
        listed = self._mapped.faults.listed()
        is_cut = any((listed[number].column, listed[number].kind) == _CUT for number in counted)
        columns = (mapped.column for mapped in self._mapped.columns)
        if is_cut or depend_on_day(self.declared, columns):
            return Days(self.window.as_of, self.window.as_of + timedelta(days=1))
        return Days()

    def _find_examples(self, counted: dict[int, int]) -> bool:
        """Keeps the positions of the first row of each fault whose place is told; whether there are any."""
        listed = self._mapped.faults.listed()
        told = [number for number in counted if listed[number].kind != "later_than_as_of"]
        if not told:
            return False
        self._run(
            lambda: (
                f"create or replace temp table {self.examples} as select distinct position from ("
                f"select fault, min(position) as position from ("
                f"select unnest(_faults) as fault, {self._place} as position "
                f"from {self._staged(numbered=True)} where _worst is not null) "
                f"where fault in ({', '.join(map(str, told))}) group by fault)"
            )
        )
        return True

    def _staged(self, *, numbered: bool = False) -> str:
        return f"read_parquet({quote_text(str(self.staging))}{', file_row_number = true' if numbered else ''})"

    @property
    def _key(self) -> list[str]:
        return [quote_name(name) for name in self.table.key if name in self._mapped.names]

    def _find_repeated_keys(self) -> None:
        key = ", ".join(self._key)
        self._run(
            lambda: (
                f"create or replace temp table {self.repeated} as "
                f"select {key}, true as _is_repeated from {self._staged()} "
                f"where {_FITS} group by {key} having count(*) > 1"
            )
        )
        self.has_repeated = self._count(lambda: f"select count(*) from {self.repeated}") > 0

    def _join_repeated(self, rows: str) -> str:
        return f"({rows}) as suspect left join {self.repeated} as repeated on {self._same_key('repeated')}"

    def _same_key(self, other: str) -> str:
        return " and ".join(f"suspect.{name} is not distinct from {other}.{name}" for name in self._key)

    def _look_again(self) -> None:
        """Settles what becomes of the rows that do not fit, share a key or are examples, and finds where they stood."""
        wanted = [f"not ({_FITS}) and not ({_IS_LATER})", "repeated._is_repeated"]
        if self.lists_later:
            wanted.append(_IS_LATER)
        if self.has_examples:
            wanted.append(f"{self._place} in (select position from {self.examples})")
        rows = f"select * from {self._staged(numbered=True)}"
        left_behind = "file_row_number" if self.declared.query else "file_row_number, _in_file, _in_row"
        self._run(
            lambda: (
                f"create or replace temp table {self.found} as "
                f"select suspect.* exclude ({left_behind}), {self._place} as _position, "
                f"coalesce(repeated._is_repeated, false) as _is_repeated from {self._join_repeated(rows)} "
                f"where {' or '.join(f'({each})' for each in wanted)}"
            )
        )
        self._run(self._settle_repeated)
        self._pick()
        self._find_lines()
        self.has_suspects = True

    @property
    def _place(self) -> str:
        """SQL of the place of a staged row: the number of its file and its row there, or its position in a result."""
        return "file_row_number" if self.declared.query else _place_of("_in_file", "_in_row")

    def _pick(self) -> None:
        """Reads the rows whose place is told once more, as they came."""
        told = f"from {self.suspects} where {_IS_REJECT} or _verdict = 'later' or _worst is not null"
        rows = self._pick_few(f"select _position {told} order by all limit {MOST_PICKED + 1}")
        if rows is not None:
            try:
                self.connection.execute(f"create or replace temp table {self.picked} as {rows}")
            except duckdb.Error:
                pass  # Their lines alone say no more than that they are none: all rows are read, and those set aside.
            else:
                return
        self._run(
            lambda: (
                f"create or replace temp table {self.picked} as from ({self._read_numbered()}) "
                f"semi join (select _position {told}) using (_position)"
            )
        )

    def _pick_few(self, positions: str) -> str | None:
        """SELECT of the rows at the places ``positions`` selects alone; None where all must be read for them."""
        if self.declared.query or not isinstance(self.rows, QuickRows):
            return None
        wanted = [int(row[0]) for row in self._run(lambda: positions)]
        if len(wanted) > MOST_PICKED:
            return None
        places: dict[int, list[int]] = {}
        for position in wanted:
            places.setdefault(position // MOST_ROWS, []).append(position % MOST_ROWS)
        picked = self.rows.pick(places) if places else None
        if picked is None:
            return None
        raw = f"cast(to_json({self._original('')}) as varchar)"
        place = _place_of("_file_number", "_row")
        return f"select {place} as _position, _file, _file_number, _row, {raw} as _raw from ({picked})"

    def _read_numbered(self) -> str:
        """SELECT of all rows by their place, where they stood and as they came."""
        came = "" if self.declared.query else f"{ORIGINAL}."
        places = ", ".join(f"{sql} as {name}" for sql, name in self._places())
        position = "row_number() over () - 1" if self.declared.query else _place_of("_file_number", "_row")
        return (
            f"select {position} as _position, {places}, "
            f"cast(to_json({self._original(came)}) as varchar) as _raw "
            f"from ({self._mapped.let_through(self._select(numbered=True))})"
        )

    def _original(self, came: str) -> str:
        return "{" + ", ".join(f"{quote_text(name)}: {came}{quote_name(name)}" for name in self.columns) + "}"

    def _places(self) -> list[tuple[str, str]]:
        """SQL for the file, its number and the row; null where a `query` has left them behind."""
        names = ("_file", "_file_number", "_row")
        if not self.declared.query:
            return [(name, name) for name in names]
        known = {str(row[0]) for row in self._run(lambda: f"describe {self.result}")}
        only_file = quote_text(self.rows.files[0]) if len(self.rows.files) == 1 else "cast(null as varchar)"
        file = "_file" if "_file" in known else only_file
        is_placed = {"_file_number", "_row"} <= known
        return [(file, "_file"), *((name if is_placed else "cast(null as bigint)", name) for name in names[1:])]

    def _settle_repeated(self) -> str:
        """Of the rows with one key, the newest by `updated_at` or its own time, else the first by content, is kept."""
        names = [quote_name(name) for name in self._mapped.names]
        times = [name for name in ("updated_at", self.table.since) if name in self._mapped.names]
        newest = [f"{quote_name(name)} desc nulls last" for name in times[:1]]
        order = ", ".join([*newest, *(f"{name} nulls last" for name in names), "_position"])
        content = f"row({', '.join(names)})"
        first = self._mapped.first_of("_faults")
        listed = [(fault, fault.column or "") for fault in self._mapped.faults.numbers]
        kinds = [(fault, fault.kind) for fault in self._mapped.faults.numbers]
        return f"""
            create or replace temp table {self.suspects} as
            select * exclude (_rank, _is_same),
                case when _is_sent_away then nullif({self._mapped.faults.say(first, listed)}, '')
                    else {quote_text(", ".join(self.table.key))} end as _column,
                case when _is_sent_away then {self._mapped.faults.say(first, kinds)} else 'duplicate' end as _kind,
                case when _is_sent_away then {self._mapped.reason_of("_faults")} else 'duplicate key' end as _reason,
                case when {_IS_LATER} then 'later' when _is_sent_away then 'rejected'
                    when _rank = 1 or not _is_repeated then 'kept' when _is_same then 'repeated'
                    else 'duplicate' end as _verdict
            from (
                select *, row_number() over ranked as _rank,
                    {content} is not distinct from first_value({content}) over ranked as _is_same
                from (select *, not ({_FITS}) as _is_sent_away from {self.found})
                window ranked as (partition by _is_sent_away, {", ".join(self._key)} order by {order})
            )"""

    def _find_lines(self) -> None:
        places = self.connection.execute(
            f"select distinct _file_number, _row from {self.picked} where _row is not null "
            f"order by all limit {MOST_LOCATED}"
        ).fetchall()
        found = self.rows.find_lines(places)
        frame = pl.DataFrame(
            [(file, row, line) for (file, row), line in found.items()],
            schema={"_file_number": pl.Int64, "_row": pl.Int64, "line": pl.Int64},
            orient="row",
        )
        frame.write_parquet(self.lines)

    def _placed(self) -> str:
        """The suspects, with where they stood and as they came, as far as that was looked up."""
        return (
            f"(select suspect.*, picked.* exclude (_position), line from {self.suspects} as suspect "
            f"left join {self.picked} as picked using (_position) "
            f"left join read_parquet({quote_text(str(self.lines))}) using (_file_number, _row))"
        )

    def _count_fields(self, rows: int, counted: dict[int, int]) -> tuple[FieldCounts, ...]:
        """What became of the values of each column that the source fills."""
        names = self._mapped.names
        distinct = "count(distinct {})" if rows <= MOST_COUNTED else "approx_count_distinct({})"
        sums = ", ".join(f"count({quote_name(name)}), {distinct.format(quote_name(name))}" for name in names)
        found = self._run(lambda: f"select {sums} from {self._staged()} where not ({_IS_LATER})")[0]
        places, listed = self._places_of_examples(), self._mapped.faults.listed()
        fields = []
        for position, name in enumerate(names):
            mine = {number: listed[number] for number in counted if listed[number].column == name}

            def count(kind: str, mine: dict[int, Fault] = mine) -> int:
                return sum(counted[number] for number, fault in mine.items() if fault.kind == kind)

            refused = sum(
                counted[number] for number, fault in mine.items() if fault.outcome == "rejected" and fault.is_value
            )
            commonest = max(mine, key=lambda number: (counted[number], -number), default=None)
            example = min((places[number] for number in mine if number in places), default=(0, 0, None, None))
            fields.append(
                FieldCounts(
                    source=self.source.name,
                    table_name=self.table.path,
                    column_name=name,
                    row_count=rows,
                    filled_count=int(found[2 * position]) - refused,
                    distinct_count=int(found[2 * position + 1]),
                    unreadable_count=count("unreadable"),
                    implausible_count=count("implausible"),
                    later_than_as_of_count=count("later_than_as_of"),
                    reason=None if commonest is None else listed[commonest].reason,
                    example_file=example[2],
                    example_line=example[3],
                )
            )
        return tuple(fields)

    def _places_of_examples(self) -> dict[int, tuple[int, int, str | None, int | None]]:
        """The place of the first row of each fault that examples were found of: file number, row, file and line."""
        if not self.has_examples:
            return {}
        rows = self._run(
            lambda: (
                f"select fault, coalesce(_file_number, 0), coalesce(_row, 0), _file, line from ("
                f"select unnest(_faults) as fault, _file_number, _row, _file, line from {self._placed()} "
                f"where _worst is not null) "
                "qualify row_number() over (partition by fault order by _file_number, _row) = 1"
            )
        )
        told = {number for number, fault in self._mapped.faults.listed().items() if fault.kind != "later_than_as_of"}
        return {int(row[0]): (int(row[1]), int(row[2]), row[3], row[4]) for row in rows if int(row[0]) in told}

    def _has_malformed(self) -> bool:
        return any(rows.malformed.exists() for rows in self.opened.every)

    def _malformed(self) -> str:
        files = [quote_text(str(rows.malformed)) for rows in self.opened.every if rows.malformed.exists()]
        return (
            f"read_json([{', '.join(files)}], format = 'newline_delimited', "
            "columns = {file: 'VARCHAR', line: 'BIGINT', reason: 'VARCHAR', raw: 'VARCHAR'})"
        )

    def rejects(self) -> list[str]:
        """SELECTs of the quarantine's columns, one row per row rejected or set apart.

        Where many are set apart, one row tells how many they are.
        """
        origin = f"{quote_text(self.source.name)} as source, {quote_text(self.table.path)} as table_name"
        selects = []
        if self.has_suspects:
            selects.append(
                f"select {origin}, _file as file, line, _column as column_name, _kind as kind, "
                f"_reason as reason, false as is_kept, _raw as raw "
                f"from {self._placed()} where {_IS_REJECT} or _verdict = 'later'"
            )
        if self.rows_set_apart and not self.lists_later:
            reason = f"{self.rows_set_apart} rows are later than as_of, not listed one by one"
            selects.append(
                f"select {origin}, null as file, null as line, null as column_name, 'later_than_as_of' as kind, "
                f"{quote_text(reason)} as reason, false as is_kept, null as raw"
            )
        if self._has_malformed():
            selects.append(
                f"select {origin}, file, line, null as column_name, 'malformed' as kind, reason, false as is_kept, raw "
                f"from {self._malformed()}"
            )
        return selects

    def kept(self) -> list[str]:
        """SELECTs of the source's name and the canonical columns, one row per row kept."""
        if self.mapping is None:
            return []
        filled = set(self._mapped.names)
        columns = ", ".join(
            self._finish(column.name) if column.name in filled else f"null as {quote_name(column.name)}"
            for column in self.table.columns
        )
        chosen = f"select {quote_text(self.source.name)} as source, {columns}"
        if not self.has_repeated:
            return [f"{chosen} from {self._staged()} where {_FITS}"]
        unique = f"select suspect.* from {self._join_repeated(f'select * from {self._staged()} where {_FITS}')}"
        return [
            f"{chosen} from ({unique} where repeated._is_repeated is null)",
            f"{chosen} from {self.suspects} where _verdict = 'kept' and _is_repeated",
        ]

    def _finish(self, name: str) -> str:
        """A row that was changed later was there on the day of the run; when it was changed before is not known."""
        column = quote_name(name)
        if name == "currency":
            return f"{currencies.code_of(column, self.sources.currency)} as {column}"
        return f"least({column}, {self.window.last}) as {column}" if name == "updated_at" else column

    def set_apart(self) -> list[str]:
        """SELECTs of the source's name, the key and the kind, one row per row whose parts go where it goes.

        Those are the rows later than as_of, and those in quarantine whose currency is not the retailer's: nothing but
        the row tells the currency of its parts.
        """
        if self.mapping is None:
            return []
        key = f"select {quote_text(self.source.name)} as source, {', '.join(self._key)}"
        selects = []
        if self.rows_set_apart:
            selects.append(f"{key}, 'later_than_as_of' as kind from {self._staged()} where {_IS_LATER}")
        refused = [
            str(number)
            for number, fault in self._mapped.faults.listed().items()
            if (fault.column, fault.kind) == ("currency", "implausible")
        ]
        if refused:
            # A currency that is none, or without a rate, is emptied by now.
            code = currencies.code_of("currency", self.sources.currency)
            is_refused = (
                f"_worst is not null and (list_has_any(_faults, [{', '.join(refused)}]) "
                f"or not ({_FITS}) and not ({_IS_LATER}) and {code} <> {quote_text(self.sources.currency)})"
            )
            selects.append(f"{key}, 'implausible' as kind from {self._staged()} where {is_refused}")
        return selects
