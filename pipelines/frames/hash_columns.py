"""Columns of 64-bit hashes, and other numbers, compared by sums and sorted, sooner than each value is looked up."""

from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

Number = TypeVar("Number", bound=np.generic)


PARTS = 18
"""Bits of a hash that say which part of a column it is in: of a million, a few to each."""


def are_in_both(one: pl.Series, other: pl.Series) -> tuple[pl.Series, pl.Series]:
    """For each value of ``one``, then of ``other``, whether both columns have it; they are 64-bit hashes, none null.

    It is quick where most of them are in both: only the parts of the columns whose sums differ are looked at. Parts
    that are not the same have one sum once in 2**64.
    """
    sides = one.to_numpy().view(np.uint64), other.to_numpy().view(np.uint64)
    parts = [(values >> np.uint64(64 - PARTS)).view(np.int64) for values in sides]
    balance = np.zeros(1 << PARTS, dtype=np.uint64)  # Beyond 64 bits it starts again from 0, either way.
    np.add.at(balance, parts[0], sides[0])
    np.subtract.at(balance, parts[1], sides[1])
    differs = balance != 0
    rows = [np.flatnonzero(differs.take(places)) for places in parts]
    looked_at = [pl.Series(values[found]) for values, found in zip(sides, rows, strict=True)]
    masks = [np.ones(len(values), dtype=np.bool_) for values in sides]
    masks[0][rows[0]] = looked_at[0].is_in(looked_at[1].implode())
    masks[1][rows[1]] = looked_at[1].is_in(looked_at[0].implode())
    return pl.Series(masks[0]), pl.Series(masks[1])


def are_repeated(hashes: pl.Series) -> pl.Series:
    """For each value, whether the column has it more than once; there is no null."""
    values, is_first, is_last = _sort(hashes.to_numpy())
    return hashes.is_in(pl.Series(values[is_first & ~is_last]).implode())


def count_distinct(hashes: pl.Series) -> int:
    """How many values the column has; there is no null."""
    return int(_sort(hashes.to_numpy())[1].sum())


def find_distinct(numbers: npt.NDArray[Number]) -> npt.NDArray[Number]:
    """The distinct ``numbers``, sorted: what np.unique gives, which looks each up."""
    values, is_first, _ = _sort(numbers)
    return values[is_first]


def _sort(
    numbers: npt.NDArray[Number],
) -> tuple[npt.NDArray[Number], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """The values sorted, and for each whether it is the first and whether it is the last of its like."""
    values = np.sort(numbers)
    differs = values[1:] != values[:-1]
    return values, np.concatenate([[True], differs])[: len(values)], np.concatenate([differs, [True]])[: len(values)]
