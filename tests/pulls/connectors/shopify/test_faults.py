"""What a shop's API does at night: what came is whole or is not taken, the message says which, and holds no value."""

from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import ConfigurationError
from pipelines.lake.landed import read_landed
from pipelines.pulls.pull import Outcome
from tests.pulls.connectors.shopify.conftest import Shop, fill
from tests.pulls.connectors.shopify.server import SECRET, TOKEN, be_slow, break_off, refuse

NEEDLES = (TOKEN, SECRET, "Qzneedle", "qzneedle", "haystack")


def list_leaks(shop: Shop, outcomes: dict[str, Outcome]) -> list[str]:
    """Needles in what is said, in files that hold no rows, and in any file's name."""
    told = " ".join([*shop.said, *map(repr, outcomes.values()), (shop.folder / "sources.yml").read_text()])
    files = [file for file in shop.folder.rglob("*") if file.is_file()]
    told += " ".join(map(str, files)) + " ".join(file.read_text() for file in files if file.suffix == ".json")
    return [needle for needle in NEEDLES if needle in told]


def fail(shop: Shop, *tables: str, **named: Any) -> str:
    """What is said of a night in which ``tables``, or all, are not taken and leave nothing behind."""
    outcomes = shop.pull(**named)
    failed = {name for name, each in outcomes.items() if each.state != "taken"}
    assert failed == set(tables or outcomes)
    assert list_leaks(shop, outcomes) == []
    assert not [file for file in shop.folder.rglob("*") if file.suffix == ".jsonl" or ".tmp-" in file.name]
    [message] = {str(outcomes[name].message) for name in (tables or outcomes)} or {""}
    return message


@pytest.fixture
def small(shop: Shop) -> Shop:
    """A shop of three orders, of which nothing else is asked for."""
    fill(shop.server, orders=3)
    shop.more = {"tables": dict.fromkeys(("customers", "consents", "returns", "products"))}
    return shop


ORDERS = ("orders", "order_lines")


def test_a_wrong_token_is_told_at_once_and_not_tried_again(small: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "shpat_wrong" + TOKEN)
    assert "does not let us in: check `token` (HTTP 401)" in fail(small)
    assert small.said == small.server.waited == []


def test_an_app_gets_a_token_for_its_secret_and_another_when_that_expires(
    small: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_SECRET", SECRET)
    small.connector = {"client_id": "abc", "client_secret": "${SHOP_SECRET}"}

    def expire(root: str, number: int) -> None:
        if (root, number) == ("orders", 2):
            small.server.token = "another"

    small.server.most_rows = 1
    small.server.on_page = expire
    outcomes = small.pull()
    assert ({each.state for each in outcomes.values()}, small.server.granted) == ({"taken"}, 2)
    assert list_leaks(small, outcomes) == []
    monkeypatch.setenv("SHOP_SECRET", "wrong" + SECRET)
    assert "gives no token for `client_id` and `client_secret` (HTTP 400)" in fail(small)


@pytest.mark.parametrize(
    ("connector", "told"),
    [
        ({"token": TOKEN}, "a password has no place in a file"),
        ({}, "needs `token`, or `client_id` and `client_secret`"),
        ({"token": "${SHOP_TOKEN}", "client_id": "abc"}, "one of the two is enough"),
        ({"token": "${SHOP_TOKEN}", "shop": "https://ada.myshopify.com"}, "shop"),
        ({"token": "${SHOP_TOKEN}", "version": "2026-11"}, "version"),
        ({"token": "${SHOP_TOKEN}", "address": "http://ada.myshopify.com"}, "must begin with https"),
        ({"token": "${SHOP_TOKEN}", "address": "http://localhost:1"}, "must begin with https"),
        ({"token": "${SHOP_TOKEN}", "address": "http://127.0.0.1@ada.example"}, "without a user"),
    ],
)
def test_settings_that_would_not_work_or_tell_a_token_are_refused(
    shop: Shop, connector: dict[str, Any], told: str
) -> None:
    shop.connector = connector
    with pytest.raises(ConfigurationError) as raised:
        shop.configure()
    assert told in str(raised.value)
    assert TOKEN not in str(raised.value)


def test_a_server_that_leads_elsewhere_is_not_followed_with_the_token(small: Shop) -> None:
    small.server.faults = [refuse(302, Location=f"http://127.0.0.1:{small.server.port}/elsewhere")]
    assert "leads elsewhere (HTTP 302)" in fail(small)
    assert small.server.asked == []


def test_too_many_requests_are_made_again_when_the_shop_says(small: Shop) -> None:
    small.server.faults = [lambda _: False, lambda _: False, refuse(429, Retry_After="7.5")]
    outcomes = small.pull()
    assert {each.state for each in outcomes.values()} == {"taken"}
    assert 7.5 in small.server.waited


def test_a_shop_that_asks_for_more_patience_than_a_request_has_is_left_to_the_next_try(small: Shop) -> None:
    small.connector["tries"] = 2
    small.server.faults = [refuse(429, Retry_After="4000")]
    outcomes = small.pull()
    assert {each.state for each in outcomes.values()} == {"taken"}
    assert small.said[0].startswith("source shop, try 1 of 2: Shopify's shop ada.myshopify.com lets no more requests")
    assert "It asks to wait 4,000 seconds" in small.said[0]


@pytest.mark.parametrize("fault", [refuse(500), refuse(503), be_slow, break_off], ids=["500", "503", "slow", "broken"])
def test_what_passes_is_waited_for(small: Shop, fault: Any) -> None:
    small.server.faults = [lambda _: False, fault, fault]
    outcomes = small.pull()
    assert {each.state for each in outcomes.values()} == {"taken"}
    assert small.server.waited[:2] == [1.0, 2.0]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (refuse(502), "has a fault of its own (HTTP 502)"),
        (break_off, "broke off in the middle of an answer"),
        (refuse(200), "answers with what is no JSON"),
    ],
    ids=["502", "broken", "page"],
)
def test_what_does_not_pass_is_told_and_leaves_the_night_before(small: Shop, fault: Any, told: str) -> None:
    small.pull()
    before = small.read_all()
    small.connector["tries"] = 1
    small.server.faults = [lambda _: False, *[fault] * 50]
    assert told in fail(small)
    small.server.faults = []
    assert {name: frame.equals(before[name]) for name, frame in small.read_all().items()} == dict.fromkeys(before, True)
    small.connector["if_not_taken"] = "keep"
    small.server.faults = [fault] * 50
    assert {each.state for each in small.pull().values()} == {"kept"}


def test_a_server_that_is_away_is_told(small: Shop) -> None:
    small.connector |= {"address": "http://127.0.0.1:1", "tries": 1}
    assert "cannot be reached" in fail(small)


def test_the_pace_is_that_of_the_points_which_the_shop_has(small: Shop) -> None:
    small.server.most_rows = 1
    small.server.points, small.server.most_points, small.server.restored = 60, 120, 10
    outcomes = small.pull()
    assert {each.state for each in outcomes.values()} == {"taken"}
    assert sum(small.server.waited) > 5
    assert small.server.throttled <= 1  # What a query costs is not known before it was asked once.


def test_an_app_without_points_for_long_is_left_to_the_next_try(small: Shop) -> None:
    small.connector["tries"] = 1
    small.server.points = small.server.restored = 0
    assert "has no points left for us" in fail(small)


def test_a_page_that_costs_too_much_is_asked_for_in_smaller_ones(shop: Shop) -> None:
    fill(shop.server, orders=30)
    shop.server.most_cost = 30
    outcomes = shop.pull()
    assert {each.state for each in outcomes.values()} == {"taken"}
    assert outcomes["orders"].rows == 30


def test_a_page_too_few_is_told_as_a_short_pull(shop: Shop) -> None:
    """Also of what is a part of the rows that are missing, which the shop does not count."""
    shop.server.most_rows = 20
    fill(shop.server)
    shop.server.is_short = {"orders"}
    outcomes = shop.pull()
    assert {name for name, each in outcomes.items() if each.state == "taken"} == {
        "customers", "customer_addresses", "products",
    }  # fmt: skip
    assert "rows: 60 in the source, 20 here" in str(outcomes["orders"].message)
    assert "a short pull of orders: the source counts 60, 20 arrived" in str(outcomes["order_lines"].message)
    assert "orders" not in read_landed(shop.landed).tables


@pytest.mark.parametrize("is_first", [True, False])
def test_a_short_list_is_read_once_more_for_all_that_is_made_of_it(shop: Shop, is_first: bool) -> None:
    fill(shop.server)
    if not is_first:
        shop.pull()
        for number in range(1, 41):
            shop.server.touch_order(number, displayFinancialStatus="REFUNDED")
    shop.server.most_rows, shop.server.is_short = 20, {"orders"}
    shop.server.on_page = lambda root, number: shop.server.is_short.clear() if (root, number) == ("orders", 2) else None
    outcomes = shop.pull()
    assert {name: each.state for name, each in outcomes.items() if each.state != "taken"} == {}
    [said] = shop.said
    assert said.endswith("It is asked for once more.")
    whole = shop.read_all()
    assert (whole["orders"].height, outcomes["order_lines"].batch.mode) == (60, "full" if is_first else "changes")
    shop.pull(full=True)
    for name, rows in shop.read_all().items():
        assert rows.equals(whole[name]), name


def test_a_page_of_changes_too_few_leaves_the_night_before(shop: Shop) -> None:
    fill(shop.server)
    shop.pull()
    before = shop.read_all()
    shop.server.most_rows = 20
    for number in range(1, 41):
        shop.server.touch_order(number, displayFinancialStatus="REFUNDED")
    shop.server.is_short = {"orders"}
    outcomes = shop.pull()
    assert "the source counts 40 changed rows, 20 arrived" in str(outcomes["orders"].message)
    assert outcomes["order_lines"].state == outcomes["refunds"].state == "not taken"
    after = shop.read_all()
    for name in ("orders", "order_lines", "refunds"):
        assert after[name].equals(before[name])


def test_a_list_of_ids_that_is_short_takes_no_row_for_deleted(shop: Shop) -> None:
    fill(shop.server)
    shop.pull()
    before = shop.read_all()
    shop.server.most_rows, shop.server.is_short_of_ids = 20, True
    outcomes = shop.pull()
    for name in ("orders", "order_lines", "customers", "customer_addresses"):
        assert outcomes[name].state == "not taken"
        assert "the source counts 60, 20 arrived" in str(outcomes[name].message)
        assert shop.read(name).equals(before[name])


def test_lines_that_are_fewer_than_their_order_counts_are_told(small: Shop) -> None:
    small.server.orders[2]["subtotalLineItemsQuantity"] += 1
    assert "an order counts 4 units, 3 arrived" in fail(small, *ORDERS)


def test_a_count_that_is_a_lower_bound_is_none(small: Shop) -> None:
    small.server.precision = "AT_LEAST"
    outcomes = small.pull()
    assert (outcomes["orders"].state, outcomes["orders"].reconciled_by) == ("taken", "not counted by the source")
    assert (outcomes["orders"].source_rows, outcomes["orders"].reconciled) == (None, ())


def test_a_field_that_is_gone_is_told_by_its_name(small: Shop) -> None:
    small.pull()
    before = small.read_all()
    small.server.change_schema("sku: String", "")
    message = fail(small)
    assert "the columns of orders have changed: sku no longer there in this version of the API" in message
    small.server.change_schema("test: Boolean! taxesIncluded", "test: String! taxesIncluded")
    small.server.touch_order(1)
    message = fail(small, "orders")
    assert "the columns of table 'orders' have changed: test was boolean and is text" in message
    assert small.read("orders").equals(before["orders"])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("sku: String quantity: Int!", "sku: String quantity: String!"),
        ("subtotalLineItemsQuantity: Int!", "subtotalLineItemsQuantity: String!"),
    ],
)
def test_a_number_that_has_become_a_text_is_told_and_no_fault_of_ours(small: Shop, before: str, after: str) -> None:
    small.server.change_schema(before, after)
    assert fail(small, *ORDERS) == "orders come in another form than this version of the API has."


def test_scopes_that_the_app_does_not_have_are_told_before_rows_are_missed(shop: Shop) -> None:
    """Without `read_all_orders` Shopify tells the orders of two months, as if there were no others."""
    fill(shop.server, orders=3)
    shop.server.scopes = ("read_customers", "read_orders", "write_products")
    outcomes = shop.pull()
    assert outcomes["customers"].state == outcomes["products"].state == "taken"
    assert "grant it the scope read_all_orders" in str(outcomes["orders"].message)
    assert outcomes["order_lines"].state == "not taken"


def test_a_part_of_a_search_that_the_shop_leaves_out_is_an_error(small: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = small.server.answer

    def answer(document: dict[str, Any]) -> dict[str, Any]:
        told = whole(document)
        told["extensions"]["search"] = [{"path": ["orders"], "warnings": [{"field": "created_at"}]}]
        return told

    monkeypatch.setattr(small.server, "answer", answer)
    outcomes = small.pull()
    assert {each.state for each in outcomes.values()} == {"not taken"}


def test_pages_in_a_circle_come_to_an_end(small: Shop) -> None:
    small.connector["tries"] = 1
    small.server.most_rows = 1
    small.server.empty_pages = {("orders", number) for number in range(1, 50)}
    assert "leads from page to page in a circle" in fail(small)


def test_a_disk_without_room_is_no_short_pull(small: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    small.pull()
    before = small.read_all()
    opened = Path.open

    def refuse_writing(self: Path, mode: str = "r", **more: Any) -> Any:
        if self.suffix == ".jsonl" and mode == "w":
            raise OSError(28, "No space left on device")
        return opened(self, mode, **more)

    monkeypatch.setattr(Path, "open", refuse_writing)
    with pytest.raises(OSError, match="No space left"):
        small.pull()
    monkeypatch.undo()
    assert small.read("orders").equals(before["orders"])
