"""References that match nothing, told by source, table and column; and how they are mended."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from pipelines.config.sources import Sources, load_sources
from pipelines.contracts import TABLES
from pipelines.errors import ConfigurationError
from pipelines.extracts.conform import extract_table
from pipelines.extracts.references import MOST_LISTED, Finding, check_references
from pipelines.identity.decisions.merges import find_merged_records
from pipelines.identity.standardisation.attributes import load_attributes
from pipelines.identity.standardisation.spellings import read_cards
from pipelines.identity.standardisation.standardise import gather_records, standardise
from pipelines.lake.tables import Lake

AS_OF = date(2026, 2, 28)
ORDERS = {
    "order_id": "no", "account_id": "client", "channel": "'web'", "fulfilment": "'delivery'", "status": "'paid'",
    "ordered_at": "'2026-01-05 10:00'", "total_amount": "100", "updated_at": "'2026-01-05'",
}  # fmt: skip
ACCOUNTS = {"account_id": "id", "updated_at": "'2026-01-05'"}
RETURNS = {
    "return_id": "id", "order_id": "no", "quantity": "1", "refund_amount": "amount", "returned_at": "day",
    "returned_via": "'post'",
}  # fmt: skip
WEB_EVENTS = {
    "event_id": "id", "visitor_id": "'v'", "session_id": "'s'", "account_id": "who", "order_id": "no",
    "event": "'purchase'", "occurred_at": "'2026-01-05'", "channel": "'web'",
}  # fmt: skip
EVENTS = {
    "event_id": "id", "contact_id": "who", "campaign_id": "'c'", "channel": "'email'", "event": "'opened'",
    "occurred_at": "'2026-01-05'",
}  # fmt: skip
CONTACTS = {"contact_id": "id", "last_name": "name", "updated_at": "'2026-01-05'"}
TICKETS = {
    "ticket_id": "id", "store_id": "'S1'", "loyalty_card_id": "card", "sold_at": "'2026-01-05'", "total_amount": "1",
}  # fmt: skip
MEMBERS = {"member_id": "id", "last_name": "name", "loyalty_card_id": "card", "updated_at": "'2026-01-05'"}


class Shop:
    """A folder of exports, the sources over it, and the lake that they are extracted into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lake = Lake(folder / "lake")
        self.sources: dict[str, dict[str, Any]] = {}
        self.head: dict[str, Any] = {"reject_limit": 1}

    def add(self, source: str, kind: str, table: str, columns: dict[str, str], lines: list[str], **more: Any) -> None:
        name = f"{source}_{table}.csv"
        (self.folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        known = {"name": source, "kind": kind, "connector": {"type": "files", "root": "."}, "tables": {}}
        self.sources.setdefault(source, known)["tables"][table] = {"from": name, "columns": dict(columns), **more}

    def load(self) -> Sources:
        file = self.folder / "sources.yml"
        file.write_text(yaml.safe_dump({**self.head, "sources": list(self.sources.values())}), encoding="utf-8")
        return load_sources(file)

    def check(self) -> dict[str, Finding]:
        sources, lake = self.load(), self.lake
        for table in TABLES:
            if sources.feeding(table):
                extract_table(sources, table, lake, AS_OF)
        lake.write("identity", "merged_records", find_merged_records(lake))
        lake.write("identity", "records", standardise(gather_records(lake, AS_OF), "FR", AS_OF))
        lake.write("identity", "loyalty_cards", read_cards(lake, load_attributes()))
        return {f"{each.source}.{each.column}.{each.finding}": each for each in check_references(sources, lake)}

    def listed(self) -> pl.DataFrame:
        return pl.read_parquet(self.lake.quarantine_path("told", "references"))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_an_order_without_its_account_is_counted_and_listed_and_a_guests_is_not(shop: Shop) -> None:
    shop.add("shop", "ecommerce", "customers", ACCOUNTS, ["id", "17", "18"])
    shop.add("shop", "ecommerce", "orders", ORDERS, ["no,client", "A,17", "B,99", "C,", "D,0", "E,guest", "F,18"])
    found = shop.check()["shop.account_id.matches_nothing"]
    assert (found.rows, found.unmatched, found.is_checked, found.mend) == (3, 1, True, None)
    assert shop.listed().select("source", "table_name", "column_name", "raw").rows() == [
        ("shop", "ecommerce/orders", "account_id", '{"order_id":"B","account_id":"99"}')
    ]
    assert shop.lake.read("ecommerce", "orders").height == 6
    assert shop.lake.read("quarantine", "references").filter(pl.col("unmatched") > 0).height == 1


def test_what_belongs_to_a_shop_names_its_accounts_and_orders(shop: Shop) -> None:
    shop.add("shop", "ecommerce", "customers", ACCOUNTS, ["id", "17", "18"])
    shop.add("shop", "ecommerce", "orders", ORDERS, ["no,client", "A,17"])
    shop.add("visits", "ecommerce", "web_events", WEB_EVENTS, ["id,who,no", "1,17,A", "2,018,A", "3,,"])
    unmatched = shop.check()["visits.account_id.matches_nothing"]
    assert unmatched.unmatched == 2
    shop.sources["visits"]["belongs_to"] = "shop"
    found = shop.check()["visits.account_id.matches_nothing"]
    assert (found.table, found.rows, found.unmatched) == ("ecommerce/web_events", 2, 1)
    assert found.mend is not None
    assert found.mend.endswith("in source visits, table ecommerce/web_events")
    assert shop.lake.read("ecommerce", "web_events")["source"].to_list() == ["shop"] * 3
    assert shop.listed().select("source", "raw").rows() == [("visits", '{"event_id":"2","account_id":"018"}')]


def test_returns_of_a_source_that_belongs_to_a_shop_are_told_as_its_own(shop: Shop) -> None:
    shop.add("shop", "ecommerce", "orders", {**ORDERS, "total_amount": "10"}, ["no,client", "A,17"])
    shop.add("parts", "ecommerce", "returns", RETURNS, ["id,no,amount,day", "r,A,11,2026-01-01"])
    shop.sources["parts"]["belongs_to"] = "shop"
    found = {name for name, each in shop.check().items() if each.unmatched}
    assert found == {"parts.refund_amount.refund_beyond_order", "parts.returned_at.return_before_order"}
    assert shop.listed()["source"].to_list() == ["parts"] * 2


@pytest.mark.parametrize(
    ("written", "known"),
    [
        (["17.0", "18.0"], ["17", "18"]),
        (["17,0"], ["17"]),
        (["gid://shopify/Customer/17", "18"], ["17", "18"]),
        (["https://shop.fr/wp-json/customers/17"], ["17"]),
        (["gid://shopify/Customer/17.0"], ["17"]),
        (["17"], ["gid://shopify/Customer/17", "gid://shopify/Customer/18"]),
        (["#1017"], ["1017"]),
        (["CUST-1017"], ["1017"]),
        (["1017"], ["C1017", "C1018"]),
        (["1 017"], ["1017"]),
        (["1\u00a0017", "[18]"], ["1017", "18"]),
        (["1.017"], ["1017"]),
        (["0017"], ["17"]),
        (["17"], ["0017", "0018"]),
        (["ab-17f"], ["AB-17F"]),
        (["AB-17F"], ["ab-17f"]),
        (["{9B2D-04E1}", "9b2d-04e2"], ["9b2d-04e1", "9b2d-04e2"]),
        (["0035g00000QrStu"], ["0035g00000QrStuAAC", "0035g00000qrstuAAA"]),
        (["0035g00000QrStuAAC"], ["0035g00000QrStu"]),
        (["17"], ["17.0", "18.0"]),
    ],
)  # fmt: skip
def test_ids_in_another_notation_are_told_with_an_expression_that_mends_them(
    shop: Shop, written: list[str], known: list[str]
) -> None:
    shop.add("shop", "ecommerce", "customers", ACCOUNTS, ["id", *(f'"{value}"' for value in known)])
    lines = [f'{number},"{value}"' for number, value in enumerate([*written, "Q9Q"])]
    shop.add("shop", "ecommerce", "orders", ORDERS, ["no,client", *lines])
    found = shop.check()["shop.account_id.matches_nothing"]
    assert found.mended == sum(value not in known for value in written)
    assert found.mend is not None
    _, line, place = found.mend.split("`")
    table = place.split("/")[1]
    shop.sources["shop"]["tables"][table]["columns"] |= yaml.safe_load(line)
    mended = shop.check()["shop.account_id.matches_nothing"]
    assert (mended.rows, mended.unmatched) == (len(written) + 1, 1)


def test_the_expression_stands_around_what_the_column_is_mapped_to_today(shop: Shop) -> None:
    shop.add("shop", "ecommerce", "customers", ACCOUNTS, ["id", "17", "18"])
    mapping = ORDERS | {"order_id": "N° commande", "account_id": "coalesce(order, 'x')"}
    shop.add(
        "shop", "ecommerce", "orders", mapping | {"account_id": "Code client"}, ["N° commande,Code client", "A,17.0"]
    )
    found = shop.check()["shop.account_id.matches_nothing"]
    assert found.mend == (
        """`account_id: "regexp_replace(\\"Code client\\", '[.,]00?$', '')"` in source shop, table ecommerce/orders"""
    )
    shop.sources["shop"]["tables"]["orders"]["columns"]["account_id"] = "\"Code client\" || ''"
    assert "(\\\"Code client\\\" || '')" in (shop.check()["shop.account_id.matches_nothing"].mend or "")


def test_a_mend_that_would_harm_what_matches_is_not_proposed(shop: Shop) -> None:
    shop.add("shop", "ecommerce", "customers", ACCOUNTS, ["id", "A17", "B18", "17"])
    shop.add("shop", "ecommerce", "orders", ORDERS, ["no,client", "1,A17", "2,B18", "3,X17"])
    assert shop.check()["shop.account_id.matches_nothing"].mend is None


def test_an_id_is_looked_up_in_its_own_source(shop: Shop) -> None:
    for source in ("one", "two"):
        shop.add(source, "crm", "contacts", CONTACTS, ["id,name", f"{source},Roussel"])
        shop.add(source, "crm", "campaign_events", EVENTS, ["id,who", "1,one", "2,two"])
    found = shop.check()
    assert [found[f"{source}.contact_id.matches_nothing"].unmatched for source in ("one", "two")] == [1, 1]


def test_ids_that_were_merged_away_match_where_what_is_left_of_them_is_there(shop: Shop) -> None:
    shop.add("crm", "crm", "contacts", CONTACTS, ["id,name", "9,Roussel"])
    shop.add("crm", "crm", "campaign_events", EVENTS, ["id,who", "1,7", "2,8", "3,9", "4,6"])
    merges = {"old_contact_id": "old", "surviving_contact_id": "new"}
    shop.add("crm", "crm", "merges", merges, ["old,new", "7,8", "8,9", "6,5"])
    assert shop.check()["crm.contact_id.matches_nothing"].unmatched == 1


def test_what_no_source_gives_is_not_checked(shop: Shop) -> None:
    shop.add("till", "pos", "tickets", TICKETS, ["id,card", "T1,K1"])
    found = shop.check()
    assert not found["till.store_id.matches_nothing"].is_checked
    assert found["till.store_id.matches_nothing"].unmatched == 0
    assert "till.web_order_id.matches_nothing" not in found


def test_a_card_is_looked_up_in_its_one_spelling_and_a_spoilt_one_is_told(shop: Shop) -> None:
    shop.add("till", "pos", "members", MEMBERS, ["id,name,card", "1,Roussel,k-88 01"])
    cards = ["T1,K8801", "T2,'k8801", "T3,0", "T4,", 'T5,"8,8E+11"', "T6,K9999"]
    shop.add("till", "pos", "tickets", TICKETS, ["id,card", *cards])
    found = shop.check()["till.loyalty_card_id.matches_nothing"]
    assert (found.rows, found.unmatched) == (4, 2)
    assert shop.listed()["raw"].to_list() == [
        '{"ticket_id":"T5","loyalty_card_id":"8,8E+11"}', '{"ticket_id":"T6","loyalty_card_id":"K9999"}',
    ]  # fmt: skip


def test_refunds_beyond_the_order_and_returns_before_it_are_told_and_kept(shop: Shop) -> None:
    shop.add("shop", "ecommerce", "orders", ORDERS, ["no,client", "A,", "B,", "C,"])
    returns = [
        "id,no,amount,day", "1,A,60,2026-01-07", "2,A,50,2026-01-08", "3,B,100,2026-01-07", "4,C,1,2026-01-02",
        "5,X,1,2026-01-07", "6,C,5,2026-01-05",
    ]  # fmt: skip
    shop.add("shop", "ecommerce", "returns", RETURNS, returns)
    found = shop.check()
    assert found["shop.refund_amount.refund_beyond_order"].unmatched == 1
    assert found["shop.returned_at.return_before_order"].unmatched == 1
    assert found["shop.order_id.matches_nothing"].unmatched == 1
    rows = shop.listed().select("column_name", "raw").rows()
    assert [(column, raw.split('"')[3]) for column, raw in rows] == [
        ("order_id", "5"), ("refund_amount", "2"), ("returned_at", "4"),
    ]  # fmt: skip


def test_a_line_of_an_order_that_is_not_there_is_not_kept_and_a_line_of_a_product_that_is_not_there_is(
    shop: Shop,
) -> None:
    lines = {
        "order_id": "no", "line_no": "1", "product_id": "sku", "quantity": "1", "unit_price": "1", "line_amount": "1",
    }  # fmt: skip
    shop.add("shop", "ecommerce", "orders", ORDERS, ["no,client", "A,"])
    shop.add("shop", "ecommerce", "products", {"product_id": "sku", "name": "sku", "category": "'c'"}, ["sku", "P1"])
    shop.add("shop", "ecommerce", "order_lines", lines, ["no,sku", "A,P9", "B,P1"])
    shop.check()
    assert shop.listed().select("column_name", "kind", "is_kept").rows() == [
        ("order_id", "reference", False), ("product_id", "reference", True),
    ]  # fmt: skip


def test_a_great_many_are_counted_in_full_and_listed_in_part(shop: Shop) -> None:
    shop.add("shop", "ecommerce", "customers", ACCOUNTS, ["id", "17"])
    many = MOST_LISTED + 5
    shop.add("shop", "ecommerce", "orders", ORDERS, ["no,client", *(f"{n},x{n}" for n in range(many))])
    assert shop.check()["shop.account_id.matches_nothing"].unmatched == many
    assert shop.listed().height == MOST_LISTED


def test_a_declared_share_warns_and_a_declared_share_stops(shop: Shop) -> None:
    shop.head["reference_limits"] = {"warn": 0.3, "stop": 0.6}
    shop.add("shop", "ecommerce", "customers", ACCOUNTS, ["id", "17"])
    shop.add("shop", "ecommerce", "orders", ORDERS, ["no,client", "A,17", "B,99"])
    found = shop.check()["shop.account_id.matches_nothing"]
    assert (found.warns, found.stops) == (True, False)
    shop.sources["shop"]["tables"]["orders"]["reference_limits"] = {"account_id": {"warn": 0.5, "stop": 0.4}}
    found = shop.check()["shop.account_id.matches_nothing"]
    assert (found.warns, found.stops) == (False, True)


def test_limits_of_a_column_that_names_nothing_are_a_fault_of_the_file(shop: Shop) -> None:
    limits = {"reference_limits": {"coupon_code": {"warn": 0.1}}}
    shop.add("shop", "ecommerce", "orders", ORDERS, ["no,client"], **limits)
    with pytest.raises(ConfigurationError, match="names no row of another table"):
        shop.load()


def test_without_any_reference_the_tables_are_there_and_empty(shop: Shop) -> None:
    shop.add("crm", "crm", "contacts", CONTACTS, ["id,name", "9,Roussel"])
    assert shop.check() == {}
    assert shop.listed().is_empty()
