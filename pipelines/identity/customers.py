"""One row per customer: how many records it has, and how sure we are that they are one person's."""

import numpy as np
import polars as pl

from pipelines.identity.cluster import connect
from pipelines.identity.decisions import no_decisions
from pipelines.identity.link import Numbers
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
    counted = customer_map.group_by("customer_id").agg(pl.len().cast(pl.Int64).alias("record_count"))
    profiles, _ = number_profiles(records)
    owned = profiles.select("record_id").join(customer_map, on="record_id")
    # One profile holds together by itself, and most customers are one.
    numbered = (
        owned.with_columns(pl.col("customer_id").cast(pl.Categorical).to_physical().cast(pl.Int32).alias("label"))
        .filter(pl.len().over("label") > 1)
        .sort("record_id")
        .select(pl.int_range(pl.len(), dtype=pl.Int32).alias("profile_no"), "record_id", "customer_id", "label")
    )
    labels = numbered["label"].to_numpy()
    links = pl.concat([pairs.select("record_id_l", "record_id_r", "match_probability"), _decided_links(decisions)])
    weakest = _weakest_needed_link(labels, *_links_within(numbered, links, labels))
    confidence = (
        numbered.with_columns(pl.Series("confidence", weakest, dtype=pl.Float64))
        .group_by("customer_id")
        .agg(pl.col("confidence").min())
    )
    return (
        counted.join(confidence, on="customer_id", how="left")
        .select("customer_id", "record_count", pl.col("confidence").fill_null(1.0).alias("identity_confidence"))
        .sort("customer_id")
    )


def _decided_links(decisions: pl.DataFrame | None) -> pl.DataFrame:
    decisions = no_decisions() if decisions is None else decisions
    return decisions.filter(pl.col("verdict") == "must_link").select(
        "record_id_l", "record_id_r", pl.lit(1.0).alias("match_probability")
    )


def _links_within(profiles: pl.DataFrame, links: pl.DataFrame, labels: Numbers) -> tuple[Numbers, Numbers, Floats]:
    numbers = profiles.select("record_id", "profile_no")
    joined = links.join(numbers.rename({"record_id": "record_id_l", "profile_no": "left"}), on="record_id_l").join(
        numbers.rename({"record_id": "record_id_r", "profile_no": "right"}), on="record_id_r"
    )
    left, right = joined["left"].to_numpy(), joined["right"].to_numpy()
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
