"""PrestaShop in its own database, by a few lines of sources.yml: two shops, two currencies, two time zones."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from pipelines.errors import ConfigurationError
from tests.database_servers import Server
from tests.pulls.connectors.shop_databases.conftest import Database, ShopHome
from tests.pulls.connectors.shop_databases.prestashop import ERASED, TABLES, add_order, add_slip, fill

PREFIX = "px7_"


@pytest.fixture
def shop(server: Server) -> Database:
    return Database(server, TABLES, PREFIX).filled(fill)


@pytest.fixture
def home(open_home: Callable[..., ShopHome]) -> ShopHome:
    return open_home(type="prestashop", prefix=PREFIX)


@pytest.mark.usefixtures("shop")
def test_a_few_lines_fill_all_tables_and_money_agrees_to_the_cent(home: ShopHome) -> None:
    home.pull()
    tables = home.extract_all()
    orders = tables["orders"]
    assert orders.select("order_id", "account_id", "status", "fulfilment", "currency", "total_amount").rows() == [
        ("1", "1", "delivered", "delivery", "EUR", Decimal("58.80")),
        ("2", "2", "paid", "locker", "EUR", Decimal("10.00")),  # 11.50 pounds, at the rate of that day.
        ("4", "3", "shipped", "click_and_collect", "EUR", Decimal("34.90")),
        ("5", "1", "cancelled", "delivery", "EUR", Decimal("34.90")),
        ("6", None, "returned", "delivery", "EUR", Decimal("34.90")),  # Of somebody who was erased.
    ]
    columns = ("gross_amount", "discount_amount", "shipping_amount", "tax_amount")
    assert orders.filter(order_id="1").select(*columns, "coupon_code").rows() == [
        (Decimal("54.90"), Decimal("5.00"), Decimal("8.90"), Decimal("9.80"), "HELLO")
    ]
    whole = orders["gross_amount"] - orders["discount_amount"] + orders["shipping_amount"]
    assert whole.equals(orders["total_amount"], check_names=False)
    lines = tables["order_lines"].group_by("order_id").agg(pl.col("line_amount").sum()).sort("order_id")
    assert lines.rows() == orders.select("order_id", "gross_amount").rows()
    assert [str(each) for each in orders["ordered_at"][:2]] == ["2026-01-10 22:30:00", "2026-01-12 01:00:00"]
    assert tables["products"].select("product_id", "name", "category", "brand", "list_price").rows() == [
        ("1", "Écharpe", "Écharpes", "Atelier", Decimal("34.90")),
        ("2", "M-2", "Uncategorised", None, Decimal("12.00")),
    ]
    revenue = orders.filter(pl.col("status") != "cancelled")["total_amount"].sum()
    assert revenue - tables["returns"]["refund_amount"].sum() == Decimal("103.70")


@pytest.mark.usefixtures("shop")
def test_people_have_their_last_address_and_answers_and_whoever_was_erased_is_nobody(home: ShopHome) -> None:
    assert [each.notes for each in home.pull().values() if each.notes] == []  # Birthdays of zeros are none.
    customers, consents = home.extract("customers"), home.extract("consents")
    assert customers.select("account_id", "phone", "postcode", "country").rows() == [
        ("1", "0612345678", "75007", "FR"), ("2", None, "E1", "GB"), ("3", None, None, None), ("4", None, None, None),
    ]  # fmt: skip
    assert customers["deleted_at"].is_not_null().to_list() == [False, False, False, True]
    assert ERASED not in customers["email"]
    granted = consents.filter(status="granted")
    assert granted.select("account_id", "recipient").rows() == [("1", None)]
    assert str(granted["recorded_at"][0]) == "2026-01-03 08:00:00"
    assert consents.height == 8
    landed = home.read_landed()
    assert "hash-needle" not in landed
    assert "192.0.2.1" not in landed  # That there is an address proves a subscription, whatever it is.
    assert granted["proof"].to_list() == ["PrestaShop: ip_registration_newsletter"]


def test_the_second_night_knows_edits_refunds_and_what_was_deleted(home: ShopHome, shop: Database) -> None:
    home.pull()
    stamp = {"date_upd": "2026-01-30 10:00:00"}
    shop.change("customer", "id_customer = 1", newsletter=0)  # As its own form does: unstamped.
    shop.change("order_detail", "id_order = 1 and product_id = 2", product_quantity=1, total_price_tax_incl=10)
    shop.change("orders", "id_order = 1", total_products_wt="44.90", total_paid_tax_incl="48.80",
                total_paid_tax_excl="40.666667", **stamp)  # fmt: skip
    shop.delete("orders", "id_order = 5")
    shop.delete("order_detail", "id_order = 5")
    shop.delete("customer", "id_customer = 3")
    shop.change("orders", "id_order = 2", current_state=7, **stamp)
    add_slip(shop, 2, 2, with_tax="11.50", without_tax="9.58", shipping="0", lines=[(3, 1, "9.58")])
    add_order(shop, 7, [(2, 3, "36.00")], state=5, id_customer=1, **stamp)
    outcomes = home.pull()
    assert {name: each.batch.mode for name, each in outcomes.items() if each.batch.cursor_from} == dict.fromkeys(
        ("addresses", "orders", "order_lines", "order_slips"), "changes"
    )
    assert (outcomes["orders"].batch.gone, outcomes["order_lines"].batch.gone) == (1, 1)
    tables = home.assert_like_a_full_pull()
    assert tables["orders"].select("order_id", "status", "total_amount").rows() == [
        ("1", "delivered", Decimal("48.80")), ("2", "returned", Decimal("10.00")),
        ("4", "shipped", Decimal("34.90")), ("6", "returned", Decimal("34.90")), ("7", "delivered", Decimal("36.00")),
    ]  # fmt: skip
    assert tables["returns"].select("order_id", "quantity", "refund_amount").rows() == [
        ("6", 1, Decimal("34.90")), ("2", 1, Decimal("10.00")),
    ]  # fmt: skip
    lines = tables["order_lines"].group_by("order_id").agg(pl.col("line_amount").sum()).sort("order_id")
    assert lines.rows() == tables["orders"].select("order_id", "gross_amount").rows()
    refused = tables["consents"].filter(pl.col("recipient").is_null(), account_id="1")
    assert refused["status"].to_list() == ["denied"]
    assert "3" not in tables["customers"]["account_id"]


def test_a_credit_slip_is_what_was_paid_back(home: ShopHome, shop: Database) -> None:
    usual = {"with_tax": "34.90", "without_tax": "29.08", "shipping": "0"}
    slips: list[tuple[dict[str, Any], str]] = [
        ({**usual, "shipping": "6.90"}, "41.80"),
        ({**usual, "amount": "20.00", "order_slip_type": 2}, "20.00"),  # An amount that a person chose.
        # A voucher of 5 that was kept back, refunded with tax, and without.
        ({**usual, "without_tax": "24.08", "order_slip_type": 1}, "29.90"),
        ({**usual, "with_tax": "29.90", "amount": "29.08", "order_slip_type": 1}, "29.90"),
        # From before 1.6.0.10.
        ({"with_tax": None, "without_tax": None, "shipping": None, "amount": "12.00"}, "12.00"),
    ]
    for number, (slip, _) in enumerate(slips, start=10):
        add_slip(shop, number, 4, **slip, lines=[(5, 1, "29.08")])
    home.pull()
    returns = home.extract("returns").filter(order_id="4").sort("return_id")
    assert returns["refund_amount"].to_list() == [Decimal(paid_back) for _, paid_back in slips]


def test_what_is_written_goes_over_what_comes_along(open_home: Callable[..., ShopHome]) -> None:
    home, query = open_home(type="prestashop"), "select * from ps_customer where id_shop = 1"
    [source] = home.configure(
        pulls={"orders": {"from": "ps_paid_orders"}, "customers": {"select": query}},
        tables={"returns": None, "products": {"columns": {"product_id": "reference"}}},
    ).sources  # fmt: skip
    assert "returns" not in source.tables
    assert "order_slip_lines" not in source.pulls
    orders, customers = source.pulls["orders"], source.pulls["customers"]
    assert (orders.from_, orders.select, orders.cursor) == ("ps_paid_orders", None, "date_upd")
    assert (customers.from_, customers.key) == (None, ("id_customer",))
    assert source.pulls["addresses"].from_ == "ps_address"
    assert source.tables["products"].columns["product_id"] == "reference"
    with pytest.raises(ConfigurationError, match=r"is no prefix of tables") as error:
        open_home(type="prestashop", prefix="ps_`; drop").configure()
    assert len(str(error.value).splitlines()) < 4
    with pytest.raises(ConfigurationError, match=r"brings no pull 'order'.*did you mean 'orders'"):
        home.configure(pulls={"order": {"overlap": "2h"}})


def test_a_mistaken_prefix_is_told_by_the_table_that_is_not_there(
    open_home: Callable[..., ShopHome], shop: Database
) -> None:
    del shop
    with pytest.raises(AssertionError) as error:
        open_home(type="prestashop", prefix="none_").pull()
    assert "the database has no table 'none_address'. Check its name." in str(error.value)
    assert "query 'orders' reads a table that the database does not have" in str(error.value)
