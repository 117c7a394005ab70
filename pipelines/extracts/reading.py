"""One source's rows on their way into one canonical table: mapped, judged, and of those that share a key one kept.

DuckDB streams the rows once through a staging Parquet. A second look, for lines and rows as they came, is only taken
where something did not fit.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.config.connectors import Source
from pipelines.config.sources import Sources
from pipelines.contracts import Table
from pipelines.errors import ExtractError
from pipelines.extracts import mapping
from pipelines.extracts.connectors.protocol import Rows
from pipelines.extracts.counts import SourceCounts
from pipelines.extracts.duckdb_errors import explain
from pipelines.extracts.source_values import ORIGINAL, SourceValues
from pipelines.extracts.sql_quoting import quote_name, quote_text

MOST_LOCATED = 500_000  # Rejected rows whose line is looked up; held in memory. Any further one keeps its raw row.
_IS_REJECT = "_verdict in ('rejected', 'duplicate')"


def place_error(error: ExtractError, sources: Sources, source: Source, table: Table) -> ExtractError:
    """``error`` with the file, source and table that it is about."""
    return type(error)(f"{sources.file}, source {source.name}, table {table.path}: {error}")


class SourceReading:
    """One source's rows on their way into one canonical table."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        sources: Sources,
        source: Source,
        table: Table,
        rows: Rows,
        scratch: Path,
    ) -> None:
        self.connection = connection
        self.sources = sources
        self.source = source
        self.table = table
        self.rows = rows
        self.declared = source.tables[table.name]
        self.staging = scratch / "staging.parquet"
        self.lines = scratch / "lines.parquet"
        self.result = quote_name(f"{source.name}_result")
        self.found = quote_name(f"{source.name}_found")
        self.suspects = quote_name(f"{source.name}_suspects")
        self.repeated = quote_name(f"{source.name}_repeated")
        self.columns: tuple[str, ...] = rows.columns
        self.mapping: mapping.Mapping | None = None
        self.values: SourceValues | None = None
        self.has_suspects = False
        self.has_repeated = False
        written = [self.declared.where or "", self.declared.query or "", *self.declared.columns.values()]
        self.uses_numbers = any("_row" in sql for sql in written)

    def conform(self) -> SourceCounts:
        """Leaves the rows that fit in the staging Parquet, the others in the suspects, and counts both."""
        try:
            return self._conform()
        except ExtractError as error:
            raise place_error(error, self.sources, self.source, self.table) from None

    def _conform(self) -> SourceCounts:
        staged = filtered = rejected = repeated = 0
        if self.rows.columns:  # JSON lines without a line have none; then nothing can be missing from them either.
            self.mapping = self._map()
            staged, fitting = self._stage()
            filtered = self._count(lambda: self._mapped.counted_out(self._select())) if self.mapping.where else 0
            self._find_repeated_keys()
            if fitting < staged or self.has_repeated:
                self._look_again()
                rejected = self._count(lambda: f"select count(*) from {self.suspects} where {_IS_REJECT}")
                repeated = self._count(lambda: f"select count(*) from {self.suspects} where _verdict = 'repeated'")
        malformed = self._count(lambda: f"select count(*) from {self._malformed()}") if self._has_malformed() else 0
        limit = self.declared.reject_limit
        return SourceCounts(
            rows_read=staged + filtered + malformed,
            rows_kept=staged - rejected - repeated,
            rows_rejected=rejected + malformed,
            rows_filtered=filtered,
            rows_repeated=repeated,
            reject_limit=self.sources.reject_limit if limit is None else limit,
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
                raise ExtractError(f"stopped: {explain(error)}") from None
            except duckdb.Error as error:
                if not self.rows.set_aside_malformed():
                    raise ExtractError(f"cannot be read: {explain(error)}") from None

    def _count(self, make_sql: Callable[[], str]) -> int:
        return int(self._run(make_sql)[0][0])

    def _select(self, *, numbered: bool = False) -> str:
        """The rows that `columns` map: those of the files, or of the `query` over them."""
        if self.declared.query:
            return f"select * from {self.result}"
        return self._see(numbered=numbered or self.uses_numbers)

    def _see(self, *, numbered: bool) -> str:
        """The rows of the files, their values as SQL is to see them."""
        if self.values is None:
            described = self._run(lambda: f"describe {self.rows.select(numbered=False)}")
            types = {str(name): str(type_) for name, type_, *_ in described if name != "_file"}
            self.values = SourceValues(types, self.table, self.declared, self.sources.currency)
        keeps_original = numbered and not self.declared.query
        return self.values.select(self.rows.select(numbered=numbered), keeps_original=keeps_original)

    def _map(self) -> mapping.Mapping:
        lacking = self.rows.lacking
        if self.declared.query:
            self._run_query(self.declared.query)
            described = [str(row[0]) for row in self._run(lambda: f"describe {self.result}")]
            self.columns = tuple(name for name in described if name not in ("_file", "_file_number", "_row"))
            lacking = {}

        def execute(sql: str) -> list[tuple[Any, ...]]:
            return self.connection.execute(sql).fetchall()

        # Only bound, never read: values as they came have the same types, in SQL that is bound in a tenth of the time.
        rows = self._select() if self.declared.query else self.rows.select(numbered=self.uses_numbers)
        return mapping.map_columns(self.table, self.declared, self.columns, lacking, rows, execute)

    def _run_query(self, query: str) -> None:
        """Keeps the result of `query`, so that every later step sees the same rows in the same order."""
        try:
            statements = duckdb.extract_statements(query)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise ExtractError("`query` must be one SELECT over `source`.")
            self.connection.execute(f"create temp view source as {self._source()}")
            self.connection.execute(f"describe {query.rstrip().rstrip(';')}").fetchall()
        except duckdb.Error as error:
            found = ", ".join(self.rows.columns)
            raise ExtractError(
                f"DuckDB does not understand `query`: {explain(error)}\n  columns found: {found}"
            ) from None
        self._run(
            lambda: (
                f"create or replace temp view source as {self._source()}; "
                f"create temp table {self.result} as {query.rstrip().rstrip(';')}"
            )
        )
        self.connection.execute("drop view source")

    def _source(self) -> str:
        return self._see(numbered=self.uses_numbers)

    def _stage(self) -> tuple[int, int]:
        """Maps every row into the staging Parquet; how many there are, and how many fit."""
        names = ", ".join(quote_name(name) for name in self._mapped.names)
        self._run(
            lambda: (
                f"copy (select {names}, _fits from ({self._mapped.judged(self._select())})) "
                f"to {quote_text(str(self.staging))} (format parquet)"
            )
        )
        counts = self._run(lambda: f"select count(*), count(*) filter (where _fits) from {self._staged()}")[0]
        return int(counts[0]), int(counts[1])

    def _staged(self) -> str:
        return f"read_parquet({quote_text(str(self.staging))})"

    @property
    def _key(self) -> list[str]:
        return [quote_name(name) for name in self.table.key if name in self._mapped.names]

    def _find_repeated_keys(self) -> None:
        key = ", ".join(self._key)
        self._run(
            lambda: (
                f"create temp table {self.repeated} as select {key}, true as _is_repeated from {self._staged()} "
                f"where _fits group by {key} having count(*) > 1"
            )
        )
        self.has_repeated = self._count(lambda: f"select count(*) from {self.repeated}") > 0

    def _join_repeated(self, rows: str) -> str:
        on = " and ".join(f"suspect.{name} is not distinct from repeated.{name}" for name in self._key)
        return f"({rows}) as suspect left join {self.repeated} as repeated on {on}"

    def _look_again(self) -> None:
        """Reads the rows that do not fit or share a key once more, now with their place and as they came."""
        came = "" if self.declared.query else f"{ORIGINAL}."
        originals = [(f"{came}{quote_name(name)}", f"s{number}") for number, name in enumerate(self.columns)]
        original = ", ".join(
            f"{quote_text(self.columns[number])}: {alias}" for number, (_, alias) in enumerate(originals)
        )
        aliases = ", ".join(alias for _, alias in originals)
        extras = [*self._places(), *originals]
        self._run(
            lambda: (
                f"""
                create temp table {self.found} as
                select suspect.* exclude ({aliases}), cast(to_json({{{original}}}) as varchar) as _raw
                from {self._join_repeated(self._mapped.judged(self._select(numbered=True), extras))}
                where not suspect._fits or repeated._is_repeated"""
            )
        )
        self._run(self._settle_repeated)
        self._find_lines()
        self.has_suspects = True

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
        """Of the rows with one key, the newest by `updated_at`, then the first by content, is kept."""
        names = [quote_name(name) for name in self._mapped.names]
        newest = ['"updated_at" desc nulls last'] if "updated_at" in self._mapped.names else []
        order = ", ".join([*newest, *(f"{name} nulls last" for name in names), "_file_number", "_row"])
        content = f"row({', '.join(names)})"
        return f"""
            create temp table {self.suspects} as
            select * replace (
                case when _fits then {quote_text(", ".join(self.table.key))} else _column end as _column,
                case when _fits then 'duplicate key' else _reason end as _reason
            ), case when not _fits then 'rejected' when _rank = 1 then 'kept' when _is_same then 'repeated'
                else 'duplicate' end as _verdict
            from (
                select *, row_number() over ranked as _rank,
                    {content} is not distinct from first_value({content}) over ranked as _is_same
                from {self.found}
                window ranked as (partition by _fits, {", ".join(self._key)} order by {order})
            )"""

    def _find_lines(self) -> None:
        places = self.connection.execute(
            f"select distinct _file_number, _row from {self.suspects} where {_IS_REJECT} and _row is not null "
            f"order by all limit {MOST_LOCATED}"
        ).fetchall()
        found = self.rows.find_lines(places)
        frame = pl.DataFrame(
            [(file, row, line) for (file, row), line in found.items()],
            schema={"_file_number": pl.Int64, "_row": pl.Int64, "line": pl.Int64},
            orient="row",
        )
        frame.write_parquet(self.lines)

    def _has_malformed(self) -> bool:
        return self.rows.malformed.exists()

    def _malformed(self) -> str:
        return (
            f"read_json({quote_text(str(self.rows.malformed))}, format = 'newline_delimited', "
            "columns = {file: 'VARCHAR', line: 'BIGINT', reason: 'VARCHAR', raw: 'VARCHAR'})"
        )

    def rejects(self) -> list[str]:
        """SELECTs of the quarantine's columns, one row per rejected row."""
        origin = f"{quote_text(self.source.name)} as source, {quote_text(self.table.path)} as table_name"
        selects = []
        if self.has_suspects:
            selects.append(
                f"select {origin}, _file as file, line, _column as column_name, _reason as reason, _raw as raw "
                f"from {self.suspects} left join read_parquet({quote_text(str(self.lines))}) "
                f"using (_file_number, _row) where {_IS_REJECT}"
            )
        if self._has_malformed():
            selects.append(f"select {origin}, file, line, null as column_name, reason, raw from {self._malformed()}")
        return selects

    def kept(self) -> list[str]:
        """SELECTs of the source's name and the canonical columns, one row per row kept."""
        if self.mapping is None:
            return []
        filled = set(self._mapped.names)
        columns = ", ".join(
            quote_name(column.name) if column.name in filled else f"null as {quote_name(column.name)}"
            for column in self.table.columns
        )
        chosen = f"select {quote_text(self.source.name)} as source, {columns}"
        if not self.has_repeated:
            return [f"{chosen} from {self._staged()} where _fits"]
        unique = f"select suspect.* from {self._join_repeated(f'select * from {self._staged()} where _fits')}"
        return [
            f"{chosen} from ({unique} where repeated._is_repeated is null)",
            f"{chosen} from {self.suspects} where _verdict = 'kept'",
        ]
