"""Only what changed is scored: the rest of yesterday's pairs stand, and the result is what a full scoring gives.

A pair depends on its two profiles, on the model version with its frozen term frequencies and limits, and on one thing
more: a blocking key finds it only while its block is within the key's limit. So three kinds of pairs are looked at:

- those with a profile that is new or not what it was,
- those in a block that has come within its limit, because profiles left it,
- those in a block that has gone beyond it, which may have lost what found them.

Every other pair is as it was. Pairs of profiles that are gone are removed.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.identity.blocking import BLOCKS, first_shared_key, hash_keys, keep_small_blocks
from pipelines.identity.cluster import LINKED
from pipelines.identity.link import Numbers, compare_pairs, score_profiles, scored_frame
from pipelines.identity.profiles import build_profiles, number_profiles, take_profiles
from pipelines.identity.version import ModelVersion

ENDS = ("record_id_l", "record_id_r")


@dataclass(frozen=True)
class Scored:
    """Scored pairs and what they were scored from.

    ``pairs`` is ``identity/pairs``. ``keys`` has one row per profile, sorted by record_id: record_id, content_hash, its
    key hashes (BLOCKS), and ``kept``, of which bit k says that its block of the k-th key is within its limit.
    """

    pairs: pl.DataFrame
    keys: pl.DataFrame


@dataclass(frozen=True)
class Rescored:
    """Today's scored pairs, and the profiles (their record_ids) that clusters cannot be taken over for.

    ``changed`` counts the profiles that are new or other than they were, ``looked_at`` the pairs compared anew.
    """

    now: Scored
    touched: pl.Series
    changed: int
    looked_at: int


def score_all(records: pl.DataFrame, model: ModelVersion) -> Scored:
    """``score_pairs``, with what the next night needs to score only what changed."""
    profiles, _ = build_profiles(records)
    hashes = hash_keys(profiles)
    small = keep_small_blocks(hashes, model.parameters.largest_blocks)
    keys = pl.concat([profiles.select("record_id", "content_hash"), hashes, _bits(small).to_frame()], how="horizontal")
    return Scored(score_profiles(profiles, small, model), keys)


def rescore(records: pl.DataFrame, model: ModelVersion, before: Scored) -> Rescored:
    """Scores what changed in ``identity/records`` since ``before``, which was scored with the same model version.

    The pairs are those of ``score_pairs``, to the last bit.
    """
    profiles, _ = number_profiles(records)
    changed = _changed(profiles, before.keys)
    news = take_profiles(records, profiles, changed.arg_true().to_numpy())
    keys, opened, closed = _carry_over_keys(profiles, news, before.keys, model.parameters.largest_blocks)
    left, right = _pairs_to_look_at(keys, changed, opened, closed)
    outdated = _outdated(before, profiles, changed, left, right)
    found_by = first_shared_key(_kept_keys(keys), left, right)
    left, right, found_by = left[found_by >= 0], right[found_by >= 0], found_by[found_by >= 0]
    numbers = np.unique(np.concatenate([left, right]))
    fresh = _score(take_profiles(records, profiles, numbers), numbers, left, right, found_by, model)
    pairs = pl.concat([before.pairs.filter(~outdated), fresh]).sort(ENDS)
    moved = pl.concat([before.pairs.filter(outdated), fresh]).filter(pl.col("match_weight") >= LINKED)
    touched = pl.concat([profiles["record_id"].filter(changed), *(moved[end].rename("record_id") for end in ENDS)])
    return Rescored(Scored(pairs, keys), touched.unique().sort(), int(changed.sum()), len(left))


def _changed(profiles: pl.DataFrame, before: pl.DataFrame) -> pl.Series:
    """For each profile, whether it is new or other than it was."""
    known = before.select("record_id", pl.col("content_hash").alias("was"))
    joined = profiles.select("record_id", "content_hash").join(known, on="record_id", how="left", maintain_order="left")
    return (joined["content_hash"] != joined["was"]).fill_null(True)


Blocks = dict[str, pl.Series]
"""Key hashes by column of BLOCKS."""


def _carry_over_keys(
    profiles: pl.DataFrame, news: pl.DataFrame, before: pl.DataFrame, largest_blocks: dict[str, int]
) -> tuple[pl.DataFrame, Blocks, Blocks]:
    """Today's keys, and the blocks that came within their limit and that went beyond it since ``before``."""
    stays = before.join(profiles.select("record_id", "content_hash"), on=["record_id", "content_hash"], how="semi")
    hashed = pl.concat(
        [news.select("record_id", "content_hash"), hash_keys(news), _zeros(news.height).to_frame()], how="horizontal"
    )
    gone = before.filter(~before["record_id"].is_in(stays["record_id"].implode()))
    keys = pl.concat([stays, hashed]).sort("record_id")
    kept = keys["kept"].to_numpy().copy()
    opened, closed = {}, {}
    for position, (column, name) in enumerate(BLOCKS.items()):
        concerned = pl.concat([hashed[column], gone[column]]).drop_nulls().unique()
        sizes = (
            _sizes(keys[column], concerned, "now")
            .join(_sizes(before[column], concerned, "then"), on=column, how="full", coalesce=True)
            .with_columns(pl.col("now", "then").fill_null(0).is_between(2, largest_blocks[name]))
        )
        within = sizes.filter("now")[column]
        inside, of_concern = keys[column].is_in(within.implode()), keys[column].is_in(concerned.implode())
        bit = np.uint32(1 << position)
        kept[of_concern.fill_null(False).to_numpy()] &= ~bit
        kept[inside.fill_null(False).to_numpy()] |= bit
        opened[column] = sizes.filter(pl.col("now") & ~pl.col("then"))[column]
        closed[column] = sizes.filter(~pl.col("now") & pl.col("then"))[column]
    return keys.with_columns(pl.Series("kept", kept, dtype=pl.UInt32)), opened, closed


def _sizes(keys: pl.Series, blocks: pl.Series, name: str) -> pl.DataFrame:
    """How many profiles each of ``blocks`` has."""
    return keys.filter(keys.is_in(blocks.implode()).fill_null(False)).to_frame().group_by(keys.name).len(name)


def _pairs_to_look_at(
    keys: pl.DataFrame, changed: pl.Series, opened: Blocks, closed: Blocks
) -> tuple[Numbers, Numbers]:
    """Pairs of profile numbers, left < right: with a changed profile in a block within its limit, or in a block of
    ``opened`` or ``closed``."""
    numbered = keys.with_columns(pl.Series("changed", changed)).with_row_index("number")
    found = []
    for position, column in enumerate(BLOCKS):
        is_kept = (pl.col("kept") & (1 << position)) > 0
        turned = pl.concat([opened[column], closed[column]])
        whole = numbered.filter(pl.col(column).is_in(turned.implode()).fill_null(False)).select("number", column)
        inside = numbered.filter(is_kept).select("number", column, "changed")
        news = inside.filter("changed").select("number", column)
        around = inside.filter(pl.col(column).is_in(news[column].unique().implode())).select("number", column)
        for some, others in ((news, around), (whole, whole)):
            found.append(
                some.join(others, on=column)
                .filter(pl.col("number") != pl.col("number_right"))
                .select(
                    pl.min_horizontal("number", "number_right").alias("left"),
                    pl.max_horizontal("number", "number_right").alias("right"),
                )
            )
    pairs = pl.concat(found).unique().sort("left", "right").cast(pl.Int32)
    return pairs["left"].to_numpy(), pairs["right"].to_numpy()


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
) -> pl.DataFrame:
    """The given pairs scored as by ``score_pairs``; ``involved`` are their profiles, of the given ``numbers``."""
    left, right = (np.searchsorted(numbers, side).astype(np.int32) for side in (left, right))
    compared = compare_pairs(involved, left, right, model.fields)
    return scored_frame(involved, replace(compared, found_by=found_by), model)


def _outdated(before: Scored, profiles: pl.DataFrame, changed: pl.Series, left: Numbers, right: Numbers) -> pl.Series:
    """For each of the earlier pairs, whether one of its profiles is gone or changed, or it was looked at again."""
    unchanged = profiles["record_id"].filter(~changed)
    pairs, known = before.pairs, before.keys["record_id"]
    gone = known.filter(~known.is_in(unchanged.implode()))
    of_the_gone = pairs["record_id_l"].is_in(gone.implode()) | pairs["record_id_r"].is_in(gone.implode())
    ids, is_changed = profiles["record_id"], changed.to_numpy()
    between_unchanged = ~is_changed[left] & ~is_changed[right]
    again = pl.DataFrame(
        {"record_id_l": ids.gather(left[between_unchanged]), "record_id_r": ids.gather(right[between_unchanged])}
    )
    looked_at = pairs.select(ENDS).join(
        again.with_columns(pl.lit(True).alias("again")), on=ENDS, how="left", maintain_order="left"
    )["again"]
    return of_the_gone | looked_at.fill_null(False)


def _bits(kept: pl.DataFrame) -> pl.Series:
    bits = np.zeros(kept.height, dtype=np.uint32)
    for position, column in enumerate(BLOCKS):
        bits |= kept[column].is_not_null().to_numpy().astype(np.uint32) << np.uint32(position)
    return pl.Series("kept", bits, dtype=pl.UInt32)


def _zeros(count: int) -> pl.Series:
    return pl.Series("kept", np.zeros(count, dtype=np.uint32), dtype=pl.UInt32)
