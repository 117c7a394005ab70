"""What is nearly sorted comes out in the order that sorting it gives."""

import numpy as np
import polars as pl
import pytest

from pipelines.frames.nearly_sorted import argsort_nearly_sorted


@pytest.mark.parametrize("behind", [0, 1, 5, 40])
@pytest.mark.parametrize("seed", range(10))
def test_the_order_is_that_of_sorting(seed: int, behind: int) -> None:
    numbers = np.random.default_rng(seed).permutation(40)
    numbers[: 40 - behind].sort()
    key = pl.Series([f"{number:02}" for number in numbers])
    assert key.gather(argsort_nearly_sorted(key)).to_list() == [f"{number:02}" for number in range(40)]


def test_nothing_is_in_order() -> None:
    assert argsort_nearly_sorted(pl.Series([], dtype=pl.String)).tolist() == []
