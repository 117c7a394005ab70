"""From records to clusters: floors on known truth, and what must not matter. Hard cases: ``test_hard_cases.py``."""

from pathlib import Path

import polars as pl
import pytest

from pipelines.identity.clustering.cluster import cluster_records
from pipelines.identity.customer_ids.customer_numbers import number_customers
from pipelines.identity.customer_ids.customers import describe_customers
from pipelines.identity.evaluation.metrics import evaluate
from pipelines.identity.scoring.match_weights import prior_weight
from pipelines.identity.scoring.predict import number_pairs, score_pairs
from pipelines.identity.scoring.profiles import profile_records
from pipelines.identity.scoring.weighed_pairs import weigh_pairs
from pipelines.identity.standardisation.standardise import RECORD_COLUMNS, standardise

JEAN = {
    "first_name": "Jean", "last_name": "Lemercier", "birth_date": "1961-03-08", "email": "jean.lemercier@orange.fr",
    "mobile": "0612345679", "phone": "0142685301", "address": "12 rue des Lilas", "postcode": "69003", "city": "Lyon",
    "civility": "M.",
}  # fmt: skip


def test_a_cluster_is_named_by_its_smallest_record_also_where_that_is_a_receipt(retailer, standardised, row, receipt):
    records = standardised(row("one", source="zoo", **JEAN), receipt("1", JEAN["email"]))
    clusters = cluster_records(records, score_pairs(records, retailer.model), retailer.model)
    assert clusters["cluster_id"].to_list() == ["till:tickets:1", "till:tickets:1"]


def test_recognition_on_a_generated_retailer_keeps_its_floors(retailer):
    clusters = cluster_records(retailer.records, score_pairs(retailer.records, retailer.model), retailer.model)
    scores = evaluate(clusters.rename({"cluster_id": "customer_id"}), retailer.truth)
    assert scores.bcubed_f1 >= 0.98
    assert scores.pairwise_precision >= 0.97
    assert scores.predicted_only == 0


def test_the_order_of_rows_changes_no_record_no_pair_and_no_cluster(retailer):
    few = retailer.gathered.head(3_000)
    shuffled = few.sample(fraction=1.0, shuffle=True, seed=3)
    one, other = (standardise(rows, "FR") for rows in (few, shuffled))
    assert one.equals(other)
    pairs = score_pairs(one, retailer.model)
    mixed = pairs.sample(fraction=1.0, shuffle=True, seed=4)
    clusters = cluster_records(one, pairs, retailer.model)
    assert score_pairs(other, retailer.model).equals(pairs)
    assert cluster_records(other.sample(fraction=1.0, shuffle=True, seed=5), mixed, retailer.model).equals(clusters)


def test_the_parts_of_a_weight_add_up_to_the_stored_weight(retailer):
    profiled = profile_records(retailer.records)
    stored = number_pairs(profiled.profiles, score_pairs(retailer.records, retailer.model))
    weighed = weigh_pairs(profiled.take_all(), stored.left, stored.right, retailer.model)
    assert len(stored.left) > 1_000
    assert weighed.total.tolist() == stored.pairs["match_weight"].to_list()
    parts = prior_weight(retailer.model.parameters) + weighed.fields.sum(axis=1) + weighed.household
    assert abs(parts - weighed.total).max() < 1e-9
    assert float(weighed.household.max()) <= 0.01


def test_customers_count_their_records_and_are_as_sure_as_their_weakest_needed_link(retailer):
    records = retailer.records
    pairs = score_pairs(records, retailer.model)
    mapped = cluster_records(records, pairs, retailer.model).rename({"cluster_id": "customer_id"})
    profiled = profile_records(records)
    customers = describe_customers(profiled, number_pairs(profiled.profiles, pairs), number_customers(profiled, mapped))
    assert customers["record_count"].sum() == records.height
    assert customers["customer_id"].n_unique() == customers.height
    assert customers["identity_confidence"].is_between(0, 1).all()
    assert (customers.filter(pl.col("record_count") == 1)["identity_confidence"] == 1).all()
    assert customers["identity_confidence"].min() < 0.99


@pytest.mark.parametrize("rows", [0, 1, 40])
@pytest.mark.parametrize("fields", [{}, {"first_name": "Jean", "last_name": "Martin"}, {"email": "anne.petit@free.fr"}])
def test_few_or_empty_records_are_no_trouble(retailer, standardised, row, rows, fields):
    found = standardised(*(row(str(number), **fields) for number in range(rows)))
    pairs = score_pairs(found, retailer.model)
    clusters = cluster_records(found, pairs, retailer.model).rename({"cluster_id": "customer_id"})
    persons = 1 if rows and "email" in fields else rows
    assert (clusters.height, clusters["customer_id"].n_unique()) == (rows, persons)
    profiled = profile_records(found)
    assert (
        describe_customers(
            profiled, number_pairs(profiled.profiles, pairs), number_customers(profiled, clusters)
        ).height
        == persons
    )


def test_records_that_share_nothing_but_emptiness_are_all_their_own(retailer):
    empty = standardise(pl.DataFrame(schema=RECORD_COLUMNS), "FR")
    assert score_pairs(empty, retailer.model).height == 0


PUBLIC = Path(__file__).resolve().parents[3] / "shared" / "data" / "er"


@pytest.mark.long
@pytest.mark.skipif(not PUBLIC.exists(), reason="the public record linkage sets are not beside the project")
@pytest.mark.parametrize(("name", "floor"), [("febrl3", 0.99), ("historical", 0.84)])
def test_public_sets_are_recognised_with_the_general_settings(tmp_path, name, floor):
    from benchmarks import identity, people

    gathered, truth = getattr(people, name)(tmp_path)
    clusters, _ = identity.recognise(gathered, None)
    assert evaluate(clusters, truth).pairwise_f1 >= floor
