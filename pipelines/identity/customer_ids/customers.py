"""One row per customer: how many records it has, and the confidence that they are one person's."""

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
"""Confidence in a customer whose records only the pooled evidence of all their pairs joins, with no chain of links."""


def describe_customers(
    profiled: ProfiledRecords,
    pairs: ScoredPairs,
    customer_numbers: CustomerNumbers,
    decisions: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """``identity/customers``: customer_id, record_count, identity_confidence (0 to 1), sorted by customer_id.

    The confidence is the match probability of the weakest link that the customer cannot do without: the bottleneck of
    its maximum spanning tree. Identical records and receipts by e-mail are joined by rule, must-links by a decision
    (``decisions``): they count as certain, so that one record, or several identical ones, give 1.

    ``pairs`` has at least match_probability.
    """
    of_records, of_profiles = customer_numbers.of_records, customer_numbers.of_profiles
    record_count = np.bincount(of_records)
    first = np.empty(len(record_count), dtype=np.int64)
    first[of_records[::-1]] = np.arange(len(of_records))[::-1]
    counted = pl.DataFrame(
        {
            "customer_id": customer_numbers.customer_map["customer_id"].gather(first),
            "record_count": pl.Series(record_count, dtype=pl.Int64),
            "customer": pl.int_range(len(first), eager=True),
        }
    )
    with ThreadPoolExecutor(1) as thread:
        # Ids are unique. By two columns, texts with a common start are sorted in a third of the time.
        in_order = thread.submit(counted.sort, "customer_id", "record_count")
        must_links = number_pairs(profiled.profiles, _list_must_links(decisions))
        links = _select_links_within(of_profiles, pairs, must_links)
        confidence = pl.Series("identity_confidence", _measure_confidence(of_profiles, len(first), *links))
    described = in_order.result()
    return described.drop("customer").with_columns(confidence.gather(described["customer"]))


def _measure_confidence(of_profiles: Numbers, count: int, left: Numbers, right: Numbers, probability: Floats) -> Floats:
    """The confidence in each of ``count`` customers, given the links within them; 1 for a single profile."""
    confidence = np.ones(count)
    profiles = np.bincount(of_profiles[of_profiles >= 0], minlength=count)
    # Most of the others are two profiles, joined by one link or none.
    strongest = np.full(count, -1.0)
    np.maximum.at(strongest, of_profiles[left], probability)
    confidence[profiles == 2] = np.where(strongest < 0, POOLED_EVIDENCE_CONFIDENCE, strongest)[profiles == 2]
    are_several = profiles > 2
    members = np.flatnonzero((of_profiles >= 0) & are_several[of_profiles]).astype(np.int32)
    places = np.empty(len(of_profiles), dtype=np.int32)
    places[members] = np.arange(len(members), dtype=np.int32)
    inside = are_several[of_profiles[left]]
    bottleneck = find_bottleneck_strength(
        of_profiles[members], places[left[inside]], places[right[inside]], probability[inside]
    )
    confidence[of_profiles[members]] = np.where(bottleneck == NOT_CONNECTED, POOLED_EVIDENCE_CONFIDENCE, bottleneck)
    return confidence


def _list_must_links(decisions: pl.DataFrame | None) -> pl.DataFrame:
    decisions = no_decisions() if decisions is None else decisions
    return decisions.filter(pl.col("verdict") == "must_link").select(
        "record_id_l", "record_id_r", pl.lit(1.0).alias("match_probability")
    )


def _select_links_within(of_profiles: Numbers, *linked: ScoredPairs) -> tuple[Numbers, Numbers, Floats]:
    """The links between two profiles of one customer."""
    left, right = (np.concatenate([getattr(links, end) for links in linked]) for end in ("left", "right"))
    probability = np.concatenate([links.pairs["match_probability"].to_numpy() for links in linked])
    inside = (of_profiles[left] == of_profiles[right]) & (of_profiles[left] >= 0)
    return left[inside], right[inside], probability[inside]
