"""Customers under a stricter and a looser demand of evidence."""

import polars as pl
import pytest

from pipelines.identity.clustering.cluster import cluster_records
from pipelines.identity.decisions.read import DECISION_SCHEMA
from pipelines.identity.monitoring.sensitivity import (
    THRESHOLD_OFFSETS_BITS,
    count_moved_pairs,
    update_sensitivity,
)
from pipelines.identity.scoring.predict import number_pairs, score_pairs
from pipelines.identity.scoring.profiles import profile_records
from pipelines.lake.tables import Lake

NO_DOUBT = {"strict": 0.0, "loose": 0.0}


@pytest.fixture
def lake(retailer, tmp_path) -> Lake:
    lake = Lake(tmp_path)
    lake.write("identity", "pairs", score_pairs(retailer.records, retailer.model))
    return lake


def test_more_evidence_asked_for_leaves_more_customers_and_less_leaves_fewer(retailer, lake):
    no_decisions = pl.DataFrame(schema=DECISION_SCHEMA)
    profiled = profile_records(retailer.records)
    pairs = number_pairs(profiled.profiles, lake.read("identity", "pairs"))
    usual = cluster_records(retailer.records, lake.read("identity", "pairs"), retailer.model)
    found = update_sensitivity(lake, profiled, pairs, retailer.model, no_decisions, usual, NO_DOUBT)
    labels_after_split = found.records
    assert labels_after_split["record_id"].equals(usual["record_id"])
    strict, loose = (
        labels_after_split["strict_cluster_id"].n_unique(),
        labels_after_split["loose_cluster_id"].n_unique(),
    )
    assert strict > usual["cluster_id"].n_unique() > loose
    assert lake.read("identity", "sensitivity").equals(labels_after_split)
    assert found.thresholds["offset_bits"].to_list() == [6.0, -6.0]


def test_the_thresholds_go_as_far_as_the_doubt_and_no_further_than_pairs_are_stored(retailer, lake):
    no_decisions = pl.DataFrame(schema=DECISION_SCHEMA)
    profiled = profile_records(retailer.records)
    pairs = number_pairs(profiled.profiles, lake.read("identity", "pairs"))
    usual = cluster_records(retailer.records, lake.read("identity", "pairs"), retailer.model)

    def update(**doubtful: float) -> pl.DataFrame:
        return update_sensitivity(lake, profiled, pairs, retailer.model, no_decisions, usual, doubtful).thresholds

    strict, loose = update(strict=0.0, loose=0.0)["moved_pairs"]
    farther = update(strict=strict + 1.0, loose=loose + 1.0)
    assert farther["offset_bits"].to_list() == [9.0, -8.0]
    assert (farther["moved_pairs"] >= pl.Series([strict + 1, loose + 1])).all()
    farthest = update(strict=1e9, loose=1e9)
    assert farthest["offset_bits"].to_list() == [12.0, -10.0]
    assert (farthest["moved_pairs"] < 1e9).all(), "what no threshold moves is told, not made up"
    assert lake.read("identity", "thresholds").equals(farthest)


def test_pairs_are_counted_where_two_ways_to_cluster_differ():
    records = [f"r{number}" for number in range(6)]
    usual = pl.DataFrame({"record_id": records, "cluster_id": ["a", "a", "a", "b", "b", "c"]})
    other = pl.DataFrame({"record_id": records, "cluster_id": ["a", "a", "x", "b", "c", "c"]})
    assert count_moved_pairs(usual, other) == {"strict": 3, "loose": 1}
    assert count_moved_pairs(usual, usual) == {"strict": 0, "loose": 0}
    assert count_moved_pairs(usual.clear(), other.clear()) == {"strict": 0, "loose": 0}


def test_what_people_decided_holds_whatever_is_demanded(retailer, lake):
    usual = cluster_records(retailer.records, lake.read("identity", "pairs"), retailer.model)
    together = usual.filter(pl.len().over("cluster_id") == 2).sort("cluster_id", "record_id").head(2)["record_id"]
    alone = usual.filter(pl.len().over("cluster_id") == 1).sort("record_id").head(2)["record_id"]
    decisions = pl.DataFrame(
        [("cannot_link", *together, "clerk", "seen", None, None), ("must_link", *alone, "clerk", "seen", None, None)],
        schema=DECISION_SCHEMA, orient="row",
    )  # fmt: skip
    profiled = profile_records(retailer.records)
    pairs = number_pairs(profiled.profiles, lake.read("identity", "pairs"))
    labels_after_split = update_sensitivity(lake, profiled, pairs, retailer.model, decisions, usual, NO_DOUBT).records
    for name in THRESHOLD_OFFSETS_BITS:
        cluster = dict(labels_after_split.select("record_id", f"{name}_cluster_id").iter_rows())
        assert cluster[together[0]] != cluster[together[1]]
        assert cluster[alone[0]] == cluster[alone[1]]
