"""Crowds that go by one name and one mailbox or address, and people who only buy a lot."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from pipelines.identity.standardisation.attributes import load_attributes
from pipelines.identity.standardisation.crowds import BUSIEST_RECORDS, SAME_REGISTER, find_crowds
from pipelines.identity.standardisation.nobody import SAYS_NOBODY
from pipelines.identity.standardisation.shared_values import find_shared_values
from pipelines.identity.standardisation.standardise import (
    MATCH_COLUMNS,
    clean_records,
    complete_records,
    leave_out_nobody,
    standardise,
)

Make = Callable[..., Any]
Rows = list[dict[str, Any]]
AS_OF = date(2026, 2, 28)
CASHIER = {"first_name": "Jean", "last_name": "Caissard", "email": "caisse@boutique.fr"}
ORDERS = {"source": "shop", "kind": "ecommerce", "table_name": "orders"}


def phone(number: int) -> str:
    return f"06{11223344 + 7919 * number}"


def street(number: int) -> dict[str, str]:
    return {"address": f"{number + 1} rue des Tilleuls", "postcode": f"{10000 + 571 * number}", "city": "Troyes"}


def orders(row: Make, count: int, days_between: float = 9, **fields: Any) -> Rows:
    """Guest orders, so many days apart; a field that is a function is given the number of the order."""
    begin = datetime.fromisoformat("2020-01-01")
    rows = []
    for number in range(count):
        given = {name: value(number) if callable(value) else value for name, value in fields.items()}
        given |= given.pop("where", {})
        rows.append(row(str(number), **ORDERS, created_at=begin + timedelta(days=days_between * number), **given))
    return rows


def recognised(rows: pl.DataFrame) -> pl.DataFrame:
    """``identity/records`` of gathered rows."""
    attributes = load_attributes()
    cleaned = clean_records(rows, "FR", AS_OF, attributes)
    shared, crowds = find_shared_values(cleaned, attributes), find_crowds(cleaned, attributes)
    return leave_out_nobody(complete_records(cleaned, shared, crowds, (SAYS_NOBODY,)))


@pytest.mark.parametrize(
    "own",
    [
        {"phone": phone},
        {"where": street},
        {"phone": phone, "where": street},
        {"birth_date": lambda number: date(1960 + number, 5, 17)},
        {"loyalty_card_id": lambda number: f"C{7919 * number:07}"},
        # The store's own telephone with them explains no birth dates and no cards.
        {"birth_date": lambda number: date(1960 + number, 5, 17), "phone": "0320112234"},
        {"loyalty_card_id": lambda number: f"C{7919 * number:07}", "phone": "0320112234"},
    ],
)
def test_strangers_on_a_colleagues_name_and_mailbox_keep_only_what_is_theirs(
    row: Make, gathered: Make, own: dict[str, Any]
) -> None:
    found = recognised(gathered(*orders(row, 30, **CASHIER, **own)))
    withdrawn = ("first_name", "last_name", "email", "first_key", "first_root", "last_key", "email_key")
    assert found.select(pl.col(withdrawn).count()).row(0) == (0,) * len(withdrawn)
    assert found.height == 30
    assert found["content_hash"].n_unique() == 30, "each is somebody else"
    [withdrawn_of_all] = found["shared_values"].unique()
    assert {"email", "name"} <= set(withdrawn_of_all.split(","))
    assert not found["shared_digests"].str.contains("(?i)caiss").any()


def test_a_mailbox_of_a_crowd_counts_for_nobody_else_either_who_keeps_the_name(row: Make, gathered: Make) -> None:
    crowd = orders(row, 30, **CASHIER, phone=phone)
    others = [
        row("name", **CASHIER | {"email": "jean.caissard@free.fr"}),
        row("mailbox", first_name="Zoé", last_name="Petit", email=CASHIER["email"]),
    ]
    name, mailbox = recognised(gathered(*crowd, *others)).filter(pl.col("table_name") == "contacts").sort(
        "source_key", descending=True
    ).to_dicts()  # fmt: skip
    assert (name["last_key"], name["email_key"]) == ("caissard", "jean.caissard@free.fr")
    assert (mailbox["last_key"], mailbox["email_key"], mailbox["email"]) == ("petit", None, "caisse@boutique.fr")


def test_strangers_at_the_address_of_a_store_keep_their_mailboxes(row: Make, gathered: Make) -> None:
    store = {"last_name": "BOUTIQUE LILLE", "address": "12 rue Nationale", "postcode": "59000", "city": "Lille"}
    found = recognised(gathered(*orders(row, 20, **store, email=lambda number: f"achat{number}@free.fr")))
    assert found.select(pl.col("last_name", "last_key", "address", "street_key").count()).row(0) == (0,) * 4
    assert found["email_key"].n_unique() == found.height == 20
    assert found["shared_values"].unique().to_list() == ["name"]


@pytest.mark.parametrize(
    "own",
    [
        {},
        {"phone": "0610826401"},
        {"where": lambda _: street(3)},
        {"where": lambda number: street(number % 5), "phone": lambda number: phone(number % 3)},
        {"where": street, "phone": "0610826401"},  # Presents to many addresses, from one telephone.
        {"where": street, "birth_date": "1980-05-17"},
        {"loyalty_card_id": lambda number: f"C{7919 * (number % 9):07}", "birth_date": "1980-05-17"},
        {"phone": lambda number: phone(number) if number % 10 == 0 else "0610826401"},
    ],
)
def test_a_loyal_customer_is_no_crowd(row: Make, gathered: Make, own: dict[str, Any]) -> None:
    found = recognised(gathered(*orders(row, 200, first_name="Odile", last_name="Bourbon", email="o.b@free.fr", **own)))
    assert found.height == 200
    assert found.select(pl.col("last_name", "last_key", "email_key").null_count()).row(0) == (0, 0, 0)


@pytest.mark.parametrize(("kind", "table"), [("ecommerce", "customers"), ("crm", "contacts"), ("pos", "members")])
def test_a_register_has_one_person_so_often_at_most(row: Make, gathered: Make, kind: str, table: str) -> None:
    """Strangers who were erased in words that are in no list: nothing else differs."""
    erased = {"first_name": "Hævet", "last_name": "Kundekonto", "email": "haevet@butik.dk"}
    register, most = {"source": "shop", "kind": kind, "table_name": table}, SAME_REGISTER[table]
    few, many = ([row(str(n), **register, **erased) for n in range(most + more)] for more in (0, 1))
    assert recognised(gathered(*few)).height == most
    assert recognised(gathered(*many)).is_empty()
    doubled = [given | {"birth_date": date(1980, 5, 17)} for given in many]
    assert recognised(gathered(*doubled)).height == len(many), "copies of one person's account are that person's"


def test_nobody_orders_more_than_three_times_a_day_for_a_month(row: Make, gathered: Make) -> None:
    count = BUSIEST_RECORDS + 1
    till = {"last_name": "Kassa Huset", "email": "kassa@huset.se"}
    assert recognised(gathered(*orders(row, count, days_between=0.25, **till))).is_empty()
    assert recognised(gathered(*orders(row, count, days_between=3, **till))).height == count


def test_who_is_a_crowd_depends_on_no_order_of_rows(row: Make, gathered: Make) -> None:
    rows = gathered(*orders(row, 30, **CASHIER, phone=phone), row("other", last_name="Petit", email="petit@free.fr"))
    shuffled = rows.sample(fraction=1.0, shuffle=True, seed=7)
    assert standardise(rows, "FR", AS_OF).equals(standardise(shuffled, "FR", AS_OF))


def test_no_records_and_no_names_have_no_crowd(row: Make, gathered: Make) -> None:
    attributes = load_attributes()
    for rows in (gathered(), gathered(*orders(row, 30, email="caisse@boutique.fr"))):
        cleaned = clean_records(rows, "FR", AS_OF, attributes)
        assert set(MATCH_COLUMNS) <= set(cleaned.columns)
        assert find_crowds(cleaned, attributes).are_none
