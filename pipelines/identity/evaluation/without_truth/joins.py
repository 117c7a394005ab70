"""What holds each customer together, join by join: the expected number of wrong pairs within customers.

A customer is built up again from its single profiles, strongest pair first. Each join of two groups is right with the
probability of the groups' weight; where it is wrong, every pair of records across it is.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.identity.evaluation.without_truth.file_of_customers import CustomerFile
from pipelines.identity.evaluation.without_truth.groups import (
    Integers,
    draw,
    probability,
    weigh_groups,
    weigh_profiles,
)
from pipelines.identity.evaluation.without_truth.value_sample import VALUES, ValueCodes
from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.scoring.match_weights import Floats
from pipelines.identity.scoring.predict import ScoredPairs

MOST_CUSTOMERS = 4_000
"""Customers of three profiles or more that are built up again: the doubtful ones first, a sample of the others."""

MOST_PROFILES = 30
"""Profiles of one customer that are: of more, those that come first stand for all."""

LEAST_DOUBT = 0.02
"""The doubt by which a customer is drawn of which the model is certain: certain is not the same as right."""


@dataclass(frozen=True)
class Joins:
    """One join a row.

    ``weight`` is that of its two groups, in bits; ``record_pairs`` the pairs of records across it, with receipts,
    ``profile_pairs`` those of profiles; ``scale`` how many joins it stands for. ``agreements`` counts record pairs
    within customers by the number of VALUES in which they agree (0, 1, ...), receipts left out.
    """

    weight: Floats
    record_pairs: Floats
    profile_pairs: Floats
    scale: Floats
    agreements: Floats


def find_joins(
    customers: CustomerFile,
    pairs: ScoredPairs,
    model: ModelVersion,
    codes: ValueCodes,
    same: frozenset[tuple[int, int]],
    seed: int,
) -> Joins:
    """The joins of all customers, or of a sample of them.

    ``pairs`` has at least match_weight; ``same`` are pairs of profiles, smaller number first, that a person decided to
    be one person's.
    """
    left, right, weight = select_within(customers, pairs)
    pair_counts = customers.profile_counts * (customers.profile_counts - 1) // 2
    owner = customers.of_profiles[left]
    scored = np.bincount(owner, minlength=len(pair_counts))
    doubt = np.bincount(owner, weights=1.0 - probability(weight), minlength=len(pair_counts))
    doubt = doubt + 0.5 * np.maximum(pair_counts - scored, 0)  # Of no pairs, numpy counts in integers.
    # Of two profiles, the pair is the join, and is weighed already.
    is_simple = (customers.profile_counts == 2) & (scored == 1)
    simple = is_simple[owner]
    others = np.flatnonzero((customers.profile_counts >= 2) & ~is_simple)
    records = (customers.sizes[others] * (customers.sizes[others] - 1) / 2.0) / np.maximum(pair_counts[others], 1)
    taken, scale = draw((doubt[others] + LEAST_DOUBT) * records, MOST_CUSTOMERS, seed)
    built = _build_up(customers, others[taken], scale, model, codes, same)
    certain = np.array(
        [(one, other) in same for one, other in zip(left[simple], right[simple], strict=True)], dtype=bool
    )
    return Joins(
        np.concatenate([np.where(certain, np.inf, weight[simple]), built.weight]),
        np.concatenate([_multiply(customers.placed, left[simple], right[simple]), built.record_pairs]),
        np.concatenate([np.ones(int(simple.sum())), built.profile_pairs]),
        np.concatenate([np.ones(int(simple.sum())), built.scale]),
        built.agreements + _count_agreements(customers, codes, left[simple], right[simple], np.ones(int(simple.sum()))),
    )


def select_within(customers: CustomerFile, pairs: ScoredPairs) -> tuple[Integers, Integers, Floats]:
    """The scored pairs within customers, smaller number first."""
    left, right = np.minimum(pairs.left, pairs.right), np.maximum(pairs.left, pairs.right)
    inside = customers.of_profiles[left] == customers.of_profiles[right]
    return (
        left[inside].astype(np.int64),
        right[inside].astype(np.int64),
        pairs.pairs["match_weight"].filter(pl.Series(inside)).to_numpy(),
    )


def _build_up(
    customers: CustomerFile,
    chosen: Integers,
    scale: Floats,
    model: ModelVersion,
    codes: ValueCodes,
    same: frozenset[tuple[int, int]],
) -> Joins:
    if not len(chosen):
        none = np.array([])
        return Joins(none, none, none, none, np.zeros(len(VALUES) + 1))
    members = [customers.list_profiles(int(customer)) for customer in chosen]
    # Those left out of a large customer are as well or as badly joined as those that stand for them.
    shares = np.array([_count_all(len(all_of)) / _count_all(min(len(all_of), MOST_PROFILES)) for all_of in members])
    members = [all_of[:MOST_PROFILES] for all_of in members]
    ends = [np.triu_indices(len(some), 1) for some in members]
    left = np.concatenate([some[one] for some, (one, _) in zip(members, ends, strict=True)])
    right = np.concatenate([some[other] for some, (_, other) in zip(members, ends, strict=True)])
    weighed = weigh_profiles(customers.profiled, left, right, model)
    join, place, first = np.empty(len(left), dtype=np.int64), 0, 0
    for some in members:
        pairs = _count_all(len(some))
        join[place : place + pairs] = first + order_joins(len(some), weighed.total[place : place + pairs])
        place, first = place + pairs, first + len(some) - 1
    of_join = np.repeat(scale * shares, [len(some) - 1 for some in members])
    weight = weigh_groups(weighed, join, first, model.parameters)
    decided = [number for number, pair in enumerate(zip(left.tolist(), right.tolist(), strict=True)) if pair in same]
    weight[join[decided]] = np.inf
    return Joins(
        weight,
        np.bincount(join, weights=_multiply(customers.placed, left, right), minlength=first).astype(np.float64),
        np.bincount(join, minlength=first).astype(np.float64),
        of_join,
        _count_agreements(customers, codes, left, right, of_join[join]),
    )


def order_joins(size: int, weights: Floats) -> Integers:
    """Which join each pair of ``size`` profiles lies across (0, 1, ...), when the strongest pair is joined first.

    ``weights`` are those of all pairs, in the order of np.triu_indices; of equal ones the first counts.
    """
    one, other = (side.tolist() for side in np.triu_indices(size, 1))
    position = {pair: number for number, pair in enumerate(zip(one, other, strict=True))}
    groups = {profile: [profile] for profile in range(size)}
    joins, found = np.empty(len(one), dtype=np.int64), 0
    for pair in np.argsort(-weights, kind="stable").tolist():
        first, second = groups[one[pair]], groups[other[pair]]
        if first is second:
            continue
        for profile in first:
            for counterpart in second:
                joins[position[min(profile, counterpart), max(profile, counterpart)]] = found
        found += 1
        first.extend(second)
        for profile in second:
            groups[profile] = first
    return joins


def _count_agreements(
    customers: CustomerFile, codes: ValueCodes, left: Integers, right: Integers, scale: Floats
) -> Floats:
    records = _multiply(customers.records, left, right) * scale
    agreements = codes.count_agreements(left, right, of_values_only=True)
    return np.bincount(agreements, weights=records, minlength=len(VALUES) + 1).astype(np.float64)


def _multiply(counts: Integers, left: Integers, right: Integers) -> Floats:
    return (counts[left] * counts[right]).astype(np.float64)


def _count_all(size: int) -> int:
    return size * (size - 1) // 2
