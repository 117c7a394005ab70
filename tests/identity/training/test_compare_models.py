import math
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from pipelines.identity.clustering.cluster import cluster_records
from pipelines.identity.clustering.link_constraints import mark_decided
from pipelines.identity.customer_ids.ledger import assign_ids, empty_ledger
from pipelines.identity.decisions.read import DECISION_SCHEMA
from pipelines.identity.model.registry import name_version
from pipelines.identity.scoring.level_weights import PRIOR
from pipelines.identity.scoring.predict import score_pairs
from pipelines.identity.training.compare_models import compare_models, compare_weights

AS_OF = date(2026, 2, 28)


def edited(model, **changes):
    """The model with other parameters, under the name that they give it."""
    parameters = replace(model.parameters, **changes)
    return replace(model, version=name_version(parameters, model.term_frequencies), parameters=parameters)


def doubting(model, bits):
    """The model with so many bits less for every pair."""
    return edited(model, shares=model.parameters.shares | {"match": model.parameters.shares["match"] / 2**bits})


def published(clusters):
    return assign_ids(clusters, empty_ledger(), date(2026, 2, 1))


@pytest.fixture(scope="module")
def few(retailer):
    """The records of some hundred people, and the customers that the model makes of them."""
    people = retailer.truth.filter(pl.col("person_id").is_in(retailer.truth["person_id"].unique().sort().head(300)))
    records = retailer.records.join(people, on="record_id", how="semi")
    assert records.height > 400
    return records, cluster_records(records, score_pairs(records, retailer.model), retailer.model)


@pytest.fixture
def couple(row, standardised):
    """Two records that share a rare name and a mobile number, and a third of somebody else."""
    return standardised(
        row("1", first_name="Apolline", last_name="Quemeneur", phone="06 12 34 56 78", postcode="29200"),
        row("2", first_name="Apolline", last_name="Quemeneur", phone="06 12 34 56 78", postcode="75011"),
        row("3", first_name="Jean", last_name="Petit", phone="06 98 76 54 32"),
    )


def test_a_model_beside_itself_changes_nothing(retailer, few):
    records, clusters = few
    compared = compare_models(records, retailer.model, retailer.model, AS_OF, published(clusters))
    assert {move.bits for move in compared.weights} == {0.0}
    assert (compared.pairs_changed, compared.records_moved, compared.merges, compared.splits) == (0, 0, 0, 0)
    assert compared.pairs > 100
    assert compared.records == records.height
    assert compared.customers_before == compared.customers_after == clusters["cluster_id"].n_unique()


def test_a_model_that_parts_two_records_moves_one_of_them(retailer, couple):
    compared = compare_models(couple, retailer.model, doubting(retailer.model, 60), AS_OF)
    assert (compared.records, compared.records_moved, compared.merges, compared.splits) == (3, 1, 0, 1)
    assert (compared.customers_before, compared.customers_after) == (2, 3)
    assert (compared.pairs, compared.pairs_changed) == (1, 1)
    assert (compared.share_moved, compared.share_of_pairs_changed) == (1 / 3, 1.0)


def test_a_model_that_joins_two_records_moves_one_of_them(retailer, couple):
    compared = compare_models(couple, doubting(retailer.model, 60), retailer.model, AS_OF)
    assert (compared.records_moved, compared.merges, compared.splits) == (1, 1, 0)
    assert (compared.customers_before, compared.customers_after) == (3, 2)


def test_todays_customers_are_those_published_whatever_the_model_in_force_says(retailer, couple):
    alone = published(couple.select("record_id", pl.col("record_id").alias("cluster_id")))
    compared = compare_models(couple, retailer.model, retailer.model, AS_OF, alone)
    assert (compared.pairs_changed, compared.merges, compared.records_moved) == (0, 1, 1)


def test_records_that_nobody_published_yet_or_that_are_gone_are_not_counted_as_moved(retailer, few):
    records, clusters = few
    gone = pl.DataFrame({"record_id": ["crm:contacts:gone"], "cluster_id": [clusters["cluster_id"][0]]})
    old = pl.concat([clusters.gather_every(2), gone])
    compared = compare_models(records, retailer.model, retailer.model, AS_OF, published(old))
    assert compared.records == old.height - 1
    assert compared.customers_before == compared.customers_after
    assert (compared.records_moved, compared.merges, compared.splits) == (0, 0, 0)


def test_what_people_decided_holds_under_the_new_model_too(retailer, couple):
    decisions = pl.DataFrame(
        [["must_link", "crm:contacts:1", "crm:contacts:2", "ana", "same card", AS_OF, None]],
        schema=DECISION_SCHEMA,
        orient="row",
    )
    decided = mark_decided(couple, decisions)
    compared = compare_models(decided, retailer.model, doubting(retailer.model, 60), AS_OF, None, decisions)
    assert (compared.pairs_changed, compared.records_moved, compared.splits) == (1, 0, 0)


def test_without_a_model_that_runs_the_published_customers_are_compared_alone(retailer, few):
    records, clusters = few
    compared = compare_models(records, None, doubting(retailer.model, 60), AS_OF, published(clusters))
    assert (compared.before, compared.pairs, compared.pairs_changed, compared.weights) == (None, None, None, ())
    assert compared.share_of_pairs_changed is None
    assert compared.records_moved > 0


def test_nothing_is_compared_where_nothing_runs_and_nothing_was_published(retailer, couple):
    assert compare_models(couple, None, retailer.model, AS_OF) is None


def test_weights_are_compared_level_by_level_the_largest_move_first(retailer):
    model = retailer.model
    levels = {name: dict(known) for name, known in model.parameters.levels.items()}
    levels["gender"]["same"] = levels["gender"]["same"] | {"match": levels["gender"]["same"]["match"] / 8}
    moves = compare_weights(model, doubting(edited(model, levels=levels), 5))
    assert [(move.field, move.level) for move in moves[:2]] == [(PRIOR, "one person"), ("gender", "same")]
    # The prior is the log2 odds: a 32nd of the share is 5 bits but for the share's own size.
    assert [move.bits for move in moves[:2]] == [pytest.approx(-5.0, abs=0.001), pytest.approx(-3.0)]
    assert {move.bits for move in moves[2:]} == {0.0}
    assert len({(move.field, move.level) for move in moves}) == len(moves)


def test_a_level_that_one_version_does_not_have_comes_first_and_has_no_number(retailer):
    levels = {name: dict(known) for name, known in retailer.model.parameters.levels.items()}
    levels["gender"].pop("different")
    first = compare_weights(edited(retailer.model, levels=levels), retailer.model)[0]
    assert (first.field, first.level, first.before) == ("gender", "different", None)
    assert math.isinf(first.bits)


def test_the_comparison_as_plain_values_holds_counts_and_no_value_of_a_record(retailer, couple):
    compared = compare_models(couple, retailer.model, doubting(retailer.model, 60), AS_OF)
    plain = compared.as_dict()
    assert {name: plain[name] for name in compared.figures()} == compared.figures()
    assert plain["largest_weight_move"] == pytest.approx(60, abs=0.001)
    assert plain["share_moved"] == 1 / 3
    assert "crm:contacts" not in str(plain)
    assert "quemeneur" not in str(plain).lower()
