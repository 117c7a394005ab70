"""SQL of comparisons and blocking in the dialect of the engine that runs it.

It is written once, in DuckDB's dialect, and sqlglot translates it, as it does for Splink. Here stands what sqlglot
leaves as it is, or writes in a way that Spark does not take.
"""

from functools import cache

import sqlglot
from sqlglot import exp

WRITTEN_IN = "duckdb"
"""The dialect in which this program writes SQL."""

JARO_WINKLER = "jaro_winkler_of_duckdb"
"""Jaro-Winkler similarity on Spark (:mod:`pipelines.identity.scoring.jaro_winkler`). Not by the name of Splink's, which
gives other figures: a session that lacks ours fails, and does not weigh otherwise."""

RENAMED = {"strlen": "octet_length", "hash": "xxhash64"}
"""Functions of DuckDB and those of Spark that do the same; hashes are 64 bits on both, but not the same ones."""


@cache
def translate(sql: str, dialect: str) -> str:
    """``sql`` (a query or an expression, in DuckDB's dialect) in ``dialect``, a name that sqlglot knows."""
    if dialect == WRITTEN_IN:
        return sql
    tree = sqlglot.parse_one(sql, read=WRITTEN_IN)
    return (tree.transform(_write_for_spark) if dialect == "spark" else tree).sql(dialect)


def _write_for_spark(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.JarowinklerSimilarity):
        return _call(JARO_WINKLER, [node.this, node.expression])
    if isinstance(node, exp.Levenshtein):
        return exp.Levenshtein(this=_read_bytes(node.this), expression=_read_bytes(node.expression))
    if isinstance(node, exp.ArrayOverlaps):
        return _call("arrays_overlap", [node.this, node.expression])
    if isinstance(node, exp.Anonymous) and node.name.lower() == "damerau_levenshtein":
        return exp.Anonymous(this=node.name, expressions=[_read_bytes(each) for each in node.expressions])
    if isinstance(node, exp.Anonymous) and node.name.lower() in RENAMED:
        return _call(RENAMED[node.name.lower()], node.expressions)
    return node


def _call(function: str, arguments: list[exp.Expression]) -> exp.Expression:
    return exp.Anonymous(this=function, expressions=[each.transform(_write_for_spark) for each in arguments])


def _read_bytes(text: exp.Expression) -> exp.Expression:
    """The text with each byte a letter: DuckDB's edit distances count bytes, Spark's letters.

    Without it a pair would be at another level as soon as a name has an accent or is not in Latin script.
    """
    encoded = exp.Anonymous(this="encode", expressions=[text.transform(_write_for_spark), exp.Literal.string("UTF-8")])
    return exp.Anonymous(this="decode", expressions=[encoded, exp.Literal.string("ISO-8859-1")])
