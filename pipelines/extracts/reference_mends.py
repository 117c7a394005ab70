"""Ids that differ from what they name only in notation: which, and the expression that mends them.

A system writes one id in several ways (`3`, `3.0`, `gid://shopify/Customer/3`; 15 or 18 characters at Salesforce;
`#1001` on what customers see), and a spreadsheet changes it on the way. Each mend is DuckDB SQL; those that help are
put one around the other, and the result is what may be pasted into `columns` of sources.yml.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import duckdb
import yaml

from pipelines.config.connectors import TableMapping
from pipelines.extracts.sql_quoting import quote_name, quote_text

MOST_MENDS = 3  # Of one value: a spreadsheet's `.0` behind an address, say. More are no notation, but another id.
MOST_TRIED = 20_000  # Distinct values, matched and not; the rows that a mend helps are counted over all.

_SLOTS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_LONG_SALESFORCE_ID = (
    "case when length({id}) = 15 then {id} || array_to_string(list_transform([0, 5, 10], lambda start: "
    f"substr('{_SLOTS}', 1 + cast(list_sum(list_transform([0, 1, 2, 3, 4], lambda place: "
    "case when substr({id}, start + place + 1, 1) between 'A' and 'Z' then 1 << place else 0 end)) as integer), 1)), "
    "'') else {id} end"
)
"""The three characters say which of the fifteen are capitals, five to a character (Salesforce, "What is the difference
between 15-character and 18-character ids")."""

MENDS = (
    "regexp_replace({id}, '[.,]00?$', '')",
    "regexp_replace({id}, '^.*/', '')",
    "regexp_replace({id}, '[^[:alnum:]._:/#@+-]', '', 'g')",
    _LONG_SALESFORCE_ID,
    "left({id}, 15)",
    "upper({id})",
    "lower({id})",
    "regexp_replace({id}, '[., ]', '', 'g')",
    "regexp_replace({id}, '^[^0-9]+', '')",
    "regexp_replace({id}, '[^0-9]+$', '')",
    "ltrim({id}, '0')",
)
"""The surest first: of two that help as many rows, the first is taken."""

_TWO_AT_ONCE = tuple(
    second.replace("{id}", first)
    for first in MENDS[:3]
    for second in (*MENDS[:3], "upper({id})", "lower({id})")
    if first is not second
)
"""Where one of them alone helps no row: `gid://shopify/Customer/3.0`, `{3F25-04E0}`."""


@dataclass(frozen=True)
class Mend:
    """``rows`` more rows would match with ``expression``, a SQL template of ``{id}``.

    ``mends_target``: it is the ids of the table referred to that are to be written so.
    """

    expression: str
    rows: int
    mends_target: bool


def find_mend(connection: duckdb.DuckDBPyConnection) -> Mend | None:
    """The mend that makes most of the rows match that match nothing; None where none helps.

    Reads two tables of the connection: ``named`` (source, value, rows, is_known) and ``targets`` (source, value), with
    source null where any will do.
    """
    connection.execute(
        "create or replace temp table tried as select * from named "
        f"qualify row_number() over (partition by is_known order by source, value) <= {MOST_TRIED // 2}"
    )
    on_names = _compose(connection, [*MENDS, *_find_affixes(connection), *_TWO_AT_ONCE], _count_named)
    if on_names:
        return Mend(on_names, _count_named(connection, "named", on_names)[0], mends_target=False)
    on_targets = _compose(connection, list(MENDS), _count_targets)
    return Mend(on_targets, _count_targets(connection, "named", on_targets)[0], True) if on_targets else None


def _compose(connection: duckdb.DuckDBPyConnection, mends: list[str], count: Any) -> str | None:
    """The mends that help, one around the other; none that would harm a row that matches today."""
    chosen, helped = "{id}", 0
    for _ in range(MOST_MENDS):
        best = helped
        for mend in mends:
            candidate = mend.replace("{id}", chosen)
            rows, harmed = count(connection, "tried", candidate)
            if rows > best and not harmed:
                best, better = rows, candidate
        if best == helped:
            break
        chosen, helped = better, best
    return chosen if helped else None


def _count_named(connection: duckdb.DuckDBPyConnection, table: str, mend: str) -> tuple[int, int]:
    """Rows that would match, and rows that would no longer, were the referring ids written so."""
    mended = f"select source, rows, is_known, {mend.replace('{id}', 'value')} as value from {table}"
    return _count(connection, mended, "targets")


def _count_targets(connection: duckdb.DuckDBPyConnection, table: str, mend: str) -> tuple[int, int]:
    """The same, were the ids referred to written so."""
    targets = f"(select distinct source, {mend.replace('{id}', 'value')} as value from targets)"
    return _count(connection, f"select source, value, rows, is_known from {table}", targets)


def _count(connection: duckdb.DuckDBPyConnection, named: str, targets: str) -> tuple[int, int]:
    matches = "named.value = target.value and named.source is not distinct from target.source"
    row = connection.execute(
        f"select coalesce(sum(rows) filter (where not is_known and target.value is not null), 0), "
        f"coalesce(sum(rows) filter (where is_known and target.value is null), 0) "
        f"from ({named}) as named left join {targets} as target on {matches}"
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


_NOTATION = re.compile(r"[A-Za-z]{0,5}[^A-Za-z0-9@{}]{0,2}")
"""What may be repeated of the ids: `CUST-`, `cus_`, `#`. More letters may be somebody's name."""


def _find_affixes(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """What every id referred to begins with, and zeros up to the length that they all have."""
    row = connection.execute(
        "select min(regexp_extract(value, '^[^0-9]*')), max(regexp_extract(value, '^[^0-9]*')), "
        "min(length(value)), max(length(value)) from targets"
    ).fetchone()
    assert row is not None
    first, last, shortest, longest = row
    if first and first == last and _NOTATION.fullmatch(first):
        yield f"{quote_text(first)} || {{id}}"
    if longest and shortest == longest:
        yield f"repeat('0', {longest} - length({{id}})) || {{id}}"


def write_mapping(mend: str, column: str, mapping: TableMapping) -> str:
    """The line of `columns` that maps ``column`` with ``mend`` around what it is mapped to today, as YAML."""
    written = mapping.columns.get(column) or column
    identifier = _as_sql(written)
    if not _is_csv(mapping):
        identifier = f"cast({identifier} as varchar)"
    # In quotes always: it may be pasted between braces.
    expression: str = yaml.safe_dump(
        mend.replace("{id}", identifier), allow_unicode=True, default_style='"', width=100_000
    )
    return f"{column}: {expression.strip()}"


def _as_sql(written: str) -> str:
    """What a column is mapped to, as part of a larger expression: a source's column is quoted where SQL wants it."""
    if written.startswith('"') and written.endswith('"') and written.count('"') == 2:
        return written
    if any(mark in written for mark in "()'\"|+*/=<>,"):
        return f"({written})"
    reserved = duckdb.execute(
        "select 1 from duckdb_keywords() where keyword_name = lower(?) and keyword_category = 'reserved'", [written]
    ).fetchone()
    is_plain = written.isascii() and written.isidentifier() and reserved is None
    return written if is_plain else quote_name(written)


def _is_csv(mapping: TableMapping) -> bool:
    """Whether every column is text as it is read."""
    declared = getattr(mapping.options, "format", None)
    suffixes = PurePath(mapping.from_.lower()).suffixes
    return declared == "csv" or (declared is None and not {".parquet", ".jsonl", ".ndjson", ".json"} & set(suffixes))
