"""Hashes found by sorting are those found by looking each one up."""

import numpy as np
import polars as pl
import pytest

from pipelines.frames.hash_columns import (
    BUCKET_BITS,
    count_distinct,
    find_distinct,
    mark_common_hashes,
    mark_repeated_hashes,
)


def drawn(seed: int, count: int, of: int) -> pl.Series:
    return pl.Series(np.random.default_rng(seed).integers(0, of, count)).hash()


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("of", [3, 30, 1_000_000])
def test_with_and_without_repetitions(seed: int, of: int) -> None:
    one, other = drawn(seed, 12, of), drawn(seed + 100, 15, of)
    both = mark_common_hashes(one, other)
    assert both[0].to_list() == [value in set(other) for value in one]
    assert both[1].to_list() == [value in set(one) for value in other]
    assert mark_repeated_hashes(one).to_list() == [one.to_list().count(value) > 1 for value in one]
    assert count_distinct(one) == len(set(one))


def test_of_many_the_few_that_one_column_lacks_are_found() -> None:
    many = drawn(1, 200_000, 1 << 60)
    one, others = many.gather(range(3, 200_000)), drawn(2, 5, 1 << 60)
    other = pl.concat([many.gather(range(199_990)), others]).reverse()
    here, there = mark_common_hashes(one, other)
    assert one.filter(~here).to_list() == many.to_list()[199_990:]
    assert other.filter(~there).to_list() == [*others.to_list()[::-1], *many.to_list()[2::-1]]


def test_what_stands_twice_in_either_column_and_not_in_the_other_is_in_one_alone() -> None:
    one, other = pl.Series([1, 1, 5]).hash(), pl.Series([2, 5, 2]).hash()
    assert [mask.to_list() for mask in mark_common_hashes(one, other)] == [[False, False, True], [False, True, False]]


def test_different_hashes_of_one_bucket_are_told_apart() -> None:
    bucket = 1 << (64 - BUCKET_BITS)
    one, other = (pl.Series(values, dtype=pl.UInt64) for values in ([bucket + 1, bucket + 2], [bucket + 1, bucket + 3]))
    assert [mask.to_list() for mask in mark_common_hashes(one, other)] == [[True, False], [True, False]]


def test_distinct_numbers_come_once_and_sorted() -> None:
    numbers = np.random.default_rng(3).integers(-9, 9, 60)
    assert find_distinct(numbers).tolist() == sorted(set(numbers.tolist()))
    assert find_distinct(numbers[:0]).tolist() == []


def test_nothing() -> None:
    none, one = pl.Series([], dtype=pl.UInt64), pl.Series([1], dtype=pl.UInt64)
    assert [mask.to_list() for mask in mark_common_hashes(none, one)] == [[], [False]]
    assert mark_repeated_hashes(none).to_list() == []
    assert count_distinct(none) == 0
