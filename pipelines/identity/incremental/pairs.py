"""Scores only the pairs that a change of records may have changed; the result equals that of scoring all of them.

A pair depends on its two profiles, on the model version with its frozen term frequencies and limits, and on one thing
more: a blocking key finds it only while its block is within the key's limit. So three kinds of pairs are compared:

- those with a profile that is new or changed,
- those in a block that has come within its limit, because profiles left it,
- those in a block that has gone beyond its limit, so that its key no longer finds them.

Every other pair stays as it was. Pairs of removed profiles are dropped.

Profiles are numbered in the order of their record_id. What is kept from one night for the next are numbers only, and a
night works out which profile of the last night has which number today.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.frames.hash_columns import find_distinct, mark_common_hashes
from pipelines.identity.clustering.cluster import LINK_THRESHOLD_BITS, LOWEST_THRESHOLD_OFFSET_BITS
from pipelines.identity.incremental.block_keys import BlockKeys, Mask, carry_over_keys, keep_keys
from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.scoring.blocking import first_shared_key, hash_keys, keep_small_blocks
from pipelines.identity.scoring.predict import (
    Numbers,
    ScoredPairs,
    compare_pairs,
    pack_pairs,
    score_compared_pairs,
    score_profiles,
    unpack_pairs,
)
from pipelines.identity.scoring.profiles import ProfiledRecords


@dataclass(frozen=True)
class ScoringState:
    """Scored pairs and what they were scored from.

    ``pairs`` is ``identity/pairs``; ``left`` and ``right`` are the profile numbers of their ends.
    """

    pairs: pl.DataFrame
    left: Numbers
    right: Numbers
    keys: BlockKeys


@dataclass(frozen=True)
class ScoringUpdate:
    """Today's scored pairs, and what became of the profiles.

    ``number_now`` is today's number of each profile of the last night, -1 where it is removed or changed. ``touched``
    are today's profiles whose earlier clusters cannot be reused. ``changed`` counts the profiles that are new or
    changed, ``compared_pairs`` the pairs compared for it.
    """

    now: ScoringState
    number_now: Numbers
    touched: Numbers
    changed: int
    compared_pairs: int


def score_all(profiled: ProfiledRecords, model: ModelVersion) -> ScoringState:
    """``score_pairs``, with what the next night needs to score only what changed."""
    compared = profiled.take(profiled.profiles["profile_no"].to_numpy())
    hashes = hash_keys(compared)
    small = keep_small_blocks(hashes, model.parameters.largest_blocks)
    scored = score_profiles(compared, small, model)
    return ScoringState(scored.pairs, scored.left, scored.right, keep_keys(profiled.hashes, hashes, small))


def score_changes(profiled: ProfiledRecords, model: ModelVersion, before: ScoringState) -> ScoringUpdate | None:
    """Scores what changed in ``identity/records`` since ``before``, which was scored with the same model version.

    The pairs are those of ``score_pairs``, to the last bit. None where two profiles share a hash and cannot be told
    apart: to be expected once in millions of years.
    """
    hashes = profiled.hashes
    remains, is_known = (mask.to_numpy() for mask in mark_common_hashes(before.keys.hashes, hashes))
    changed = ~is_known
    if remains.sum() != is_known.sum():
        return None
    number_now = np.full(len(remains), -1, dtype=np.int32)
    number_now[remains] = np.flatnonzero(is_known)
    changed_keys = hash_keys(profiled.take(_list_numbers(changed)))
    keys, candidates = carry_over_keys(
        before.keys, remains, hashes, changed, changed_keys, model.parameters.largest_blocks
    )
    left, right = unpack_pairs(candidates)
    was_left, was_right = number_now[before.left], number_now[before.right]
    outdated = (was_left < 0) | (was_right < 0)
    outdated |= _is_among(pack_pairs(was_left, was_right), candidates)
    numbers = find_distinct(np.concatenate([left, right]))
    found_by = first_shared_key(keys.take(numbers), *_find_positions(numbers, left, right))
    left, right, found_by = left[found_by >= 0], right[found_by >= 0], found_by[found_by >= 0]
    rescored = _score(profiled.take(numbers), numbers, left, right, found_by, model)
    rescored_left, rescored_right = numbers[rescored.left], numbers[rescored.right]
    # Numbers are in the order of record_ids, and are sorted in a fraction of the time.
    packed = np.concatenate([pack_pairs(was_left, was_right)[~outdated], pack_pairs(rescored_left, rescored_right)])
    order = np.argsort(packed, kind="stable")
    packed = packed[order]
    rows = np.concatenate([np.flatnonzero(~outdated), before.pairs.height + np.arange(rescored.pairs.height)])[order]
    pairs = pl.concat([before.pairs, rescored.pairs], rechunk=True)[rows]  # Gathering from one chunk is faster.
    lowest_threshold = LINK_THRESHOLD_BITS + LOWEST_THRESHOLD_OFFSET_BITS
    was_linked = outdated & (before.pairs["match_weight"].to_numpy() >= lowest_threshold)
    is_linked = rescored.pairs["match_weight"].to_numpy() >= lowest_threshold
    ends = [was_left[was_linked], was_right[was_linked], rescored_left[is_linked], rescored_right[is_linked]]
    touched = find_distinct(np.concatenate([_list_numbers(changed), *ends]))
    scored = ScoringState(pairs, *unpack_pairs(packed), keys)
    return ScoringUpdate(scored, number_now, touched[touched >= 0], int(changed.sum()), len(left))


def _score(
    profiles: pl.DataFrame,
    numbers: Numbers,
    left: Numbers,
    right: Numbers,
    found_by: npt.NDArray[np.int16],
    model: ModelVersion,
) -> ScoredPairs:
    """The given pairs scored as by ``score_profiles``.

    ``profiles`` are those of the given ``numbers``; the result refers to them by their positions among these.
    """
    compared = compare_pairs(profiles, *_find_positions(numbers, left, right), model.fields)
    return score_compared_pairs(profiles, replace(compared, found_by=found_by), model)


def _is_among(pairs: npt.NDArray[np.int64], some: npt.NDArray[np.int64]) -> Mask:
    return pl.Series(pairs).is_in(pl.Series(some).implode()).to_numpy()  # An eighth of the time of np.isin.


def _find_positions(numbers: Numbers, left: Numbers, right: Numbers) -> tuple[Numbers, Numbers]:
    """The positions of both ends among ``numbers``, which are sorted."""
    return np.searchsorted(numbers, left).astype(np.int32), np.searchsorted(numbers, right).astype(np.int32)


def _list_numbers(mask: Mask) -> Numbers:
    return np.flatnonzero(mask).astype(np.int32)
