"""SQL of a configuration file that is to be one expression: judged by itself, before it is put into other SQL.

Within brackets of ours, ``a) or (1=1`` would be two expressions and no fault, and a fault would be told with the SQL
around it.
"""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import duckdb

ONE_STATEMENT = "more than one statement: write one expression, without ';'"
ONE_EXPRESSION = "more than one expression: write what could stand after 'where', and no more"
LONGEST = 20_000  # Letters: a page of SQL has 4,000.
_CLAUSES = ("where_clause", "having", "qualify", "group_expressions")


class NotOneExpressionError(ValueError):
    """The text is not one SQL expression; the message says in which way."""


def parse_expression(sql: str, before: str = "select ", after: str = "") -> dict[str, Any]:
    """DuckDB's syntax tree of the expression, which stands between ``before`` and ``after``.

    Raises NotOneExpressionError where it is none, or more than one.
    """
    if len(sql) > LONGEST:
        raise NotOneExpressionError(f"has {len(sql):,} letters, over {LONGEST:,}: look things up in a table instead")
    if not sql.strip():
        raise NotOneExpressionError("is empty: write an expression, or take the key out")
    _parse(sql, "select ", "")  # As it stands: brackets of ours would close one of its own.
    return _parse(sql, before, after)


def find_mistake(sql: str) -> str | None:
    """Why ``sql`` cannot fill one column of one row, as far as it shows without a table; None where it may."""
    try:
        tree = parse_expression(sql, "select (\n", "\n)")
    except NotOneExpressionError as error:
        return str(error)
    for node in walk(tree):
        if node["class"] == "STAR":
            return "has '*' or columns(), which may be several columns: name the one"
        if str(node.get("function_name") or "").lower() == "unnest":
            return "has unnest(), which makes several rows of one: write a `query` that does"
    return None


def walk(tree: Any) -> Iterator[dict[str, Any]]:
    """Every node of a syntax tree, each before those below it, and none of a subquery."""
    if isinstance(tree, dict):
        if "class" in tree:
            yield tree
            if tree["class"] == "SUBQUERY":
                return
        for branch in tree.values():
            yield from walk(branch)
    elif isinstance(tree, list):
        for branch in tree:
            yield from walk(branch)


def serialise(sql: str) -> str:
    """DuckDB's syntax tree of ``sql`` as JSON, or what it says against it."""
    [(serialised,)] = _connection().execute("select json_serialize_sql(?)", [sql]).fetchall()
    return str(serialised)


def _parse(sql: str, before: str, after: str) -> dict[str, Any]:
    read = json.loads(serialise(f"{before}{sql}{after}"))
    if read["error"]:
        reason = " ".join(str(read["error_message"]).split())
        if "Only SELECT" in reason or '";"' in reason:
            raise NotOneExpressionError(ONE_STATEMENT)
        raise NotOneExpressionError(f"is not SQL: {reason}. A text needs single quotes, and each bracket its pair")
    if len(read["statements"]) != 1:
        raise NotOneExpressionError(ONE_STATEMENT)
    select = read["statements"][0]["node"]
    is_bare = select["type"] == "SELECT_NODE" and select["from_table"]["type"] == "EMPTY" and not select["modifiers"]
    if not is_bare or len(select["select_list"]) != 1 or any(select[name] for name in _CLAUSES):
        raise NotOneExpressionError(ONE_EXPRESSION)
    expression: dict[str, Any] = select["select_list"][0]
    if expression.get("alias"):
        raise NotOneExpressionError(ONE_EXPRESSION)
    return expression


@cache
def _connection() -> duckdb.DuckDBPyConnection:
    """A database of its own, without access to files: what is judged is not yet trusted."""
    return duckdb.connect(config={"enable_external_access": "false", "threads": 1})
