"""Only what changed is scored: the rest of yesterday's pairs stand, and the result is what a full scoring gives.

A pair depends on its two profiles, on the model version with its frozen term frequencies and limits, and on one thing
more: a blocking key finds it only while its block is within the key's limit. So three kinds of pairs are looked at:

- those with a profile that is new or not what it was,
- those in a block that has come within its limit, because profiles left it,
- those in a block that has gone beyond it, which may have lost what found them.

Every other pair is as it was. Pairs of profiles that are gone are removed.

Profiles go by their number among all, which stand in the order of their record_id: what is kept from one night for the
next is numbers alone, and a night has only to know which of them were whose.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.frames.hash_columns import find_distinct, mark_common_hashes
from pipelines.identity.clustering.cluster import LINKED, LOOSEST
from pipelines.identity.incremental.block_keys import BlockKeys, Mask, carry_over_keys, keep_keys
from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.scoring.blocking import first_shared_key, hash_keys, keep_small_blocks
from pipelines.identity.scoring.predict import (
    Numbers,
    ScoredPairs,
    compare_pairs,
    pack_pairs,
    score_profiles,
    unpack_pairs,
    weigh_compared,
)
from pipelines.identity.scoring.profiles import Profiled


@dataclass(frozen=True)
class Scored:
    """Scored pairs and what they were scored from.

    ``pairs`` is ``identity/pairs``; ``left`` and ``right`` are the profile numbers of their ends.
    """

    pairs: pl.DataFrame
    left: Numbers
    right: Numbers
    keys: BlockKeys


@dataclass(frozen=True)
class Rescored:
    """Today's scored pairs, and what became of the profiles.

    ``number_now`` is, for each profile of before, its number today, -1 where it is gone or changed. ``touched`` are
    today's profiles that earlier clusters cannot be taken over for. ``changed`` counts those that are new or other than
    they were, ``looked_at`` the pairs compared anew.
    """

    now: Scored
    number_now: Numbers
    touched: Numbers
    changed: int
    looked_at: int


def score_all(people: Profiled, model: ModelVersion) -> Scored:
    """``score_pairs``, with what the next night needs to score only what changed."""
    compared = people.take(people.profiles["profile_no"].to_numpy())
    hashes = hash_keys(compared)
    small = keep_small_blocks(hashes, model.parameters.largest_blocks)
    weighed = score_profiles(compared, small, model)
    return Scored(weighed.pairs, weighed.left, weighed.right, keep_keys(people.hashes, hashes, small))


def rescore(people: Profiled, model: ModelVersion, before: Scored) -> Rescored | None:
    """Scores what changed in ``identity/records`` since ``before``, which was scored with the same model version.

    The pairs are those of ``score_pairs``, to the last bit. None where two profiles share a hash, so that it is not
    known which is which: to be expected once in millions of years.
    """
    hashes = people.hashes
    stays, stood = (mask.to_numpy() for mask in mark_common_hashes(before.keys.hashes, hashes))
    changed = ~stood
    if stays.sum() != stood.sum():
        return None
    number_now = np.full(len(stays), -1, dtype=np.int32)
    number_now[stays] = np.flatnonzero(stood)
    news = hash_keys(people.take(_numbers(changed)))
    keys, looked_at = carry_over_keys(before.keys, stays, hashes, changed, news, model.parameters.largest_blocks)
    left, right = unpack_pairs(looked_at)
    was_left, was_right = number_now[before.left], number_now[before.right]
    outdated = (was_left < 0) | (was_right < 0)
    outdated |= _are_among(pack_pairs(was_left, was_right), looked_at)
    numbers = find_distinct(np.concatenate([left, right]))
    found_by = first_shared_key(keys.take(numbers), *_among(numbers, left, right))
    left, right, found_by = left[found_by >= 0], right[found_by >= 0], found_by[found_by >= 0]
    fresh = _score(people.take(numbers), numbers, left, right, found_by, model)
    fresh_left, fresh_right = numbers[fresh.left], numbers[fresh.right]
    # Numbers are in the order of record_ids, and are sorted in a fraction of the time.
    packed = np.concatenate([pack_pairs(was_left, was_right)[~outdated], pack_pairs(fresh_left, fresh_right)])
    order = np.argsort(packed, kind="stable")
    packed = packed[order]
    rows = np.concatenate([np.flatnonzero(~outdated), before.pairs.height + np.arange(fresh.pairs.height)])[order]
    pairs = pl.concat([before.pairs, fresh.pairs], rechunk=True)[rows]  # From one chunk, rows are taken sooner.
    was_linked = outdated & (before.pairs["match_weight"].to_numpy() >= LINKED + LOOSEST)
    is_linked = fresh.pairs["match_weight"].to_numpy() >= LINKED + LOOSEST
    moved = [was_left[was_linked], was_right[was_linked], fresh_left[is_linked], fresh_right[is_linked]]
    touched = find_distinct(np.concatenate([_numbers(changed), *moved]))
    scored = Scored(pairs, *unpack_pairs(packed), keys)
    return Rescored(scored, number_now, touched[touched >= 0], int(changed.sum()), len(left))


def _score(
    involved: pl.DataFrame,
    numbers: Numbers,
    left: Numbers,
    right: Numbers,
    found_by: npt.NDArray[np.int16],
    model: ModelVersion,
) -> ScoredPairs:
    """The given pairs scored as by ``score_profiles``; ``involved`` are their profiles, of the given ``numbers``, whose
    places stand for them in the result."""
    compared = compare_pairs(involved, *_among(numbers, left, right), model.fields)
    return weigh_compared(involved, replace(compared, found_by=found_by), model)


def _are_among(pairs: npt.NDArray[np.int64], some: npt.NDArray[np.int64]) -> Mask:
    return pl.Series(pairs).is_in(pl.Series(some).implode()).to_numpy()  # An eighth of the time of np.isin.


def _among(numbers: Numbers, left: Numbers, right: Numbers) -> tuple[Numbers, Numbers]:
    """The positions of both ends among ``numbers``, which are sorted."""
    return np.searchsorted(numbers, left).astype(np.int32), np.searchsorted(numbers, right).astype(np.int32)


def _numbers(mask: Mask) -> Numbers:
    return np.flatnonzero(mask).astype(np.int32)
