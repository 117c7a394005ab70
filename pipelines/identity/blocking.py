"""Which pairs of profiles are looked at: those that share the value of a blocking key that not too many share.

The value of a key is kept as a 64-bit hash. A block is all profiles with one value of one key; one that is larger than
the model version's limit for its key is left out.
"""

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl
from splink import DuckDBAPI, Linker

from pipelines.identity.model import (
    ALLOWANCES,
    BLOCKING_KEYS,
    LARGEST_BLOCK,
    PAIRS_ANYHOW,
    PAIRS_PER_PROFILE,
    blocking_column,
    blocking_settings,
)

BLOCKS = {blocking_column(position): name for position, name in enumerate(BLOCKING_KEYS)}
"""The columns of key hashes, and the blocking key that each is of, in order."""


def hash_keys(profiles: pl.DataFrame) -> pl.DataFrame:
    """One row per profile, in the same order: a hash per blocking key (BLOCKS), null where the profile has no value.

    The hashes are DuckDB's: they hold for one version of it.
    """
    hashed = ", ".join(
        f"case when ({key}) is not null then hash({key}) end as {column}"
        for column, key in zip(BLOCKS, BLOCKING_KEYS.values(), strict=True)
    )
    with duckdb.connect() as connection:
        connection.register("profiles", profiles.to_arrow())
        table = connection.sql(f"select {hashed} from profiles").to_arrow_table()
    frame: pl.DataFrame = pl.from_arrow(table)  # type: ignore[assignment]
    return frame


def keep_small_blocks(keys: pl.DataFrame, largest_blocks: dict[str, int]) -> pl.DataFrame:
    """``keys`` with the hashes of blocks of one, and of blocks above the limit of their key, set to null."""
    return keys.select(
        pl.when(pl.len().over(column).is_between(2, largest_blocks[name])).then(pl.col(column)).alias(column)
        for column, name in BLOCKS.items()
    )


def limit_blocks(keys: pl.DataFrame) -> dict[str, int]:
    """For each blocking key, the largest block that keeps its pairs within PAIRS_PER_PROFILE and LARGEST_BLOCK."""
    limits = {}
    for column, name in BLOCKS.items():
        sizes = (
            keys.lazy()
            .select(pl.col(column).drop_nulls())
            .group_by(column)
            .len()
            .filter(pl.col("len").is_between(2, LARGEST_BLOCK))
            .group_by("len")
            .agg(pl.len().alias("blocks"))
            .sort("len")
            .collect()
        )
        limits[name], pairs = 1, 0
        for size, blocks in sizes.iter_rows():
            pairs += blocks * size * (size - 1) // 2
            if pairs > max(PAIRS_ANYHOW, PAIRS_PER_PROFILE * ALLOWANCES.get(name, 1.0) * keys.height):
                break
            limits[name] = size
    return limits


def find_pairs(connection: duckdb.DuckDBPyConnection, keys: pl.DataFrame) -> str:
    """Every pair of rows of ``keys`` that share a value, by Splink's blocking; returns SQL that yields them.

    Columns: left_no < right_no, the rows' numbers, and found_by, the position of the first key that the two share.
    """
    connection.register("kept_keys", keys.with_row_index("profile_no").to_arrow())
    connection.execute("create table blocks as select * replace (profile_no::integer as profile_no) from kept_keys")
    connection.unregister("kept_keys")
    linker = Linker(DuckDBAPI(connection).register("blocks"), blocking_settings(), log_level=None)
    blocked = linker.inference.compute_blocked_pairs_for_predict().physical_name
    return f"select join_key_l as left_no, join_key_r as right_no, match_key::smallint as found_by from {blocked}"


def first_shared_key(
    keys: pl.DataFrame, left: npt.NDArray[np.int32], right: npt.NDArray[np.int32]
) -> npt.NDArray[np.int16]:
    """For each pair of rows of ``keys``, the position of the first key whose value both have; -1: they share none."""
    found = np.full(len(left), -1, dtype=np.int16)
    for position, column in reversed(list(enumerate(BLOCKS))):
        values, known = keys[column].fill_null(0).to_numpy(), keys[column].is_not_null().to_numpy()
        found[(values[left] == values[right]) & known[left] & known[right]] = position
    return found
