"""Sorting a column that is nearly sorted: yesterday's sorted table, with the rows of one night appended."""

import numpy as np
import numpy.typing as npt
import polars as pl


def argsort_nearly_sorted(key: pl.Series) -> npt.NDArray[np.int64]:
    """The row numbers of ``key`` in the order of its values, as ``arg_sort`` gives them; no nulls, no duplicates.

    Only the values from the first descent on are sorted, then inserted among those before. Where they are few, this
    takes a tenth of the time of sorting a million texts.
    """
    descents = (key < key.shift()).arg_true()
    sorted_count = int(descents[0]) if len(descents) else len(key)
    rest = key.slice(sorted_count).arg_sort().to_numpy() + sorted_count
    places = key.head(sorted_count).set_sorted().search_sorted(key.gather(rest)).to_numpy().astype(np.int64)
    return np.insert(np.arange(sorted_count), places, rest)
