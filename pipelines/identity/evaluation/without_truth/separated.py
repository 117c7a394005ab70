"""Two customers who may be one: the expected number of matches between customers.

What blocking keys compared, and pairs that agree in values but that no key compares, are leads to two customers. These
are weighed against each other with all their profiles.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.identity.evaluation.without_truth.file_of_customers import CustomerFile
from pipelines.identity.evaluation.without_truth.groups import (
    Integers,
    draw,
    probability,
    weigh_groups,
    weigh_profiles,
)
from pipelines.identity.evaluation.without_truth.value_sample import AGREEMENTS, VALUES, SampledPairs, ValueCodes
from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.scoring.linker import STORE_THRESHOLD_BITS
from pipelines.identity.scoring.match_weights import Floats
from pipelines.identity.scoring.predict import Numbers, ScoredPairs

MOST_LEADS = 4_000
"""Pairs of customers with a scored pair that are weighed: the likely ones first, a sample of the others."""

MOST_PROFILES = 12
"""Profiles of a customer that are weighed against those of another: of more, those that come first stand for all."""

LEAST_LIKELIHOOD = 0.002
"""The probability by which two customers are drawn whom the model holds for two people."""


@dataclass(frozen=True)
class Separated:
    """One pair of customers a row.

    ``weight`` is theirs, in bits; ``record_pairs`` the pairs of records between them, with receipts, ``profile_pairs``
    those of profiles; ``scale`` how many pairs of customers it stands for. ``agreements`` has a column for each number
    of VALUES (0, 1, ...): the pairs of compared records that agree in so many.
    """

    weight: Floats
    record_pairs: Floats
    profile_pairs: Floats
    scale: Floats
    agreements: Floats


@dataclass(frozen=True)
class _Weighed:
    rows: Separated
    detectable: Floats
    """The pairs of profiles that the sample of values might have drawn and found."""


def weigh_leads(
    customers: CustomerFile,
    pairs: ScoredPairs,
    model: ModelVersion,
    codes: ValueCodes,
    apart: frozenset[tuple[int, int]],
    seed: int,
) -> Separated:
    """The pairs of customers between whom a pair is scored. ``apart``: those whom a person decided to be two."""
    keys, ends = _name_pairs(customers, pairs.left, pairs.right)
    found, row = np.unique(keys, return_inverse=True)
    strongest = np.full(len(found), -np.inf)
    np.maximum.at(strongest, row, pairs.pairs["match_weight"].to_numpy()[ends])
    left, right = np.divmod(found, len(customers.sizes))
    size = (probability(strongest) + LEAST_LIKELIHOOD) * customers.sizes[left] * customers.sizes[right]
    taken, scale = draw(size, MOST_LEADS, seed)
    return _weigh(customers, left[taken], right[taken], scale, model, codes, apart).rows


def weigh_sample(
    customers: CustomerFile,
    pairs: ScoredPairs,
    sampled: SampledPairs,
    model: ModelVersion,
    codes: ValueCodes,
    apart: frozenset[tuple[int, int]],
) -> Separated:
    """The pairs of customers between whom no pair is scored, as far as the ``sampled`` pairs lead to them."""
    known, _ = _name_pairs(customers, pairs.left, pairs.right)
    keys, ends = _name_pairs(customers, sampled.left, sampled.right)
    new = ~np.isin(keys, known)
    rows = np.flatnonzero(ends)[new]
    weights = weigh_profiles(customers.profiled, sampled.left[rows], sampled.right[rows], model).total
    is_found = weights >= STORE_THRESHOLD_BITS
    found, row = np.unique(keys[new][is_found], return_inverse=True)
    stands_for = np.bincount(row, weights=sampled.scale[rows][is_found], minlength=len(found))
    left, right = np.divmod(found, len(customers.sizes))
    weighed = _weigh(customers, left, right, np.ones(len(found)), model, codes, apart)
    rows_found = weighed.rows
    # Two customers may be led to by each of the pairs between them that can be found.
    scale = stands_for / np.maximum(weighed.detectable, 1.0)
    return Separated(rows_found.weight, rows_found.record_pairs, rows_found.profile_pairs, scale, rows_found.agreements)


def _name_pairs(
    customers: CustomerFile, left: Integers | Numbers, right: Integers | Numbers
) -> tuple[Integers, npt.NDArray[np.bool_]]:
    """A number for the two customers of each pair between two, and which pairs these are."""
    one, other = customers.of_profiles[left], customers.of_profiles[right]
    between = one != other
    lower, upper = np.minimum(one, other)[between], np.maximum(one, other)[between]
    return lower * len(customers.sizes) + upper, between


def _weigh(
    customers: CustomerFile,
    left: Integers,
    right: Integers,
    scale: Floats,
    model: ModelVersion,
    codes: ValueCodes,
    apart: frozenset[tuple[int, int]],
) -> _Weighed:
    count, width = len(left), len(VALUES) + 1
    if not count:
        none = np.array([])
        return _Weighed(Separated(none, none, none, none, np.zeros((0, width))), none)
    ones, others, which = [], [], []
    for number, (one, other) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        mine, theirs = (customers.list_profiles(customer)[:MOST_PROFILES] for customer in (one, other))
        ones.append(np.repeat(mine, len(theirs)))
        others.append(np.tile(theirs, len(mine)))
        which.append(np.full(len(mine) * len(theirs), number))
    one, other, group = np.concatenate(ones), np.concatenate(others), np.concatenate(which)
    weighed = weigh_profiles(customers.profiled, one, other, model)
    weight = weigh_groups(weighed, group, count, model.parameters)
    for number, pair in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        if pair in apart:
            weight[number] = -np.inf
    profile_pairs = (customers.profile_counts[left] * customers.profile_counts[right]).astype(np.float64)
    of_each = profile_pairs / np.bincount(group, minlength=count)
    can_find = (codes.count_agreements(one, other) >= AGREEMENTS) & (weighed.total >= STORE_THRESHOLD_BITS)
    agreements = codes.count_agreements(one, other, of_values_only=True)
    records = (customers.records[one] * customers.records[other]).astype(np.float64)
    counted = np.bincount(group * width + agreements, weights=records, minlength=count * width).reshape(count, width)
    rows = Separated(
        weight,
        (customers.sizes[left] * customers.sizes[right]).astype(np.float64),
        profile_pairs,
        scale,
        counted * of_each[:, None],
    )
    return _Weighed(rows, np.bincount(group, weights=can_find, minlength=count) * of_each)
