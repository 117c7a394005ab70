"""One row per customer: how many records it has, and how sure we are that they are one person's."""

import numpy as np
import polars as pl

from pipelines.identity.cluster import connect
from pipelines.identity.decisions import no_decisions
from pipelines.identity.link import ENDS, Numbers
from pipelines.identity.profiles import number_profiles
from pipelines.identity.weigh import Floats

BY_EVIDENCE_OF_ALL = 0.5
"""Confidence of a customer whose records hang together by the sum of all their pairs, with no chain of single links."""


def describe_customers(
    records: pl.DataFrame, pairs: pl.DataFrame, customer_map: pl.DataFrame, decisions: pl.DataFrame | None = None
) -> pl.DataFrame:
    """``identity/customers``: customer_id, record_count, identity_confidence (0 to 1), sorted by customer_id.

    The confidence is the probability of the weakest link that the customer cannot do without: of all ways to hold its
    records together, take the one whose weakest link is strongest (a maximum spanning tree), and that link's match
    probability. Identical records and receipts by e-mail hold by rule, and what people decided (``decisions``) by their
    word: they count as certain, so that one record, or several identical ones, give 1.
    """
    profiles, _ = number_profiles(records)
    # Numbers in place of ids: comparing a million texts over and over is most of the work else.
    _, first, customer, record_count = np.unique(
        customer_map["customer_id"].cast(pl.Categorical).to_physical().to_numpy(),
        return_index=True, return_inverse=True, return_counts=True,
    )  # fmt: skip
    is_profile = customer_map["record_id"].is_in(profiles["record_id"].implode()).to_numpy()
    # One profile holds together by itself, and most customers are one.
    has_several = np.bincount(customer[is_profile], minlength=len(first)) > 1
    is_looked_at = is_profile & has_several[customer]
    looked_at = customer_map["record_id"].filter(pl.Series(is_looked_at))
    labels = customer[is_looked_at].astype(np.int32)
    links = pl.concat([pairs.select(*ENDS, "match_probability"), _decided_links(decisions)])
    weakest = _weakest_needed_link(labels, *_links_within(looked_at, links, labels))
    confidence = np.ones(len(first))
    np.minimum.at(confidence, labels, weakest)
    return pl.DataFrame(
        {
            "customer_id": customer_map["customer_id"].gather(first),
            "record_count": pl.Series(record_count, dtype=pl.Int64),
            "identity_confidence": confidence,
        }
    ).sort("customer_id")


def _decided_links(decisions: pl.DataFrame | None) -> pl.DataFrame:
    decisions = no_decisions() if decisions is None else decisions
    return decisions.filter(pl.col("verdict") == "must_link").select(
        "record_id_l", "record_id_r", pl.lit(1.0).alias("match_probability")
    )


def _links_within(looked_at: pl.Series, links: pl.DataFrame, labels: Numbers) -> tuple[Numbers, Numbers, Floats]:
    """The links between two of ``looked_at`` of one label, by their places there."""
    ids = looked_at.implode()
    numbers = pl.DataFrame({"record_id": looked_at}).with_row_index("place")
    joined = links.filter(pl.col(end).is_in(ids) for end in ENDS)
    for end in ENDS:
        joined = joined.join(numbers.rename({"record_id": end, "place": f"place_{end}"}), on=end)
    left, right = (joined[f"place_{end}"].to_numpy().astype(np.int32) for end in ENDS)
    inside = labels[left] == labels[right]
    return left[inside], right[inside], joined["match_probability"].to_numpy()[inside]


def _weakest_needed_link(labels: Numbers, left: Numbers, right: Numbers, probability: Floats) -> Floats:
    """For each profile, the weakest link of its customer's maximum spanning tree (Borůvka's algorithm)."""
    count = len(labels)
    weakest = np.ones(count)
    groups = np.arange(count, dtype=np.int32)
    while True:
        across = groups[left] != groups[right]
        if not across.any():
            break
        left, right, probability = left[across], right[across], probability[across]
        best = np.zeros(count)
        np.maximum.at(best, groups[left], probability)
        np.maximum.at(best, groups[right], probability)
        chosen = (probability >= best[groups[left]]) | (probability >= best[groups[right]])
        joined = connect(count, groups[left[chosen]], groups[right[chosen]])[groups]
        lowest = np.ones(count)
        np.minimum.at(lowest, groups, weakest)
        np.minimum.at(lowest, groups[left[chosen]], probability[chosen])
        np.minimum.at(lowest, groups[right[chosen]], probability[chosen])
        carried = np.ones(count)
        np.minimum.at(carried, joined, lowest[groups])
        weakest, groups = carried[joined], joined
    first_group = np.full(int(labels.max(initial=0)) + 1, count, dtype=np.int64)
    np.minimum.at(first_group, labels, groups)
    apart = np.zeros(len(first_group), dtype=bool)
    np.logical_or.at(apart, labels, groups != first_group[labels])
    return np.asarray(np.where(apart[labels], BY_EVIDENCE_OF_ALL, weakest))
