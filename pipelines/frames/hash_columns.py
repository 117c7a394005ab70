"""Set operations on columns of 64-bit hashes and other numbers, by sorting and summing instead of hash tables.

On a million rows, that is several times faster than joins, ``unique`` or ``is_in``.
"""

from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

Number = TypeVar("Number", bound=np.generic)

BUCKET_BITS = 18
"""Leading bits of a hash that say which bucket it falls into: of a million hashes, a few to each bucket."""


def mark_common_hashes(one: pl.Series, other: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Whether the other column has it too, for each value of ``one``, then of ``other``: 64-bit hashes, no nulls.

    Fast where the columns are nearly the same: their buckets are compared by sum, and only in buckets whose sums differ
    are single values looked up. Two different buckets have the same sum once in 2**64.
    """
    sides = one.to_numpy().view(np.uint64), other.to_numpy().view(np.uint64)
    buckets = [(hashes >> np.uint64(64 - BUCKET_BITS)).view(np.int64) for hashes in sides]
    difference = np.zeros(1 << BUCKET_BITS, dtype=np.uint64)  # Of the sums, modulo 2**64.
    np.add.at(difference, buckets[0], sides[0])
    np.subtract.at(difference, buckets[1], sides[1])
    differs = difference != 0
    rows = [np.flatnonzero(differs.take(bucket)) for bucket in buckets]
    looked_up = [pl.Series(hashes[found]) for hashes, found in zip(sides, rows, strict=True)]
    is_common = [np.ones(len(hashes), dtype=np.bool_) for hashes in sides]
    is_common[0][rows[0]] = looked_up[0].is_in(looked_up[1].implode())
    is_common[1][rows[1]] = looked_up[1].is_in(looked_up[0].implode())
    return pl.Series(is_common[0]), pl.Series(is_common[1])


def mark_repeated_hashes(hashes: pl.Series) -> pl.Series:
    """Whether the column has it more than once, for each value; no nulls."""
    values, is_first, is_last = _sort(hashes.to_numpy())
    return hashes.is_in(pl.Series(values[is_first & ~is_last]).implode())


def count_distinct(hashes: pl.Series) -> int:
    """The number of distinct values; no nulls."""
    return int(_sort(hashes.to_numpy())[1].sum())


def find_distinct(numbers: npt.NDArray[Number]) -> npt.NDArray[Number]:
    """The distinct ``numbers``, sorted, as ``np.unique`` gives them, which uses a hash table."""
    values, is_first, _ = _sort(numbers)
    return values[is_first]


def _sort(
    numbers: npt.NDArray[Number],
) -> tuple[npt.NDArray[Number], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """The numbers sorted, and for each whether it is the first, and whether it is the last, of its equals."""
    values = np.sort(numbers)
    differs = values[1:] != values[:-1]
    return values, np.concatenate([[True], differs])[: len(values)], np.concatenate([differs, [True]])[: len(values)]
