"""Rows of a driver that speaks Python's DB-API, as batches in Arrow."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa

ROWS = 20_000  # At a time: some megabytes as Python's values.


def read_batches(
    cursor: Any, schema: pa.Schema, cast: Callable[[Sequence[Any], pa.DataType], pa.Array]
) -> Iterator[pa.RecordBatch]:
    """What ``cursor`` has still to give, each column by ``cast``; it is to keep no more rows than it is asked for."""
    while rows := cursor.fetchmany(ROWS):
        columns = [cast(values, field.type) for values, field in zip(zip(*rows, strict=True), schema, strict=True)]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)
