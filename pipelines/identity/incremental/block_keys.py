"""Which blocks each profile is in, kept from one night for the next: a hash per blocking key.

A profile has a slot for as long as it stays what it is, and keeps its keys there. A night writes the slots of what is
new behind the others, and which slot is whose, but not what stands in them, which at a million records is most of what
there is to keep. Slots that nobody has any more are cleared away once they are many.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.frames.hash_columns import find_distinct
from pipelines.identity.scoring.blocking import BLOCKS, NO_KEY
from pipelines.identity.scoring.predict import Numbers, pack_pairs

Mask = npt.NDArray[np.bool_]

MAX_ADDED_SHARE = 0.05
"""Share of the slots beyond which those behind them are put in their place, and those of nobody cleared away."""


@dataclass(frozen=True)
class BlockKeys:
    """The blocks of profiles, by number.

    ``base`` and, behind it, ``added`` have one row per slot: profile_hash, and the key hashes (BLOCKS, NO_KEY for
    none). ``slot`` is where each profile's are, and of ``kept``, bit k says that its block of the k-th key is within
    its limit.
    """

    base: pl.DataFrame
    added: pl.DataFrame
    slot: Numbers
    kept: npt.NDArray[np.uint32]

    @cached_property
    def slots(self) -> pl.DataFrame:
        return pl.concat([self.base, self.added])

    @property
    def hashes(self) -> pl.Series:
        """``profile_hash`` of each profile."""
        return self.slots["profile_hash"].rechunk().gather(self.slot)

    def take(self, numbers: Numbers) -> list[npt.NDArray[np.uint64]]:
        """The key hashes of some profiles, key by key; NO_KEY too where a block is beyond its limit."""
        keys, kept = self.slots.select(*BLOCKS)[self.slot[numbers]], self.kept[numbers]
        return [
            np.where(kept & np.uint32(1 << position), hashes.to_numpy(), np.uint64(NO_KEY))
            for position, hashes in enumerate(keys.iter_columns())
        ]

    def clear(self) -> "BlockKeys":
        """The same, its slots in the order of the profiles, where too many are added."""
        if self.added.height <= MAX_ADDED_SHARE * self.base.height:
            return self
        return _number_slots(self.slots.rechunk()[self.slot], self.kept)


def keep_keys(hashes: pl.Series, keys: pl.DataFrame, small: pl.DataFrame) -> BlockKeys:
    """The blocks of profiles with the profile_hashes ``hashes``.

    ``keys`` are their key hashes, ``small`` those of them whose block is within its limit, null elsewhere.
    """
    kept = np.zeros(len(hashes), dtype=np.uint32)
    for position, column in enumerate(BLOCKS):
        kept |= small[column].is_not_null().to_numpy().astype(np.uint32) << np.uint32(position)
    return _number_slots(_fill_slots(hashes, keys), kept)


def _number_slots(slots: pl.DataFrame, kept: npt.NDArray[np.uint32]) -> BlockKeys:
    return BlockKeys(slots, slots.clear(), np.arange(slots.height, dtype=np.int32), kept)


def _fill_slots(hashes: pl.Series, keys: pl.DataFrame) -> pl.DataFrame:
    return keys.select(pl.col(*BLOCKS).fill_null(NO_KEY)).with_columns(hashes)


def carry_over_keys(
    before: BlockKeys, stays: Mask, hashes: pl.Series, changed: Mask, keys: pl.DataFrame, largest_blocks: dict[str, int]
) -> tuple[BlockKeys, npt.NDArray[np.int64]]:
    """Today's blocks, and the pairs of profiles to look at (``pack_pairs``, sorted).

    These are the pairs with a changed profile in a block within its limit, and all in a block that came within it or
    went beyond it since ``before``. ``stays`` tells which of the profiles of before are among today's, ``changed``
    which of today's, of the profile_hashes ``hashes``, were not among them: ``keys`` are the key hashes of these.
    """
    news = _fill_slots(hashes.filter(pl.Series(changed)), keys)
    added = pl.concat([before.added, news], rechunk=True)
    slot, kept = np.empty(len(changed), dtype=np.int32), np.zeros(len(changed), dtype=np.uint32)
    slot[~changed], kept[~changed] = before.slot[stays], before.kept[stays]
    slot[changed] = np.arange(before.slots.height, before.slots.height + news.height)
    slots = pl.concat([before.base, added])
    number = np.full(slots.height, -1, dtype=np.int32)
    number[slot] = np.arange(len(slot))
    gone = before.slots.select(*BLOCKS)[before.slot[~stays]]

    def look_at(column: str) -> tuple[pl.DataFrame, npt.NDArray[np.int64]]:
        limit = largest_blocks[BLOCKS[column]]
        members = _members_of_changed_blocks(slots[column], number, changed, gone[column], news[column], limit)
        return members, _pairs_to_look_at(members)

    with ThreadPoolExecutor() as threads:
        members, pairs = zip(*threads.map(look_at, BLOCKS), strict=True)
    for position, looked_at in enumerate(members):
        numbers, bit = looked_at["number"].to_numpy(), np.uint32(1 << position)
        kept[numbers] = np.where(looked_at["is_within"].to_numpy(), kept[numbers] | bit, kept[numbers] & ~bit)
    return BlockKeys(before.base, added, slot, kept).clear(), find_distinct(np.concatenate(pairs))


def _members_of_changed_blocks(
    slots: pl.Series, number: Numbers, changed: Mask, gone: pl.Series, came: pl.Series, largest: int
) -> pl.DataFrame:
    """The profiles in the blocks of one key that a profile came into or left.

    ``slots`` has the key of each slot, ``number`` whose it is, -1 for nobody's; ``gone`` and ``came`` are the keys of
    profiles that left and came. Columns: block, number, is_changed, is_within (the block is within its limit),
    was_within.
    """
    concerned = pl.concat([came, gone]).unique()
    at = slots.is_in(concerned.filter(concerned != NO_KEY).implode()).arg_true()
    numbers = number[at.to_numpy()]
    keys, numbers = slots.gather(at).to_numpy()[numbers >= 0], numbers[numbers >= 0]
    names, block, size = np.unique(keys, return_inverse=True, return_counts=True)
    new = np.bincount(block, weights=changed[numbers], minlength=len(names)).astype(np.int64)
    left = np.sort(gone.to_numpy())
    old = np.searchsorted(left, names, side="right") - np.searchsorted(left, names, side="left")
    is_within, was_within = ((count >= 2) & (count <= largest) for count in (size, size - new + old))
    return pl.DataFrame(
        {
            "block": block,
            "number": numbers,
            "is_changed": changed[numbers],
            "is_within": is_within[block],
            "was_within": was_within[block],
        }
    )


def _pairs_to_look_at(members: pl.DataFrame) -> npt.NDArray[np.int64]:
    """Of the members of changed blocks: pairs with a changed profile within the limit, and all pairs in blocks that
    came within it or went beyond it."""
    inside, turned = pl.col("is_within"), pl.col("is_within") != pl.col("was_within")
    found = []
    for some, others in ((inside & pl.col("is_changed"), inside), (turned, turned)):
        joined = members.filter(some).select("block", "number").join(members.filter(others), on="block")
        ends = joined["number"].to_numpy(), joined["number_right"].to_numpy()
        found.append(pack_pairs(np.minimum(*ends), np.maximum(*ends))[ends[0] != ends[1]])
    return np.concatenate(found)
