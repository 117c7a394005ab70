"""Blocking: the candidate pairs are the profiles that share a blocking key, unless too many share it.

The value of a key is kept as a 64-bit hash. A block is all profiles with one value of one key; one that is larger than
the model version's limit for its key is left out.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from pipelines.frames.in_memory_sql import connect_in_memory
from pipelines.identity.model.specification import (
    ALLOWANCES,
    BLOCKING_KEYS,
    LARGEST_BLOCK,
    PAIRS_ALWAYS_ALLOWED,
    PAIRS_PER_PROFILE,
    blocking_column,
)

Rows = npt.NDArray[np.int64]
NO_KEY = 0  # In place of a hash: there is no value of the key.

BLOCKS = {blocking_column(position): name for position, name in enumerate(BLOCKING_KEYS)}
"""The columns of key hashes, each with its blocking key, in order."""

HASHED_AT_ONCE = 100_000  # Profiles.

KEY_BITS = len(BLOCKS).bit_length()
ROW_BITS = (63 - KEY_BITS) // 2  # Two rows and a key fit into a signed 64-bit number, up to 500 million rows.


@dataclass(frozen=True)
class CandidatePairs:
    """Candidate pairs: rows, left < right, and the position of the first blocking key that the two share."""

    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    found_by: npt.NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.left)


def hash_keys(profiles: pl.DataFrame) -> pl.DataFrame:
    """One row per profile, in the same order: a hash per blocking key (BLOCKS), null where the profile has no value.

    The hashes are DuckDB's: they are valid for one version of it.
    """
    hashed = ", ".join(
        f"case when ({key}) is not null then hash({key}) end as {column}"
        for column, key in zip(BLOCKS, BLOCKING_KEYS.values(), strict=True)
    )
    # Without a copy, and in batches that threads can share.
    whole = profiles.to_arrow(compat_level=pl.CompatLevel.newest())
    batches = whole.to_batches(max_chunksize=HASHED_AT_ONCE)
    with connect_in_memory("The blocking of records") as connection:
        connection.register("profiles", pa.Table.from_batches(batches, whole.schema))
        table = connection.sql(f"select {hashed} from profiles").to_arrow_table()
    frame: pl.DataFrame = pl.from_arrow(table)  # type: ignore[assignment]
    return frame


def keep_small_blocks(keys: pl.DataFrame, largest_blocks: dict[str, int]) -> pl.DataFrame:
    """``keys`` with the hashes of blocks of one, and of blocks above the limit of their key, set to null."""
    with ThreadPoolExecutor() as threads:
        limits = [largest_blocks[name] for name in BLOCKS.values()]
        return pl.DataFrame(list(threads.map(_keep_small, keys.select(*BLOCKS).iter_columns(), limits)))


def _keep_small(hashes: pl.Series, largest: int) -> pl.Series:
    rows, _, sizes = _sort_into_blocks(hashes)
    small = np.zeros(len(hashes), dtype=bool)
    small[rows] = np.repeat((sizes >= 2) & (sizes <= largest), sizes)
    return hashes.set(pl.Series(~small), None)


def _sort_into_blocks(hashes: pl.Series) -> tuple[Rows, Rows, Rows]:
    """The rows that have a hash, block after block; the start of each block among them; and its size."""
    rows = hashes.is_not_null().arg_true().to_numpy().astype(np.int64)
    known = hashes.drop_nulls().to_numpy()
    order = np.argsort(known)
    known = known[order]
    starts = np.flatnonzero(np.concatenate([[True], known[1:] != known[:-1]])[: len(known)])
    return rows[order], starts, np.diff(starts, append=len(known))


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
            if pairs > max(PAIRS_ALWAYS_ALLOWED, PAIRS_PER_PROFILE * ALLOWANCES.get(name, 1.0) * keys.height):
                break
            limits[name] = size
    return limits


def find_candidate_pairs(keys: pl.DataFrame) -> CandidatePairs:
    """Every pair of rows of ``keys`` that share a value, once, sorted by left, then right.

    These are the pairs that Splink's blocking finds on the columns of ``keys``, by joining the table with itself for
    each key and excluding what an earlier key has found. Sorting numbers takes a fifth of that time.
    """
    with ThreadPoolExecutor() as threads:
        packed = np.concatenate(
            list(threads.map(_pair_within_blocks, keys.select(*BLOCKS).iter_columns(), range(len(BLOCKS))))
        )
    packed.sort()
    pair = packed >> KEY_BITS
    first = np.concatenate([[True], pair[1:] != pair[:-1]])[: len(pair)]
    packed, pair = packed[first], pair[first]
    return CandidatePairs(
        (pair >> ROW_BITS).astype(np.int32),
        (pair & ((1 << ROW_BITS) - 1)).astype(np.int32),
        (packed & ((1 << KEY_BITS) - 1)).astype(np.int16),
    )


def _pair_within_blocks(hashes: pl.Series, position: int) -> Rows:
    """The pairs of each block, each as one number: left, right, and last the key's position."""
    rows, starts, sizes = _sort_into_blocks(hashes)
    found = [np.array([], dtype=np.int64)]
    for size in np.unique(sizes[sizes >= 2]):
        blocks = rows[starts[sizes == size][:, None] + np.arange(size)]
        blocks.sort(axis=1)
        one, other = np.triu_indices(size, 1)
        found.append(((blocks[:, one] << (ROW_BITS + KEY_BITS)) | (blocks[:, other] << KEY_BITS) | position).ravel())
    return np.concatenate(found)


def first_shared_key(
    keys: Sequence[npt.NDArray[np.uint64]], left: npt.NDArray[np.int32], right: npt.NDArray[np.int32]
) -> npt.NDArray[np.int16]:
    """For each pair of rows of ``keys``, the position of the first key that the two share; -1 where they share none.

    ``keys`` are columns of hashes in the order of BLOCKS, NO_KEY where there is none.
    """
    found = np.full(len(left), -1, dtype=np.int16)
    for position, hashes in reversed(list(enumerate(keys))):
        values = hashes[left]
        found[(values == hashes[right]) & (values != NO_KEY)] = position
    return found
