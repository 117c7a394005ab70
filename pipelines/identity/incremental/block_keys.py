"""The blocks of each profile, kept from one night for the next: a hash per blocking key.

A profile keeps its key hashes in one slot for as long as it does not change. A night appends the slots of new profiles
and writes which slot belongs to which profile, but not the old slots again, which at a million records are most of what
there is to keep. Slots that no profile has any more are dropped once they are many.
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
"""Share of the slots beyond which appended ones are merged into the base and unused ones dropped."""


@dataclass(frozen=True)
class BlockKeys:
    """The blocks of profiles, by number.

    ``base`` and, behind it, ``added`` have one row per slot: profile_hash, and the key hashes (BLOCKS, NO_KEY for
    none). ``slot`` is the slot of each profile; bit k of ``kept`` says that its block of the k-th key is within its
    limit.
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

    def compact(self) -> "BlockKeys":
        """The same with its slots in the order of the profiles, where too many are appended."""
        if self.added.height <= MAX_ADDED_SHARE * self.base.height:
            return self
        return _number_slots(self.slots.rechunk()[self.slot], self.kept)


def keep_keys(hashes: pl.Series, keys: pl.DataFrame, small: pl.DataFrame) -> BlockKeys:
    """The blocks of profiles with the profile_hashes ``hashes``.

    ``keys`` are their key hashes, ``small`` the same with null where a block is beyond its limit.
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
    before: BlockKeys,
    remains: Mask,
    hashes: pl.Series,
    changed: Mask,
    keys: pl.DataFrame,
    largest_blocks: dict[str, int],
) -> tuple[BlockKeys, npt.NDArray[np.int64]]:
    """Today's blocks, and the pairs of profiles to compare again (``pack_pairs``, sorted).

    These are the pairs with a changed profile in a block within its limit, and all pairs in a block that came within
    its limit or went beyond it since ``before``. ``remains`` says which of the earlier profiles are among today's,
    ``changed`` which of today's (by their profile_hashes, ``hashes``) are new or changed: ``keys`` are the key hashes
    of these.
    """
    new_slots = _fill_slots(hashes.filter(pl.Series(changed)), keys)
    added = pl.concat([before.added, new_slots], rechunk=True)
    slot, kept = np.empty(len(changed), dtype=np.int32), np.zeros(len(changed), dtype=np.uint32)
    slot[~changed], kept[~changed] = before.slot[remains], before.kept[remains]
    slot[changed] = np.arange(before.slots.height, before.slots.height + new_slots.height)
    slots = pl.concat([before.base, added])
    number = np.full(slots.height, -1, dtype=np.int32)
    number[slot] = np.arange(len(slot))
    removed = before.slots.select(*BLOCKS)[before.slot[~remains]]

    def find_pairs(column: str) -> tuple[pl.DataFrame, npt.NDArray[np.int64]]:
        limit = largest_blocks[BLOCKS[column]]
        members = _members_of_changed_blocks(slots[column], number, changed, removed[column], new_slots[column], limit)
        return members, _list_pairs_to_compare(members)

    with ThreadPoolExecutor() as threads:
        members, pairs = zip(*threads.map(find_pairs, BLOCKS), strict=True)
    for position, of_key in enumerate(members):
        numbers, bit = of_key["number"].to_numpy(), np.uint32(1 << position)
        kept[numbers] = np.where(of_key["is_within"].to_numpy(), kept[numbers] | bit, kept[numbers] & ~bit)
    return BlockKeys(before.base, added, slot, kept).compact(), find_distinct(np.concatenate(pairs))


def _members_of_changed_blocks(
    slots: pl.Series, number: Numbers, changed: Mask, removed: pl.Series, added: pl.Series, largest: int
) -> pl.DataFrame:
    """The profiles in the blocks of one key that a profile came into or left.

    ``slots`` has the key of each slot, ``number`` the profile it belongs to, -1 for none; ``removed`` and ``added`` are
    the keys of profiles that left and came. Columns: block, number, is_changed, is_within (the block is within its
    limit), was_within.
    """
    touched_keys = pl.concat([added, removed]).unique()
    at = slots.is_in(touched_keys.filter(touched_keys != NO_KEY).implode()).arg_true()
    numbers = number[at.to_numpy()]
    keys, numbers = slots.gather(at).to_numpy()[numbers >= 0], numbers[numbers >= 0]
    names, block, size = np.unique(keys, return_inverse=True, return_counts=True)
    new = np.bincount(block, weights=changed[numbers], minlength=len(names)).astype(np.int64)
    left = np.sort(removed.to_numpy())
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


def _list_pairs_to_compare(members: pl.DataFrame) -> npt.NDArray[np.int64]:
    """The pairs with a changed profile in blocks within their limit, and all pairs in blocks that crossed it."""
    inside, crossed = pl.col("is_within"), pl.col("is_within") != pl.col("was_within")
    found = []
    for some, others in ((inside & pl.col("is_changed"), inside), (crossed, crossed)):
        joined = members.filter(some).select("block", "number").join(members.filter(others), on="block")
        ends = joined["number"].to_numpy(), joined["number_right"].to_numpy()
        found.append(pack_pairs(np.minimum(*ends), np.maximum(*ends))[ends[0] != ends[1]])
    return np.concatenate(found)
