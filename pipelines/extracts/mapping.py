"""From a source's columns to the canonical ones: the SELECTs that map, cast and judge every row."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import duckdb

from pipelines.config.connectors import TableMapping, TextOptions
from pipelines.contracts import Column, Table
from pipelines.errors import ExtractError, MappingError
from pipelines.extracts import casting
from pipelines.extracts.duckdb_errors import explain
from pipelines.extracts.sql_quoting import quote_name, quote_text

MISSING = "is missing"

Execute = Callable[[str], list[tuple[object, ...]]]


@dataclass(frozen=True)
class MappedColumn:
    """A canonical column and the SQL that gives it.

    ``is_guarded``: one row's failure to evaluate (a date that `strptime` cannot read) is that row's fault only.
    """

    column: Column
    sql: str
    duckdb_type: str
    is_expression: bool
    is_guarded: bool


@dataclass(frozen=True)
class Mapping:
    """How the rows of one source become those of one canonical table."""

    table: Table
    columns: tuple[MappedColumn, ...]
    where: str | None
    options: TextOptions

    @property
    def names(self) -> tuple[str, ...]:
        """The canonical columns that the source fills, in canonical order."""
        return tuple(mapped.column.name for mapped in self.columns)

    def judged(self, rows: str, extras: Sequence[tuple[str, str]] = ()) -> str:
        """SELECT of the typed columns with `_fits`, `_column`, `_kind` and `_reason`, one row per row let in

        ``rows`` is a SELECT of the source; ``extras`` are SQL over it and the names under which it comes along.
        What the caller does not select is not computed.
        """
        numbers = range(len(self.columns))
        names = [quote_name(name) for name in self.names]
        carried = [alias for _, alias in extras]
        taken = [f"{_taken(mapped)} as v{number}" for number, mapped in enumerate(self.columns)]
        normalised, typed, judged = [], [], []
        for number, mapped in enumerate(self.columns):
            value = casting.normalise(_value(number, mapped), mapped.duckdb_type, self.options)
            normalised += [f"{value} as n{number}", f"{_failed(number, mapped)} as e{number}"]
            value = casting.cast(f"n{number}", mapped.duckdb_type, mapped.column, self.options)
            typed += [f"{value} as c{number}", f"n{number} is not null as p{number}", f"e{number}"]
            judged += [f"c{number}", f"{_fault(number, mapped)} as f{number}"]
        faults = ", ".join(f"{quote_text(name)} || ' ' || f{number}" for number, name in enumerate(self.names))
        first = " ".join(
            f"when f{number} is not null then {quote_text(name)}" for number, name in enumerate(self.names)
        )
        kinds = " ".join(
            f"when f{number} is not null then if(f{number} = {quote_text(MISSING)}, 'malformed', 'unreadable')"
            for number in numbers
        )
        final = [
            *(f"c{number} as {name}" for number, name in enumerate(names)),
            f"{' and '.join(['not w', *(f'f{number} is null' for number in numbers)])} as _fits",
            f"case when w then null {first} end as _column",
            f"case when w then 'unreadable' {kinds} end as _kind",
            f"case when w then 'makes the condition `where` fail' else concat_ws('; ', {faults}) end as _reason",
        ]
        return _nest(
            self._let_through(rows),
            [
                *taken,
                f"{'_where is null' if self.where else 'false'} as w",
                *(f"{sql} as {name}" for sql, name in extras),
            ],
            [*normalised, "w", *carried],
            [*typed, "w", *carried],
            [*judged, "w", *carried],
            [*final, *carried],
        )

    def counted_out(self, rows: str) -> str:
        """SELECT of how many rows `where` keeps out."""
        return f"select count(*) from ({self._with_condition(rows)}) where not coalesce(_where.v, _where is null)"

    def _let_through(self, rows: str) -> str:
        return f"select * from ({self._with_condition(rows)}) where _where is null or _where.v" if self.where else rows

    def _with_condition(self, rows: str) -> str:
        """The rows with `_where`: null where the condition cannot be evaluated, else its value in `v`."""
        return f"select *, {_guard(f'cast(({NEWLINE}{self.where}{NEWLINE}) as boolean)')} as _where from ({rows})"


# A comment at the end of an expression must not swallow what follows it.
NEWLINE = "\n"


def _nest(rows: str, *levels: list[str]) -> str:
    """SELECTs around each other, so that each level names what the next one uses twice."""
    for columns in levels:
        rows = f"select {', '.join(columns)} from ({rows})"
    return rows


def _guard(sql: str) -> str:
    """A struct around the value of ``sql``: null itself where the evaluation fails, which a null value is not."""
    return f"try({{'v': {sql}}})"


def _failed(number: int, mapped: MappedColumn) -> str:
    return f"v{number} is null" if mapped.is_guarded else "false"


def _taken(mapped: MappedColumn) -> str:
    if mapped.is_guarded:
        return _guard(f"({NEWLINE}{mapped.sql}{NEWLINE})")
    return f"({NEWLINE}{mapped.sql}{NEWLINE})"


def _value(number: int, mapped: MappedColumn) -> str:
    return f"v{number}.v" if mapped.is_guarded else f"v{number}"


def _fault(number: int, mapped: MappedColumn) -> str:
    """What is wrong with a row's value, or null."""
    column = mapped.column
    cases = []
    if mapped.is_guarded:
        cases.append(f"when e{number} then 'has an expression that fails'")
    cases.append(f"when p{number} and c{number} is null then {quote_text(casting.FAULTS[column.type])}")
    if column.required:
        cases.append(f"when c{number} is null then {quote_text(MISSING)}")
    if column.values:
        allowed = ", ".join(quote_text(value) for value in column.values)
        reason = quote_text(f"is not one of {', '.join(column.values)}")
        cases.append(f"when c{number} not in ({allowed}) then {reason}")
    return f"case {' '.join(cases)} end"


def map_columns(
    table: Table,
    mapping: TableMapping,
    columns: Sequence[str],
    lacking: dict[str, list[str]],
    rows: str,
    execute: Execute,
) -> Mapping:
    """Decides what fills each canonical column and asks DuckDB for its type.

    ``rows`` is a SELECT of the source's ``columns``. Raises ExtractError that lists every required column without a
    source column, or every expression that DuckDB does not understand.
    """
    spelled = {column.lower(): column for column in columns}
    chosen: list[tuple[Column, str, bool]] = []
    missing: list[str] = []
    for column in table.columns:
        wanted = mapping.columns.get(column.name)
        own = spelled.get(column.name.lower())
        if wanted is None and own is None:
            if column.required:
                missing.append(_describe_missing(column.name, columns))
            continue
        plain = own if wanted is None else wanted if wanted in columns else None
        if plain is None:
            chosen.append((column, str(wanted), True))
            continue
        if column.required and plain in lacking:
            missing.append(f"  {column.name}: its column '{plain}' is not in {', '.join(lacking[plain])}")
        chosen.append((column, quote_name(plain), False))
    if missing:
        raise ExtractError(
            f"{len(missing)} required {'column has' if len(missing) == 1 else 'columns have'} no source column. "
            "Map them under `columns`, or correct the export.\n" + "\n".join(missing) + f"\n  {_list_found(columns)}"
        )
    return Mapping(table, _bind(chosen, mapping.where, columns, rows, execute), mapping.where, mapping.options)


def _bind(
    chosen: list[tuple[Column, str, bool]], where: str | None, columns: Sequence[str], rows: str, execute: Execute
) -> tuple[MappedColumn, ...]:
    bound = []
    faults = []
    for column, sql, is_expression in chosen:
        try:
            duckdb_type = str(execute(f"describe select ({NEWLINE}{sql}{NEWLINE}) as v from ({rows})")[0][1])
        except duckdb.Error as error:
            faults.append(f"  {column.name}: {sql}: {explain(error)}")
            continue
        is_guarded = is_expression and _binds(
            f"select {_guard(f'({NEWLINE}{sql}{NEWLINE})')} as v from ({rows})", execute
        )
        bound.append(MappedColumn(column, sql, duckdb_type, is_expression, is_guarded))
    if where:
        try:
            execute(f"describe select {_guard(f'cast(({NEWLINE}{where}{NEWLINE}) as boolean)')} as v from ({rows})")
        except duckdb.Error as error:
            faults.append(f"  where: {where}: {explain(error)}")
    if faults:
        raise MappingError(
            f"DuckDB does not understand {len(faults)} SQL {'expression' if len(faults) == 1 else 'expressions'} of "
            "sources.yml. A text needs quotes of its own (\"'web'\"); a column with blanks, or named like a word of "
            "SQL, double ones ('\"N° commande\"').\n" + "\n".join(faults) + f"\n  {_list_found(columns)}"
        )
    return tuple(bound)


def _binds(sql: str, execute: Execute) -> bool:
    """Whether DuckDB can guard the expression: not one with a window function or a subquery."""
    try:
        execute(f"describe {sql}")
    except duckdb.Error:
        return False
    return True


def _describe_missing(name: str, columns: Sequence[str]) -> str:
    close = get_close_matches(name, columns, n=1, cutoff=0.6)
    return f"  {name}" + (f": perhaps '{close[0]}'?" if close else "")


def _list_found(columns: Sequence[str]) -> str:
    return f"columns found: {', '.join(columns) or 'none'}"
