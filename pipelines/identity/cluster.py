"""Pairs to people, with the rules that keep strangers apart.

1. Linked pairs make components. A chain of plausible links can tie strangers together, so no component is believed for
   its links alone:
2. in every component where some pair is unlinked, the missing pairs are scored too, and the component is divided so
   that the evidence between the records of a part, over all its pairs, is for one person (average-link agglomeration:
   parts join while their mean weight is positive, best first).
3. Receipts, which carry only an e-mail, go to the one person who uses it, and stay apart where two do.

All of it depends on weights and record ids only, never on the order of rows.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.identity.link import Numbers, compare_pairs
from pipelines.identity.profiles import build_profiles, is_receipt
from pipelines.identity.version import ModelVersion
from pipelines.identity.weigh import Floats, frequencies_of, weigh_pairs

LINKED = 0.5  # A pair likelier one person than two; what chains of such links claim is checked pair by pair.
LARGEST_COMPONENT = (
    300  # Profiles; a larger one is first broken at ever stronger links: its pairs grow with the square.
)
STRONGER_BITS = 2.0  # How much stronger a link must be at each such attempt.
STRONGEST_SAY = 12.0  # Bits beyond which one pair may not outvote others: odds of 4000 to 1 rest on few fields anyway.


def cluster_records(records: pl.DataFrame, pairs: pl.DataFrame, model: ModelVersion) -> pl.DataFrame:
    """One row per record: record_id, cluster_id (the smallest record_id of its cluster), sorted by record_id.

    ``records`` is ``identity/records``, ``pairs`` is ``identity/pairs`` of the same records and model.
    """
    profiles, members = build_profiles(records)
    left, right, weight = _number_pairs(profiles, pairs)
    labels = cluster_profiles(profiles, left, right, weight, model)
    clustered = members.with_columns(
        pl.Series("label", labels[members["profile_no"].to_numpy()].astype(np.int64), dtype=pl.Int64)
    ).with_columns(pl.col("record_id").min().over("label").alias("cluster_id"))
    return _attach_receipts(records, clustered.select("record_id", "cluster_id"))


def _number_pairs(profiles: pl.DataFrame, pairs: pl.DataFrame) -> tuple[Numbers, Numbers, Floats]:
    numbered = profiles.select("record_id", "profile_no")
    joined = (
        pairs.select("record_id_l", "record_id_r", "match_weight")
        .join(numbered.rename({"record_id": "record_id_l", "profile_no": "l"}), on="record_id_l")
        .join(numbered.rename({"record_id": "record_id_r", "profile_no": "r"}), on="record_id_r")
        .select(pl.min_horizontal("l", "r").alias("left"), pl.max_horizontal("l", "r").alias("right"), "match_weight")
        .sort("left", "right")
    )
    return joined["left"].to_numpy(), joined["right"].to_numpy(), joined["match_weight"].to_numpy()


def cluster_profiles(
    profiles: pl.DataFrame, left: Numbers, right: Numbers, weight: Floats, model: ModelVersion
) -> Numbers:
    """The label of each profile: the smallest profile number of its cluster."""
    linked = weight >= np.log2(LINKED / (1.0 - LINKED))
    components = _component_within_size(profiles.height, left[linked], right[linked], weight[linked])
    suspicious = _suspicious(components, left[linked], right[linked])
    if not suspicious.any():
        return components
    return _divide_by_evidence(profiles, components, suspicious, model)


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


def _suspicious(labels: Numbers, left: Numbers, right: Numbers) -> npt.NDArray[np.bool_]:
    """Which components, by label, have a pair that is not linked."""
    size = np.bincount(labels, minlength=len(labels)).astype(np.int64)
    inside = labels[left] == labels[right]
    links = np.bincount(labels[left[inside]], minlength=len(labels))
    return np.asarray(links < size * (size - 1) // 2)


def _divide_by_evidence(
    profiles: pl.DataFrame, labels: Numbers, suspicious: npt.NDArray[np.bool_], model: ModelVersion
) -> Numbers:
    members = np.flatnonzero(suspicious[labels]).astype(np.int32)
    members = members[np.lexsort((members, labels[members]))]
    left, right = _all_pairs(members, labels)
    compared = compare_pairs(profiles, left, right, model.fields)
    weights = weigh_pairs(compared.levels, compared.left, frequencies_of(profiles, model), model).total
    weights = np.clip(weights, -STRONGEST_SAY, STRONGEST_SAY)
    divided = labels.copy()
    # A component whose every pair speaks for one person stays whole, without further ado.
    against = np.bincount(labels[left], weights=(weights < 0), minlength=len(labels)) > 0
    sizes = np.bincount(labels[members], minlength=len(labels))
    ends = np.cumsum(sizes[sizes > 0])
    pair_counts = sizes[sizes > 0] * (sizes[sizes > 0] - 1) // 2
    pair_ends = np.cumsum(pair_counts)
    for end, pair_end, size, pairs in zip(ends, pair_ends, sizes[sizes > 0], pair_counts, strict=True):
        group = members[end - size : end]
        if not against[labels[group[0]]]:
            continue
        parts = _agglomerate(int(size), weights[pair_end - pairs : pair_end])
        for part in np.unique(parts):
            inside = group[parts == part]
            divided[inside] = inside.min()
    return divided


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


def _agglomerate(size: int, weights: Floats) -> npt.NDArray[np.int64]:
    """Average-link agglomeration of ``size`` profiles from the weights of all their pairs; returns a label each."""
    matrix = np.full((size, size), -np.inf)
    upper = np.triu_indices(size, 1)
    matrix[upper] = weights
    matrix.T[upper] = weights
    counts = np.ones(size)
    labels = np.arange(size)
    while True:
        best = int(matrix.argmax())
        one, other = divmod(best, size)
        if not matrix[one, other] > 0:
            return labels
        one, other = min(one, other), max(one, other)
        together = counts[one] + counts[other]
        joined = (counts[one] * matrix[one] + counts[other] * matrix[other]) / together
        matrix[one], matrix[:, one] = joined, joined
        matrix[one, one] = -np.inf
        matrix[other], matrix[:, other] = -np.inf, -np.inf
        counts[one] = together
        labels[labels == other] = one


def _attach_receipts(records: pl.DataFrame, clustered: pl.DataFrame) -> pl.DataFrame:
    """Adds the records that were not compared: receipts by their e-mail, blank ones alone."""
    emails = records.select("record_id", "email_key").join(clustered, on="record_id")
    users = (
        emails.drop_nulls("email_key")
        .group_by("email_key")
        .agg(pl.col("cluster_id").n_unique().alias("users"), pl.col("cluster_id").min())
        .filter(pl.col("users") == 1)
        .select("email_key", pl.col("cluster_id").alias("user_cluster"))
    )
    receipts = records.filter(is_receipt()).select("record_id", "email_key")
    attached = (
        receipts.join(users, on="email_key", how="left")
        .with_columns(pl.col("record_id").min().over("email_key").alias("own_cluster"))
        .select("record_id", pl.coalesce("user_cluster", "own_cluster").alias("cluster_id"))
    )
    placed = pl.concat([clustered, attached])
    blank = records.select("record_id").join(placed, on="record_id", how="anti")
    alone = blank.select("record_id", pl.col("record_id").alias("cluster_id"))
    everyone = pl.concat([placed, alone])
    return everyone.with_columns(pl.col("record_id").min().over("cluster_id").alias("cluster_id")).sort("record_id")
