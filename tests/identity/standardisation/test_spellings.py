"""The tables by which tickets, orders and points find the card and the mailbox that records are compared on."""

from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from pipelines.identity.standardisation.attributes import load_attributes
from pipelines.identity.standardisation.spellings import read_cards, read_mailboxes
from pipelines.identity.standardisation.standardise import gather_records, standardise
from pipelines.lake.tables import Lake

AS_OF = date(2026, 2, 28)
NOW = datetime.fromisoformat("2026-01-01")


def members(lake: Lake, *rows: tuple[str, str, str | None, str | None]) -> None:
    schema = ["member_id", "last_name", "loyalty_card_id", "email"]
    frame = pl.DataFrame(list(rows), schema=dict.fromkeys(schema, pl.String), orient="row")
    lake.write("pos", "members", frame.with_columns(pl.lit("till").alias("source"), pl.lit(NOW).alias("updated_at")))


def tickets(lake: Lake, *rows: tuple[str, str | None, str | None]) -> None:
    schema = ["ticket_id", "loyalty_card_id", "receipt_email"]
    frame = pl.DataFrame(list(rows), schema=dict.fromkeys(schema, pl.String), orient="row")
    lake.write("pos", "tickets", frame.with_columns(pl.lit("till").alias("source"), pl.lit(NOW).alias("sold_at")))


def recognise(lake: Lake) -> pl.DataFrame:
    records = standardise(gather_records(lake, AS_OF), "FR", AS_OF)
    lake.write("identity", "records", records)
    return records


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def test_a_ticket_and_a_member_have_one_card_whatever_their_spelling(lake: Lake) -> None:
    members(lake, ("1", "Roussel", "k-88 01", None))
    tickets(lake, ("T1", "K8801", None), ("T2", "'k8801", None), ("T3", "8,8E+11", None))
    records = recognise(lake)
    assert records["loyalty_card_id"].to_list() == ["K8801"]
    assert read_cards(lake, load_attributes()).rows() == [
        ("'k8801", "K8801", False), ("8,8E+11", None, False), ("K8801", "K8801", False), ("k-88 01", "K8801", False),
    ]  # fmt: skip


def test_a_card_and_a_mailbox_of_many_strangers_are_told_as_shared(lake: Lake) -> None:
    names = ["Abadie", "Berton", "Cazenave", "Delmas", "Etcheverry", "Fabre", "Garrigue"]
    members(lake, *((str(n), name, "VENDEUR 2", "caisse+3@boutique.fr") for n, name in enumerate(names)))
    tickets(lake, ("T1", "vendeur2", None), ("T2", None, "Caisse@Boutique.fr"), ("T3", "K1", "moi@free.fr"))
    recognise(lake)
    assert ("vendeur2", "VENDEUR2", True) in read_cards(lake, load_attributes()).rows()
    assert read_mailboxes(lake, load_attributes()).rows() == [
        ("Caisse@Boutique.fr", "caisse@boutique.fr", True), ("moi@free.fr", "moi@free.fr", False),
    ]  # fmt: skip


def test_a_receipt_of_a_ticket_whose_card_is_none_says_who_bought(lake: Lake) -> None:
    tickets(lake, ("T1", "0", "lea@free.fr"), ("T2", "K1", "lea@free.fr"), ("T3", "4,1E+9", "lea@free.fr"))
    assert recognise(lake)["record_id"].to_list() == ["till:tickets:T1", "till:tickets:T3"]


def test_an_order_of_no_account_is_a_guests_unless_the_shop_has_that_account(lake: Lake) -> None:
    orders = [
        ("shop", "O1", "0"),
        ("shop", "O2", "guest"),
        ("shop", "O3", None),
        ("shop", "O4", "17"),
        ("web", "O5", "0"),
    ]
    names = ["contact_first_name", "contact_last_name", "contact_email", "contact_phone", "contact_address"]
    frame = pl.DataFrame(orders, schema=dict.fromkeys(["source", "order_id", "account_id"], pl.String), orient="row")
    frame = frame.with_columns(pl.lit("lea@free.fr").alias(name) for name in names)
    lake.write("ecommerce", "orders", frame.with_columns(pl.lit(NOW).alias("ordered_at")))
    accounts = pl.DataFrame({"source": ["web"], "account_id": ["0"], "updated_at": [NOW]})
    lake.write("ecommerce", "customers", accounts)
    ids = gather_records(lake, AS_OF)["record_id"].sort().to_list()
    assert ids == ["shop:orders:O1", "shop:orders:O2", "shop:orders:O3", "web:customers:0"]


def test_without_any_extract_the_tables_are_empty(lake: Lake) -> None:
    recognise(lake)
    assert read_cards(lake, load_attributes()).is_empty()
    assert read_mailboxes(lake, load_attributes()).columns == ["written", "mailbox", "is_shared"]
