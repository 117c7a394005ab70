"""Customers under a stricter and a looser demand of evidence."""

import polars as pl
import pytest

from pipelines.identity.clustering.cluster import cluster_records
from pipelines.identity.decisions.read import DECISION_SCHEMA
from pipelines.identity.monitoring.sensitivity import THRESHOLD_OFFSETS_BITS, update_sensitivity
from pipelines.identity.scoring.predict import number_pairs, score_pairs
from pipelines.identity.scoring.profiles import profile_records
from pipelines.lake.tables import Lake


@pytest.fixture
def lake(retailer, tmp_path) -> Lake:
    lake = Lake(tmp_path)
    lake.write("identity", "pairs", score_pairs(retailer.records, retailer.model))
    return lake


def test_more_evidence_asked_for_leaves_more_customers_and_less_leaves_fewer(retailer, lake):
    no_decisions = pl.DataFrame(schema=DECISION_SCHEMA)
    profiled = profile_records(retailer.records)
    pairs = number_pairs(profiled.profiles, lake.read("identity", "pairs"))
    labels_after_split = update_sensitivity(lake, profiled, pairs, retailer.model, no_decisions)
    usual = cluster_records(retailer.records, lake.read("identity", "pairs"), retailer.model)
    assert labels_after_split["record_id"].equals(usual["record_id"])
    strict, loose = (
        labels_after_split["strict_cluster_id"].n_unique(),
        labels_after_split["loose_cluster_id"].n_unique(),
    )
    assert strict > usual["cluster_id"].n_unique() > loose
    assert lake.read("identity", "sensitivity").equals(labels_after_split)


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
    labels_after_split = update_sensitivity(lake, profiled, pairs, retailer.model, decisions)
    for name in THRESHOLD_OFFSETS_BITS:
        cluster = dict(labels_after_split.select("record_id", f"{name}_cluster_id").iter_rows())
        assert cluster[together[0]] != cluster[together[1]]
        assert cluster[alone[0]] == cluster[alone[1]]
