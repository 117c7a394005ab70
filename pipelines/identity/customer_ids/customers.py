"""One row per customer: how many records it has, and how sure we are that they are one person's."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl

from pipelines.identity.clustering.bottleneck import NOT_CONNECTED, find_bottleneck_strength
from pipelines.identity.customer_ids.customer_numbers import CustomerNumbers
from pipelines.identity.decisions.read import no_decisions
from pipelines.identity.scoring.match_weights import Floats
from pipelines.identity.scoring.predict import Numbers, ScoredPairs, number_pairs
from pipelines.identity.scoring.profiles import ProfiledRecords

POOLED_EVIDENCE_CONFIDENCE = 0.5
"""Confidence of a customer whose records hang together by the sum of all their pairs, with no chain of single links."""


def describe_customers(
    profiled: ProfiledRecords, pairs: ScoredPairs, owners: CustomerNumbers, decisions: pl.DataFrame | None = None
) -> pl.DataFrame:
    """``identity/customers``: customer_id, record_count, identity_confidence (0 to 1), sorted by customer_id.

    The confidence is the probability of the weakest link that the customer cannot do without: of all ways to hold its
    records together, take the one whose weakest link is strongest (a maximum spanning tree), and that link's match
    probability. Identical records and receipts by e-mail hold by rule, and what people decided (``decisions``) by their
    word: they count as certain, so that one record, or several identical ones, give 1.

    ``pairs`` has at least match_probability.
    """
    customer, owner = owners.of_records, owners.of_profiles
    record_count = np.bincount(customer)
    first = np.empty(len(record_count), dtype=np.int64)
    first[customer[::-1]] = np.arange(len(customer))[::-1]
    counted = pl.DataFrame(
        {
            "customer_id": owners.customer_map["customer_id"].gather(first),
            "record_count": pl.Series(record_count, dtype=pl.Int64),
            "customer": pl.int_range(len(first), eager=True),
        }
    )
    with ThreadPoolExecutor(1) as thread:
        # Each id stands once. By two columns, texts of one beginning are sorted in a third of the time.
        in_order = thread.submit(counted.sort, "customer_id", "record_count")
        links = _links_within(owner, pairs, number_pairs(profiled.profiles, _decided_links(decisions)))
        confidence = pl.Series("identity_confidence", _weigh_weakest_links(owner, len(first), *links))
    described = in_order.result()
    return described.drop("customer").with_columns(confidence.gather(described["customer"]))


def _weigh_weakest_links(owner: Numbers, count: int, left: Numbers, right: Numbers, probability: Floats) -> Floats:
    """For each of ``count`` customers, the confidence in it: one profile holds together by itself."""
    confidence = np.ones(count)
    profiles = np.bincount(owner[owner >= 0], minlength=count)
    # Most of the others are two profiles, which one link holds together, or none.
    strongest = np.full(count, -1.0)
    np.maximum.at(strongest, owner[left], probability)
    confidence[profiles == 2] = np.where(strongest < 0, POOLED_EVIDENCE_CONFIDENCE, strongest)[profiles == 2]
    are_several = profiles > 2
    looked_at = np.flatnonzero((owner >= 0) & are_several[owner]).astype(np.int32)
    places = np.empty(len(owner), dtype=np.int32)
    places[looked_at] = np.arange(len(looked_at), dtype=np.int32)
    inside = are_several[owner[left]]
    weakest = find_bottleneck_strength(
        owner[looked_at], places[left[inside]], places[right[inside]], probability[inside]
    )
    confidence[owner[looked_at]] = np.where(weakest == NOT_CONNECTED, POOLED_EVIDENCE_CONFIDENCE, weakest)
    return confidence


def _decided_links(decisions: pl.DataFrame | None) -> pl.DataFrame:
    decisions = no_decisions() if decisions is None else decisions
    return decisions.filter(pl.col("verdict") == "must_link").select(
        "record_id_l", "record_id_r", pl.lit(1.0).alias("match_probability")
    )


def _links_within(owner: Numbers, *linked: ScoredPairs) -> tuple[Numbers, Numbers, Floats]:
    """The links between two profiles of one customer."""
    left, right = (np.concatenate([getattr(links, end) for links in linked]) for end in ("left", "right"))
    probability = np.concatenate([links.pairs["match_probability"].to_numpy() for links in linked])
    inside = (owner[left] == owner[right]) & (owner[left] >= 0)
    return left[inside], right[inside], probability[inside]
