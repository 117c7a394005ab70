"""Pairs to people, with the rules that keep strangers apart.

1. Linked pairs make components. A chain of plausible links can tie strangers together, so no component is believed for
   its links alone:
2. in every component where some pair is unlinked, the missing pairs are scored too, and the component is divided so
   that the evidence between the records of a part, over all its pairs, is for one person (average-link agglomeration:
   parts join while their mean weight is positive, best first).
3. Receipts, which carry only an e-mail, go to the one person who uses it, and stay apart where two do (``receipts``).

Human decisions outrank all of it: what must be linked ends in one cluster, and parts that hold two records that cannot
be linked never join.

All of it depends on weights, decisions and record ids only, never on the order of rows.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.identity.clustering.assign_uncompared import place_records
from pipelines.identity.clustering.link_constraints import hold_apart, tie_records
from pipelines.identity.decisions.read import no_decisions
from pipelines.identity.model.registry import ModelVersion, Parameters
from pipelines.identity.scoring.match_weights import (
    Floats,
    frequencies_of,
    pool_weights,
    prior_of,
    says_something,
    weigh_pairs,
)
from pipelines.identity.scoring.predict import (
    Numbers,
    ScoredPairs,
    compare_pairs,
    number_pairs,
    pack_pairs,
    unpack_pairs,
)
from pipelines.identity.scoring.profiles import Profiled, profile_records

LINKED = 0.0  # Bits: a pair likelier one person than two; what chains of such links claim is checked pair by pair.
MERGE_THRESHOLD_BITS = -2.0
"""Bits at which two parts of one component join. Below zero: what is weighed starts from two records drawn at random,
but these parts already hang together by links to each other or to a third. Measured on development data: -2 finds
.795 of the true pairs of historical_50k where 0 finds .769, both at a precision above .996, and changes generated
retailers by less than .0003; -4 costs those .002 of precision."""

LOOSEST = (
    -6.0
)  # Bits that anybody may demand less: what changes between weights of that size is told from night to night.

LARGEST_COMPONENT = (
    300  # Profiles; a larger one is first broken at ever stronger links: its pairs grow with the square.
)
STRONGER_BITS = 2.0  # How much stronger a link must be at each such attempt.
AGGLOMERATED_AT_ONCE = 100_000  # Pairs, both ways round: some 50 MB of arrays.


@dataclass(frozen=True)
class Verdicts:
    """Human decisions between profiles, as profile numbers: pairs that must be, and that cannot be, one person's."""

    must_left: Numbers
    must_right: Numbers
    cannot_left: Numbers
    cannot_right: Numbers


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
    demand: float = 0.0,
) -> pl.DataFrame:
    """One row per record: record_id, cluster_id (the smallest record_id of its cluster), sorted by record_id.

    ``records`` is ``identity/records``, ``pairs`` is ``identity/pairs`` of the same records and model, ``decisions`` is
    ``identity/decisions`` (None: none). ``demand`` is the evidence, in bits, that it takes beyond the usual to be one
    person; negative for less.
    """
    decisions = no_decisions() if decisions is None else decisions
    people = profile_records(records)
    links = keep_links(number_pairs(people.profiles, pairs), demand)
    labels = label_profiles(people, links, model, decisions, demand)
    return place_records(people.records, people.members, labels, decisions).table


def keep_links(pairs: ScoredPairs, demand: float = 0.0) -> Links:
    """Of all pairs, those that are linked, where that takes ``demand`` bits more than the usual."""
    weights = pairs.pairs["match_weight"].to_numpy()
    is_link = weights >= LINKED + demand
    left, right, weights = pairs.left[is_link], pairs.right[is_link], weights[is_link]
    packed = pack_pairs(np.minimum(left, right), np.maximum(left, right))
    order = np.argsort(packed, kind="stable")  # Nothing is to be done where they are sorted, as identity/pairs is.
    return Links(*unpack_pairs(packed[order]), weights[order])


def label_profiles(
    people: Profiled,
    links: Links,
    model: ModelVersion,
    decisions: pl.DataFrame,
    demand: float = 0.0,
    settled: Numbers | None = None,
) -> Numbers:
    """The label of each profile: the smallest number of its cluster.

    With ``settled`` (see :func:`cluster_profiles`), only components that something touched are divided anew; the result
    is the same.
    """
    verdicts = _number_decisions(people.members, decisions)
    return cluster_profiles(people.profiles.height, people.take, links, model, verdicts, demand, settled)


def _number_decisions(members: pl.DataFrame, decisions: pl.DataFrame) -> Verdicts:
    """What decisions come to for compared records, between profile numbers.

    A chain of decisions may run over receipts, which are not compared: it holds all the same.
    """
    ties = tie_records(decisions)
    numbered = members.join(ties, on="record_id").sort("profile_no")
    first = numbered.group_by("tie").agg(pl.col("profile_no").min().alias("first"))
    must = numbered.join(first, on="tie").filter(pl.col("profile_no") > pl.col("first")).sort("first", "profile_no")
    cannot = (
        hold_apart(decisions, ties)
        .join(first.rename({"first": "l"}), on="tie")
        .join(first.rename({"first": "r", "tie": "other_tie"}), on="other_tie")
        .filter(pl.col("l") < pl.col("r"))
        .sort("l", "r")
    )
    return Verdicts(
        must["first"].to_numpy(), must["profile_no"].to_numpy(), cannot["l"].to_numpy(), cannot["r"].to_numpy()
    )


def cluster_profiles(
    count: int,
    load: Callable[[Numbers], pl.DataFrame],
    links: Links,
    model: ModelVersion,
    verdicts: Verdicts,
    demand: float = 0.0,
    settled: Numbers | None = None,
) -> Numbers:
    """The label of each of ``count`` profiles: the smallest number of its cluster.

    ``load`` gives the profiles of the numbers it is asked for (sorted), numbered anew from 0.
    ``settled`` tells, by any number, the earlier cluster of each profile; -1 where it is touched: it is new or other
    than it was, or of its pairs or decisions one is new, other or gone.
    """
    left, right, weight = _with_must_links(links.left, links.right, links.weight, verdicts)
    is_open = np.ones(count, dtype=bool)
    if settled is not None:
        is_open = _reach(settled < 0, left, right)
        inside = is_open[left]
        left, right, weight = left[inside], right[inside], weight[inside]
    components = _component_within_size(count, left, right, weight)
    suspicious = _suspicious(components, left, right, verdicts)
    divided = components
    if suspicious.any():
        divided = _divide_by_evidence(load, components, suspicious, model, verdicts, demand)
    if settled is None:
        return divided
    return np.where(is_open, divided, _smallest_of_each(settled, ~is_open))


def _reach(chosen: npt.NDArray[np.bool_], left: Numbers, right: Numbers) -> npt.NDArray[np.bool_]:
    """Which nodes are ``chosen`` or linked, by whatever way, to one that is."""
    reached = chosen.copy()
    while True:
        onward = reached[left] != reached[right]
        if not onward.any():
            return reached
        reached[left[onward]] = True
        reached[right[onward]] = True


def _smallest_of_each(groups: Numbers, chosen: npt.NDArray[np.bool_]) -> Numbers:
    """For each chosen position, the smallest chosen position of its group; elsewhere anything."""
    smallest = np.full(int(groups.max(initial=0)) + 1, len(groups), dtype=np.int32)
    positions = np.flatnonzero(chosen).astype(np.int32)
    np.minimum.at(smallest, groups[positions], positions)
    return smallest[groups]


def _with_must_links(
    left: Numbers, right: Numbers, weight: Floats, verdicts: Verdicts
) -> tuple[Numbers, Numbers, Floats]:
    """The links and, with infinite weight, those that people decided on; each pair once, sorted."""
    if not len(verdicts.must_left):
        return left, right, weight
    left = np.concatenate([verdicts.must_left, left])
    right = np.concatenate([verdicts.must_right, right])
    weight = np.concatenate([np.full(len(verdicts.must_left), np.inf), weight])
    order = np.lexsort((-weight, right, left))
    left, right, weight = left[order], right[order], weight[order]
    first = np.ones(len(left), dtype=bool)
    first[1:] = (left[1:] != left[:-1]) | (right[1:] != right[:-1])
    return left[first], right[first], weight[first]


def connect(count: int, left: Numbers, right: Numbers) -> Numbers:
    """Connected components of ``count`` nodes: for each, the smallest number in its component."""
    labels = np.arange(count, dtype=np.int32)
    while True:
        lower = np.minimum(labels[left], labels[right])
        before = labels.copy()
        # Hook both ends' roots under the smaller label, then shorten every path to its root.
        np.minimum.at(labels, labels[left], lower)
        np.minimum.at(labels, labels[right], lower)
        while True:
            shorter = labels[labels]
            if np.array_equal(shorter, labels):
                break
            labels = shorter
        if np.array_equal(before, labels):
            return labels


def _component_within_size(count: int, left: Numbers, right: Numbers, weight: Floats) -> Numbers:
    """Components, the oversized ones of which are connected by stronger links only."""
    needed = np.full(count, -np.inf)
    while True:
        strong = (weight >= needed[left]) & (weight >= needed[right])
        labels = connect(count, left[strong], right[strong])
        oversized = np.bincount(labels, minlength=count)[labels] > LARGEST_COMPONENT
        if not oversized.any():
            return labels
        floor = np.maximum(needed, 0.0)
        needed = np.where(oversized, floor + STRONGER_BITS, needed)


def _suspicious(labels: Numbers, left: Numbers, right: Numbers, verdicts: Verdicts) -> npt.NDArray[np.bool_]:
    """Which components, by label, have a pair that is not linked, or two records that people hold apart."""
    size = np.bincount(labels, minlength=len(labels)).astype(np.int64)
    inside = labels[left] == labels[right]
    links = np.bincount(labels[left[inside]], minlength=len(labels))
    suspicious = links < size * (size - 1) // 2
    held_apart = labels[verdicts.cannot_left] == labels[verdicts.cannot_right]
    suspicious[labels[verdicts.cannot_left[held_apart]]] = True
    return np.asarray(suspicious)


def _divide_by_evidence(
    load: Callable[[Numbers], pl.DataFrame],
    labels: Numbers,
    suspicious: npt.NDArray[np.bool_],
    model: ModelVersion,
    verdicts: Verdicts,
    demand: float,
) -> Numbers:
    members = np.flatnonzero(suspicious[labels]).astype(np.int32)
    members = members[np.lexsort((members, labels[members]))]
    left, right = _all_pairs(members, labels)
    # Only what is looked at is loaded: a night that changed little has few components to divide.
    numbers = np.sort(members)
    looked_at = load(numbers)
    compared = compare_pairs(
        looked_at,
        np.searchsorted(numbers, left).astype(np.int32),
        np.searchsorted(numbers, right).astype(np.int32),
        model.fields,
    )
    weights = weigh_pairs(compared.levels, compared.left, frequencies_of(looked_at, model), model)
    # A component whose every pair speaks for one person stays whole, without further ado.
    against = np.bincount(labels[left], weights=(weights.total < LINKED + demand), minlength=len(labels)) > 0
    must = _within_components(labels, verdicts.must_left, verdicts.must_right)
    cannot = _within_components(labels, verdicts.cannot_left, verdicts.cannot_right)
    against[labels[cannot[0]]] = True
    says = says_something(compared.levels, model)
    sizes = np.bincount(labels[members], minlength=len(labels))
    sizes = sizes[sizes > 0]
    starts, pair_starts = (np.cumsum(counts) - counts for counts in (sizes, sizes * (sizes - 1) // 2))
    in_doubt = against[labels[members[starts]]]
    divided = labels.copy()
    places = np.full(len(labels), -1, dtype=np.int32)
    for size in np.unique(sizes[in_doubt]):
        at_once = max(1, AGGLOMERATED_AT_ONCE // int(size**2))
        alike = np.flatnonzero(in_doubt & (sizes == size))
        for some in np.split(alike, range(at_once, len(alike), at_once)):
            rows = (pair_starts[some][:, None] + np.arange(size * (size - 1) // 2)).ravel()
            group = members[(starts[some][:, None] + np.arange(size)).ravel()]
            places[group] = np.arange(len(group))
            parts = agglomerate(
                int(size), weights.fields[rows], weights.household_fields[rows], says[rows], model.parameters,
                must=_between_places(places, *must), cannot=_between_places(places, *cannot), demand=demand,
            )  # fmt: skip
            divided[group] = group[parts]
            places[group] = -1
    return divided


def _within_components(labels: Numbers, left: Numbers, right: Numbers) -> tuple[Numbers, Numbers]:
    """The decided pairs that lie inside one component."""
    inside = labels[left] == labels[right]
    return left[inside], right[inside]


def _between_places(places: Numbers, left: Numbers, right: Numbers) -> tuple[Numbers, Numbers]:
    """The places of those pairs that have one."""
    placed = places[left] >= 0
    return places[left[placed]], places[right[placed]]


def _all_pairs(members: Numbers, labels: Numbers) -> tuple[Numbers, Numbers]:
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


def agglomerate(
    size: int,
    fields: Floats,
    household: Floats,
    says: npt.NDArray[np.bool_],
    parameters: Parameters,
    must: tuple[Numbers, Numbers],
    cannot: tuple[Numbers, Numbers],
    demand: float = 0.0,
) -> Numbers:
    """Divides components of ``size`` profiles each, given all their pairs, component after component and each in the
    order of np.triu_indices. Returns for each profile, component after component, the first place in its part.

    Parts are joined, best first, while the evidence between them is for one person. Between two parts, each field
    counts with the mean of its weights over the pairs that can be compared on it: a record without a birth date
    neither softens a conflict of two birth dates nor costs the others their agreement. Parts with a pair of ``cannot``
    between them never join, nor do what ``must`` ties them to. In the end, parts with a pair of ``must`` between them
    are one: each was joined on its own evidence, so that two people who are said to be one bring all their records.
    Both are pairs of places, each within one component.

    Most components are of a few profiles, and there are many: they take each step together.
    """
    weight, ratio, pairs = (_squared(values, size) for values in (fields, household, says.astype(np.float64)))
    count = weight.shape[1]
    labels = np.arange(count * size, dtype=np.int32).reshape(count, size)
    score = _score_parts(weight, ratio, pairs, parameters)
    score[:, np.arange(size), np.arange(size)] = -np.inf
    is_decided = bool(len(must[0]) or len(cannot[0]))  # Few components are: the others are spared the looking.
    tied = connect(count * size, *must).reshape(count, size) if is_decided else labels
    apart = _hold_apart(tied, *cannot)
    score[apart] = -np.inf
    going = np.arange(count)
    while True:
        best = score[going].reshape(len(going), -1).argmax(axis=1)
        one, other = np.sort(np.divmod(best, size), axis=0)
        joins = score[going, one, other] > MERGE_THRESHOLD_BITS + demand
        going, one, other = going[joins], one[joins], other[joins]
        if not len(going):
            return connect(count * size, *(labels.ravel()[side] for side in must))[labels.ravel()]
        for matrix in (weight, ratio, pairs):
            matrix[:, going, one, :] += matrix[:, going, other, :]
            matrix[:, going, :, one] += matrix[:, going, :, other]
        row = _score_parts(weight[:, going, one], ratio[:, going, one], pairs[:, going, one], parameters)
        row[np.isneginf(score[going, one]) & np.isneginf(score[going, other])] = -np.inf
        each = np.arange(len(going))
        row[each, one], row[each, other] = -np.inf, -np.inf
        score[going, one], score[going, :, one] = row, row
        score[going, other], score[going, :, other] = -np.inf, -np.inf
        labels[going] = _relabel(labels[going], other, one)
        if not is_decided:
            continue
        tied[going] = _relabel(tied[going], other, one)
        group = tied[going] == tied[going, one][:, None]
        theirs = (apart[going] & group[:, :, None]).any(axis=1)
        between = group[:, :, None] & theirs[:, None, :]
        apart[going] |= between | between.transpose(0, 2, 1)
        score[apart] = -np.inf


def _relabel(labels: Numbers, other: npt.NDArray[np.int64], one: npt.NDArray[np.int64]) -> Numbers:
    """In each row, the label that stands at ``other`` replaced by that at ``one``."""
    each = np.arange(len(labels))
    return np.where(labels == labels[each, other][:, None], labels[each, one][:, None], labels)


def _hold_apart(tied: Numbers, left: Numbers, right: Numbers) -> npt.NDArray[np.bool_]:
    """Which places of each component (rows of ``tied``) cannot join: the pairs given, and what is tied to these."""
    count, size = tied.shape
    apart = np.zeros((count, size, size), dtype=bool)
    for one, other in zip(left.tolist(), right.tolist(), strict=True):
        component = tied[one // size]
        sides = (component == component[place % size] for place in (one, other))
        apart[one // size] |= np.logical_and.outer(*sides)
    return apart | apart.transpose(0, 2, 1)


def _squared(values: Floats, size: int) -> Floats:
    """Values of pairs (one column per field) as symmetric matrices: by field, component, one, other."""
    one, other = np.triu_indices(size, 1)
    matrix = np.zeros((values.shape[1], len(values) // len(one), size, size))
    by_component = values.T.reshape(values.shape[1], -1, len(one))
    matrix[:, :, one, other] = by_component
    matrix[:, :, other, one] = by_component
    return matrix


def _score_parts(weight: Floats, ratio: Floats, pairs: Floats, parameters: Parameters) -> Floats:
    """The weight, in bits, of parts being one person; fields lie along the first axis."""
    fields, household = pool_weights(weight, ratio, pairs, parameters)
    return np.asarray(prior_of(parameters) + fields.sum(axis=0) + household)
