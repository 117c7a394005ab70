"""Columns of the canonical types, from the integer arrays that the generator works with.

Amounts are computed in whole cents and times in whole seconds, so sums are exact and nothing depends on rounding.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from zlib import crc32

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.contracts import Table, Type

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
EPOCH = date(1970, 1, 1)
DAY = 86_400

POLARS_TYPES: dict[Type, pl.DataType] = {
    "text": pl.String(),
    "integer": pl.Int64(),
    "quantity": pl.Int64(),  # The generated retailer sells whole units.
    "number": pl.Float64(),
    "money": pl.Decimal(18, 2),
    "price": pl.Decimal(18, 4),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("us"),
}


def random_stream(seed: int, name: str) -> np.random.Generator:
    """A separate random stream for each part of the world: changing one part leaves the others unchanged."""
    return np.random.default_rng([seed, crc32(name.encode())])


def pick(values: Sequence[str | None] | pl.Series, codes: NDArray[np.signedinteger[Any]]) -> pl.Series:
    """The value of each code, as text; a code of -1 is null."""
    series = values if isinstance(values, pl.Series) else pl.Series(values, dtype=pl.String)
    found = series.gather(np.where(codes < 0, 0, codes)) if len(series) else pl.Series([None], dtype=pl.String)
    return keep(found, codes >= 0) if (codes < 0).any() else found


def keep(values: pl.Series, wanted: Bools) -> pl.Series:
    """``values`` where ``wanted``, null elsewhere."""
    return pl.select(pl.when(pl.Series(wanted)).then(values)).to_series()


def choose(wanted: Bools, values: pl.Series, otherwise: pl.Series) -> pl.Series:
    """``values`` where ``wanted``, ``otherwise`` elsewhere; all three of one length."""
    return pl.select(pl.when(pl.Series(wanted)).then(values).otherwise(otherwise)).to_series()


def keys(prefix: str, numbers: Ints, width: int) -> pl.Series:
    """Keys such as ``K000123``; a number of -1 is null."""
    text = pl.Series(numbers).cast(pl.String).str.zfill(width)
    found = pl.select(pl.lit(prefix) + text).to_series()
    return keep(found, numbers >= 0) if (numbers < 0).any() else found


def money(cents: Ints, wanted: Bools | None = None) -> pl.Series:
    """Euros with two decimals from whole cents."""
    found = pl.Series(cents / 100.0).cast(pl.Decimal(18, 2))
    return found if wanted is None else keep(found, wanted)


def price(cents: Ints) -> pl.Series:
    """A unit price with four decimals from whole cents."""
    return pl.Series(cents / 100.0).cast(pl.Decimal(18, 4))


def times(seconds: Ints) -> pl.Series:
    """Naive UTC timestamps from seconds since 1970; -1 is null."""
    found = pl.Series(seconds * 1_000_000).cast(pl.Datetime("us"))
    return keep(found, seconds >= 0) if (seconds < 0).any() else found


def dates(days: Ints, wanted: Bools | None = None) -> pl.Series:
    """Dates from days since 1970 (negative before)."""
    found = pl.Series(days.astype(np.int32)).cast(pl.Date)
    return found if wanted is None else keep(found, wanted)


def weighted(rng: np.random.Generator, weights: Sequence[float] | NDArray[np.floating[Any]], size: int) -> Ints:
    """``size`` codes drawn with the given weights (any scale)."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    found: Ints = np.searchsorted(edges, rng.random(size) * edges[-1], side="right").clip(0, len(edges) - 1)
    return found


def repeated(counts: Ints) -> tuple[Ints, Ints]:
    """For rows repeated ``counts`` times: the row each repetition comes from, and its rank within the row (from 0)."""
    owner = np.repeat(np.arange(len(counts)), counts)
    starts = np.cumsum(counts) - counts
    return owner, np.arange(len(owner)) - starts[owner]


def totals(owner: Ints, amounts: Ints, size: int) -> Ints:
    """The exact sum of ``amounts`` per owner."""
    found = np.zeros(size, dtype=np.int64)
    np.add.at(found, owner, amounts)
    return found


def canonical(table: Table, columns: dict[str, Any]) -> pl.DataFrame:
    """``columns`` in the contract's order and types, absent ones null, sorted by the key."""
    frame = pl.DataFrame(columns)
    unknown = set(frame.columns) - {column.name for column in table.columns}
    if unknown:
        raise ValueError(f"{table.path} has no column {sorted(unknown)}")
    found = frame.select(
        (pl.col(column.name) if column.name in frame.columns else pl.lit(None))
        .cast(POLARS_TYPES[column.type])
        .alias(column.name)
        for column in table.columns
    )
    # A sort copies everything, which for the web events is gigabytes.
    is_sorted = len(table.key) == 1 and found[table.key[0]].is_sorted()
    return found if is_sorted else found.sort(table.key, nulls_last=False)
