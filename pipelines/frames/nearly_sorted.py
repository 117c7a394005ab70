"""Sorting what nearly is: a table that stood in order, and what a night put behind it."""

import numpy as np
import numpy.typing as npt
import polars as pl


def order_of(key: pl.Series) -> npt.NDArray[np.int64]:
    """The positions of ``key`` (no nulls, each value once) in the order of its values.

    Only what comes after the first value that is out of order is sorted: where that is little, this takes a tenth of
    the time of sorting a million texts.
    """
    descents = (key < key.shift()).arg_true()
    sorted_first = int(descents[0]) if len(descents) else len(key)
    rest = key.slice(sorted_first).arg_sort().to_numpy() + sorted_first
    places = key.head(sorted_first).set_sorted().search_sorted(key.gather(rest)).to_numpy().astype(np.int64)
    return np.insert(np.arange(sorted_first), places, rest)
