"""Blocking keys as columns, for Splink to block on: a key's value stands only in blocks that are worth comparing.

A block is all profiles with one value of one key. Splink compares everybody in a block with everybody. What it lacks is
a limit: a block that is larger than the model version's limit for its key is left out, so that one common value does
not cost the square of its holders. So are blocks of one.
"""

import duckdb

from pipelines.identity.model.specification import (
    ALLOWANCES,
    BLOCKING_KEYS,
    LARGEST_BLOCK,
    PAIRS_ALWAYS_ALLOWED,
    PAIRS_PER_PROFILE,
    blocking_column,
)

BLOCKS = {blocking_column(position): name for position, name in enumerate(BLOCKING_KEYS)}
"""The columns of keys, each with its blocking key, in order."""


def add_keys(connection: duckdb.DuckDBPyConnection, profiles: str, keyed: str) -> None:
    """Makes the table ``keyed``: that of ``profiles`` with the value of each blocking key."""
    keys = ", ".join(f"{key} as {column}" for column, key in zip(BLOCKS, BLOCKING_KEYS.values(), strict=True))
    connection.execute(f"create table {keyed} as select *, {keys} from {profiles}")


def limit_blocks(connection: duckdb.DuckDBPyConnection, keyed: str) -> dict[str, int]:
    """For each blocking key, the largest block that keeps its pairs within PAIRS_PER_PROFILE and LARGEST_BLOCK."""
    [(profiles,)] = connection.execute(f"select count(*) from {keyed}").fetchall()
    limits = {}
    for column, name in BLOCKS.items():
        sizes = connection.execute(
            f"select size, count(*) from (select count(*) as size from {keyed} where {column} is not null"
            f" group by {column}) where size between 2 and {LARGEST_BLOCK} group by size order by size"
        ).fetchall()
        limits[name], pairs = 1, 0
        for size, blocks in sizes:
            pairs += blocks * size * (size - 1) // 2
            if pairs > max(PAIRS_ALWAYS_ALLOWED, PAIRS_PER_PROFILE * ALLOWANCES.get(name, 1.0) * profiles):
                break
            limits[name] = size
    return limits


def keep_small_blocks(
    connection: duckdb.DuckDBPyConnection, keyed: str, largest_blocks: dict[str, int], blocked: str
) -> None:
    """Makes the table ``blocked``: that of ``keyed`` without keys of blocks of one and of blocks above their limit."""
    kept, joins = [], []
    for column, name in BLOCKS.items():
        kept.append(f"{column}_kept.{column}")
        joins.append(
            f"left join (select {column} from {keyed} where {column} is not null group by {column}"
            f" having count(*) between 2 and {largest_blocks[name]}) as {column}_kept"
            f" on {column}_kept.{column} = keyed.{column}"
        )
    connection.execute(
        f"create table {blocked} as select keyed.* exclude ({', '.join(BLOCKS)}), {', '.join(kept)}"
        f" from {keyed} as keyed {' '.join(joins)}"
    )
