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

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.identity.blocking import BLOCKS, first_shared_key, hash_keys, keep_small_blocks
from pipelines.identity.cluster import LINKED, LOOSEST
from pipelines.identity.hashes import are_in_both
from pipelines.identity.link import (
    Numbers,
    Weighed,
    compare_pairs,
    pack_pairs,
    score_profiles,
    unpack_pairs,
    weigh_compared,
)
from pipelines.identity.profiles import Profiled
from pipelines.identity.version import ModelVersion

Mask = npt.NDArray[np.bool_]
NO_KEY = 0  # In place of a hash: the profile has no value of the key.


@dataclass(frozen=True)
class Scored:
    """Scored pairs and what they were scored from.

    ``pairs`` is ``identity/pairs``; ``left`` and ``right`` are the profile numbers of their ends. ``keys`` has one row
    per profile: profile_hash (64 bits of its record_id and content_hash), its key hashes (BLOCKS, NO_KEY for none), and
    ``kept``, of which bit k says that its block of the k-th key is within its limit.
    """

    pairs: pl.DataFrame
    left: Numbers
    right: Numbers
    keys: pl.DataFrame


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
    kept = np.zeros(people.profiles.height, dtype=np.uint32)
    for position, column in enumerate(BLOCKS):
        kept |= small[column].is_not_null().to_numpy().astype(np.uint32) << np.uint32(position)
    keys = hashes.with_columns(pl.all().fill_null(NO_KEY)).with_columns(
        people.hashes, pl.Series("kept", kept, pl.UInt32)
    )
    weighed = score_profiles(compared, small, model)
    return Scored(weighed.pairs, weighed.left, weighed.right, keys)


def rescore(people: Profiled, model: ModelVersion, before: Scored) -> Rescored | None:
    """Scores what changed in ``identity/records`` since ``before``, which was scored with the same model version.

    The pairs are those of ``score_pairs``, to the last bit. None where two profiles share a hash, so that it is not
    known which is which: to be expected once in millions of years.
    """
    hashes = people.hashes
    stays, stood = (mask.to_numpy() for mask in are_in_both(before.keys["profile_hash"], hashes))
    changed = ~stood
    if stays.sum() != stood.sum():
        return None
    number_now = np.full(len(stays), -1, dtype=np.int32)
    number_now[stays] = np.flatnonzero(stood)
    keys, left, right = _carry_over_keys(
        people.take(_numbers(changed)),
        hashes,
        changed,
        stays,
        before.keys,
        model.parameters.largest_blocks,
    )
    was_left, was_right = number_now[before.left], number_now[before.right]
    outdated = (was_left < 0) | (was_right < 0)
    outdated |= _are_among(pack_pairs(was_left, was_right), pack_pairs(left, right))
    numbers = np.unique(np.concatenate([left, right]))
    found_by = first_shared_key(_kept_keys(keys[numbers]), *_among(numbers, left, right))
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
    touched = np.unique(np.concatenate([_numbers(changed), *moved]))
    scored = Scored(pairs, *unpack_pairs(packed), keys)
    return Rescored(scored, number_now, touched[touched >= 0], int(changed.sum()), len(left))


def _carry_over_keys(
    news: pl.DataFrame,
    hashes: pl.Series,
    changed: Mask,
    stays: Mask,
    before: pl.DataFrame,
    largest_blocks: dict[str, int],
) -> tuple[pl.DataFrame, Numbers, Numbers]:
    """Today's keys, and the pairs of profiles (left < right) to look at.

    These are the pairs with a changed profile in a block within its limit, and all in a block that came within it or
    went beyond it since ``before``. ``news`` are the changed profiles.
    """
    hashed = hash_keys(news)
    kept = np.zeros(len(changed), dtype=np.uint32)
    kept[~changed] = before["kept"].to_numpy()[stays]

    def carry_over(column: str) -> tuple[pl.Series, pl.DataFrame, npt.NDArray[np.int64]]:
        known = before[column].to_numpy()
        keys = np.empty(len(changed), dtype=np.uint64)
        keys[~changed], keys[changed] = known[stays], hashed[column].fill_null(NO_KEY).to_numpy()
        today = pl.Series(column, keys)
        members = _members_of_changed_blocks(today, changed, known[~stays], largest_blocks[BLOCKS[column]])
        return today, members, _pairs_to_look_at(members)

    with ThreadPoolExecutor() as threads:
        columns, members, pairs = zip(*threads.map(carry_over, BLOCKS), strict=True)
    for position, looked_at in enumerate(members):
        numbers, bit = looked_at["number"].to_numpy(), np.uint32(1 << position)
        kept[numbers] = np.where(looked_at["is_within"].to_numpy(), kept[numbers] | bit, kept[numbers] & ~bit)
    packed = np.unique(np.concatenate(pairs))
    return pl.DataFrame([*columns, hashes, pl.Series("kept", kept)]), *unpack_pairs(packed)


def _members_of_changed_blocks(
    keys: pl.Series, changed: Mask, gone: npt.NDArray[np.uint64], largest: int
) -> pl.DataFrame:
    """The profiles in the blocks of one key that a profile came into or left.

    Columns: block, number, is_changed, is_within (the block is within its limit), was_within.
    """
    left = pl.DataFrame({"block": gone}).group_by("block").agg(pl.len().cast(pl.Int64).alias("gone"))
    concerned = pl.concat([keys.filter(pl.Series(changed)), left["block"]]).unique()
    numbers = keys.is_in(concerned.filter(concerned != NO_KEY).implode()).arg_true()
    return (
        pl.DataFrame({"block": keys[numbers], "number": numbers, "is_changed": changed[numbers.to_numpy()]})
        .with_columns(
            pl.len().over("block").cast(pl.Int64).alias("size"),
            pl.col("is_changed").sum().over("block").cast(pl.Int64).alias("came"),
        )
        .join(left, on="block", how="left", maintain_order="left")
        .select(
            "block", "number", "is_changed",
            pl.col("size").is_between(2, largest).alias("is_within"),
            (pl.col("size") - pl.col("came") + pl.col("gone").fill_null(0)).is_between(2, largest).alias("was_within"),
        )
    )  # fmt: skip


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


def _kept_keys(keys: pl.DataFrame) -> pl.DataFrame:
    """The key hashes of the blocks within their limits, null elsewhere."""
    return keys.select(
        pl.when((pl.col("kept") & (1 << position)) > 0).then(pl.col(column)).alias(column)
        for position, column in enumerate(BLOCKS)
    )


def _score(
    involved: pl.DataFrame,
    numbers: Numbers,
    left: Numbers,
    right: Numbers,
    found_by: npt.NDArray[np.int16],
    model: ModelVersion,
) -> Weighed:
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
