"""Magento in its own database, by a few lines of sources.yml, and Adobe Commerce, which keeps some things otherwise."""

from collections.abc import Callable
from decimal import Decimal

import polars as pl
import pytest

from tests.database_servers import Server
from tests.pulls.connectors.shop_databases.conftest import ShopHome
from tests.pulls.connectors.shop_databases.magento import TABLES, Magento, fill

EDITIONS = ("open source", "commerce")


def open_both(
    server: Server, open_home: Callable[..., ShopHome], edition: str = "open source"
) -> tuple[Magento, ShopHome]:
    shop = Magento(server, TABLES, edition=edition).filled(fill)
    return shop, open_home(type="magento", edition=edition, rates={"USD": 0.9})


@pytest.mark.parametrize("edition", EDITIONS)
def test_either_edition_fills_all_tables_and_money_agrees_to_the_cent(
    server: Server, open_home: Callable[..., ShopHome], edition: str
) -> None:
    _, home = open_both(server, open_home, edition)
    home.pull()
    tables = home.extract_all()
    orders = tables["orders"]
    assert orders.select("order_id", "account_id", "status", "fulfilment", "currency", "total_amount").rows() == [
        ("101", "1", "shipped", "locker", "EUR", Decimal("60.00")),
        ("102", None, "paid", "click_and_collect", "EUR", Decimal("36.00")),
        ("104", "1", "cancelled", "delivery", "EUR", Decimal("12.00")),
        ("105", "2", "returned", "delivery", "EUR", Decimal("36.00")),
        ("106", "3", "shipped", "delivery", "EUR", Decimal("24.00")),  # Of 48, a half was cancelled.
        ("107", None, "shipped", "delivery", "USD", Decimal("20.00")),
    ]
    columns = ("gross_amount", "discount_amount", "shipping_amount", "tax_amount")
    assert orders.filter(order_id="101").select(*columns, "coupon_code").rows() == [
        (Decimal("60.00"), Decimal("6.00"), Decimal("6.00"), Decimal("10.00"), "HELLO")
    ]
    lines = tables["order_lines"]
    sums = lines.group_by("order_id").agg(pl.col("line_amount").sum()).sort("order_id")
    assert sums.rows() == orders.select("order_id", "gross_amount").rows()
    assert lines["product_id"].to_list() == ["SH-R", "MUG", "SH-R", "MUG", "SH-R", "MUG", "GONE"]
    assert str(orders["ordered_at"][0]) == "2026-01-12 23:30:00"
    assert tables["returns"].select("return_id", "order_id", "quantity", "refund_amount", "reason").rows() == [
        ("1", "105", 1, Decimal("36.00"), "too small")
    ]
    assert tables["products"].select("product_id", "name", "category", "subcategory", "brand", "list_price").rows() == [
        ("MUG", "MUG by name", "Uncategorised", None, None, Decimal("12.00")),
        ("SH", "SH by name", "Clothes", "Shirts", "Atelier", None),
        ("SH-R", "SH-R by name", "Clothes", "Shirts", "Atelier", Decimal("36.00")),
    ]
    assert tables["customers"].select("account_id", "address", "phone", "country").rows() == [
        ("1", "3 rue du Bac, bâtiment B", "0612345678", "FR"), ("2", None, None, None), ("3", None, None, None),
    ]  # fmt: skip
    told = [(account, status, str(moment)) for account, status, moment in
            tables["consents"].select("account_id", "status", "recorded_at").rows()]  # fmt: skip
    assert told == [
        ("1", "granted", "2026-01-03 08:00:00"), ("2", "withdrawn", "2026-01-04 08:00:00"),
        ("3", "denied", "2026-01-01 00:00:00"),
    ]  # fmt: skip
    landed = home.read_landed()
    assert "needle" not in landed


def test_what_gift_cards_pay_and_cost_is_in_the_total_of_adobe_commerce(
    server: Server, open_home: Callable[..., ShopHome]
) -> None:
    shop, home = open_both(server, open_home, "commerce")
    shop.add_order(201, "complete", "10", customer_id=1, base_gift_cards_amount="2", base_subtotal_incl_tax="12")
    shop.add_item(50, 201, 13, "MUG", 1, "12")
    shop.add_memo(9, 201, "10", (50, 1), base_customer_balance_amount="2")
    shop.add_order(202, "complete", "62", customer_id=1)
    shop.add_item(51, 202, 13, "MUG", 1, "12")
    shop.add_item(52, 202, 14, "CARD", 1, "50", product_type="giftcard")
    home.pull()
    columns = ("order_id", "total_amount", "gross_amount", "discount_amount", "gift_card_amount")
    assert home.extract("orders").filter(pl.col("order_id") > "200").select(columns).rows() == [
        ("201", Decimal("12.00"), Decimal("12.00"), Decimal("0.00"), Decimal("0.00")),
        ("202", Decimal("62.00"), Decimal("12.00"), Decimal("0.00"), Decimal("50.00")),
    ]
    lines = home.extract("order_lines").filter(pl.col("order_id") > "200")
    assert lines.select("order_id", "line_amount").rows() == [("201", Decimal("12.00")), ("202", Decimal("12.00"))]
    assert home.extract("returns").filter(order_id="201")["refund_amount"].to_list() == [Decimal("12.00")]


def test_the_second_night_knows_edits_refunds_and_what_was_deleted(
    server: Server, open_home: Callable[..., ShopHome]
) -> None:
    shop, home = open_both(server, open_home)
    home.pull()
    later = {"updated_at": "2026-01-30 10:00:00"}
    shop.add_memo(3, 101, "12", (3, 1), **later)
    shop.change("sales_order", "entity_id = 102", state="complete", **later)
    shop.add_order(108, "holded", "12", customer_email="new@example.com", **later)
    shop.add_item(60, 108, 13, "MUG", 1, "12", **later)
    for table, where in (("sales_order", "entity_id = 104"), ("sales_order_item", "order_id = 104")):
        shop.delete(table, where)
    shop.change("newsletter_subscriber", "customer_id = 1", subscriber_status=3, change_status_at="2026-01-30 09:00:00")
    outcomes = home.pull()
    taken = {name: each.batch.mode for name, each in outcomes.items() if each.batch.cursor_from}
    assert taken == dict.fromkeys(("addresses", "customers", "credit_memos", "order_items", "orders"), "changes")
    shop.delete("customer_entity", "entity_id = 3")
    shop.change("sales_order", "customer_id = 3", customer_id=None)  # As the database does by itself: unstamped.
    outcomes = home.pull()
    assert outcomes["orders"].batch.mode == "full"
    tables = home.assert_like_a_full_pull()
    assert tables["orders"].select("order_id", "account_id", "status").rows() == [
        ("101", "1", "shipped"), ("102", None, "shipped"), ("105", "2", "returned"), ("106", None, "shipped"),
        ("107", None, "shipped"), ("108", None, "placed"),
    ]  # fmt: skip
    assert tables["returns"].select("order_id", "quantity", "refund_amount").rows() == [
        ("105", 1, Decimal("36.00")), ("101", 1, Decimal("12.00")),
    ]  # fmt: skip
    assert tables["consents"].filter(account_id="1")["status"].to_list() == ["withdrawn"]
    assert tables["customers"]["account_id"].to_list() == ["1", "2"]


def test_answers_of_some_stores_can_be_left_out(server: Server, open_home: Callable[..., ShopHome]) -> None:
    shop, home = open_both(server, open_home)
    shop.add("newsletter_subscriber", {"customer_id": 2, "store_id": 2, "subscriber_status": 1,
                                       "change_status_at": "2026-01-30 08:00:00"})  # fmt: skip
    of_one = {"consents": {"where": "account is not null and store_id = 1"}}
    home.pull()
    assert home.extract("consents").filter(account_id="2")["status"].to_list() == ["withdrawn", "granted"]
    assert home.extract("consents", tables=of_one).filter(account_id="2")["status"].to_list() == ["withdrawn"]


def test_an_edition_that_is_another_than_declared_is_refused(
    server: Server, open_home: Callable[..., ShopHome]
) -> None:
    open_both(server, open_home, "commerce")
    with pytest.raises(AssertionError, match=r"is of the edition 'commerce': write `edition: commerce`"):
        open_home(type="magento").pull()
