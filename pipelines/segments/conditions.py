"""Conditions in SQL, judged before there is data: parsed and bound by DuckDB on empty tables of the contracts' types.

A condition is one expression over the columns of one row. What reaches beyond the row (a subquery, an aggregate, a
window), beyond the run (today's date, chance) or beyond the columns that exist is a mistake.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import duckdb

from pipelines.extracts.duckdb_errors import explain
from pipelines.extracts.one_expression import NotOneExpressionError, parse_expression, walk
from pipelines.extracts.sql_quoting import quote_name
from pipelines.yaml_document import did_you_mean

NUMBER = "decimal(18,4)"
"""Type of every trait."""

DUCKDB_TYPES = {"string": "varchar"}
NEWLINE = "\n"  # A comment at the end of a condition must not swallow what follows it.
NUMBERS = ("int", "bigint", "double", "decimal")
REACHES_BEYOND = {
    "SUBQUERY": "a subquery: a condition reads the columns of one row; what else it needs is a trait",
    "WINDOW": "a window function: a condition reads one row",
    "STAR": "'*': name the column",
    "PARAMETER": "a parameter: write the value itself",
    "POSITIONAL_REFERENCE": "a column by its number: write its name",
    "LAMBDA": "a lambda: a condition reads columns only",
    "DEFAULT": "the word default",
}
_BEFORE = f"select ({NEWLINE}"


@dataclass(frozen=True)
class Mistake:
    """What is wrong. ``word`` stands where it is wrong, in the condition for the ``occurrence``-th time."""

    message: str
    word: str | None = None
    occurrence: int = 1


def find_mistakes(sql: str, columns: dict[str, str], of: str) -> Iterator[Mistake]:
    """Everything that keeps ``sql`` from being a condition over ``columns`` (name and type) of the tables ``of``."""
    try:
        nodes = list(walk(_parse(sql)))
    except NotOneExpressionError as error:
        yield Mistake(str(error))
        return
    found = [*_unknown_columns(nodes, sql, columns, of), *_reaching_beyond(nodes, sql)]
    yield from found or _bind(sql, columns)


def columns_read(sql: str) -> frozenset[str]:
    """The names of columns that a sound condition reads, in lower case."""
    named = (node["column_names"] for node in walk(_parse(sql)) if node.get("class") == "COLUMN_REF")
    return frozenset(names[-1].lower() for names in named)


def is_number(data_type: str) -> bool:
    return data_type.startswith(NUMBERS)


def article(data_type: str) -> str:
    """A type in words: ``a text``."""
    spoken = {"string": "text", "timestamp": "time"}.get(data_type, data_type)
    return f"a {spoken}"


def is_reserved(name: str) -> bool:
    """Whether SQL takes ``name`` for a word of its own."""
    return name in _reserved_words()


def _parse(sql: str) -> dict[str, Any]:
    """DuckDB's syntax tree of the expression. Raises NotOneExpressionError."""
    return parse_expression(sql, _BEFORE, f"{NEWLINE})")


def _unknown_columns(nodes: list[dict[str, Any]], sql: str, columns: dict[str, str], of: str) -> Iterator[Mistake]:
    for node in nodes:
        if node["class"] != "COLUMN_REF" or _is_unsteady(node["column_names"][-1]):
            continue
        *qualifiers, name = node["column_names"]
        at = _place(node, sql, (qualifiers or [name])[0])
        if qualifiers:
            yield Mistake(f"'{'.'.join(node['column_names'])}': write the column without the table, '{name}'", *at)
        elif name.lower() not in columns:
            hint = did_you_mean(name.lower(), columns) or ", nor anything like it"
            yield Mistake(f"no column '{name}' in {of}{hint}", *at)


def _reaching_beyond(nodes: list[dict[str, Any]], sql: str) -> Iterator[Mistake]:
    for node in nodes:
        name = str(node.get("function_name") or "").removesuffix("_star")
        if node["class"] == "CAST" and not node["try_cast"] and _reads_columns(node["child"]):
            message = "'cast' stops at the first value that does not fit: write try_cast"
            yield Mistake(message, *_place(node, sql, "cast"))
        if node["class"] in REACHES_BEYOND:
            yield Mistake(f"has {REACHES_BEYOND[node['class']]}")
        elif node["class"] == "COLUMN_REF" and _is_unsteady(node["column_names"][-1]):
            name = node["column_names"][-1]
            yield Mistake(_describe_unsteady(name), *_place(node, sql, name))
        elif name and _is_unsteady(name):
            yield Mistake(_describe_unsteady(name), *_place(node, sql, name))
        elif name.lower() in _functions("function_type = 'aggregate'"):
            yield Mistake(f"'{name}' is of many rows: make it a trait, and compare that", *_place(node, sql, name))


def _reads_columns(tree: dict[str, Any]) -> bool:
    return any(node["class"] == "COLUMN_REF" for node in walk(tree))


def _describe_unsteady(name: str) -> str:
    return f"'{name}' differs from run to run, so no night could be replayed; the day of the run is as_of"


def _place(node: dict[str, Any], sql: str, word: str) -> tuple[str, int]:
    """The word that a node begins with, and for which time the condition has it there."""
    before = f"{_BEFORE}{sql}".encode()[: node["query_location"]].decode(errors="ignore")[len(_BEFORE) :]
    return word, 1 + len(re.findall(rf"\b{re.escape(word)}\b", before, re.IGNORECASE))


def _bind(sql: str, columns: dict[str, str]) -> Iterator[Mistake]:
    """What DuckDB says to the condition on an empty table."""
    listed = ", ".join(
        f"null::{DUCKDB_TYPES.get(type_, type_)} as {quote_name(name)}" for name, type_ in columns.items()
    )
    empty = f"(select {listed} limit 0) as customers"
    try:
        # Behind `where`, aggregates and window functions are refused too.
        described = _connection().execute(
            f"describe select ({NEWLINE}{sql}{NEWLINE}) as v from {empty} where ({NEWLINE}{sql}{NEWLINE}) is null"
        )
        found = str(described.fetchall()[0][1])
    except duckdb.Error as error:
        yield Mistake(re.sub(r"^\w+ Error: ", "", explain(error, [sql])))
        return
    if found not in ("BOOLEAN", '"NULL"'):
        yield Mistake(f"gives {found} for each customer, not true or false: compare it with something")


@cache
def _connection() -> duckdb.DuckDBPyConnection:
    """A database of its own, without access to files: what is judged is not yet trusted."""
    return duckdb.connect(config={"enable_external_access": "false"})


@cache
def _functions(kind: str) -> frozenset[str]:
    found = _connection().execute(f"select function_name from duckdb_functions() where {kind}")
    return frozenset(name for (name,) in found.fetchall())


def _is_unsteady(name: str) -> bool:
    """Whether the function's value differs from query to query."""
    return name.lower() in _unsteady() | {"current_timestamp", "localtimestamp", "current_time", "localtime"}


@cache
def _unsteady() -> frozenset[str]:
    """Functions of which no form with so many parameters is steady.

    Forms that depend on the session's time zone alone, as `date_part` of an instant does, are not steady by DuckDB's
    word, in versions after 2.0.0; the zone of a night is the retailer's.
    """
    found = _connection().execute(
        "select function_name from duckdb_functions() where function_type = 'scalar' "
        "group by function_name, len(parameters) having not bool_or(stability = 'CONSISTENT')"
    )
    return frozenset(name for (name,) in found.fetchall())


@cache
def _reserved_words() -> frozenset[str]:
    found = _connection().execute("select keyword_name from duckdb_keywords() where keyword_category = 'reserved'")
    return frozenset(name for (name,) in found.fetchall())
