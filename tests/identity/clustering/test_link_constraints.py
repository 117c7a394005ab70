"""Human decisions in recognition: they outrank weights, rules and models, and touch nothing else."""

from collections.abc import Callable
from datetime import date

import polars as pl
import pytest

from pipelines.identity.clustering.cluster import cluster_records
from pipelines.identity.clustering.link_constraints import mark_decided
from pipelines.identity.decisions.read import DECISION_SCHEMA
from pipelines.identity.scoring.predict import score_pairs

JEAN = {
    "first_name": "Jean", "last_name": "Marchandeau", "email": "jean.marchandeau@orange.fr", "mobile": "0612345687",
    "birth_date": "1962-07-14", "address": "14 rue des Lilas", "postcode": "35000", "city": "Rennes",
}  # fmt: skip
PAUL = {
    "first_name": "Paul", "last_name": "Kerbrat", "email": "paul.kerbrat@free.fr", "mobile": "0698765431",
    "birth_date": "1988-02-03", "address": "2 place du Port", "postcode": "29200", "city": "Brest",
}  # fmt: skip


def decide(*constraints: tuple[str, str, str]) -> pl.DataFrame:
    """Decisions of (verdict, record, record); records of the source crm are named by their key."""
    rows = []
    for verdict, *sides in constraints:
        left, right = sorted(side if ":" in side else f"crm:contacts:{side}" for side in sides)
        rows.append((verdict, left, right, "clerk", "seen in the shop", date(2026, 1, 5), None))
    return pl.DataFrame(rows, schema=DECISION_SCHEMA, orient="row")


@pytest.fixture
def recognised(retailer) -> Callable[..., dict[str, str]]:
    """The cluster of each record, by the record's key."""

    def recognise(records: pl.DataFrame, decisions: pl.DataFrame) -> dict[str, str]:
        marked = mark_decided(records, decisions)
        clusters = cluster_records(marked, score_pairs(marked, retailer.model), retailer.model, decisions)
        return {record.rsplit(":", 1)[1]: cluster for record, cluster in clusters.iter_rows()}

    return recognise


def test_a_must_link_joins_two_records_that_have_nothing_in_common(recognised, standardised, row):
    records = standardised(row("1", **JEAN), row("2", **PAUL))
    assert len(set(recognised(records, decide()).values())) == 2
    assert len(set(recognised(records, decide(("must_link", "1", "2"))).values())) == 1


def test_a_must_link_takes_everything_along_that_belongs_to_either_record(recognised, standardised, row):
    older = JEAN | {"address": "8 quai Est", "email": None}
    records = standardised(row("1", **JEAN), row("2", **PAUL), row("3", **older))
    assert len(set(recognised(records, decide(("must_link", "2", "3"))).values())) == 1


def test_a_cannot_link_holds_identical_records_apart(recognised, standardised, row):
    records = standardised(row("1", **JEAN), row("2", **JEAN))
    assert len(set(recognised(records, decide()).values())) == 1
    assert len(set(recognised(records, decide(("cannot_link", "1", "2"))).values())) == 2


def test_a_cannot_link_holds_also_where_a_third_record_would_tie_the_two(recognised, standardised, row):
    records = standardised(*(row(key, **JEAN) for key in "12345"))
    found = recognised(records, decide(("cannot_link", "1", "2")))
    assert found["1"] != found["2"]
    assert len(set(found.values())) == 2


def test_must_links_carry_a_cannot_link_along(recognised, standardised, row):
    records = standardised(*(row(key, **JEAN) for key in "1234"))
    found = recognised(records, decide(("must_link", "1", "3"), ("must_link", "2", "4"), ("cannot_link", "3", "4")))
    assert found["1"] == found["3"] != found["2"] == found["4"]


def test_a_decision_moves_no_record_that_has_nothing_to_do_with_it(retailer, recognised):
    others = retailer.records
    before = recognised(others, decide())
    ids = others.filter(pl.col("table_name") == "contacts")["record_id"]
    found = recognised(others, decide(("must_link", ids[3], ids[900])))
    concerned = {before[record.rsplit(":", 1)[1]] for record in (ids[3], ids[900])}
    moved = {record for record in found if found[record] != before[record]}
    assert moved
    assert {before[record] for record in moved} <= concerned


def test_a_decision_about_a_record_that_is_gone_changes_nothing(recognised, standardised, row):
    records = standardised(row("1", **JEAN), row("2", **JEAN))
    assert recognised(records, decide(("cannot_link", "1", "9"))) == recognised(records, decide())


def test_a_receipt_goes_where_a_must_link_says(recognised, standardised, row, receipt):
    records = standardised(row("1", **JEAN), row("2", **PAUL), receipt("t", JEAN["email"]))
    found = recognised(records, decide(("must_link", "till:tickets:t", "2")))
    assert found["t"] == found["2"] != found["1"]


def test_a_receipt_held_apart_from_one_user_of_an_email_goes_to_the_other(recognised, standardised, row, receipt):
    wife = PAUL | {"email": JEAN["email"]}
    records = standardised(row("1", **JEAN), row("2", **wife), receipt("t", JEAN["email"]))
    assert recognised(records, decide())["t"] == "till:tickets:t"
    found = recognised(records, decide(("cannot_link", "till:tickets:t", "2")))
    assert found["t"] == found["1"] != found["2"]


def test_a_receipt_held_apart_from_the_only_user_of_its_email_stands_alone(recognised, standardised, row, receipt):
    records = standardised(row("1", **JEAN), receipt("t", JEAN["email"]), receipt("u", JEAN["email"]))
    found = recognised(records, decide(("cannot_link", "till:tickets:t", "1")))
    assert found["t"] == "till:tickets:t"
    assert found["u"] == found["1"]


def test_two_receipts_held_apart_are_nobody_s_where_one_person_uses_their_email(recognised, standardised, row, receipt):
    records = standardised(row("1", **JEAN), receipt("t", JEAN["email"]), receipt("u", JEAN["email"]))
    found = recognised(records, decide(("cannot_link", "till:tickets:t", "till:tickets:u")))
    assert len(set(found.values())) == 3


def test_a_receipt_held_apart_from_a_stranger_stays_where_its_email_puts_it(recognised, standardised, row, receipt):
    records = standardised(row("1", **JEAN), row("2", **PAUL), receipt("t", JEAN["email"]))
    found = recognised(records, decide(("cannot_link", "till:tickets:t", "2")))
    assert found["t"] == found["1"]


def test_two_receipts_of_an_email_that_nobody_else_uses_can_be_held_apart(recognised, standardised, receipt):
    records = standardised(*(receipt(key, JEAN["email"]) for key in "tuv"))
    assert len(set(recognised(records, decide()).values())) == 1
    found = recognised(records, decide(("cannot_link", "till:tickets:t", "till:tickets:u")))
    assert found["t"] != found["u"]


def test_a_chain_of_must_links_holds_over_a_receipt(recognised, standardised, row, receipt):
    records = standardised(row("1", **JEAN), row("2", **PAUL), receipt("t", None), receipt("u", "x@free.fr"))
    found = recognised(records, decide(("must_link", "1", "till:tickets:u"), ("must_link", "till:tickets:u", "2")))
    assert found["1"] == found["2"] == found["u"] != found["t"]


def test_the_last_receipts_of_a_tie_go_where_the_first_is(recognised, standardised, row, receipt):
    records = standardised(row("1", **JEAN), receipt("t", JEAN["email"]), receipt("u", "x@free.fr"))
    found = recognised(records, decide(("must_link", "till:tickets:t", "till:tickets:u")))
    assert found["u"] == found["t"] == found["1"]
