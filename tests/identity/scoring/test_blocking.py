"""Blocking finds each pair that shares a key's value once, by the first of these keys, as Splink's blocking does."""

import duckdb
import numpy as np
import polars as pl
import pytest
from splink import DuckDBAPI, Linker

from pipelines.identity.model.specification import declare_fields, splink_settings
from pipelines.identity.scoring.blocking import (
    BLOCKS,
    NO_KEY,
    find_candidate_pairs,
    first_shared_key,
    hash_keys,
    keep_small_blocks,
)
from pipelines.identity.scoring.profiles import build_profiles

LIMITS = dict.fromkeys(BLOCKS.values(), 4)


def keys_of(**columns):
    """Keys of rows: the columns given, the others null."""
    height = len(next(iter(columns.values())))
    return pl.DataFrame({column: pl.Series(columns.get(column, [None] * height), dtype=pl.UInt64) for column in BLOCKS})


def as_set(blocked):
    return set(zip(blocked.left.tolist(), blocked.right.tolist(), blocked.found_by.tolist(), strict=True))


@pytest.fixture(scope="module")
def keyed(retailer):
    profiles, _ = build_profiles(retailer.records)
    keys = hash_keys(profiles)
    return profiles, keys, keep_small_blocks(keys, retailer.model.parameters.largest_blocks)


def test_the_pairs_are_those_that_splink_finds_on_the_same_keys(keyed):
    profiles, _, small = keyed
    columns = profiles.drop("record_id", "content_hash")
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        connection.register("arrow", pl.concat([columns, small], how="horizontal").to_arrow())
        connection.execute("create table keyed as select * from arrow")
        linker = Linker(DuckDBAPI(connection).register("keyed"), splink_settings(declare_fields()), log_level=None)
        blocked = linker.inference.compute_blocked_pairs_for_predict().physical_name
        rows = connection.execute(f"select join_key_l, join_key_r, match_key::integer from {blocked}").fetchall()
    assert len(rows) > 10_000
    assert as_set(find_candidate_pairs(small)) == set(rows)


def test_pairs_come_once_sorted_and_the_smaller_row_left(keyed):
    _, _, small = keyed
    blocked = find_candidate_pairs(small)
    assert (blocked.left < blocked.right).all()
    order = np.lexsort((blocked.right, blocked.left))
    assert np.array_equal(order, np.arange(len(blocked)))
    assert len({(left, right) for left, right, _ in as_set(blocked)}) == len(blocked)
    hashes = [column.fill_null(NO_KEY).to_numpy() for column in small.select(*BLOCKS).iter_columns()]
    assert np.array_equal(first_shared_key(hashes, blocked.left, blocked.right), blocked.found_by)


def test_a_pair_that_two_keys_find_counts_for_the_first():
    keys = keys_of(block_2=[7, None, 7, 7], block_5=[1, 2, 1, 2])
    assert as_set(find_candidate_pairs(keys)) == {(0, 2, 2), (0, 3, 2), (2, 3, 2), (1, 3, 5)}


def test_rows_without_a_value_share_nothing():
    assert as_set(find_candidate_pairs(keys_of(block_0=[None, None, 3]))) == set()
    assert len(find_candidate_pairs(keys_of(block_0=[]))) == 0


def test_the_largest_and_the_smallest_hash_are_values_as_others():
    keys = keys_of(block_0=[0, 2**64 - 1, 0, 2**64 - 1, None])
    assert as_set(find_candidate_pairs(keys)) == {(0, 2, 0), (1, 3, 0)}
    assert keep_small_blocks(keys, LIMITS).equals(keys)


def test_blocks_of_one_and_those_beyond_the_limit_are_left_out():
    keys = keys_of(block_0=[9, 5, 5, 5, 5, 5, 6, 6, 6, 6, None])
    kept = keep_small_blocks(keys, LIMITS)
    assert kept["block_0"].to_list() == [None] * 6 + [6] * 4 + [None]
    assert kept.schema == keys.schema
    assert keep_small_blocks(keys_of(block_0=[]), LIMITS).equals(keys_of(block_0=[]))
