"""Blocking keys as columns, for Splink to block on: a key's value stands only in blocks that are worth comparing.

A block is all profiles with one value of one key. Splink compares everybody in a block with everybody. What it lacks is
a limit: a block that is larger than the model version's limit for its key is left out, so that one common value does
not cost the square of its holders. So are blocks of one.
"""

from pipelines.identity.model.specification import (
    ALLOWANCES,
    BLOCKING_KEYS,
    LARGEST_BLOCK,
    PAIRS_ALWAYS_ALLOWED,
    PAIRS_PER_PROFILE,
    blocking_column,
)
from pipelines.identity.scoring.engine import Engine

BLOCKS = {blocking_column(position): name for position, name in enumerate(BLOCKING_KEYS)}
"""The columns of key hashes, each with its blocking key, in order."""


def add_keys(engine: Engine, profiles: str, keyed: str) -> None:
    """Makes the table ``keyed``: record_id, and each blocking key as 64 bits, which join sooner than text.

    Two values of one key with the same hash would be compared and, having nothing in common, not be linked.
    """
    keys = ", ".join(
        f"case when ({key}) is not null then hash({key}) end as {column}"
        for column, key in zip(BLOCKS, BLOCKING_KEYS.values(), strict=True)
    )
    engine.make(keyed, f"select record_id, {keys} from {profiles}")


def limit_blocks(engine: Engine, keyed: str) -> tuple[dict[str, int], int]:
    """For each blocking key, the largest block that keeps its pairs within PAIRS_PER_PROFILE and LARGEST_BLOCK.

    And how many pairs all of them find, where one that two keys find counts twice.
    """
    profiles = engine.read(f"select count(*) as profiles from {keyed}").item()
    limits, found = {}, 0
    for column, name in BLOCKS.items():
        sizes = engine.read(
            f"select size, count(*) as blocks from (select count(*) as size from {keyed} where {column} is not null"
            f" group by {column}) where size between 2 and {LARGEST_BLOCK} group by size order by size"
        )
        limits[name], pairs = 1, 0
        for size, blocks in sizes.iter_rows():
            more = blocks * size * (size - 1) // 2
            if pairs + more > max(PAIRS_ALWAYS_ALLOWED, PAIRS_PER_PROFILE * ALLOWANCES.get(name, 1.0) * profiles):
                break
            limits[name], pairs = size, pairs + more
        found += pairs
    return limits, found


def keep_small_blocks(engine: Engine, profiles: str, keyed: str, largest_blocks: dict[str, int], blocked: str) -> None:
    """Makes the table ``blocked``: ``profiles`` with their keys in ``keyed``.

    Left out are keys of blocks of one, and of blocks above the limit of the key.
    """
    kept, joins = [], []
    for column, name in BLOCKS.items():
        kept.append(f"{column}_kept.{column}")
        joins.append(
            f"left join (select {column} from {keyed} where {column} is not null group by {column}"
            f" having count(*) between 2 and {largest_blocks[name]}) as {column}_kept"
            f" on {column}_kept.{column} = keyed.{column}"
        )
    engine.make(
        blocked,
        f"select profiles.*, {', '.join(kept)} from {profiles} as profiles"
        f" join {keyed} as keyed on keyed.record_id = profiles.record_id {' '.join(joins)}",
    )
