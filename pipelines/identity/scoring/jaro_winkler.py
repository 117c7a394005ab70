"""Jaro-Winkler similarity as DuckDB has it, for an engine that counts otherwise.

Letters that are out of order count by whole pairs here, as in Winkler's own program. Spark's function, and the one that
Splink brings for Spark, count half pairs: one mistyped name in twenty-five is less alike there, and its level may
differ.
"""

from functools import cache

import duckdb
import pyarrow as pa


def measure_jaro_winkler(left: pa.Array, right: pa.Array) -> pa.Array:
    """The similarity of each two texts, row by row; null where one is."""
    connection = _connect()
    connection.register("names", pa.table({"one": left, "other": right}))
    measured = connection.sql("select jaro_winkler_similarity(one, other) as similarity from names").to_arrow_table()
    return measured["similarity"].combine_chunks()


@cache
def _connect() -> duckdb.DuckDBPyConnection:
    """One database for each process, in whose thread it works: an engine starts as many processes as it has cores."""
    return duckdb.connect(config={"threads": 1})
