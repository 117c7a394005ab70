"""Nights at Square: every order that was closed is landed once, or the pull is told as short."""

from base64 import b64encode
from datetime import timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from pipelines.pulls.connectors.square import orders
from pipelines.pulls.pull import Outcome
from tests.pulls.connectors.api_server import Answer, Asked
from tests.pulls.connectors.conftest import Crm
from tests.pulls.connectors.square.account import SquareSeller, location, problem, too_many

TABLES = ("members", "tickets", "ticket_lines", "stores")
ORDERS_ALONE = {"tables": {"members": None, "stores": None, "ticket_lines": None}}


def next_day(tills: Crm) -> SquareSeller:
    tills.account.rest(hours=23)
    seller: SquareSeller = tills.account
    return seller


def pull(tills: Crm, **more: Any) -> Outcome:
    tills.account.rest(hours=1)
    return tills.pull(**ORDERS_ALONE, **more)["orders"]


def fail(tills: Crm, **more: Any) -> str:
    tills.connector = {**tills.connector, "tries": 1}
    return tills.fail("orders", **ORDERS_ALONE, **more)


def list_tickets(tills: Crm) -> list[str]:
    return sorted(tills.extract("tickets", **ORDERS_ALONE)["ticket_id"].to_list())


def is_page(asked: Asked) -> bool:
    return asked.path == "/v2/orders/search" and not asked.body.get("return_entries")


def change_pages(tills: Crm, change: Any) -> None:
    """What becomes of the pages of orders, numbered from 1."""
    seen = 0

    def changed(asked: Asked, answer: Answer) -> Answer:
        nonlocal seen
        if not is_page(asked) or answer[0] != 200:
            return answer
        seen += 1
        return answer[0], answer[1], change(seen, answer[2])

    tills.server.change(changed)


def hide(tills: Crm, *numbers: str, is_hidden: Any = is_page) -> None:
    """Searches that do not find these orders."""

    def hidden(asked: Asked, answer: Answer) -> Answer:
        if not is_hidden(asked):
            return answer
        name = "order_entries" if asked.body.get("return_entries") else "orders"
        kept = [each for each in answer[2].get(name, []) if each.get("id", each.get("order_id")) not in numbers]
        return answer[0], answer[1], {**answer[2], name: kept}

    tills.server.change(hidden)


def test_nights_of_changes_end_where_one_full_pull_ends(tills: Crm) -> None:
    first = tills.pull()
    assert {name: (each.state, each.rows, each.source_rows, each.reconciled_by) for name, each in first.items()} == {
        "catalog": ("taken", 1, None, "not counted by the source"),
        "customers": ("taken", 12, 12, "table"),
        "locations": ("taken", 2, None, "not counted by the source"),
        "orders": ("taken", 12, 12, "day"),
    }
    seller = next_day(tills)
    sale = seller.sell(seller.line("soap", 890))
    seller.take_back("ORDER0003", seller.line("soap", 890))
    seller.edit("ORDER0004", customer_id="CUST001")
    seller.add(family_name="New", phone_number="+33612345678")
    del seller.customers["CUST005"]
    seller.rest(hours=1)
    second = tills.pull()
    assert (second["orders"].batch.mode, second["orders"].batch.rows, second["orders"].rows) == ("changes", 4, 14)
    assert second["orders"].reconciled_by == "day"
    assert second["customers"].rows == 12
    next_day(tills)
    tills.pull()
    incremental = tills.extract_proved(TABLES)
    tickets = incremental["tickets"]
    assert tickets.filter(ticket_id="ORDER0004")["member_id"].to_list() == ["CUST001"]
    taken = sum(each["total_money"]["amount"] for each in seller.payments)
    given = sum(each["amount_money"]["amount"] for each in seller.refunds)
    assert tickets["total_amount"].sum() == Decimal(taken - given) / 100
    assert sale in tickets["ticket_id"].to_list()


def test_revenue_of_each_day_and_store_is_what_its_payments_are(tills: Crm) -> None:
    tills.pull()
    tickets = (
        tills.extract("tickets").group_by(pl.col("sold_at").dt.date(), "store_id").agg(pl.col("total_amount").sum())
    )
    books: dict[tuple[str, str], int] = {}
    for each in tills.account.payments:
        place = (each["created_at"][:10], each["location_id"])
        books[place] = books.get(place, 0) + each["total_money"]["amount"]
    assert {(str(day), store): int(total * 100) for day, store, total in tickets.rows()} == books


@pytest.mark.parametrize("page", [1, 2])
def test_a_page_too_few_is_a_short_pull_and_leaves_the_night_before(tills: Crm, page: int) -> None:
    pull(tills)
    before = list_tickets(tills)
    change_pages(tills, lambda number, found: {**found, "cursor": None} if number == page else found)
    assert f"payments name {12 - 4 * page} orders that Square's search did not find" in fail(tills, full=True)
    assert list_tickets(tills) == before


def sell_unseen(tills: Crm, is_hidden: Any) -> str:
    """A sale that searches for changes do not find, of which ``is_hidden`` tells which."""
    pull(tills)
    seller = next_day(tills)
    sale = seller.sell(seller.line("soap", 890))
    hide(tills, sale, is_hidden=lambda asked: "updated_at" in str(asked.body) and is_hidden(asked))
    return sale


def test_an_order_that_one_search_loses_comes_by_the_other(tills: Crm) -> None:
    sale = sell_unseen(tills, is_page)
    outcome = pull(tills)
    assert (outcome.state, outcome.rows, outcome.notes) == ("taken", 13, ())
    assert sale in list_tickets(tills)


def test_an_order_that_no_search_finds_is_known_by_its_payment_and_all_are_pulled(tills: Crm) -> None:
    sale = sell_unseen(tills, lambda _: True)
    outcome = pull(tills)
    assert (outcome.state, outcome.rows) == ("taken", 13)
    assert any("payments name 1 orders that Square's search did not find" in note for note in outcome.notes)
    assert sale in list_tickets(tills)


def test_an_order_that_both_searches_lose_is_known_by_its_payment(tills: Crm) -> None:
    hide(tills, "ORDER0011", is_hidden=lambda asked: asked.path == "/v2/orders/search")
    message = fail(tills)
    assert "a short pull of table 'orders': payments name 1 orders that Square's search did not find" in message


@pytest.mark.parametrize("is_hidden", [is_page, lambda _: True])
def test_an_order_that_is_named_and_not_given_is_not_passed_over(tills: Crm, is_hidden: Any) -> None:
    """By the second search, or by a payment: orders that are asked for by their ids are few at times too."""
    sale = sell_unseen(tills, is_hidden)
    retrieved = "/v2/orders/batch-retrieve"
    tills.server.change(lambda asked, answer: (200, {}, {}) if asked.path == retrieved else answer)
    outcome = pull(tills)
    assert (outcome.state, outcome.rows, outcome.batch.mode) == ("taken", 13, "changes")
    assert any("1 orders that Square does not give" in note for note in outcome.notes), outcome.notes
    assert sale in list_tickets(tills)


def test_an_order_that_is_paid_and_never_given_is_a_short_pull(tills: Crm) -> None:
    hide(tills, "ORDER0011", is_hidden=lambda asked: asked.path.startswith("/v2/orders/"))
    message = fail(tills)
    assert "a short pull of table 'orders': payments name 1 orders that Square's search did not find" in message


def test_an_order_that_nobody_paid_for_is_known_by_the_count_of_its_day(tills: Crm) -> None:
    seller = tills.account
    gift = seller.sell(seller.line("soap", 0, discount=890), paid=False)
    hide(tills, gift)
    tills.account.rest(hours=1)
    assert "is not what the source has" in fail(tills)


def test_an_order_of_long_ago_that_is_missed_is_known_by_the_count_of_all(tills: Crm) -> None:
    tills.account.rest(days=30)
    hide(tills, "ORDER0002")
    assert "12 in the source, 11 here" in fail(tills)


def test_an_order_that_is_paid_and_open_comes_when_it_is_closed(tills: Crm) -> None:
    seller = tills.account
    sale = seller.sell(seller.line("soap", 890))
    del seller.orders[sale]["closed_at"]
    seller.edit(sale, state="OPEN")
    assert pull(tills).rows == 12
    next_day(tills)
    seller.edit(sale, state="COMPLETED", closed_at=seller.stamp)
    assert pull(tills).rows == 13


def test_orders_that_are_closed_while_pages_are_read_are_left_to_the_next_night(tills: Crm) -> None:
    seller = tills.account
    pull(tills)
    next_day(tills)

    def sell(number: int, found: dict[str, Any]) -> dict[str, Any]:
        if number == 1:
            seller.rest(minutes=1)
            seller.sell(seller.line("soap", 890))
        return found

    change_pages(tills, sell)
    assert (pull(tills).rows, pull(tills).rows) == (12, 13)


@pytest.mark.parametrize("edited", [None, "ORDER0021"])
def test_orders_that_are_edited_while_changes_are_read_hide_no_other(tills: Crm, edited: str | None) -> None:
    """Those on the page that was just read, or one of a page to come."""
    pull(tills)
    seller = next_day(tills)
    for number in range(9):
        seller.sell(seller.line("soap", 890))
        seller.edit(f"ORDER{number + 1:04d}", customer_id="CUST012")
        seller.rest(minutes=1)

    def edit(number: int, found: dict[str, Any]) -> dict[str, Any]:
        if number in (1, 2):
            seller.rest(minutes=1)
            seller.edit(edited or found["orders"][0]["id"], customer_id="CUST002")
        return found

    change_pages(tills, edit)
    outcome = pull(tills)
    assert (outcome.state, outcome.rows, outcome.notes) == ("taken", 21, ())
    told = tills.extract("tickets", **ORDERS_ALONE).select("ticket_id", "member_id").rows()
    assert dict(told) == {number: order.get("customer_id") for number, order in seller.orders.items()}


def test_an_empty_page_in_the_middle_is_no_end(tills: Crm) -> None:
    cut = 0

    def cut_in_between(asked: Asked, answer: Answer) -> Answer:
        """The place of the second page leads to an empty one, and that to the second."""
        nonlocal cut
        if is_page(asked) and asked.body.get("cursor") and not cut:
            cut = asked.number
            return 200, {}, {"cursor": b64encode(b'{"from":  4}').decode()}
        return answer

    tills.server.change(cut_in_between)
    assert pull(tills).rows == 12
    assert cut


def test_rows_may_come_twice_and_in_any_order(tills: Crm) -> None:
    change_pages(tills, lambda _, found: {**found, "orders": [*found["orders"][::-1], found["orders"][0]]})
    outcome = pull(tills)
    assert (outcome.state, outcome.rows, outcome.repeated) == ("taken", 12, 3)


def test_pages_in_a_circle_are_told(tills: Crm) -> None:
    change_pages(tills, lambda _, found: {**found, "cursor": "eyJmcm9tIjogMH0="})
    assert "leads from page to page of table 'orders' in a circle" in fail(tills)


@pytest.mark.parametrize("where", ["/v2/orders/search", "/v2/payments", "/v2/refunds"])
def test_limits_and_faults_that_pass_are_asked_again(tills: Crm, where: str) -> None:
    tills.server.fail(too_many(7), None, (500, {}, problem("API_ERROR", "INTERNAL_SERVER_ERROR")), where=where)
    assert pull(tills).rows == 12
    assert tills.server.waits[0] == 7


@pytest.mark.parametrize("where", ["/v2/orders/search", "/v2/payments"])
def test_a_token_that_may_not_read_is_told_what_it_lacks(tills: Crm, where: str) -> None:
    refused = (403, {}, problem("AUTHENTICATION_ERROR", "INSUFFICIENT_SCOPES"))
    tills.server.faults.append(lambda asked: refused if asked.path == where else None)
    assert "may not be read with this token: give its application the permissions" in fail(tills)


@pytest.mark.parametrize("name", ["total_money", "total_tip_money", "total_tax_money", "line_items", "created_at"])
def test_a_field_that_is_called_otherwise_stops_orders(tills: Crm, name: str) -> None:
    pull(tills)
    before = list_tickets(tills)
    seller = next_day(tills)
    sale = seller.sell(seller.line("soap", 890))
    seller.orders[sale][f"renamed_{name}"] = seller.orders[sale].pop(name)
    tills.account.rest(hours=1)
    assert "comes in another form than this version of the API has" in fail(tills)
    assert list_tickets(tills) == before


@pytest.mark.parametrize("name", ["returns", "return_amounts"])
def test_a_field_of_refunds_that_is_called_otherwise_stops_orders(tills: Crm, name: str) -> None:
    seller = tills.account
    refund = seller.orders[seller.take_back("ORDER0003", seller.line("soap", 890))]
    refund[f"renamed_{name}"] = refund.pop(name)
    tills.account.rest(hours=1)
    assert "comes in another form than this version of the API has" in fail(tills)


def test_amounts_of_another_shape_stop_orders(tills: Crm) -> None:
    tills.account.orders["ORDER0005"]["total_money"] = {"amount": "8.90", "currency": "EUR"}
    assert "comes in another form" in fail(tills)


@pytest.mark.parametrize("stamp", [1_769_000_000, None, "Qzneedle"])
def test_an_order_that_does_not_say_when_it_changed_is_not_taken_for_an_old_one(tills: Crm, stamp: Any) -> None:
    sale = sell_unseen(tills, is_page)
    tills.account.rest(hours=1)
    tills.server.change(
        lambda asked, answer: (
            (200, {}, {"orders": [{**each, "updated_at": stamp} for each in answer[2].get("orders", [])]})
            if asked.path == "/v2/orders/batch-retrieve"
            else answer
        )
    )
    assert "has completed orders that do not say when they were changed" in fail(tills)
    assert sale not in list_tickets(tills)


def test_an_object_of_no_type_is_told(tills: Crm) -> None:
    tills.server.change(
        lambda asked, answer: (
            (200, {}, {"objects": [{"id": "Qzneedle", "type": ["ITEM"]}]})
            if asked.path == "/v2/catalog/search"
            else answer
        )
    )
    assert "has objects of a type that was not asked for" in tills.fail("catalog")


def test_a_seller_of_many_locations_is_searched_ten_at_a_time(tills: Crm) -> None:
    seller = tills.account
    seller.locations += [location(f"L{number}", f"Ville {number}") for number in range(3, 24)]
    seller.sell(seller.line("soap", 890), at="L23")
    assert pull(tills).rows == 13
    asked = [each.body["location_ids"] for each in tills.server.asked if is_page(each)]
    assert {len(each) for each in asked} == {10, 3}


def test_a_look_at_the_first_rows_asks_for_no_more(tills: Crm) -> None:
    assert pull(tills, most=3).rows == 3
    assert [each.path for each in tills.server.asked] == ["/v2/locations", "/v2/orders/search"]


def test_orders_that_square_lists_no_more_stay(tills: Crm) -> None:
    pull(tills)
    for number in ("ORDER0011", "ORDER0012"):
        del tills.account.orders[number]
    tills.account.payments.clear()
    outcome = pull(tills)
    assert (outcome.state, outcome.rows) == ("taken", 12)


def test_a_seller_has_a_location_or_the_answer_is_none(tills: Crm) -> None:
    """Without one there would be no tickets and no stores, and nothing to tell of it."""
    pull(tills)
    next_day(tills)
    tills.account.locations.clear()
    tills.connector = {**tills.connector, "tries": 1}
    told = {name: (each.state, each.message) for name, each in tills.pull().items()}
    assert told == dict.fromkeys(told, ("not taken", "Square lists no location of the seller, who has one at least."))


def test_customers_of_whom_a_card_is_known_alone_come_too(tills: Crm) -> None:
    tills.account.add()
    outcome = tills.pull()["customers"]
    assert (outcome.state, outcome.rows, outcome.source_rows) == ("taken", 13, 13)


def test_customers_that_are_deleted_while_pages_are_read_hide_no_other(tills: Crm) -> None:
    tills.account.page = 4

    def delete(asked: Asked) -> None:
        if asked.path == "/v2/customers" and "cursor" in asked.query:
            tills.account.customers.pop("CUST001", None)

    tills.server.faults.append(delete)
    tills.pull()
    assert set(tills.account.customers) <= set(tills.extract("members")["member_id"].to_list())


def test_a_seller_without_a_catalogue_has_an_empty_one(tills: Crm) -> None:
    tills.account.catalog.clear()
    tills.account.rest(hours=1)
    assert {name: (each.state, each.rows) for name, each in tills.pull().items()} == {
        "catalog": ("taken", 0), "customers": ("taken", 12), "locations": ("taken", 2), "orders": ("taken", 12),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"orders": {"cursor": "created_at"}}, "the cursor of table 'orders' must be updated_at"),
        ({"orders": {"day": "created_at"}}, "the day of table 'orders' must be closed_at"),
    ],
)
def test_what_cannot_be_asked_of_orders_is_told(tills: Crm, declared: Any, message: str) -> None:
    assert message in fail(tills, pulls=declared)


def test_days_are_those_that_are_counted(tills: Crm) -> None:
    outcome = pull(tills)
    days = [each.day for each in outcome.reconciled if each.day]
    today = tills.account.now.date()
    assert days == [str(today - timedelta(days=back)) for back in range(orders.COUNTED_DAYS)][::-1]
