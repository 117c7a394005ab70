"""Finds, compares and scores candidate pairs, with a model version's frozen parameters and term frequencies."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from pipelines.frames.in_memory_sql import connect_in_memory
from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.model.specification import BLOCKING_KEYS, Field
from pipelines.identity.scoring.blocking import find_candidate_pairs, hash_keys, keep_small_blocks
from pipelines.identity.scoring.match_weights import (
    PREFILTER_RATIO,
    Floats,
    Levels,
    look_up_frequencies,
    probability,
    weigh_candidates,
)
from pipelines.identity.scoring.profiles import build_profiles

Numbers = npt.NDArray[np.int32]
ENDS = ("record_id_l", "record_id_r")  # The columns of every table of pairs, the smaller record_id first.

STORE_THRESHOLD_BITS = -10.0
"""Match weight below which a pair is not stored: a thousand times likelier two people than one, it adds nothing."""

WEIGHED_AT_ONCE = 100_000  # Pairs: some 20 MB of arrays per thread.


@dataclass(frozen=True)
class ComparedPairs:
    """Compared pairs: profile numbers (left < right), the blocking key that found them, and the level of each field."""

    left: Numbers
    right: Numbers
    found_by: npt.NDArray[np.int16]
    levels: Levels

    def __len__(self) -> int:
        return len(self.left)

    def take(self, rows: npt.NDArray[np.int64]) -> "ComparedPairs":
        return ComparedPairs(self.left[rows], self.right[rows], self.found_by[rows], self.levels[rows])


@dataclass(frozen=True)
class ScoredPairs:
    """``identity/pairs``, or some of its columns, and the profile numbers of their ends, row by row."""

    pairs: pl.DataFrame
    left: Numbers
    right: Numbers


def number_pairs(profiles: pl.DataFrame, pairs: pl.DataFrame) -> ScoredPairs:
    """``pairs`` between ``profiles`` (``number_profiles``), others dropped, with the profile numbers of their ends."""
    numbered = profiles.select("record_id", "profile_no")
    if pairs.height < profiles.height / PREFILTER_RATIO:
        numbered = numbered.filter(pl.col("record_id").is_in(pl.concat([pairs[end] for end in ENDS]).implode()))
    ends = [
        pairs.select(pl.col(end).alias("record_id"))
        .join(numbered, on="record_id", how="left", maintain_order="left")["profile_no"]
        .fill_null(-1)
        .to_numpy()
        for end in ENDS
    ]
    is_known = (ends[0] >= 0) & (ends[1] >= 0)
    return ScoredPairs(pairs.filter(pl.Series(is_known)), ends[0][is_known], ends[1][is_known])


def score_pairs(records: pl.DataFrame, model: ModelVersion) -> pl.DataFrame:
    """One row per candidate pair worth storing: ``identity/pairs``, sorted by both record ids.

    ``records`` is ``identity/records``; a profile of identical records goes by their smallest record_id. Columns:
    record_id_l, record_id_r, match_weight (bits), match_probability, household_weight (bits, at most 0), found_by (the
    blocking key's name), then ``level_<field>`` (position in the field's levels, -1: missing).
    """
    profiles, _ = build_profiles(records)
    keys = keep_small_blocks(hash_keys(profiles), model.parameters.largest_blocks)
    return score_profiles(profiles, keys, model).pairs


def score_profiles(profiles: pl.DataFrame, keys: pl.DataFrame, model: ModelVersion) -> ScoredPairs:
    """The pairs of ``profiles`` that share a value of ``keys``."""
    return score_compared_pairs(profiles, compare_candidates(profiles, model.fields, keys), model)


def score_compared_pairs(profiles: pl.DataFrame, compared: ComparedPairs, model: ModelVersion) -> ScoredPairs:
    """The compared pairs with their weights, sorted; those below STORE_THRESHOLD_BITS are dropped."""
    frequencies = look_up_frequencies(profiles, model)

    def weigh(start: int) -> tuple[npt.NDArray[np.int64], Floats, Floats]:
        some = slice(start, start + WEIGHED_AT_ONCE)
        rows, weights = weigh_candidates(
            compared.levels[some], compared.left[some], frequencies, model, STORE_THRESHOLD_BITS
        )
        total = weights.total
        keep = total >= STORE_THRESHOLD_BITS
        return start + rows[keep], total[keep], weights.household[keep]

    with ThreadPoolExecutor() as threads:
        parts = list(threads.map(weigh, range(0, max(1, len(compared)), WEIGHED_AT_ONCE)))
    rows, total, household = (np.concatenate(part) for part in zip(*parts, strict=True))
    # Profiles are in the order of their record ids. Sorting costs nothing where the pairs are in order already.
    order = np.argsort(pack_pairs(compared.left[rows], compared.right[rows]), kind="stable")
    chosen, total, household = compared.take(rows[order]), total[order], household[order]
    ids = profiles["record_id"]
    names = pl.Series(list(BLOCKING_KEYS), dtype=pl.String)
    pairs = pl.DataFrame(
        {
            "record_id_l": ids.gather(chosen.left),
            "record_id_r": ids.gather(chosen.right),
            "match_weight": total,
            "match_probability": probability(total),
            "household_weight": household,
            "found_by": names.gather(chosen.found_by.astype(np.uint32)),
            **{
                f"level_{compared_field.name}": chosen.levels[:, position]
                for position, compared_field in enumerate(model.fields)
            },
        }
    )
    return ScoredPairs(pairs, chosen.left, chosen.right)


def pack_pairs(left: Numbers, right: Numbers) -> npt.NDArray[np.int64]:
    """Pairs as one number each, which sort as the pairs do."""
    return (left.astype(np.int64) << 32) + right


def unpack_pairs(packed: npt.NDArray[np.int64]) -> tuple[Numbers, Numbers]:
    """The left and right numbers of packed pairs, none of them negative."""
    return (packed >> 32).astype(np.int32), (packed & 0xFFFFFFFF).astype(np.int32)


def compare_candidates(profiles: pl.DataFrame, fields: tuple[Field, ...], keys: pl.DataFrame) -> ComparedPairs:
    """Every pair of profiles that share a value of ``keys`` (``blocking.keep_small_blocks``), compared; sorted."""
    pairs = find_candidate_pairs(keys)
    return ComparedPairs(pairs.left, pairs.right, pairs.found_by, _compare(profiles, pairs.left, pairs.right, fields))


def compare_pairs(profiles: pl.DataFrame, left: Numbers, right: Numbers, fields: tuple[Field, ...]) -> ComparedPairs:
    """The given pairs of profiles, compared, in the order given."""
    return ComparedPairs(left, right, np.zeros(len(left), dtype=np.int16), _compare(profiles, left, right, fields))


def _compare(profiles: pl.DataFrame, left: Numbers, right: Numbers, fields: tuple[Field, ...]) -> Levels:
    """The level of each field (columns) for each pair (rows).

    Each side is passed as the profiles and their numbers, an Arrow dictionary: no value is copied, nothing is joined.
    """
    levels = np.empty((len(left), len(fields)), dtype=np.int8)
    if not len(left) or not fields:
        return levels
    with connect_in_memory("The comparison of records") as connection:
        [(threads,)] = connection.sql("select current_setting('threads')").fetchall()
        # Each batch unpacks the dictionaries of its columns again: batches are few, and many pairs go field by field.
        at_once = max(-(-profiles.height // 2), -(-len(left) // threads))
        width = len(fields) if len(left) <= max(profiles.height, at_once) else 1
        for start in range(0, len(fields), width):
            together = fields[start : start + width]
            columns = sorted({column for compared in together for column in compared.needed_columns})
            sides = _pair_up(profiles.select(columns), left, right)
            connection.register("sides", pa.Table.from_batches(sides.to_batches(max_chunksize=at_once)))
            # As a relation, it would be planned twice.
            found = connection.execute(f"select {', '.join(map(level_sql, together))} from sides").fetchnumpy()
            for position, column in enumerate(found.values()):
                levels[:, start + position] = column
    return levels


def _pair_up(values: pl.DataFrame, left: Numbers, right: Numbers) -> pa.Table:
    """One row per pair: the values of its left row (<column>_l) and of its right (<column>_r), as dictionaries."""
    arrow = values.rechunk().to_arrow(compat_level=pl.CompatLevel.newest())
    return pa.table(
        {
            f"{column}_{side}": pa.DictionaryArray.from_arrays(numbers, arrow[column].chunk(0))
            for side, numbers in (("l", pa.array(left)), ("r", pa.array(right)))
            for column in values.columns
        }
    )


def level_sql(compared: Field) -> str:
    """The field's level as SQL: the position of the first level that holds, -1 where the field is missing."""
    branches = " ".join(
        f"else {position}" if level.condition == "ELSE" else f"when {level.condition} then {position}"
        for position, level in enumerate(compared.levels)
    )
    return f"(case when {compared.is_missing} then -1 {branches} end)::tinyint as level_{compared.name}"
