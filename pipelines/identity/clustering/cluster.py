"""Scored pairs to clusters, one per person: connected components, split where the pooled evidence speaks against them.

1. Linked pairs make connected components. A chain of plausible links can join strangers, so no component is trusted for
   its links alone:
2. in every component with an unlinked pair, the missing pairs are scored too, and the component is built up again from
   single profiles while the evidence between its parts, over all their pairs, is for one person (``agglomerate``).
3. Receipts, which carry only an e-mail, go to the one person who uses it, and stay apart where two do
   (``assign_uncompared``).

Human decisions outrank all of it (``link_constraints``): a must-link ends in one cluster, and parts with a cannot-link
between them never merge.

The result depends on weights, decisions and record ids only, never on the order of rows.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.identity.clustering.assign_uncompared import assign_uncompared
from pipelines.identity.clustering.connected_components import (
    find_components_within_size,
    find_smallest_members,
    spread_along_links,
)
from pipelines.identity.clustering.divide import Components, divide_components
from pipelines.identity.clustering.link_constraints import Constraints, number_constraints
from pipelines.identity.decisions.read import no_decisions
from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.scoring.match_weights import Floats
from pipelines.identity.scoring.predict import Numbers, ScoredPairs, number_pairs
from pipelines.identity.scoring.profiles import ProfiledRecords, profile_records
from pipelines.identity.scoring.weighed_pairs import weigh_pairs

LINK_THRESHOLD_BITS = 0.0
"""Match weight from which a pair is linked: likelier one person than two. What chains of such links claim is checked
over all pairs."""

WEIGHED_AT_ONCE = 250_000  # Pairs of components: some 500 MB while they are weighed, 2 kB a pair.


@dataclass(frozen=True)
class Links:
    """The linked pairs between profiles, as profile numbers (left < right), each once, sorted."""

    left: Numbers
    right: Numbers
    weight: Floats


def cluster_records(
    records: pl.DataFrame,
    pairs: pl.DataFrame,
    model: ModelVersion,
    decisions: pl.DataFrame | None = None,
    threshold_offset_bits: float = 0.0,
) -> pl.DataFrame:
    """One row per record: record_id, cluster_id (the smallest record_id of its cluster), sorted by record_id.

    ``records`` is ``identity/records``, ``pairs`` is ``identity/pairs`` of the same records and model, ``decisions`` is
    ``identity/decisions`` (None: none). ``threshold_offset_bits`` is added to the thresholds for links and merges:
    positive for more evidence, negative for less.
    """
    decisions = no_decisions() if decisions is None else decisions
    profiled = profile_records(records)
    links = select_links(number_pairs(profiled.profiles, pairs), threshold_offset_bits)
    labels = cluster_profiled_records(profiled, links, model, decisions, threshold_offset_bits)
    return assign_uncompared(profiled.records, profiled.members, labels, decisions).table


def select_links(pairs: ScoredPairs, threshold_offset_bits: float = 0.0) -> Links:
    """The pairs that weigh at least LINK_THRESHOLD_BITS, plus the offset."""
    weights = pairs.pairs["match_weight"].to_numpy()
    is_link = weights >= LINK_THRESHOLD_BITS + threshold_offset_bits
    left, right, weights = pairs.left[is_link], pairs.right[is_link], weights[is_link]
    left, right = np.minimum(left, right), np.maximum(left, right)
    order = np.lexsort((right, left))
    return Links(left[order], right[order], weights[order])


def cluster_profiled_records(
    profiled: ProfiledRecords,
    links: Links,
    model: ModelVersion,
    decisions: pl.DataFrame,
    threshold_offset_bits: float = 0.0,
    earlier_labels: Numbers | None = None,
) -> Numbers:
    """The label of each profile: the smallest profile number of its cluster.

    With ``earlier_labels`` (see :func:`cluster_profiles`), only the components that a change touched are clustered
    again; the result is the same.
    """
    constraints = number_constraints(profiled.members, decisions)
    return cluster_profiles(
        profiled.profiles.height, profiled.take, links, model, constraints, threshold_offset_bits, earlier_labels
    )


def cluster_profiles(
    count: int,
    load: Callable[[Numbers], pl.DataFrame],
    links: Links,
    model: ModelVersion,
    constraints: Constraints,
    threshold_offset_bits: float = 0.0,
    earlier_labels: Numbers | None = None,
) -> Numbers:
    """The label of each of ``count`` profiles: the smallest profile number of its cluster.

    ``load`` returns the profiles of the numbers it is given (sorted), renumbered from 0. ``earlier_labels`` are the
    labels of an earlier clustering, by any number; -1 for a profile that a change touched: it is new or changed, or one
    of its pairs or decisions is new, changed or gone.
    """
    left, right, weight = _add_must_links(links, constraints)
    is_open = np.ones(count, dtype=bool)
    if earlier_labels is not None:
        is_open = spread_along_links(earlier_labels < 0, left, right)
        inside = is_open[left]
        left, right, weight = left[inside], right[inside], weight[inside]
    components = find_components_within_size(count, left, right, weight)
    incomplete = _find_incomplete_components(components, left, right, constraints)
    labels = components
    if incomplete.any():
        labels = _split_by_evidence(load, components, incomplete, model, constraints, threshold_offset_bits)
    if earlier_labels is None:
        return labels
    return np.where(is_open, labels, find_smallest_members(earlier_labels, ~is_open))


def _add_must_links(links: Links, constraints: Constraints) -> tuple[Numbers, Numbers, Floats]:
    """The links and, with infinite weight, the must-links; each pair once, sorted."""
    if not len(constraints.must_link_left):
        return links.left, links.right, links.weight
    left = np.concatenate([constraints.must_link_left, links.left])
    right = np.concatenate([constraints.must_link_right, links.right])
    weight = np.concatenate([np.full(len(constraints.must_link_left), np.inf), links.weight])
    order = np.lexsort((-weight, right, left))
    left, right, weight = left[order], right[order], weight[order]
    first = np.ones(len(left), dtype=bool)
    first[1:] = (left[1:] != left[:-1]) | (right[1:] != right[:-1])
    return left[first], right[first], weight[first]


def _find_incomplete_components(
    labels: Numbers, left: Numbers, right: Numbers, constraints: Constraints
) -> npt.NDArray[np.bool_]:
    """Which components, by label, have a pair that is not linked, or a cannot-link inside."""
    size = np.bincount(labels, minlength=len(labels)).astype(np.int64)
    inside = labels[left] == labels[right]
    links = np.bincount(labels[left[inside]], minlength=len(labels))
    incomplete = links < size * (size - 1) // 2
    violated = labels[constraints.cannot_link_left] == labels[constraints.cannot_link_right]
    incomplete[labels[constraints.cannot_link_left[violated]]] = True
    return np.asarray(incomplete)


def _split_by_evidence(
    load: Callable[[Numbers], pl.DataFrame],
    labels: Numbers,
    incomplete: npt.NDArray[np.bool_],
    model: ModelVersion,
    constraints: Constraints,
    threshold_offset_bits: float,
) -> Numbers:
    """``labels`` after the incomplete components are scored over all their pairs and divided."""
    members = np.flatnonzero(incomplete[labels]).astype(np.int32)
    members = members[np.lexsort((members, labels[members]))]
    counts = np.bincount(labels[members], minlength=len(labels))
    sizes = counts[counts > 0].astype(np.int32)
    pairs = np.cumsum(sizes.astype(np.int64) * (sizes - 1) // 2)
    ends = np.cumsum(sizes)
    split = labels.copy()
    # As many components at a time as have so many pairs: what is held does not grow with the records.
    for some in np.split(np.arange(len(sizes)), np.flatnonzero(np.diff(pairs // WEIGHED_AT_ONCE)) + 1):
        group = members[ends[some[0]] - sizes[some[0]] : ends[some[-1]]]
        components = _weigh_components(load, group, sizes[some], labels, model, constraints)
        whole_from = LINK_THRESHOLD_BITS + threshold_offset_bits
        parts = divide_components(components, model.parameters, whole_from, threshold_offset_bits)
        split[group] = group[parts]
    return split


def _weigh_components(
    load: Callable[[Numbers], pl.DataFrame],
    members: Numbers,
    sizes: Numbers,
    labels: Numbers,
    model: ModelVersion,
    constraints: Constraints,
) -> Components:
    """The components of ``members`` (component after component), with the weights of all their pairs."""
    left, right = _list_all_pairs(members, labels)
    # Only these profiles are loaded: a night that changed little has few components to split.
    numbers = np.sort(members)
    one, other = (np.searchsorted(numbers, side).astype(np.int32) for side in (left, right))
    places = np.full(len(labels), -1, dtype=np.int32)
    places[members] = np.arange(len(members))
    must, cannot = (
        _find_places(places, labels, *sides)
        for sides in (
            (constraints.must_link_left, constraints.must_link_right),
            (constraints.cannot_link_left, constraints.cannot_link_right),
        )
    )
    return Components(sizes, weigh_pairs(load(numbers), one, other, model), must, cannot)


def _find_places(places: Numbers, labels: Numbers, left: Numbers, right: Numbers) -> tuple[Numbers, Numbers]:
    """The places of those pairs that have one and lie inside one component."""
    placed = (labels[left] == labels[right]) & (places[left] >= 0)
    return places[left[placed]], places[right[placed]]


def _list_all_pairs(members: Numbers, labels: Numbers) -> tuple[Numbers, Numbers]:
    """Every pair within each component of ``members`` (sorted by label, then number), component after component."""
    sizes = np.bincount(labels[members], minlength=len(labels))
    sizes = sizes[sizes > 0]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    lefts, rights, order = [], [], []
    for size in np.unique(sizes):
        upper_left, upper_right = np.triu_indices(size, 1)
        which = np.flatnonzero(sizes == size)
        lefts.append((starts[which][:, None] + upper_left).ravel())
        rights.append((starts[which][:, None] + upper_right).ravel())
        order.append(np.repeat(which, len(upper_left)))
    sequence = np.argsort(np.concatenate(order), kind="stable")
    return members[np.concatenate(lefts)[sequence]], members[np.concatenate(rights)[sequence]]
