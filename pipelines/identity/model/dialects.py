"""SQL of comparisons and blocking in the dialect of the engine that runs it.

It is written once, in DuckDB's dialect, and sqlglot translates it, as it does for Splink. Here stands what sqlglot
leaves as it is, or writes in a way that Spark does not take.
"""

from functools import cache

import sqlglot
from sqlglot import exp

WRITTEN_IN = "duckdb"
"""The dialect in which this program writes SQL."""

JARO_WINKLER = "jaro_winkler"
"""Jaro-Winkler similarity on Spark, by the name under which Splink registers it there."""

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
        return exp.Anonymous(this=JARO_WINKLER, expressions=[_read_bytes(node.this), _read_bytes(node.expression)])
    if isinstance(node, exp.Levenshtein):
        return exp.Levenshtein(this=_read_bytes(node.this), expression=_read_bytes(node.expression))
    if isinstance(node, exp.ArrayOverlaps):
        sides = [side.transform(_write_for_spark) for side in (node.this, node.expression)]
        return exp.Anonymous(this="arrays_overlap", expressions=sides)
    if isinstance(node, exp.Anonymous) and node.name.lower() == "damerau_levenshtein":
        return exp.Anonymous(this=node.name, expressions=[_read_bytes(each) for each in node.expressions])
    if isinstance(node, exp.Anonymous) and node.name.lower() in RENAMED:
        arguments = [each.transform(_write_for_spark) for each in node.expressions]
        return exp.Anonymous(this=RENAMED[node.name.lower()], expressions=arguments)
    return node


def _read_bytes(text: exp.Expression) -> exp.Expression:
    """The text with each byte a letter: DuckDB's distances count bytes, Spark's letters.

    Without it a pair would be at another level as soon as a name has an accent or is not in Latin script.
    """
    encoded = exp.Anonymous(this="encode", expressions=[text.transform(_write_for_spark), exp.Literal.string("UTF-8")])
    return exp.Anonymous(this="decode", expressions=[encoded, exp.Literal.string("ISO-8859-1")])
