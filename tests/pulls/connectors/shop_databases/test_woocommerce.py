"""WooCommerce in WordPress's database, by a few lines: its own tables of orders, and the posts of before."""

from collections.abc import Callable
from decimal import Decimal

import polars as pl
import pytest

from tests.database_servers import Server
from tests.pulls.connectors.shop_databases.conftest import ShopHome
from tests.pulls.connectors.shop_databases.woocommerce import TABLES, Woocommerce, fill

LAYOUTS = ("hpos", "posts")


@pytest.fixture
def home(open_home: Callable[..., ShopHome], layout: str) -> ShopHome:
    return open_home(rates={"CHF": 1.05}, type="woocommerce", layout=layout)


@pytest.fixture
def shop(server: Server, layout: str) -> Woocommerce:
    return Woocommerce(server, TABLES, "wp_", layout).filled(fill)


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_either_layout_fills_all_tables_and_money_agrees_to_the_cent(home: ShopHome) -> None:
    home.pull()
    tables = home.extract_all()
    orders = tables["orders"]
    assert orders.select("order_id", "account_id", "status", "fulfilment", "total_amount").rows() == [
        ("1001", "1", "shipped", "locker", Decimal("61.20")),
        ("1002", None, "paid", "click_and_collect", Decimal("36.00")),
        ("1004", None, "cancelled", "delivery", Decimal("12.00")),
        ("1005", None, "returned", "delivery", Decimal("12.00")),
        ("1007", "3", "shipped", "delivery", Decimal("24.00")),
    ]
    assert orders["currency"].to_list() == ["EUR", "EUR", "EUR", "EUR", "CHF"]
    columns = ("gross_amount", "discount_amount", "shipping_amount", "tax_amount")
    assert orders.filter(order_id="1001").select(*columns, "coupon_code").rows() == [
        (Decimal("60.00"), Decimal("6.00"), Decimal("7.20"), Decimal("10.20"), "hello")
    ]
    whole = orders["gross_amount"] - orders["discount_amount"] + orders["shipping_amount"]
    assert whole.equals(orders["total_amount"], check_names=False)
    lines = tables["order_lines"]
    sums = lines.group_by("order_id").agg(pl.col("line_amount").sum()).sort("order_id")
    assert sums.rows() == orders.select("order_id", "gross_amount").rows()
    assert lines["product_id"].to_list() == ["SH-R", "Mug", "SH", "Mug", "A mug that is sold no more", "Mug"]
    assert str(orders.filter(order_id="1002")["ordered_at"][0]) == "2026-03-28 23:30:00"  # In UTC.
    erased = orders.filter(order_id="1005").row(0, named=True)
    assert [name for name in erased if name.startswith("contact_") and erased[name]] == []
    assert tables["returns"].select("return_id", "order_id", "quantity", "refund_amount", "reason").rows() == [
        ("1006", "1005", 1, Decimal("12.00"), "broken")
    ]
    assert tables["products"].select("product_id", "category", "subcategory", "brand", "list_price").rows() == [
        ("Mug", "Uncategorised", None, None, Decimal("12.00")),
        ("SH", "Clothes", "Shirts", "Atelier", None),
        ("SH-R", "Clothes", "Shirts", "Atelier", Decimal("36.00")),
        ("Shirt - Blue", "Clothes", "Shirts", "Atelier", Decimal("36.00")),
    ]
    assert tables["customers"].select("account_id", "first_name", "phone", "postcode").rows() == [
        ("1", "Ann", "0612345678", "75007"),
        ("3", "Ed", None, None),  # Staff who ordered; the one who did not is no customer.
    ]
    landed = home.read_landed()
    assert "needle" not in landed
    people = pl.read_parquet(f"{home.folder}/lake/landed/shop/customers/*.parquet")
    assert sorted(people["email"]) == ["ann@example.com", "editor@example.com"]  # Nor do users of other sites come.


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_second_night_knows_edits_refunds_and_what_was_deleted(
    shop: Woocommerce, home: ShopHome, layout: str
) -> None:
    home.pull()
    later = "2026-03-30 10:00:00"
    shop.add_refund(1010, 1001, "12.00", "", moment=later)
    shop.add_line(20, 1010, "Mug", -1, "-10", "-2", _product_id=504)
    shop.add_order(1011, "wc-on-hold", billed={"email": "new@example.com"}, total_amount="12", moment=later)
    shop.add_line(21, 1011, "Mug", 1, "10", "2", _product_id=504)
    shop.delete("woocommerce_order_items", "order_id = 1004")
    if layout == "hpos":
        shop.change("wc_orders", "id = 1002", status="wc-completed", date_updated_gmt=later)
        shop.delete("wc_orders", "id = 1004")
        shop.change("wc_order_addresses", "order_id = 1002 and address_type = 'billing'", phone="0600000001")
    else:
        shop.change("posts", "ID = 1002", post_status="wc-completed", post_modified_gmt=later)
        shop.delete("posts", "ID = 1004")
        shop.add("postmeta", {"post_id": 1002, "meta_key": "_billing_phone", "meta_value": "0600000001"})
    shop.delete("users", "ID = 3")
    outcomes = home.pull()
    assert (outcomes["orders"].batch.mode, outcomes["refunds"].batch.mode) == (
        ("changes", "changes") if layout == "hpos" else ("full", "full")
    )
    assert outcomes["orders"].rows == 7
    if layout == "hpos":  # As WooCommerce does when an account is deleted: unstamped.
        shop.change("wc_orders", "id = 1007", customer_id=0)
    else:
        shop.change("postmeta", "post_id = 1007 and meta_key = '_customer_user'", meta_value=0)
    assert home.pull()["orders"].batch.mode == "full"
    tables = home.assert_like_a_full_pull()
    assert tables["orders"].select("order_id", "account_id", "status", "contact_phone").rows() == [
        ("1001", "1", "shipped", "0612345678"), ("1002", None, "shipped", "0600000001"),
        ("1005", None, "returned", None), ("1007", None, "shipped", None), ("1011", None, "placed", None),
    ]  # fmt: skip
    assert tables["returns"].select("order_id", "quantity", "refund_amount").rows() == [
        ("1005", 1, Decimal("12.00")), ("1001", 1, Decimal("12.00")),
    ]  # fmt: skip
    assert tables["customers"]["account_id"].to_list() == ["1"]


@pytest.mark.parametrize("layout", ["posts"])
def test_orders_that_stand_elsewhere_are_refused_and_not_taken_for_none(
    shop: Woocommerce, home: ShopHome, open_home: Callable[..., ShopHome]
) -> None:
    with pytest.raises(AssertionError, match=r"keeps its orders in WordPress's posts.*write `layout: posts`"):
        open_home(type="woocommerce").pull()
    shop.change("options", "option_name like '%orders_table%'", option_value="yes")
    with pytest.raises(AssertionError, match="write `layout: hpos`"):
        home.pull()
    with pytest.raises(
        AssertionError, match=r"has no table 'none_options'.* All tables of the shop begin with `prefix`"
    ):
        open_home(type="woocommerce", prefix="none_").pull()


def test_sites_of_one_network_share_their_users(open_home: Callable[..., ShopHome]) -> None:
    [source] = open_home(type="woocommerce", prefix="wp_2_", users_prefix="wp_").configure().sources
    users, orders = source.pulls["customers"].select, source.pulls["orders"].select
    assert "from `wp_users` u" in users
    assert "'wp_2_capabilities'" in users
    assert "from `wp_2_wc_orders` o" in orders
