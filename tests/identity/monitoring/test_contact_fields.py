"""What cleaning made of the contact fields, by source, table and column."""

from collections.abc import Callable
from datetime import date
from typing import Any

import polars as pl

from pipelines.identity.monitoring.contact_fields import judge_contact_fields
from pipelines.identity.standardisation.standardise import standardise

Make = Callable[..., Any]


def judge(rows: list[Any], gathered: Make, standardised: Make) -> dict[tuple[str, str], dict[str, Any]]:
    told = judge_contact_fields(gathered(*rows).lazy(), standardised(*rows).lazy(), "FR")
    return {(row["table_name"], row["column_name"]): row for row in told.iter_rows(named=True)}


def counts(row: dict[str, Any]) -> tuple[int, int, int]:
    return row["unreadable_count"], row["placeholder_count"], row["shared_count"]


def test_what_no_number_is_unreadable_and_what_stands_for_none_is_a_placeholder(
    row: Make, gathered: Make, standardised: Make
) -> None:
    rows = [
        row("1", mobile="06 12 34 56 79", email="maud@free.fr", last_name="Querelle"),
        row("2", mobile="call me", email="maud(at)free.fr", last_name="inconnu"),
        row("3", mobile="0600000000", email="", birth_date=date(1900, 1, 1)),
        row("4", mobile="12", email=None),
    ]
    told = judge(rows, gathered, standardised)
    mobile = told["crm/contacts", "mobile"]
    assert counts(mobile) == (2, 1, 0)
    assert (mobile["reason"], mobile["example_record_id"]) == ("is not a phone number", "crm:contacts:2")
    assert counts(told["crm/contacts", "email"]) == (1, 0, 0)
    assert counts(told["crm/contacts", "last_name"]) == (0, 1, 0)
    assert counts(told["crm/contacts", "birth_date"]) == (0, 1, 0)
    assert told["crm/contacts", "birth_date"]["reason"] == "stands for no value"


def test_a_value_of_a_crowd_is_counted_where_it_stands(row: Make, gathered: Make, standardised: Make) -> None:
    names = ("Abadie", "Besson", "Collet", "Dupuy", "Etienne", "Fabre", "Garnier", "Hamel")
    rows = [
        row(str(number), last_name=name, email="magasin@maison.fr", phone="06 12 34 56 79", loyalty_card_id="EMP001")
        for number, name in enumerate(names)
    ]
    told = judge(rows, gathered, standardised)
    for column in ("email", "phone", "loyalty_card_id"):
        assert counts(told["crm/contacts", column]) == (0, 0, len(names)), column
        assert told["crm/contacts", column]["reason"] is None


def test_columns_are_told_under_the_names_of_their_table(row: Make, gathered: Make, standardised: Make) -> None:
    order = {"source": "shop", "kind": "ecommerce", "table_name": "orders"}
    told = judge([row("1", **order, email="nobody")], gathered, standardised)
    assert list(told) == [("ecommerce/orders", "contact_email")]


def test_nothing_at_fault_is_told_as_nothing(row: Make, gathered: Make, standardised: Make) -> None:
    assert judge([row("1", last_name="Querelle")], gathered, standardised) == {}


def test_no_value_is_in_it(row: Make, gathered: Make, standardised: Make) -> None:
    rows = [row("1", mobile="secret", email="secret")]
    told = judge_contact_fields(gathered(*rows).lazy(), standardised(*rows).lazy(), "FR")
    assert "secret" not in str(told.select(pl.all().cast(pl.String)).rows())


def test_a_phone_is_unreadable_only_where_its_records_own_country_has_no_such_number(row: Make, gathered: Make) -> None:
    rows = gathered(
        row("1", phone="030 12345678", country="Deutschland"),
        row("2", phone="030 12345678", country="Wonderland"),
        row("3", phone="06 12 34 56 79"),
        row("4", phone="0600000000", country="France"),
    )
    records = standardise(rows, "FR", date(2026, 2, 28))
    told = next(
        told
        for told in judge_contact_fields(rows.lazy(), records.lazy(), "FR").to_dicts()
        if told["column_name"] == "phone"
    )
    assert (told["unreadable_count"], told["placeholder_count"]) == (1, 1)
    assert told["example_record_id"] == "crm:contacts:2"


def test_a_line_of_postcode_and_city_in_place_of_a_street_is_no_lost_address(row: Make, gathered: Make) -> None:
    rows = gathered(row("1", address="75002 Paris"), row("2", address="n/a", postcode="75002", city="Paris"))
    records = standardise(rows, "FR", date(2026, 2, 28))
    [told] = judge_contact_fields(rows.lazy(), records.lazy(), "FR").to_dicts()
    assert (told["column_name"], told["placeholder_count"]) == ("address", 1)
    assert told["example_record_id"] == "crm:contacts:2"


def test_a_country_that_nobody_can_read_is_unreadable(row, gathered):
    rows = gathered(*(row(str(n), country=name) for n, name in enumerate(("Wonderland", "Suisse", "n/a", None, "FR"))))
    records = standardise(rows, "FR", date(2026, 2, 28))
    [told] = judge_contact_fields(rows.lazy(), records.lazy(), "FR").to_dicts()
    assert (told["column_name"], told["unreadable_count"], told["placeholder_count"]) == ("country", 1, 1)
    assert (told["reason"], told["example_record_id"]) == ("is not a country", "crm:contacts:0")
