"""Errors by type: what kind each is, that none is lost, and that a cluster of everybody is no trouble."""

import time

import polars as pl
import pytest

from pipelines.identity.clustering.cluster import cluster_records
from pipelines.identity.evaluation.error_types import (
    ERROR_SCHEMA,
    MISSED,
    OVER_MERGED,
    TYPES,
    count_errors,
    find_errors,
)
from pipelines.identity.evaluation.metrics import evaluate
from pipelines.identity.scoring.predict import score_pairs

NO_PAIRS = pl.DataFrame(schema={"record_id_l": pl.String, "record_id_r": pl.String, "match_weight": pl.Float64})
JEAN = {
    "first_name": "Jean", "last_name": "Lemercier", "birth_date": "1961-03-08", "email": "jean.lemercier@orange.fr",
    "mobile": "0612345679", "phone": "0142685301", "address": "12 rue des Lilas", "postcode": "69003", "city": "Lyon",
}  # fmt: skip
HOME = {name: JEAN[name] for name in ("last_name", "phone", "address", "postcode", "city")}


def without(*names: str) -> dict:
    return {name: value for name, value in JEAN.items() if name not in names}


def one_error(side: str, records: pl.DataFrame, pairs: pl.DataFrame = NO_PAIRS) -> dict:
    """The error made where two records that are two people were taken for one, or the other way round."""
    ids = records["record_id"]
    apart, together = list(ids), ["all"] * len(ids)
    customers, people = (together, apart) if side == OVER_MERGED else (apart, together)
    predicted = pl.DataFrame({"record_id": ids, "customer_id": customers})
    truth = pl.DataFrame({"record_id": ids, "person_id": people})
    [error] = find_errors(records, pairs, predicted, truth).to_dicts()
    assert (error["side"], error["record_id_l"], error["record_id_r"]) == (side, ids[0], ids[1])
    return error


@pytest.mark.parametrize(
    ("expected", "one", "other"),
    [
        ("same_names_and_birth_date", JEAN, without("email", "mobile", "address")),
        ("namesakes_of_a_household", JEAN, HOME | {"first_name": "Jean", "birth_date": "1992-07-30"}),
        ("homonyms", JEAN, {"first_name": "Jean", "last_name": "Lemercier", "birth_date": "1984-01-12"}),
        ("twins", JEAN, HOME | {"first_name": "Luc", "birth_date": JEAN["birth_date"]}),
        ("household_members", JEAN, HOME | {"first_name": "Brigitte", "email": JEAN["email"]}),
        ("household_members", JEAN, {"first_name": "Anne", "last_name": "Lemercier", "email": JEAN["email"]}),
        ("shared_contact", JEAN, {"first_name": "Ahmed", "last_name": "Sow", "mobile": JEAN["mobile"]}),
        ("shared_contact", JEAN, {"email": JEAN["email"]}),
        ("joined_through_others", JEAN, {"first_name": "Ahmed", "last_name": "Sow", "email": "a.sow@free.fr"}),
        ("other", JEAN, {"last_name": "Lemercier", "email": "a.lemercier@free.fr"}),
    ],
)
def test_two_people_taken_for_one_are_typed_by_what_they_share(standardised, row, expected, one, other):
    assert one_error(OVER_MERGED, standardised(row("1", **one), row("2", **other)))["error_type"] == expected


@pytest.mark.parametrize(
    ("expected", "one", "other"),
    [
        ("swapped_names", JEAN, without("email") | {"first_name": "Lemercier", "last_name": "Jean"}),
        ("nothing_in_common", JEAN, {"first_name": "Jean", "email": "jl@free.fr"}),
        ("moved", JEAN, without("phone", "email") | {"address": "3 quai Kléber", "postcode": "67000"}),
        ("changed_surname", JEAN, without("email", "phone") | {"last_name": "Roux"}),
        ("only_a_contact", JEAN, {"email": JEAN["email"]}),
        ("typing_errors", JEAN, {"first_name": "Jean", "last_name": "Lemercer", "birth_date": "1961-03-08"}),
        ("typing_errors", JEAN, {"email": "jean.lemercer@orange.fr"}),
        ("only_the_names", JEAN, {"first_name": "Jean", "last_name": "Lemercier", "email": "jl@free.fr"}),
        ("other", JEAN, without("first_name", "email") | {"first_name": "Jojo"}),
    ],
)
def test_a_person_found_twice_is_typed_by_what_differs(standardised, row, expected, one, other):
    assert one_error(MISSED, standardised(row("1", **one), row("2", **other)))["error_type"] == expected


def test_a_person_whose_parts_were_linked_was_divided(standardised, row):
    records = standardised(row("1", **JEAN), row("2", **without("email")))
    pairs = NO_PAIRS.vstack(pl.DataFrame([[*records["record_id"], 3.5]], schema=NO_PAIRS.schema, orient="row"))
    error = one_error(MISSED, records, pairs)
    assert (error["error_type"], error["match_weight"]) == ("divided_though_linked", 3.5)


def test_a_family_in_one_customer_is_as_many_errors_as_people_too_many(standardised, row):
    names = ("Jean", "Anne", "Luc", "Zoé")
    records = standardised(*(row(f"{name}{copy}", **HOME | {"first_name": name}) for name in names for copy in (1, 2)))
    predicted = records.select("record_id", pl.lit("all").alias("customer_id"))
    truth = records.select("record_id", pl.col("first_key").alias("person_id"))
    errors = find_errors(records, NO_PAIRS, predicted, truth)
    assert errors["error_type"].to_list() == ["household_members"] * 3
    assert errors["record_pairs"].to_list() == [12, 8, 4]  # The fourth person's two records with six others, ...


def test_no_wrong_pair_of_records_is_lost_or_counted_twice(retailer):
    pairs = score_pairs(retailer.records, retailer.model)
    found = cluster_records(retailer.records, pairs, retailer.model).rename({"cluster_id": "customer_id"})
    scores = evaluate(found, retailer.truth)
    errors = find_errors(retailer.records, pairs, found, retailer.truth)
    wrong = dict(errors.group_by("side").agg(pl.col("record_pairs").sum()).iter_rows())
    together = found.join(retailer.truth, on="record_id").group_by("customer_id", "person_id").len()["len"]
    right = int((together.cast(pl.Int64) * (together.cast(pl.Int64) - 1) // 2).sum())
    assert right / (right + wrong[OVER_MERGED]) == pytest.approx(scores.pairwise_precision)
    assert right / (right + wrong[MISSED]) == pytest.approx(scores.pairwise_recall)
    shuffled = {"fraction": 1.0, "shuffle": True, "seed": 5}
    again = find_errors(
        retailer.records.sample(**shuffled), pairs.sample(**shuffled), found.sample(**shuffled), retailer.truth
    )
    assert again.equals(errors)


def test_everybody_in_one_customer_is_typed_in_moments(retailer):
    everybody = retailer.records.select("record_id", pl.lit("all").alias("customer_id"))
    began = time.monotonic()
    errors = find_errors(retailer.records, NO_PAIRS, everybody, retailer.truth)
    assert time.monotonic() - began < 20
    people = everybody.join(retailer.truth, on="record_id")["person_id"].n_unique()
    assert (errors.height, errors["side"].unique().to_list()) == (people - 1, [OVER_MERGED])


def test_the_count_has_every_type_and_no_more_examples_than_asked_for(retailer):
    alone = retailer.records.select("record_id", pl.col("record_id").alias("customer_id"))
    errors = find_errors(retailer.records, NO_PAIRS, alone, retailer.truth)
    counted = count_errors(errors, 2)
    assert {side: [one["type"] for one in types] for side, types in counted.items()} == {
        side: [declared.name for declared in types] for side, types in TYPES.items()
    }
    assert sum(one["errors"] for one in counted[MISSED]) == errors.height > 1_000
    assert all(len(one["examples"]) == min(2, one["errors"]) for types in counted.values() for one in types)
    assert all(left < right for types in counted.values() for one in types for left, right in one["examples"])


def test_a_clustering_without_a_fault_has_no_error(retailer):
    perfect = retailer.truth.rename({"person_id": "customer_id"})
    assert find_errors(retailer.records, NO_PAIRS, perfect, retailer.truth).equals(pl.DataFrame(schema=ERROR_SCHEMA))
