"""Night after night from a shop: whatever changed there, the tables are those of one full pull."""

from datetime import timedelta
from decimal import Decimal

import pytest

from pipelines.config.connectors import PulledSource
from pipelines.lake.landed import read_landed
from tests.pulls.connectors.shopify.conftest import Shop, fill


def test_five_lines_of_sources_yml_fill_all_tables(shop: Shop) -> None:
    fill(shop.server)
    outcomes = shop.pull()
    assert {each.state for each in outcomes.values()} == {"taken"}, [each.message for each in outcomes.values()]
    assert {name: each.rows for name, each in outcomes.items()} == {
        "customers": 60, "customer_addresses": 60, "orders": 60, "order_lines": 120, "order_line_refunds": 1,
        "refunds": 1, "refund_transactions": 1, "products": 2,
    }  # fmt: skip
    orders = shop.extract("orders")
    assert (orders.height, orders["total_amount"].sum()) == (
        60,
        sum(Decimal(f"{n}.25") * (1 + n % 3) for n in range(1, 61)),
    )
    assert set(orders["currency"]) == {"EUR"}
    consents = shop.extract("consents")
    assert consents["status"].value_counts().sort("status").rows() == [
        ("denied", 20),
        ("granted", 20),
        ("withdrawn", 20),
    ]
    assert set(consents.filter(status="granted")["proof"]) == {"Shopify: confirmed opt-in"}
    customers = shop.extract("customers")
    assert customers.select("postcode", "country").unique().rows() == [("69001", "FR")]
    assert shop.extract("order_lines").height == 120
    assert shop.extract("returns").select("order_id", "refund_amount").rows() == [("3", Decimal("3.25"))]
    assert shop.extract("products")["list_price"].to_list() == [10, 10]


def test_every_day_is_reconciled_with_what_the_shop_counts(shop: Shop) -> None:
    fill(shop.server)
    outcomes = shop.pull()
    days = {(each.day, each.source, each.landed) for each in outcomes["orders"].reconciled}
    assert (None, 60, 60) in days
    assert len(days) == 5
    assert {name: each.reconciled_by for name, each in outcomes.items()} == {
        "customers": "day", "orders": "day", "products": "day", "customer_addresses": "not counted by the source",
        "order_lines": "not counted by the source", "order_line_refunds": "not counted by the source",
        "refunds": "not counted by the source", "refund_transactions": "not counted by the source",
    }  # fmt: skip
    assert outcomes["order_lines"].source_rows is None


def change(shop: Shop, night: int) -> None:
    """Additions, edits, deletions and rows that come late, of which all tables have some."""
    api, base = shop.server, 1_000 * night
    api.add_customer(base + 1)
    api.add_order(base + 1, lines=2)
    api.touch_customer(night, lastName="Changed", defaultAddress=None)
    api.touch_order(night + 1, displayFulfillmentStatus="UNFULFILLED")
    api.add_refund(night + 10, base + 5, lines=3)
    lines = api.orders[night + 20]["lines"]
    api.touch_order(night + 20, lines=lines[:1], subtotalLineItemsQuantity=1)
    del api.customers[night + 30], api.orders[night + 30]
    api.products[7]["priceRangeV2"]["minVariantPrice"]["amount"] = f"{night}.5"
    api.products[7]["updatedAt"] = api.at
    api.add_order(base + 2)  # Stamped an hour before it is seen: within the overlap.
    late = api.now - timedelta(minutes=30)
    api.orders[base + 2].update(
        createdAt=late.strftime("%Y-%m-%dT%H:%M:%SZ"), updatedAt=late.strftime("%Y-%m-%dT%H:%M:%SZ")
    )


def test_three_nights_of_changes_end_where_one_full_pull_ends(shop: Shop) -> None:
    fill(shop.server)
    shop.pull()
    for night in (1, 2):
        change(shop, night)
        outcomes = shop.pull()
        assert {name: (each.state, each.batch.mode) for name, each in outcomes.items()} == dict.fromkeys(
            outcomes, ("taken", "changes")
        ), [each.notes for each in outcomes.values()]
        assert outcomes["orders"].batch.gone == 1
    incremental = shop.read_all()
    extracted = {table: shop.extract(table) for table in shop.configure().sources[0].tables}
    outcomes = shop.pull(full=True)
    assert {each.batch.mode for each in outcomes.values()} == {"full"}
    full = shop.read_all()
    assert {name: frame.equals(full[name]) for name, frame in incremental.items()} == dict.fromkeys(full, True)
    for table, frame in extracted.items():
        assert shop.extract(table).equals(frame), table
    assert full["order_lines"].filter(order_id="22").height == 1
    assert full["customer_addresses"].filter(customer_id="1").height == 0


def test_what_changes_is_all_that_is_asked_for(shop: Shop) -> None:
    fill(shop.server)
    shop.pull()
    shop.server.touch_order(5)
    outcomes = shop.pull()
    assert {name: each.batch.rows for name, each in outcomes.items()} == {
        **dict.fromkeys(outcomes, 0), "orders": 1, "order_lines": 3,
    }  # fmt: skip


def test_a_row_that_the_index_does_not_find_yet_is_found_out_and_all_are_pulled(shop: Shop) -> None:
    """Also those that are parts of it, of which the shop counts nothing."""
    fill(shop.server)
    shop.pull()
    shop.server.add_order(900, lines=2)
    shop.server.hidden = {("orders", 900)}
    outcomes = shop.pull()
    assert {name: (each.batch.mode, each.rows) for name, each in outcomes.items() if "order" in name} == {
        "orders": ("full", 61), "order_lines": ("full", 122), "order_line_refunds": ("full", 1),
    }  # fmt: skip
    assert "61 in the source, 60 here" in outcomes["orders"].notes[0]
    assert outcomes["customers"].batch.mode == "changes"


def test_edits_and_deletions_while_pages_are_read_lose_nothing(shop: Shop) -> None:
    fill(shop.server)
    shop.pull()
    for number in range(1, 61):
        shop.server.touch_order(number)

    def disturb(root: str, number: int) -> None:
        if root == "orders" and number == 2:
            shop.server.now += timedelta(seconds=30)
            shop.server.touch_order(1, displayFinancialStatus="REFUNDED")  # It was read already.
            shop.server.add_order(901)  # After the pull began: the next night's.
            del shop.server.orders[60]

    shop.server.on_page = disturb
    outcomes = shop.pull()
    assert {each.state for each in outcomes.values()} == {"taken"}, [each.message for each in outcomes.values()]
    assert (outcomes["orders"].batch.mode, outcomes["orders"].rows) == ("changes", 59)
    shop.server.on_page = lambda *_: None
    shop.pull()
    incremental = shop.read_all()
    assert incremental["orders"].filter(id="1")["financial_status"].to_list() == ["REFUNDED"]
    assert incremental["orders"].height == 60
    shop.pull(full=True)
    full = shop.read_all()
    assert {name: frame.equals(full[name]) for name, frame in incremental.items()} == dict.fromkeys(full, True)


@pytest.mark.parametrize(("lines", "refunded"), [(260, 3), (3, 130)])
def test_parts_are_drained_past_their_first_page(shop: Shop, lines: int, refunded: int) -> None:
    shop.server.add_order(1, lines=lines)
    shop.server.add_refund(1, 11, lines=refunded)
    shop.server.add_order(2, lines=26)
    outcomes = shop.pull()
    assert outcomes["order_lines"].rows == lines + 26
    assert outcomes["order_line_refunds"].rows == outcomes["refund_transactions"].rows == refunded
    assert shop.read("orders").filter(id="1")["total_line_items_price"].to_list() == [10 * lines]


def test_tables_are_left_out_and_columns_overridden(shop: Shop) -> None:
    fill(shop.server, orders=3)
    shop.more = {
        "tables": {"returns": None, "consents": None, "products": None, "orders": {"columns": {"channel": "'social'"}}},
        "pulls": {"orders": {"overlap": "2h"}},
    }
    [source] = shop.configure().sources
    assert isinstance(source, PulledSource)
    assert set(source.tables) == {"customers", "orders", "order_lines"}
    assert source.wanted["orders"].cursor == "updated_at"
    assert set(shop.pull()) == {"customers", "customer_addresses", "orders", "order_lines"}
    assert set(shop.extract("orders")["channel"]) == {"social"}


def test_pages_that_are_repeated_reordered_and_empty_change_nothing(shop: Shop) -> None:
    shop.server.most_rows = 20
    fill(shop.server)
    shop.pull()
    expected = shop.read_all()
    shop.server.is_repeating = True
    shop.server.empty_pages = {("orders", 1), ("customers", 1)}
    outcomes = shop.pull(full=True)
    assert {each.state for each in outcomes.values()} == {"taken"}, [each.message for each in outcomes.values()]
    assert outcomes["orders"].repeated == 2
    for name, frame in shop.read_all().items():
        assert frame.equals(expected[name]), name


def test_of_a_row_that_comes_twice_the_latest_version_is_kept(shop: Shop) -> None:
    shop.server.most_rows = 20
    fill(shop.server)
    shop.server.is_repeating = True

    def edit(root: str, number: int) -> None:
        if root == "orders" and number == 2:
            shop.server.now += timedelta(seconds=1)
            shop.server.touch_order(
                20, lines=[shop.server.make_line(1)], subtotalLineItemsQuantity=1, email="new@example.com"
            )

    shop.server.on_page = edit
    shop.pull()
    assert shop.read("orders").filter(id="20")["email"].to_list() == ["new@example.com"]
    assert shop.read("order_lines").filter(order_id="20")["id"].to_list() == ["1"]


def test_the_first_rows_alone_are_asked_for_in_a_trial(shop: Shop) -> None:
    fill(shop.server)
    outcomes = shop.pull(most=5)
    assert outcomes["orders"].rows == 5
    assert shop.server.pages["orders"] <= 5
    assert not any("Count" in each["query"] for each in shop.server.asked)
    assert read_landed(shop.landed).tables["orders"].rows == 5
