"""From a source's columns to the canonical ones: the SELECTs that map, cast and judge every row."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from string import Formatter

import duckdb

from pipelines.config.connectors import TableMapping, TextOptions
from pipelines.contracts import Column, Table
from pipelines.errors import ExtractError, MappingError
from pipelines.extracts import casting, plausibility
from pipelines.extracts.column_names import find_lacking_header, list_found, tellable
from pipelines.extracts.days import local_day, times_of
from pipelines.extracts.duckdb_errors import explain
from pipelines.extracts.faults import FIRST, Fault, Faults, Outcome
from pipelines.extracts.one_expression import find_mistake
from pipelines.extracts.plausibility import Rule
from pipelines.extracts.refused_numbers import find_fault
from pipelines.extracts.sql_quoting import quote_name, quote_text
from pipelines.name_lists import find_close, list_names

MISSING = "is missing"
OPEN_QUESTION = "TODO"
"""What `parcours init` writes for a column that only a person can name."""
MOST_REPEATED = 200  # Letters of SQL in a message; its line is told.
STILL_OPEN = "is still to be answered: name a source column or an expression in its place"
CONDITION = Fault(None, "unreadable", "makes the condition `where` fail", "rejected")

Execute = Callable[[str], list[tuple[object, ...]]]


@dataclass(frozen=True)
class MappedColumn:
    """A canonical column and the SQL that gives it.

    ``is_guarded``: one row's failure to evaluate (a date that `strptime` cannot read) is that row's fault only.
    ``strict_sql``: the same without the forgiveness of `try_cast` and `try_strptime`, by which a value that is none is
    told from none at all; None where the expression does not forgive.
    ``is_indispensable``: a row without it, or with what cannot be true of it, goes to quarantine.
    """

    column: Column
    sql: str
    duckdb_type: str
    is_expression: bool
    is_guarded: bool
    strict_sql: str | None
    rules: tuple[Rule, ...]
    is_indispensable: bool


@dataclass(frozen=True)
class Mapping:
    """How the rows of one source become those of one canonical table, on the ``day`` of a run.

    ``are_texts_clean``: the texts of the source's columns have gone through :mod:`source_values`.
    """

    table: Table
    columns: tuple[MappedColumn, ...]
    where: str | None
    query: str | None
    options: TextOptions
    are_texts_clean: bool
    day: date
    faults: Faults = field(default_factory=Faults)

    @property
    def names(self) -> tuple[str, ...]:
        """The canonical columns that the source fills, in canonical order."""
        return tuple(mapped.column.name for mapped in self.columns)

    def judged(self, rows: str, extras: Sequence[tuple[str, str]] = ()) -> str:
        """SELECT of the typed columns with `_worst`, `_faults` and two days, one row per row let through.

        `_faults` are the numbers (of :attr:`faults`) of what is wrong with the row, in the order of its columns, null
        for nothing; `_worst` is the one that decides what becomes of it. Of a row at fault, `_first` is the last of the
        days up to that of the run that its times had before one was emptied, `_end` the first of the later ones.
        ``rows`` is a SELECT of the source; ``extras`` are SQL over it and the names under which it comes along. What
        the caller does not select is not computed.
        """
        carried = [alias for _, alias in extras]
        values = {mapped.column.name: f"c{number}" for number, mapped in enumerate(self.columns)}
        taken = [f"{_taken(mapped)} as v{number}" for number, mapped in enumerate(self.columns)]
        taken += [
            f"{_guard(mapped.strict_sql)} as s{number}"
            for number, mapped in enumerate(self.columns)
            if mapped.strict_sql is not None
        ]
        normalised, typed, judged, settled, fallible = [], [], [], [], []
        for number, mapped in enumerate(self.columns):
            is_clean = self.are_texts_clean and not mapped.is_expression
            value = casting.normalise(_value(number, mapped), mapped.duckdb_type, self.options, is_clean=is_clean)
            normalised += [f"{value} as n{number}", f"{_failed(number, mapped)} as e{number}"]
            value = casting.cast(f"n{number}", mapped.duckdb_type, mapped.column, self.options)
            typed += [f"{value} as c{number}", f"n{number}", f"e{number}"]
            fault, kept = self._judge(number, mapped, values)
            judged.append(f"c{number}")
            if fault is not None:  # Most texts have none: what is never null is not computed for each row.
                judged.append(f"{fault} as f{number}")
                fallible.append(f"f{number}")
            settled.append(f"{kept} as {quote_name(mapped.column.name)}")
        condition = self.faults.number(CONDITION)
        faults = ", ".join(fallible)
        return _nest(
            self.let_through(rows),
            [
                *taken,
                f"{'_where is null' if self.where else 'false'} as w",
                *(f"{sql} as {name}" for sql, name in extras),
            ],
            [*normalised, "w", *carried],
            [*typed, "w", *carried],
            [*judged, "w", *carried],
            [
                *settled,
                f"case when w then {condition} else greatest({faults}) end as _worst",
                *self._find_days(faults),
                *fallible,
                "w",
                *carried,
            ],
            [
                *map(quote_name, self.names),
                "_worst",
                "_first",
                "_end",
                f"case when w or _worst >= {FIRST['set apart']} then [_worst] when _worst is not null "
                f"then list_filter([{faults}], lambda fault: fault is not null) end as _faults",
                *carried,
            ],
        )

    def _find_days(self, faults: str) -> list[str]:
        times = [
            local_day(mapped.column, f"c{number}")
            for number, mapped in enumerate(self.columns)
            if mapped.column in times_of([mapped.column])
        ]
        if not times:
            return ["cast(null as date) as _first", "cast(null as date) as _end"]
        sooner, later = (
            ", ".join(f"case when {time} {is_so} date '{self.day}' then {time} end" for time in times)
            for is_so in ("<=", ">")
        )
        is_at_fault = f"w or greatest({faults}) is not null"
        return [
            f"case when {is_at_fault} then greatest({sooner}) end as _first",
            f"case when {is_at_fault} then least({later}) end as _end",
        ]

    def _judge(self, number: int, mapped: MappedColumn, values: dict[str, str]) -> tuple[str | None, str]:
        """SQL of the number of a value's fault (None: it can have none), and of what becomes of the value."""
        cases, instead = [], []
        for condition, fault, value in self._faults_of(number, mapped, values):
            if fault is None:
                cases.append(f"when {condition} then {self._find_refusal(number, mapped)}")
                continue
            cases.append(f"when {condition} then {self.faults.number(fault)}")
            if fault.outcome == "told" and value is not None:
                instead.append(f"when {self.faults.number(fault)} then {value}")
        kept = own = values[mapped.column.name]
        settled = plausibility.settle(self.table, mapped.column)
        if _names_of(settled) <= values.keys():
            kept = settled.format_map(values)
        if instead:
            kept = f"case when f{number} is null then {kept} else case f{number} {' '.join(instead)} else {own} end end"
        return f"case {' '.join(cases)} end" if cases else None, kept

    def _faults_of(
        self, number: int, mapped: MappedColumn, values: dict[str, str]
    ) -> Iterator[tuple[str, Fault | None, str | None]]:
        """What can be wrong with a column: the condition, the fault, and what is put in place of the value, if any.

        Which fault it is of a value that is none of the column's type (None), its text tells.
        """
        column, own = mapped.column, values[mapped.column.name]
        usual = _usual_outcome(mapped)
        if mapped.is_guarded:
            yield f"e{number}", Fault(column.name, "unreadable", "has an expression that fails", usual), None
        if casting.can_fail(column, mapped.duckdb_type):
            yield f"{own} is null and n{number} is not null", None, None
        if column.required:
            yield f"{own} is null", Fault(column.name, "malformed", MISSING, "rejected"), None
        if column.values:
            allowed = ", ".join(quote_text(value) for value in column.values)
            taken = "" if column.otherwise is None else f", and taken as {column.otherwise}"
            outcome = usual if column.otherwise is None else "told"
            reason = f"is not one of {', '.join(column.values)}{taken}"
            fault = Fault(column.name, "unreadable", reason, outcome, is_value=True)
            yield f"{own} not in ({allowed})", fault, quote_text(column.otherwise) if column.otherwise else "null"
        for rule in mapped.rules:
            if _names_of(rule.condition) <= values.keys():
                outcome = _outcome_of(rule, usual)
                fault = Fault(column.name, rule.kind, rule.reason, outcome, is_value=True)
                yield rule.condition.format_map(values), fault, rule.instead and rule.instead.format_map(values)

    def _find_refusal(self, number: int, mapped: MappedColumn) -> str:
        """SQL of the number of the fault of a value that is none of the column's type."""

        def number_of(reason: str) -> int:
            return self.faults.number(Fault(mapped.column.name, "unreadable", reason, _usual_outcome(mapped)))

        by = f"{self.query} {mapped.sql}"
        return find_fault(f"n{number}", mapped.duckdb_type, mapped.column, self.options, number_of, by)

    def reason_of(self, numbers: str) -> str:
        """SQL of every reason among the fault ``numbers`` of a row, in words."""
        said = [
            (fault, f"{fault.column} {fault.reason}" if fault.column else fault.reason) for fault in self.faults.numbers
        ]
        return f"array_to_string(list_transform({numbers}, lambda fault: {self.faults.say('fault', said)}), '; ')"

    def first_of(self, numbers: str) -> str:
        """SQL of the number of the first fault that sends the row away."""
        return f"list_filter({numbers}, lambda fault: fault >= {FIRST['rejected']})[1]"

    def counted_out(self, rows: str, by: str | None = None) -> str:
        """SELECT of how many rows `where` keeps out; ``by``, SQL over ``rows``, and of its values."""
        kept_out = f"from ({self._with_condition(rows)}) where not coalesce(_where.v, _where is null)"
        return f"select {by} as by, count(*) {kept_out} group by 1" if by else f"select count(*) {kept_out}"

    def let_through(self, rows: str) -> str:
        """SELECT of the rows that `where` lets through, or on which it fails."""
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
    if not mapped.is_guarded:
        return "false"
    forgiven = f" or (v{number}.v is null and s{number} is null)" if mapped.strict_sql is not None else ""
    return f"v{number} is null{forgiven}"


def _taken(mapped: MappedColumn) -> str:
    if mapped.is_guarded:
        return _guard(f"({NEWLINE}{mapped.sql}{NEWLINE})")
    return f"({NEWLINE}{mapped.sql}{NEWLINE})"


def _value(number: int, mapped: MappedColumn) -> str:
    return f"v{number}.v" if mapped.is_guarded else f"v{number}"


def _usual_outcome(mapped: MappedColumn) -> Outcome:
    return "rejected" if mapped.is_indispensable else "told"


def _outcome_of(rule: Rule, usual: Outcome) -> Outcome:
    if rule.sets_apart:
        return "set apart"
    if rule.always_stays:
        return "told"
    return "rejected" if rule.always_goes else usual


def _names_of(template: str) -> set[str]:
    """The columns that a rule speaks of."""
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def map_columns(
    table: Table,
    mapping: TableMapping,
    columns: Sequence[str],
    lacking: dict[str, list[str]],
    rows: str,
    execute: Execute,
    rules_of: Callable[[Column], tuple[Rule, ...]],
    day: date,
    files: Sequence[str] = (),
) -> Mapping:
    """Decides what fills each canonical column and asks DuckDB for its type.

    ``rows`` is a SELECT of the source's ``columns``; ``rules_of`` gives what a column must keep to. ``files`` are those
    that the columns are in, but for those that ``lacking`` names. Raises ExtractError that lists every required column
    without a source column, or every expression that DuckDB does not understand.
    """
    described = columns, mapping.written_sql, lacking, files
    spelled = {column.lower(): column for column in columns}
    names = frozenset(columns)
    chosen: list[tuple[Column, str, bool]] = []
    missing: list[str] = []
    for column in table.columns:
        wanted = mapping.columns.get(column.name)
        is_taken_away = wanted is None and column.name in mapping.columns
        own = None if is_taken_away else spelled.get(column.name.lower())
        if wanted is None and own is None:
            if column.required:
                missing.append(_describe_missing(column.name, tellable(*described)))
            continue
        plain = own if wanted is None else wanted if wanted in names else None
        if plain is None:
            chosen.append((column, str(wanted), True))
            continue
        if column.required and plain in lacking:
            missing.append(f"  {column.name}: its column '{plain}' is not in {list_names(lacking[plain])}")
        chosen.append((column, quote_name(plain), False))
    if missing:
        cause = find_lacking_header(*described)
        parts = [(("columns",), f"no source column for the required {fault.strip()}") for fault in missing]
        raise ExtractError(
            "".join(f"{each}\n" for each in cause)
            + f"{len(missing)} required {'column has' if len(missing) == 1 else 'columns have'} no source column. "
            "Map them under `columns`, or correct the export.\n" + "\n".join(missing) + f"\n  {list_found(*described)}",
            at=("columns",),
            parts=[*((("from",), each) for each in cause), *parts],
        )
    bound = _bind(
        chosen, mapping, lambda: (find_lacking_header(*described), list_found(*described)), rows, execute, rules_of
    )
    return Mapping(table, bound, mapping.where, mapping.query, mapping.options, not mapping.query, day)


def _bind(
    chosen: list[tuple[Column, str, bool]],
    mapping: TableMapping,
    describe: Callable[[], tuple[list[str], str]],
    rows: str,
    execute: Execute,
    rules_of: Callable[[Column], tuple[Rule, ...]],
) -> tuple[MappedColumn, ...]:
    bound = []
    faults: list[tuple[tuple[str, ...], str]] = []
    where = mapping.where
    for column, sql, is_expression in chosen:
        mistake = find_mistake(sql) if is_expression else None
        if mistake:
            faults.append((("columns", column.name), f"{column.name}: {_cut(sql)}: {mistake}"))
            continue
        try:
            duckdb_type = str(execute(f"describe select ({NEWLINE}{sql}{NEWLINE}) as v from ({rows})")[0][1])
        except duckdb.Error as error:
            said = STILL_OPEN if sql == OPEN_QUESTION else explain(error, [sql])
            faults.append((("columns", column.name), f"{column.name}: {_cut(sql)}: {said}"))
            continue
        is_guarded = is_expression and _binds(
            f"select {_guard(f'({NEWLINE}{sql}{NEWLINE})')} as v from ({rows})", execute
        )
        strict_sql = _be_strict(sql) if is_guarded else None
        if strict_sql is not None and not _binds(f"select {_guard(strict_sql)} as v from ({rows})", execute):
            strict_sql = None
        is_indispensable = column.required or mapping.bad_values.get(column.name) == "reject"
        bound.append(
            MappedColumn(
                column, sql, duckdb_type, is_expression, is_guarded, strict_sql, rules_of(column), is_indispensable
            )
        )
    if where:
        why = find_mistake(where)
        try:
            if why is None:
                execute(f"describe select {_guard(f'cast(({NEWLINE}{where}{NEWLINE}) as boolean)')} as v from ({rows})")
        except duckdb.Error as error:
            why = explain(error, [where])
        if why:
            faults.append((("where",), f"where: {_cut(where)}: {why}"))
    if faults:
        cause, found = describe()
        raise MappingError(
            "".join(f"{each}\n" for each in cause)
            + f"DuckDB does not understand {len(faults)} SQL {'expression' if len(faults) == 1 else 'expressions'} of "
            "sources.yml. A text needs quotes of its own (\"'web'\"); a column with blanks, or named like a word of "
            "SQL, double ones ('\"N° commande\"').\n" + "\n".join(f"  {fault}" for _, fault in faults) + f"\n  {found}",
            at=faults[0][0],
            parts=[*((("from",), each) for each in cause), *faults],
        )
    return tuple(bound)


def _cut(sql: str) -> str:
    """SQL as a message repeats it."""
    return sql if len(sql) <= MOST_REPEATED else f"{sql[:MOST_REPEATED]}…"


def _be_strict(sql: str) -> str | None:
    """The expression with `cast` for `try_cast` and `strptime` for `try_strptime`; None where it has neither."""
    strict = re.sub(r"\btry_(cast|strptime)(\s*\()", r"\1\2", sql, flags=re.IGNORECASE)
    return f"({NEWLINE}{strict}{NEWLINE})" if strict != sql else None


def _binds(sql: str, execute: Execute) -> bool:
    """Whether DuckDB can guard the expression: not one with a window function or a subquery."""
    try:
        execute(f"describe {sql}")
    except duckdb.Error:
        return False
    return True


def _describe_missing(name: str, columns: Sequence[str]) -> str:
    close = find_close(name, columns)
    return f"  {name}" + (f": perhaps '{close}'?" if close else "")
