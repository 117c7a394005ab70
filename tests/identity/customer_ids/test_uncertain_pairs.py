"""Which questions are worth a person's answer, and how uncertain each is."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
import pytest

from pipelines.identity.clustering.cluster import cluster_records
from pipelines.identity.customer_ids.customer_numbers import number_customers
from pipelines.identity.customer_ids.customers import describe_customers
from pipelines.identity.customer_ids.uncertain_pairs import QUESTION_SCHEMA, find_uncertain_pairs
from pipelines.identity.decisions.read import DECISION_SCHEMA, no_decisions
from pipelines.identity.scoring.predict import number_pairs, score_pairs
from pipelines.identity.scoring.profiles import profile_records

PEOPLE = "ABCDEFG"


def record_id(letter: str) -> str:
    return f"crm:contacts:{letter}"


@pytest.fixture
def records(row: Any, standardised: Any) -> pl.DataFrame:
    """Seven records that share nothing; what links them is what a test says."""
    return standardised(
        *(row(letter, first_name=f"Ann{letter}", last_name="Petit", email=f"{letter}@free.fr") for letter in PEOPLE)
    )


def link(**weights: float) -> pl.DataFrame:
    """Scored pairs: ``AB=3.0`` is a weight of three bits."""
    rows = [(record_id(pair[0]), record_id(pair[1]), weight, 1 / (1 + 2**-weight)) for pair, weight in weights.items()]
    schema = {"record_id_l": pl.String, "record_id_r": pl.String, "match_weight": pl.Float64}
    return pl.DataFrame(rows, schema=schema | {"match_probability": pl.Float64}, orient="row")


def decide(**verdicts: str) -> pl.DataFrame:
    rows = [
        (verdict, record_id(pair[0]), record_id(pair[1]), "Ada", "why", date(2026, 1, 1), None)
        for pair, verdict in verdicts.items()
    ]
    return pl.DataFrame(rows, schema=DECISION_SCHEMA, orient="row")


def ask(records: pl.DataFrame, pairs: pl.DataFrame, decisions: pl.DataFrame, *groups: str) -> list[Mapping[str, Any]]:
    """The questions, where each word of ``groups`` is a customer of that name and everybody else their own."""
    owner = {letter: group for group in groups for letter in group}
    customer_map = pl.DataFrame(
        {
            "record_id": [record_id(letter) for letter in PEOPLE],
            "customer_id": [owner.get(letter, letter) for letter in PEOPLE],
        }
    )
    marked = records.with_columns(
        pl.col("record_id").is_in([*decisions["record_id_l"], *decisions["record_id_r"]]).alias("is_decided")
    )
    profiled = profile_records(marked)
    numbered = number_pairs(profiled.profiles, pairs)
    customers = describe_customers(profiled, numbered, number_customers(profiled, customer_map), decisions)
    asked = find_uncertain_pairs(profiled, numbered, number_customers(profiled, customer_map), customers, decisions)
    assert asked.schema == pl.Schema(QUESTION_SCHEMA)
    return [
        question | {"pair": question["record_id_l"][-1] + question["record_id_r"][-1]}
        for question in asked.iter_rows(named=True)
    ]


def test_two_customers_are_asked_about_by_their_strongest_pair_where_it_is_uncertain(records: pl.DataFrame) -> None:
    pairs = link(AB=20.0, AC=-3.0, BC=-2.0, CD=-9.0, DE=-6.0)
    asked = ask(records, pairs, no_decisions(), "AB")
    assert [(q["pair"], q["is_together"]) for q in asked] == [("BC", False), ("DE", False)]
    assert asked[0]["match_weight"] == -2.0
    assert asked[0]["uncertainty_bits"] == pytest.approx(0.7219, abs=1e-4)  # H(0.2)


def test_a_pair_that_speaks_for_one_person_but_was_kept_apart_is_an_open_question(records: pl.DataFrame) -> None:
    [asked] = ask(records, link(AB=15.0), no_decisions())
    assert (asked["pair"], asked["uncertainty_bits"]) == ("AB", 1.0)


def test_a_customer_is_asked_about_by_the_weakest_link_it_cannot_do_without(records: pl.DataFrame) -> None:
    pairs = link(AB=9.0, BC=3.0, AC=1.0, DE=2.0, EF=12.0, DF=11.0)
    asked = ask(records, pairs, no_decisions(), "ABC", "DEF")
    assert [(q["pair"], q["is_together"], q["customer_id_l"]) for q in asked] == [("BC", True, "ABC")]
    assert asked[0]["uncertainty_bits"] == pytest.approx(0.5033, abs=1e-4)  # H(1/9)


def test_a_customer_that_only_other_records_hold_together_is_an_open_question(records: pl.DataFrame) -> None:
    [asked] = ask(records, link(AB=9.0), no_decisions(), "ABC")
    assert (asked["pair"], asked["is_together"], asked["uncertainty_bits"]) == ("AC", True, 1.0)
    assert asked["match_weight"] is None
    of_two = ask(records, link(AC=9.0, BD=3.0), no_decisions(), "AB", "CD")
    together = [q for q in of_two if q["is_together"]]
    assert [(q["pair"], q["uncertainty_bits"], q["match_weight"]) for q in together] == [
        ("AB", 1.0, None),
        ("CD", 1.0, None),
    ]


def test_a_customer_held_together_against_its_weakest_link_is_an_open_question(records: pl.DataFrame) -> None:
    [asked] = ask(records, link(AB=9.0, BC=-1.5), no_decisions(), "ABC")
    assert (asked["pair"], asked["uncertainty_bits"]) == ("BC", 1.0)


def test_what_people_decided_is_not_asked_again(records: pl.DataFrame) -> None:
    pairs = link(AB=9.0, BC=2.0, CD=1.0, DE=-1.0, CE=-2.0)
    decisions = decide(BC="must_link", DE="cannot_link")
    # D and C are apart; E was kept from D, so nobody asks about E and D's customer again, but about E and C's.
    assert [q["pair"] for q in ask(records, pairs, decisions, "ABC")] == ["CD", "CE"]
    assert [q["pair"] for q in ask(records, pairs, decide(BD="cannot_link"), "ABC")] == ["BC", "CE", "DE"]


def test_the_next_weakest_link_is_asked_about_once_the_weakest_is_decided(records: pl.DataFrame) -> None:
    pairs = link(AB=4.0, BC=2.0)
    assert [q["pair"] for q in ask(records, pairs, no_decisions(), "ABC")] == ["BC"]
    assert [q["pair"] for q in ask(records, pairs, decide(BC="must_link"), "ABC")] == ["AB"]
    assert ask(records, pairs, decide(AB="must_link", BC="must_link"), "ABC") == []


def test_a_customer_held_by_a_decision_alone_is_as_sure_as_people_are(records: pl.DataFrame) -> None:
    decisions = decide(AB="must_link")
    marked = records.with_columns(pl.col("record_id").is_in([record_id("A"), record_id("B")]).alias("is_decided"))
    customer_map = pl.DataFrame({"record_id": [record_id("A"), record_id("B")], "customer_id": ["AB", "AB"]})
    profiled = profile_records(marked)
    customers = describe_customers(
        profiled, number_pairs(profiled.profiles, link()), number_customers(profiled, customer_map), decisions
    )
    assert customers.row(0) == ("AB", 2, 1.0)


@pytest.mark.parametrize(
    ("links", "expected"),
    [({}, 0.5), ({"AB": -3.0}, 1 / 9), ({"AB": 3.0, "BC": 1.0}, 8 / 9), ({"BC": 9.0}, 0.5)],
)
def test_a_customer_of_two_is_as_sure_as_the_link_between_them(
    records: pl.DataFrame, links: dict[str, float], expected: float
) -> None:
    owners = {"A": "one", "B": "one", "C": "other"}
    customer_map = pl.DataFrame({"record_id": list(map(record_id, owners)), "customer_id": list(owners.values())})
    profiled = profile_records(records)
    customers = describe_customers(
        profiled, number_pairs(profiled.profiles, link(**links)), number_customers(profiled, customer_map)
    )
    assert customers.rows() == [("one", 2, pytest.approx(expected)), ("other", 1, 1.0)]


def test_of_equal_links_the_first_by_record_id_is_asked_about(records: pl.DataFrame) -> None:
    pairs = link(AB=2.0, BC=2.0, AC=2.0, DE=-1.0, DF=-1.0, EF=20.0)
    shuffled = pairs.sample(fraction=1.0, shuffle=True, seed=1)
    for rows in (pairs, shuffled):
        assert [q["pair"] for q in ask(records, rows, no_decisions(), "ABC", "EF")] == ["AC", "DE"]


def test_every_question_of_a_generated_retailer_is_uncertain_and_asked_once(retailer: Any) -> None:
    pairs = score_pairs(retailer.records, retailer.model)
    customer_map = cluster_records(retailer.records, pairs, retailer.model).rename({"cluster_id": "customer_id"})
    profiled = profile_records(retailer.records)
    numbered = number_pairs(profiled.profiles, pairs)
    customers = describe_customers(profiled, numbered, number_customers(profiled, customer_map))
    asked = find_uncertain_pairs(
        profiled, numbered, number_customers(profiled, customer_map), customers, no_decisions()
    )
    assert asked.height > 20
    assert asked["is_together"].n_unique() == 2
    assert asked["uncertainty_bits"].is_between(0.08, 1.0).all()
    assert asked.select("record_id_l", "record_id_r").is_duplicated().any() is False
    assert (asked["record_id_l"] < asked["record_id_r"]).all()
    assert ((asked["customer_id_l"] == asked["customer_id_r"]) == asked["is_together"]).all()
    unsure = customers.filter(pl.col("identity_confidence") <= 0.99)
    assert set(asked.filter("is_together")["customer_id_l"]) == set(unsure["customer_id"])
