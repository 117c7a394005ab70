"""Candidate pairs found and scored with a version's frozen parameters and term frequencies."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.identity.blocking import find_pairs, hash_keys, keep_small_blocks
from pipelines.identity.model import BLOCKING_KEYS, Field
from pipelines.identity.profiles import build_profiles
from pipelines.identity.version import ModelVersion
from pipelines.identity.weigh import Levels, bound_weights, frequencies_of, probability, weigh_pairs

Numbers = npt.NDArray[np.int32]

KEPT_WEIGHT = -10.0  # A pair a thousand times likelier to be two people than one adds nothing but disk space.
CHUNK = 1_000_000  # Pairs weighed at a time: some 200 MB of arrays.


@dataclass(frozen=True)
class Compared:
    """Compared pairs: profile numbers (left < right), the blocking key that found them, and the level of each field."""

    left: Numbers
    right: Numbers
    found_by: npt.NDArray[np.int16]
    levels: Levels

    def __len__(self) -> int:
        return len(self.left)

    def take(self, rows: npt.NDArray[np.int64]) -> "Compared":
        return Compared(self.left[rows], self.right[rows], self.found_by[rows], self.levels[rows])


def score_pairs(records: pl.DataFrame, model: ModelVersion) -> pl.DataFrame:
    """One row per candidate pair worth keeping: ``identity/pairs``, sorted by both record ids.

    ``records`` is ``identity/records``; profiles of identical records stand under their smallest record_id. Columns:
    record_id_l, record_id_r, match_weight (bits), match_probability, household_weight (bits, at most 0), found_by (the
    blocking key's name), then ``level_<field>`` (position in the field's levels, -1: missing).
    """
    profiles, _ = build_profiles(records)
    return score_profiles(profiles, keep_small_blocks(hash_keys(profiles), model.parameters.largest_blocks), model)


def score_profiles(profiles: pl.DataFrame, keys: pl.DataFrame, model: ModelVersion) -> pl.DataFrame:
    """``identity/pairs`` of ``profiles`` that share a value of ``keys``."""
    return scored_frame(profiles, compare_candidates(profiles, model.fields, keys), model)


def scored_frame(profiles: pl.DataFrame, compared: Compared, model: ModelVersion) -> pl.DataFrame:
    """The compared pairs with their weights; those below KEPT_WEIGHT are left out."""
    frequencies = frequencies_of(profiles, model)
    kept, totals, households = [], [], []
    for start in range(0, len(compared), CHUNK):
        some = slice(start, start + CHUNK)
        # Most candidates are strangers by their match ratios alone: the household is weighed for the others.
        rows = start + np.flatnonzero(
            bound_weights(compared.levels[some], compared.left[some], frequencies, model) >= KEPT_WEIGHT
        )
        weights = weigh_pairs(compared.levels[rows], compared.left[rows], frequencies, model)
        total = weights.total
        keep = total >= KEPT_WEIGHT
        kept.append(rows[keep])
        totals.append(total[keep])
        households.append(weights.household[keep])
    chosen = compared.take(np.concatenate(kept) if kept else np.array([], dtype=np.int64))
    total = np.concatenate(totals) if totals else np.array([], dtype=np.float64)
    ids = profiles["record_id"]
    names = pl.Series(list(BLOCKING_KEYS), dtype=pl.String)
    return pl.DataFrame(
        {
            "record_id_l": ids.gather(chosen.left),
            "record_id_r": ids.gather(chosen.right),
            "match_weight": total,
            "match_probability": probability(total),
            "household_weight": np.concatenate(households) if households else np.array([], dtype=np.float64),
            "found_by": names.gather(chosen.found_by.astype(np.uint32)),
            **{
                f"level_{compared_field.name}": chosen.levels[:, position]
                for position, compared_field in enumerate(model.fields)
            },
        }
    ).sort("record_id_l", "record_id_r")


def compare_candidates(profiles: pl.DataFrame, fields: tuple[Field, ...], keys: pl.DataFrame) -> Compared:
    """Every pair of profiles that share a value of ``keys`` (``blocking.keep_small_blocks``), compared."""
    if profiles.height < 2:
        return _no_pairs(len(fields))
    with _connect() as connection:
        register_profiles(connection, profiles)
        blocked = find_pairs(keys)
        given = pl.DataFrame({"left_no": blocked.left, "right_no": blocked.right, "found_by": blocked.found_by})
        connection.register("given_pairs", given.with_row_index("position").to_arrow())
        return _compare(connection, fields, "select left_no, right_no, found_by, position from given_pairs")


def compare_pairs(profiles: pl.DataFrame, left: Numbers, right: Numbers, fields: tuple[Field, ...]) -> Compared:
    """The given pairs of profiles, compared, in the order given."""
    if not len(left):
        return _no_pairs(len(fields))
    with _connect() as connection:
        register_profiles(connection, profiles)
        given = pl.DataFrame({"left_no": left, "right_no": right}).with_row_index("position")
        connection.register("given_pairs", given.to_arrow())
        return _compare(
            connection, fields, "select left_no, right_no, 0::smallint as found_by, position from given_pairs"
        )


def _no_pairs(fields: int) -> Compared:
    nobody = np.array([], dtype=np.int32)
    return Compared(nobody, nobody, np.array([], dtype=np.int16), np.empty((0, fields), dtype=np.int8))


@contextmanager
def _connect() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(":memory:")
    try:
        connection.execute("set preserve_insertion_order = false")
        yield connection
    finally:
        connection.close()


def register_profiles(connection: duckdb.DuckDBPyConnection, profiles: pl.DataFrame) -> None:
    """Creates the table ``profiles``, without what is not compared."""
    connection.register("profiles_arrow", profiles.drop("record_id", "content_hash", strict=False).to_arrow())
    connection.execute("create table profiles as select * from profiles_arrow")
    connection.unregister("profiles_arrow")


def _compare(connection: duckdb.DuckDBPyConnection, fields: tuple[Field, ...], pairs: str) -> Compared:
    """Compares the pairs that the SQL ``pairs`` yields (left_no, right_no, found_by, and position to keep an order)."""
    columns = sorted({column for compared in fields for column in compared.needed_columns})
    sides = ", ".join(f"l.{column} as {column}_l, r.{column} as {column}_r" for column in columns)
    ordered = "order by position" if "position" in pairs else ""
    position = ", position" if ordered else ""
    result = connection.sql(
        f"""
        with pairs as ({pairs}),
        sides as (
            select left_no, right_no, found_by{position}, {sides}
            from pairs
            inner join profiles as l on l.profile_no = left_no
            inner join profiles as r on r.profile_no = right_no
        )
        select left_no::integer as left_no, right_no::integer as right_no, found_by,
        {", ".join(level_sql(compared) for compared in fields)}
        from sides {ordered}
        """
    ).to_arrow_table()
    arrays = {name: result.column(name).to_numpy() for name in result.column_names}
    levels = np.empty((result.num_rows, len(fields)), dtype=np.int8)
    for index, compared in enumerate(fields):
        levels[:, index] = arrays[f"level_{compared.name}"]
    return Compared(arrays["left_no"], arrays["right_no"], arrays["found_by"], levels)


def level_sql(compared: Field) -> str:
    """The field's level as SQL: the position of the first level that holds, -1 where the field is missing."""
    branches = " ".join(
        f"else {position}" if level.condition == "ELSE" else f"when {level.condition} then {position}"
        for position, level in enumerate(compared.levels)
    )
    return f"(case when {compared.is_missing} then -1 {branches} end)::tinyint as level_{compared.name}"
