"""Rows of a web API as Arrow: what each column is declared to be, or the table is told to have changed."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

from pipelines.pulls.digits import has_at_most
from pipelines.pulls.errors import TableError
from pipelines.pulls.system import Kind, SourceColumn, schema_of

ROWS = 5_000  # At a time: some megabytes as Python's values.
MONEY = pa.decimal128(20, 4)  # No currency has more than four digits after the point.
TYPES: Mapping[Kind, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "decimal": MONEY,
    "float": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamptz": pa.timestamp("us", tz="UTC"),
}


def declare(**kinds: Kind) -> tuple[SourceColumn, ...]:
    """Columns by name, each with the type that goes with its kind."""
    return tuple(SourceColumn(name, kind, TYPES[kind]) for name, kind in kinds.items())


def batch_rows(
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[SourceColumn],
    shown: str,
    emptied: Counter[str],
    *,
    lacking: Set[str] = frozenset(),
) -> Iterator[pa.RecordBatch]:
    """Rows of JSON in batches. What is no day at all becomes null, and is counted in ``emptied``.

    Raises TableError where a value is of another kind than its column, or a row is without one that is not among those
    that it may be ``lacking``: what an API has renamed is not empty.
    """
    schema = schema_of(columns)
    gathered: list[list[Any]] = [[] for _ in columns]
    for row in rows:
        for column, values in zip(columns, gathered, strict=True):
            if column.name not in row and column.name not in lacking:
                raise tell_gone(column.name, shown)
            values.append(_read(row.get(column.name), column, shown, emptied))
        if len(gathered[0]) >= ROWS:
            yield _close(gathered, schema, columns, shown)
            gathered = [[] for _ in columns]
    if gathered[0]:
        yield _close(gathered, schema, columns, shown)


def tell_gone(name: str, shown: str) -> TableError:
    """The error of a column that rows had and have no more."""
    return TableError(
        f"the columns of {shown} have changed: {name} no longer there. The API is another than Parcours knows: see "
        "whether there is a newer version of Parcours."
    )


def _close(gathered: list[list[Any]], schema: pa.Schema, columns: Sequence[SourceColumn], shown: str) -> pa.RecordBatch:
    arrays = []
    for column, values in zip(columns, gathered, strict=True):
        array = None
        try:
            array = pa.array(values, column.type)
        except (pa.ArrowException, OverflowError):
            array = None
        if array is None:  # Outside of the handler, whose error has the value.
            raise _tell_beyond(column, shown)
        arrays.append(array)
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _tell_beyond(column: SourceColumn, shown: str) -> TableError:
    return TableError(f"{shown} has values in {column.name} that are larger or finer than {column.type} holds.")


def _read(value: Any, column: SourceColumn, shown: str, emptied: Counter[str]) -> Any:
    if value is None:
        return None
    read = _READERS[column.kind](value)
    if read is _OTHER:
        raise TableError(
            f"the columns of {shown} have changed: {column.name} was {column.kind} and is {_tell_kind(value)}. The "
            "API is another than Parcours knows: see whether there is a newer version of Parcours."
        )
    if read is _BEYOND:
        raise _tell_beyond(column, shown)
    if read is None:
        emptied[column.name] += 1
    return read


MOST_DIGITS = 400  # On either side of the point: no double has more, and Arrow crashes at some millions.

_OTHER, _BEYOND = object(), object()
_HALF_SIGN = re.compile("[\ud800-\udfff]")
"""Half of what JSON writes in two: where a text was cut in between, neither Arrow nor UTF-8 holds the other."""


def _read_text(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else _HALF_SIGN.sub("\ufffd", value)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    return _OTHER


def _read_integer(value: Any) -> Any:
    if isinstance(value, bool):
        return _OTHER
    if isinstance(value, str) and value.removeprefix("-").isdecimal():
        return int(value) if len(value) <= MOST_DIGITS else _BEYOND
    return value if isinstance(value, int) else _OTHER


def _read_decimal(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return _OTHER
    try:
        number = Decimal(value)
    except InvalidOperation:
        return _OTHER
    if not number.is_finite():
        return _OTHER
    return number if has_at_most(number, MOST_DIGITS) else _BEYOND


def _read_float(value: Any) -> Any:
    number = _read_decimal(value)
    if not isinstance(number, Decimal):
        return number
    return _BEYOND if math.isinf(float(number)) else float(number)


def _read_boolean(value: Any) -> Any:
    return value if isinstance(value, bool) else _OTHER


def _read_day(value: Any) -> Any:
    if not isinstance(value, str):
        return _OTHER
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _read_moment(value: Any) -> Any:
    return read_moment(value) if isinstance(value, str) else _OTHER


_READERS = {
    "text": _read_text,
    "integer": _read_integer,
    "decimal": _read_decimal,
    "float": _read_float,
    "boolean": _read_boolean,
    "date": _read_day,
    "timestamptz": _read_moment,
}


def read_moment(written: str | None) -> datetime | None:
    """A moment in ISO as UTC; one without a time zone is UTC. None where it is none."""
    try:
        moment = datetime.fromisoformat(written) if written else None
        if moment is None:
            return None
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _tell_kind(value: Any) -> str:
    kinds = {bool: "boolean", int: "integer", Decimal: "decimal", str: "text", list: "a list", dict: "an object"}
    return kinds.get(type(value), "something else")


def as_json(value: Any) -> str | None:
    """What has a structure of its own, as one text."""
    return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def as_text(value: Any) -> str | None:
    """A value of any kind as a text; None where it is empty."""
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else (str(value) if isinstance(value, Decimal) else as_json(value))
