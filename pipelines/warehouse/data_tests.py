"""The data tests of columns, tried together: those that find nothing on a table need not be run one by one.

dbt runs each test as a query of its own, at some 15 milliseconds before it reads a row, and hundreds of them are rules
of single tables. One query a table counts what breaks any of its rules. The verdict on a rule that may be broken stays
with dbt, which runs that test as ever: it names it, counts its rows and leaves its SQL.
"""

import re
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import duckdb

from pipelines.config.home import Home
from pipelines.extracts.sql_quoting import quote_name, quote_text
from pipelines.frames import memory_limit

USUAL = {"where": None, "limit": None, "fail_calc": "count(*)", "warn_if": "!= 0", "error_if": "!= 0"}
"""The settings of a test that is any row at fault; dbt runs those that are set otherwise."""
KINDS = {
    "not_null": {"column_name"},
    "never_null": {"columns"},
    "unique": {"column_name"},
    "unique_together": {"columns"},
    "accepted_values": {"column_name", "values", "quote"},
    "within": {"column_name", "lowest", "highest"},
    "relationships": {"column_name", "to", "field"},
}
"""The kinds of test that are tried, with what each is told; one that is told more is another rule."""


@dataclass(frozen=True)
class Tried:
    """``passed``: tests that found nothing, by dbt's id, with their share of the seconds. ``dbt``: names of those that
    it has to run.
    """

    passed: Mapping[str, float]
    dbt: Sequence[str]


def try_together(home: Home, nodes: Mapping[str, Any], made: Set[str]) -> Tried:
    """Tries the tests of :data:`KINDS`, not ``made`` before, that read no other of dbt's ``nodes`` than those ``made``.

    Nothing may be writing the build. A table that cannot be read is left to dbt, which says why.
    """
    tests = {
        name: node
        for name, node in nodes.items()
        if name not in made
        and (node.get("test_metadata") or {}).get("name") in KINDS
        and made >= set(node["depends_on"]["nodes"])
    }
    counts = {name: count_faults(node, nodes) for name, node in tests.items()}
    by_table: dict[str, dict[str, str]] = defaultdict(dict)
    for name, count in counts.items():
        if count is not None:
            by_table[tests[name]["attached_node"]][name] = count
    passed: dict[str, float] = {}
    with _open_build(home) as connection:
        for table, queries in by_table.items():
            passed.update(_find_passed(connection, nodes[table]["relation_name"], queries))
    return Tried(passed, [tests[name]["name"] for name in tests if name not in passed])


def _find_passed(
    connection: duckdb.DuckDBPyConnection, table: str, queries: Mapping[str, str]
) -> Iterator[tuple[str, float]]:
    started = time.monotonic()
    try:
        found = connection.execute(f"select count(*), {', '.join(queries.values())} from {table}").fetchall()
    except duckdb.Error:
        return
    share = (time.monotonic() - started) / len(queries)
    yield from ((name, share) for name, count in zip(queries, found[0][1:], strict=True) if count == 0)


def _open_build(home: Home) -> duckdb.DuckDBPyConnection:
    """The marts as `warehouse` and all else as `workshop`, as dbt names them, within the limits of the build."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit.memory_limit(),
        "threads": memory_limit.allowance().threads,
        "temp_directory": str(home.build_database.parent / "spill"),
    }
    connection = duckdb.connect(config=settings)
    connection.execute("set timezone = 'UTC'")
    for name, file in (("warehouse", home.build_database), ("workshop", home.workshop)):
        connection.execute(f"attach {quote_text(str(file))} as {name} (read_only)")
    return connection


def count_faults(node: Mapping[str, Any], nodes: Mapping[str, Any]) -> str | None:
    """The aggregate over the tested table that is 0 where the test finds nothing; None where that is for dbt to say.

    It may count other than the test does, and may find a fault where there is none, but never the other way round.
    """
    if any(node["config"].get(key) != usual for key, usual in USUAL.items()) or not node.get("attached_node"):
        return None
    test = node["test_metadata"]
    given: Mapping[str, Any] = test["kwargs"]
    if given.keys() - KINDS[test["name"]] - {"model"}:
        return None
    column = quote_name(str(given.get("column_name")))
    columns = [quote_name(str(each)) for each in given.get("columns", [])]
    match test["name"]:
        case "not_null":
            return f"count(*) filter (where {column} is null)"
        case "never_null":
            return f"count(*) filter (where {' or '.join(f'{each} is null' for each in columns)})"
        case "unique":
            return f"count({column}) - count(distinct hash({column})) filter (where {column} is not null)"
        case "unique_together":
            return f"count(*) - count(distinct hash({', '.join(columns)}))"
        case "accepted_values":
            values = [str(value) for value in given["values"]]
            accepted = ", ".join(map(quote_text, values) if given.get("quote", True) else values)
            return f"count(*) filter (where {column} not in ({accepted}))"
        case "within":
            above = f" or {column} > {given['highest']}" if given.get("highest") is not None else ""
            return f"count(*) filter (where {column} < {given['lowest']}{above})"
        case "relationships":
            return _count_strays(column, str(given["to"]), quote_name(str(given["field"])), node, nodes)
    return None


def _count_strays(column: str, to: str, field: str, node: Mapping[str, Any], nodes: Mapping[str, Any]) -> str | None:
    """How many rows of the tested table name one that is not in another; None where the other is not a model."""
    referred = re.fullmatch(r"ref\('(\w+)'\)", to)
    known = [nodes[each] for each in node["depends_on"]["nodes"] if referred and nodes[each]["name"] == referred[1]]
    if len(known) != 1:
        return None
    other = known[0]["relation_name"]
    tested = nodes[node["attached_node"]]["relation_name"]
    return (
        f"(select count(*) from {tested} as tested anti join {other} as other on tested.{column} = other.{field} "
        f"where tested.{column} is not null)"
    )
