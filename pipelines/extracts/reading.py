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
from pipelines.extracts.connectors.protocol import QuickRows, Rows, RowsOfFiles
from pipelines.extracts.counts import SourceCounts
from pipelines.extracts.days import Days, find_lasting, latest_day, times_of
from pipelines.extracts.division import Division, FormerReading, KeysMeetError, ReadAsAWholeError, ReadUnits
from pipelines.extracts.duckdb_errors import explain
from pipelines.extracts.faults import FIRST
from pipelines.extracts.field_counts import FieldCounts
from pipelines.extracts.named_rows import empty_relation, speak_of_names
from pipelines.extracts.opening import OpenedTable, place_error
from pipelines.extracts.plausibility import Rule, Window
from pipelines.extracts.quarantine import Kind
from pipelines.extracts.sorted_parquet import FEW_WORDS
from pipelines.extracts.source_values import ORIGINAL, SourceValues
from pipelines.extracts.sql_quoting import quote_name, quote_text
from pipelines.extracts.tallies import Tally, add_up, count_fields, estimate, join_sketches, pack_sketch
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
_IS_TOLD = f"({_IS_REJECT} or _verdict = 'later' or _worst is not null)"  # Where it stood is.
_IS_GONE = "_verdict in ('rejected', 'duplicate', 'repeated')"


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
        division: Division | None = None,
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
        self.division = division
        self.types: dict[str, str] = {}
        self.tallies: dict[int, Tally] = {}
        self.groups: dict[int, int] = {}
        self.has_suspects = False
        self.has_repeated = False
        self.has_examples = False
        self.has_set_aside = False
        self.has_read_all = False
        self.is_divisible = division is not None
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

    def _conform(self) -> SourceCounts:
        self._require_same_files()
        self.tallies = {unit: Tally() for unit in (self.division.read if self.division else (0,))}
        self.groups = {unit: unit for unit in self.tallies}
        if self.rows.columns:  # JSON lines without a line have none; then nothing can be missing from them either.
            for function in casting.sql_functions(self.declared.options, self.window.as_of):
                self.connection.execute(function)
            self.mapping = self._map()
            self._prepare_division()
            self._stage()
            self._refuse_keys_met()
            if self.mapping.where:
                self._count_filtered()
            self._count_faults()
            self._find_days()
            self._find_repeated_keys()
            self.has_examples = self._find_examples()
            own = self._settle_later()
            if own.is_at_fault or (self.lists_later and own.later):
                self._look_again()
                self._count_verdicts()
            self._search_as_the_others()
            distinct = self._count_values(own.staged - own.later)
        self._count_malformed()
        changed = [file for rows in self.opened.every for file in rows.find_changed()]
        if changed:
            raise ExtractError(
                f"{list_names(changed)} changed while it was read, so that its rows may be of two exports. Run again "
                "once it is written; an export that is renamed into its place when it is whole never does so."
            )
        total = add_up(self.all_tallies)
        self.days = total.days
        if self.mapping:
            self._find_places_of_examples()
            faults = self._mapped.faults.listed()
            self.fields = count_fields(
                self.source.name, self.table, self._mapped.names, faults, self.all_tallies, distinct
            )
        limit = self.declared.reject_limit
        return SourceCounts(
            rows_read=total.staged + total.filtered + total.malformed,
            rows_kept=total.staged - total.rejected - total.repeated - total.later,
            rows_rejected=total.rejected + total.malformed,
            rows_set_apart=total.later,
            rows_filtered=total.filtered,
            rows_repeated=total.repeated,
            rows_implausible=total.implausible,
            reject_limit=self.sources.reject_limit if limit is None else limit,
            is_limit_declared=limit is not None or "reject_limit" in self.sources.model_fields_set,
        )

    @property
    def all_tallies(self) -> list[Tally]:
        """Those of all units in order, whether they are read or not."""
        kept = {unit: former.tally for unit, former in self.division.kept.items()} if self.division else {}
        return [tally for _, tally in sorted((kept | self.tallies).items())]

    def note(self) -> ReadUnits:
        """What a later night is to know of the units, once they are conformed."""
        assert self.division is not None
        known = self.rows.describe_files() if isinstance(self.rows, RowsOfFiles) else None
        groups = {unit: former.group for unit, former in self.division.kept.items()} | self.groups
        reading = FormerReading(self.types, self.lists_later, self.has_set_aside, self._is_searched)
        if known is None or not self.is_divisible or self.mapping is None:
            return ReadUnits((), (), (), reading, may_be_kept=False)
        files = tuple(tuple(known[number] for number in self.division.files_of(unit)) for unit in range(len(groups)))
        of_units = tuple(groups[unit] for unit in range(len(groups)))
        return ReadUnits(files, tuple(self.all_tallies), of_units, reading, may_be_kept=True)

    def _require_same_files(self) -> None:
        """Raises ExtractError where a file came or went after the files were divided: numbers are of others now."""
        if self.division is None:
            return
        names, files = self.division.names, self.rows.files
        if len(names) != len(files) or not all(map(str.endswith, names, files)):
            raise ExtractError(
                f"files of {self.declared.from_} came or went while it was read. Run again once all are written."
            )

    def _prepare_division(self) -> None:
        """Finds out whether the rows of each file are what they are whatever other files hold."""
        if self.division is None:
            return
        looks_around = [each.column.name for each in self._mapped.columns if each.is_expression and not each.is_guarded]
        if looks_around:
            self._refuse_division(f"the expression of {list_names(looks_around)} may look at other rows")
        if any("_file_number" in sql for sql in self.declared.written_sql):
            self._refuse_division("its SQL asks for the numbers of the files")
        self._select()
        # In order: what is quarantined lists them in theirs.
        if self.division.former and list(self.division.former.columns.items()) != list(self.types.items()):
            self._refuse_division("its files have other columns")
        if self.division.sets_aside and not self.has_set_aside:
            self.has_set_aside = True
            for rows in self.opened.every:
                rows.set_aside_malformed()

    @property
    def _is_searched(self) -> bool:
        """Whether all bytes of all files were read, now or before: a line that is no row would have been found."""
        former = self.division.former if self.division else None
        return former.is_searched if former else self.has_read_all or self.has_set_aside

    def _search_as_the_others(self) -> None:
        """Sees to it that of all files all bytes are read, or of none: DuckDB says nothing of what no column reads.

        Raises ReadAsAWholeError where it would be of some.
        """
        former = self.division.former if self.division else None
        if former is None:
            return
        if former.is_searched:
            is_searched = self.has_set_aside or self.has_read_all
            if not is_searched and self.rows.set_aside_malformed():  # A table with others beside has no units.
                self._refuse_division("it has lines that are no rows where no column of the mapping reads")
        elif self.has_read_all or self._is_all_read_for(add_up(self.all_tallies).told):
            self._refuse_division("rows in quarantine have all bytes of some of them read")

    def _is_all_read_for(self, told: int) -> bool:
        """Whether all rows of all files are to be read again to find ``told`` rows."""
        files = self.rows.describe_files() if isinstance(self.rows, RowsOfFiles) else None
        return told > MOST_PICKED or (told > 0 and any(file.is_unpickable for file in files or ()))

    def _refuse_division(self, why: str) -> None:
        """The next night cannot go by what is noted of single units; nor may this one have."""
        self.is_divisible = False
        if self.division and self.division.kept:
            raise ReadAsAWholeError(why)

    def _unit_of(self, file: str) -> str:
        """SQL of the number of the unit of a ``file``, SQL of its number."""
        if self.division is None:
            return "0"
        return f"[{', '.join(map(str, self.division.unit_of_file))}][{file} + 1]"

    def _first_file(self, unit: int) -> int:
        return self.division.files_of(unit)[0] if self.division else 0

    @property
    def _staged_unit(self) -> str:
        return self._unit_of("_in_file")

    @property
    def _unit_of_position(self) -> str:
        """The same of a row by its place, which has the number of the file in it."""
        return self._unit_of(f"(_position // {MOST_ROWS})")

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
                self.has_set_aside = True
                if self.division and not self.division.may_set_aside:
                    self._refuse_division("it has lines that are no rows, and the others were not searched for such")
                if self.is_staged:
                    self._refuse_division("of its lines that are no rows only those of other files have told")
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
            if name == SOURCE:
                self.types = types
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
            f"where source = {quote_text(self.source.rows_of)} and kind = {quote_text(kind)}"
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

    def _stage(self) -> None:
        """Maps every row into the staging Parquet; counts how many there are, how many fit, and how many are later.

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
                f"select {self._staged_unit} as unit, count(*), count(*) filter (where {_FITS}), "
                f"count(*) filter (where {_IS_LATER}), greatest(max(_first), {latest_day(times, self.window.as_of)}), "
                f"min(_end) from {self._staged()} group by unit"
            )
        )
        self.is_staged = True
        for unit, staged, fitting, later, first, end in counts:
            tally = self.tallies[unit]
            tally.staged, tally.fitting, tally.later, tally.days = staged, fitting, later, Days(first, end)
            tally.is_at_fault = fitting + later < staged

    def _refuse_keys_met(self) -> None:
        """Raises KeysMeetError where a row that fits has the key of one of a unit that is not read."""
        if self.division is None or not self.division.kept:
            return
        parts = {str(former.part): unit for unit, former in self.division.kept.items()}
        same = " and ".join(f"own.{name} is not distinct from former.{name}" for name in self._key)
        met = self._run(
            lambda: (
                f"select distinct filename from read_parquet([{', '.join(map(quote_text, parts))}], filename = true) "
                f"as former semi join (select {', '.join(self._key)} from {self._staged()} where {_FITS}) as own "
                f"on {same}"
            )
        )
        if met:
            raise KeysMeetError(self.source.name, (parts[file] for (file,) in met))

    def _count_filtered(self) -> None:
        if self.division is None:
            self.tallies[0].filtered = self._count(lambda: self._mapped.counted_out(self._select()))
            return
        for unit, count in self._run(
            lambda: self._mapped.counted_out(self._select(numbered=True), self._unit_of("_file_number"))
        ):
            self.tallies[unit].filtered = count

    def _count_faults(self) -> None:
        """How often each fault stands in the rows staged, by its number."""
        for unit, fault, count in self._run(
            lambda: (
                f"select {self._staged_unit} as unit, fault, count(*) from (select *, unnest(_faults) as fault "
                f"from {self._staged()} where _worst is not null) group by unit, fault order by fault"
            )
        ):
            self.tallies[unit].faults[int(fault)] = count

    def _find_days(self) -> None:
        """This day alone, where a rule reckons from it or a time was cut to its end; none where the clock is asked."""
        listed = self._mapped.faults.listed()
        lasting = find_lasting(self.declared, (each.column for each in self._mapped.columns), self.window.as_of)
        today = Days(self.window.as_of, self.window.as_of + timedelta(days=1))
        for tally in self.tallies.values():
            tally.days = tally.days.meet(lasting)
            if any((listed[fault].column, listed[fault].kind) == _CUT for fault in tally.faults):
                tally.days = tally.days.meet(today)

    @property
    def _told(self) -> set[int]:
        """The numbers of the faults whose place is told."""
        listed = self._mapped.faults.listed()
        return {number for number, fault in listed.items() if fault.kind != "later_than_as_of"}

    def _find_examples(self) -> bool:
        """Keeps the positions of the first row of each fault whose place is told; whether there are any."""
        told: set[int] = set()
        for tally in self.tallies.values():
            of_unit = self._told & tally.faults.keys()
            tally.is_at_fault = tally.is_at_fault or bool(of_unit)
            told |= of_unit
        if not told:
            return False
        self._run(
            lambda: (
                f"create or replace temp table {self.examples} as select distinct position from ("
                f"select unit, fault, min(position) as position from ("
                f"select {self._staged_unit} as unit, unnest(_faults) as fault, {self._place} as position "
                f"from {self._staged(numbered=True)} where _worst is not null) "
                f"where fault in ({', '.join(map(str, sorted(told)))}) group by unit, fault)"
            )
        )
        return True

    def _settle_later(self) -> Tally:
        """Decides whether rows later than the day are listed one by one; the tallies of what is read, added up."""
        total, own = add_up(self.all_tallies), add_up(self.tallies.values())
        self.rows_set_apart = total.later
        self.lists_later = 0 < total.later <= MOST_LISTED and (total.is_at_fault or total.staged <= MOST_READ_TWICE)
        if self.division and self.division.former and self.division.former.lists_later != self.lists_later:
            kept_later = sum(former.tally.later for former in self.division.kept.values())
            if kept_later:
                self._refuse_division("rows later than the day are listed otherwise")
        return own

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
        if not self.has_repeated:
            return
        rows = self._join_repeated(f"select * from {self._staged()} where {_FITS}")
        key = ", ".join(f"suspect.{name}" for name in self._key)
        sharing = self._run(
            lambda: (
                f"select distinct units from (select list_sort(list(distinct {self._staged_unit})) as units "
                f"from {rows} where repeated._is_repeated group by {key})"
            )
        )
        for (units,) in sharing:
            joined = {self.groups[unit] for unit in units}
            for unit, group in self.groups.items():
                if group in joined:
                    self.groups[unit] = min(joined)
            for unit in units:
                self.tallies[unit].is_at_fault = True

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
        told = f"from {self.suspects} where {_IS_TOLD}"
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
        self.has_read_all = self._count(lambda: f"select count(*) {told}") > 0  # Else DuckDB reads none.

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

    def _count_verdicts(self) -> None:
        """How many of the rows that were looked at again go, and how many only repeat another."""
        for unit, rejected, implausible, repeated, told in self._run(
            lambda: (
                f"select {self._unit_of_position} as unit, count(*) filter (where {_IS_REJECT}), "
                "count(*) filter (where _verdict = 'rejected' and _kind = 'implausible'), "
                f"count(*) filter (where _verdict = 'repeated'), count(*) filter (where {_IS_TOLD}) "
                f"from {self.suspects} group by unit"
            )
        ):
            tally = self.tallies[unit]
            tally.rejected, tally.implausible, tally.repeated, tally.told = rejected, implausible, repeated, told
        if add_up(self.all_tallies).told >= MOST_LOCATED:
            self._refuse_division("more of its rows are in quarantine than can be located")

    def _count_values(self, rows: int) -> dict[str, int]:
        """Counts the values that are left of each column; returns how many different ones there are."""
        names = self._mapped.names
        if self.division:
            distinct = "approx_count_distinct({}) export_state"
        else:
            distinct = "count(distinct {})" if rows <= MOST_COUNTED else "approx_count_distinct({})"
        sums = ", ".join(f"count({quote_name(name)}), {distinct.format(quote_name(name))}" for name in names)
        found = self._run(
            lambda: (
                f"select {self._staged_unit} as unit, {sums} from {self._staged()} where not ({_IS_LATER}) "
                "group by unit"
            )
        )
        different = dict.fromkeys(names, 0)
        for unit, *values in found:
            tally = self.tallies[unit]
            tally.filled = dict(zip(names, map(int, values[::2]), strict=True))
            if self.division:
                tally.sketches = dict(zip(names, map(pack_sketch, values[1::2]), strict=True))
            else:
                different = dict(zip(names, map(int, values[1::2]), strict=True))
        if self.division:
            joined = join_sketches(self.all_tallies)
            different |= {name: estimate(self.connection, sketch) for name, sketch in joined.items()}
        return different

    def _find_places_of_examples(self) -> None:
        """The place of the first row of each fault of a unit that examples were found of."""
        if not self.has_examples:
            return
        rows = self._run(
            lambda: (
                f"select unit, fault, coalesce(_file_number, 0), coalesce(_row, 0), _file, line from ("
                f"select {self._unit_of_position} as unit, unnest(_faults) as fault, _file_number, _row, _file, line "
                f"from {self._placed()} where _worst is not null) "
                "qualify row_number() over (partition by unit, fault order by _file_number, _row) = 1"
            )
        )
        for unit, fault, file_number, row, file, line in rows:
            if int(fault) in self._told:
                within = max(int(file_number) - self._first_file(unit), 0)
                self.tallies[unit].examples[int(fault)] = (within, int(row), file, line)

    def _count_malformed(self) -> None:
        if not self._has_malformed():
            return
        for file, count in self._run(lambda: f"select file, count(*) from {self._malformed()} group by file"):
            number = self.rows.files.index(file) if self.division else 0
            self.tallies[self.division.unit_of_file[number] if self.division else 0].malformed += count

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

    def kept(self, unit: int | None = None) -> list[str]:
        """SELECTs of whose rows they are and the canonical columns, one row per row kept; of one unit, or all."""
        if self.mapping is None:
            return []
        filled = set(self._mapped.names)
        columns = ", ".join(
            self._finish(column.name) if column.name in filled else f"null as {quote_name(column.name)}"
            for column in self.table.columns
        )
        chosen = f"select {quote_text(self.source.rows_of)} as source, {columns}"
        staged = f"{self._staged()} where {_FITS} and {self._is_of(unit, '_in_file')}"
        if not self.has_repeated:
            return [f"{chosen} from {staged}"]
        unique = f"select suspect.* from {self._join_repeated(f'select * from {staged}')}"
        is_of = self._is_of(unit, f"_position // {MOST_ROWS}")
        return [
            f"{chosen} from ({unique} where repeated._is_repeated is null)",
            f"{chosen} from {self.suspects} where _verdict = 'kept' and _is_repeated and {is_of}",
        ]

    def _is_of(self, unit: int | None, file: str) -> str:
        """SQL of whether a row is of the unit; ``file`` is SQL of the number of its file."""
        if unit is None or self.division is None:
            return "true"
        files = self.division.files_of(unit)
        return f"{file} between {files[0]} and {files[-1]}"

    def _finish(self, name: str) -> str:
        """A row that was changed later was there on the day of the run; when it was changed before is not known."""
        column = quote_name(name)
        if name == "currency":
            return f"{currencies.code_of(column, self.sources.currency)} as {column}"
        return f"least({column}, {self.window.last}) as {column}" if name == "updated_at" else column

    def set_apart(self) -> list[str]:
        """SELECTs of the source's name, the key, the file and the kind, one row per row whose parts go where it goes.

        Those are the rows later than as_of, and those in quarantine whose currency is not the retailer's: nothing but
        the row tells the currency of its parts. Of a table of parts that is read by file also those that are not kept,
        by which a file is found whose rows wait for others.
        """
        if self.mapping is None:
            return []
        keys = dict.fromkeys([*self._key, *([quote_name(self.table.part_of[1])] if self.table.part_of else [])])
        names = f"[{', '.join(map(quote_text, self.rows.files))}]"

        def chosen(file: str) -> str:
            name = "cast(null as varchar)" if self.declared.query else f"{names}[{file} + 1]"
            return f"select {quote_text(self.source.name)} as source, {', '.join(keys)}, {name} as file"

        selects = []
        if any(tally.later for tally in self.tallies.values()):
            selects.append(f"{chosen('_in_file')}, 'later_than_as_of' as kind from {self._staged()} where {_IS_LATER}")
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
            selects.append(f"{chosen('_in_file')}, 'implausible' as kind from {self._staged()} where {is_refused}")
        if self.division and self.table.part_of and self.has_suspects:
            file = f"(_position // {MOST_ROWS})"
            selects.append(f"{chosen(file)}, 'not_kept' as kind from {self.suspects} where {_IS_GONE}")
        return selects
