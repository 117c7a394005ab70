"""A sample of the pairs of profiles that agree in values, whether or not a blocking key may compare them.

The blocking keys leave large blocks out, and some values are part of no key. Pairs are drawn from the blocks of every
key and value, however large; a pair that several of them may draw counts accordingly less (the balance heuristic of
Veach and Guibas, "Optimally combining sampling techniques for Monte Carlo rendering", SIGGRAPH 1995).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.frames.in_memory_sql import connect_in_memory
from pipelines.identity.evaluation.without_truth.groups import Integers
from pipelines.identity.model.specification import BLOCKING_KEYS
from pipelines.identity.scoring.match_weights import Floats
from pipelines.identity.scoring.profiles import ProfiledRecords

VALUES = (
    "first_root", "last_key", "birth_key", "email_key", "mobile_key", "landline_key", "street_key", "postcode_key",
    "city_key", "card_key",
)  # fmt: skip
"""The values in which two records of one person may agree, each a capture of the match: without the gender, in which
every other stranger agrees."""

DRAWS = 6_000
"""Pairs drawn from the blocks of each key and value."""

AGREEMENTS = 2
"""Keys and values in which a pair agrees at least: with one only, it weighs little, or a narrow key compares it."""

Codes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class SampledPairs:
    """Pairs of profiles, and how many pairs each stands for."""

    left: Integers
    right: Integers
    scale: Floats


@dataclass(frozen=True)
class ValueCodes:
    """A hash of each blocking key, then of each of VALUES, of every profile; 0 where it has none."""

    columns: tuple[Codes, ...]

    def count_agreements(self, left: Integers, right: Integers, of_values_only: bool = False) -> Integers:
        """In how many keys and values (or VALUES only) the pairs agree."""
        counted = np.zeros(len(left), dtype=np.int64)
        for column in self.columns[len(BLOCKING_KEYS) :] if of_values_only else self.columns:
            counted += _agree(column, left, right)
        return counted


def read_codes(profiled: ProfiledRecords) -> ValueCodes:
    """The codes of all profiles."""
    with connect_in_memory("The estimate of accuracy") as connection:
        connection.register("coded_profiles", profiled.take_all().to_arrow(compat_level=pl.CompatLevel.newest()))
        columns = []
        for key in (*BLOCKING_KEYS.values(), *VALUES):
            found = connection.execute(
                f"select coalesce(hash({key}), 0) as code, ({key}) is null as is_none from coded_profiles"
            )
            read = found.fetchnumpy()
            columns.append(np.where(read["is_none"], 0, read["code"]).astype(np.uint64))
        connection.unregister("coded_profiles")
    return ValueCodes(tuple(columns))


def sample_pairs(codes: ValueCodes, seed: int) -> SampledPairs:
    """Pairs that agree in at least AGREEMENTS keys and values."""
    generator = np.random.default_rng(seed)
    rates, lefts, rights = np.zeros(len(codes.columns)), [], []
    for number, column in enumerate(codes.columns):
        order = np.argsort(column, kind="stable")
        order = order[np.searchsorted(column[order], 1) :]  # Without those that have none.
        if not len(order):
            continue
        starts = np.flatnonzero(np.concatenate([[True], column[order][1:] != column[order][:-1]]))
        sizes = np.diff(np.concatenate([starts, [len(order)]]))
        pairs = (sizes * (sizes - 1) // 2).astype(np.float64)
        if not pairs.sum():
            continue
        draws = int(min(DRAWS, pairs.sum()))
        rates[number] = draws / pairs.sum()
        block = generator.choice(len(sizes), draws, p=pairs / pairs.sum())
        one = generator.integers(0, sizes[block])
        other = generator.integers(0, sizes[block] - 1)
        lefts.append(order[starts[block] + one])
        rights.append(order[starts[block] + other + (other >= one)])
    if not lefts:
        none = np.array([], dtype=np.int64)
        return SampledPairs(none, none, np.array([]))
    left, right = (np.concatenate(ends).astype(np.int64) for ends in (lefts, rights))
    expected, agreements = np.zeros(len(left)), np.zeros(len(left), dtype=np.int64)
    for rate, column in zip(rates, codes.columns, strict=True):
        agrees = _agree(column, left, right)
        expected += rate * agrees
        agreements += agrees
    kept = agreements >= AGREEMENTS
    return SampledPairs(left[kept], right[kept], 1.0 / expected[kept])


def _agree(column: Codes, left: Integers, right: Integers) -> npt.NDArray[np.bool_]:
    return np.asarray((column[left] == column[right]) & (column[left] != 0))
