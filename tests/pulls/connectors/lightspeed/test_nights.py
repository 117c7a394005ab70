"""Nights at Lightspeed: every version that there is comes once, and the latest is what is landed."""

from collections.abc import Callable
from typing import Any

import pytest

from pipelines.errors import ConfigurationError
from pipelines.pulls.connectors.lightspeed import sales
from tests.pulls.connectors.api_server import BROKEN_OFF, Answer, Asked
from tests.pulls.connectors.conftest import Crm
from tests.pulls.connectors.lightspeed.account import Retailer, too_many

TABLES = ("members", "tickets", "ticket_lines", "stores")
SALES = "/api/2.0/sales"


def next_day(tills: Crm) -> Retailer:
    tills.account.rest(days=1)
    retailer: Retailer = tills.account
    return retailer


def fail(tills: Crm, name: str = "sales", **more: Any) -> str:
    tills.connector = {**tills.connector, "tries": 1}
    return tills.fail(name, **more)


def list_tickets(tills: Crm) -> list[str]:
    return sorted(tills.extract("tickets")["ticket_id"].to_list())


def change_pages(tills: Crm, change: Callable[[int, dict[str, Any]], dict[str, Any]], where: str = SALES) -> None:
    """What becomes of the pages of a list, numbered from 1."""
    seen = 0

    def changed(asked: Asked, answer: Answer) -> Answer:
        nonlocal seen
        if asked.path != where or answer[0] != 200:
            return answer
        seen += 1
        return answer[0], answer[1], change(seen, answer[2])

    tills.server.change(changed)


def test_nights_of_changes_end_where_one_full_pull_ends(tills: Crm) -> None:
    first = tills.pull()
    assert {name: (each.state, each.rows, each.reconciled_by) for name, each in first.items()} == {
        "customers": ("taken", 12, "not counted by the source"),
        "outlets": ("taken", 2, "not counted by the source"),
        "products": ("taken", 3, "not counted by the source"),
        "sales": ("taken", 11, "day"),
    }
    retailer = next_day(tills)
    sale = retailer.sell(retailer.line("PSOAP", 10.0, 2), customer_id="CUST03")
    retailer.sell(retailer.line("PSOAP", 10.0, -1), return_for=sale)
    retailer.put("sales", "SALE0003", status="VOIDED")
    retailer.delete("customers", "CUST05")
    retailer.put("customers", "CUST06", last_name="Renamed")
    second = tills.pull()
    assert {name: (each.batch.mode, each.rows) for name, each in second.items()} == {
        name: ("changes", rows) for name, rows in (("customers", 12), ("outlets", 2), ("products", 3), ("sales", 13))
    }
    assert (second["sales"].reconciled_by, second["sales"].notes) == ("day", ())
    next_day(tills)
    tills.pull()
    incremental = tills.extract_proved(TABLES)
    members = incremental["members"]
    assert members.filter(member_id="CUST06")["last_name"].to_list() == ["Renamed"]
    assert members.filter(member_id="CUST05")["deleted_at"].null_count() == 0
    assert len(list_tickets(tills)) == 12
    books = sum(
        each["total_price"] + each["total_tax"]
        for each in retailer.lists["sales"].values()
        if each["status"] == "CLOSED"
    )
    assert float(incremental["tickets"]["total_amount"].sum()) == pytest.approx(books)


def test_only_what_has_a_higher_version_is_asked_for(tills: Crm) -> None:
    tills.pull()
    highest = max(each["version"] for each in tills.account.lists["sales"].values())
    next_day(tills)
    before = len(tills.server.asked)
    tills.pull()
    asked = [each.query for each in tills.server.asked[before:] if each.path == SALES]
    assert f"after={highest - 10_000}&" in asked[0]


def test_a_list_that_ends_too_early_is_known_by_the_search(tills: Crm) -> None:
    tills.pull()
    before = list_tickets(tills)
    change_pages(tills, lambda number, page: page if number == 1 else {"data": []})
    assert "is not what the source has: rows of 2026-01-" in fail(tills, full=True)
    assert list_tickets(tills) == before


def test_a_sale_that_the_list_loses_is_known_by_the_search_and_all_are_pulled(tills: Crm) -> None:
    tills.pull()
    retailer = next_day(tills)
    sale = retailer.sell(retailer.line("PSOAP", 10.0))
    next_day(tills)

    def lose(asked: Asked, answer: Answer) -> Answer:
        if asked.path != SALES or "after=0&" in asked.query or answer[2]["data"][-1:] == []:
            return answer
        kept = [each for each in answer[2]["data"] if each["id"] != sale]
        return answer[0], answer[1], {**answer[2], "data": kept}

    tills.server.change(lose)
    assert "here" in fail(tills)
    tills.server.changes.clear()
    outcome = tills.pull()["sales"]
    assert (outcome.state, outcome.rows) == ("taken", 12)
    assert sale in list_tickets(tills)


def test_customers_whose_list_ends_too_early_are_late_and_not_lost(tills: Crm) -> None:
    change_pages(tills, lambda number, page: page if number == 1 else {"data": []}, "/api/2.0/customers")
    assert tills.pull()["customers"].rows == 4
    tills.server.changes.clear()
    next_day(tills)
    assert tills.pull()["customers"].rows == 12


def test_a_page_that_comes_back_empty_in_the_middle_is_no_end(tills: Crm) -> None:
    change_pages(tills, lambda number, page: {"data": []} if number in (2, 4) else page)
    assert tills.pull()["sales"].rows == 11


def test_rows_may_come_twice_and_in_any_order(tills: Crm) -> None:
    change_pages(tills, lambda _, page: {**page, "data": [*page["data"][::-1], *page["data"][:1]]})
    outcome = tills.pull()["sales"]
    assert (outcome.state, outcome.rows, outcome.repeated) == ("taken", 11, 3)


def test_pages_in_a_circle_are_told(tills: Crm) -> None:
    first: list[dict[str, Any]] = []

    def repeat(_: int, page: dict[str, Any]) -> dict[str, Any]:
        first.append(page)
        return first[0]

    change_pages(tills, repeat)
    assert "leads from page to page of table 'sales' in a circle" in fail(tills)


def test_a_search_that_has_the_same_sales_on_every_page_is_told(tills: Crm) -> None:
    """As one that does not know places would answer, here for fifty pages instead of without end."""
    first: list[dict[str, Any]] = []

    def repeat(number: int, page: dict[str, Any]) -> dict[str, Any]:
        first.append(page)
        return first[0] if number < 50 else page

    change_pages(tills, repeat, "/api/2.0/search")
    assert "leads from page to page of a search of table 'sales' in a circle" in fail(tills)


def test_sales_that_change_while_pages_are_read_come_in_their_latest_version(tills: Crm) -> None:
    def sell(number: int, page: dict[str, Any]) -> dict[str, Any]:
        if number in (1, 2):
            tills.account.put("sales", page["data"][0]["id"], customer_id="CUST09")
            tills.account.sell(tills.account.line("PSOAP", 10.0))
        return page

    change_pages(tills, sell)
    outcome = tills.pull()["sales"]
    assert (outcome.state, outcome.rows, outcome.repeated) == ("taken", 13, 2)
    members = tills.extract("tickets").select("ticket_id", "member_id").rows()
    assert [number for number, member in members if member == "CUST09"] == ["SALE0001", "SALE0005", "SALE0010"]


@pytest.mark.parametrize(
    ("answer", "where"),
    [
        ((500, {}, {"error": "Qzneedle"}), SALES),
        ((503, {}, b"<html>Qzneedle"), "/api/2.0/search"),
        ((200, {}, b"<html>Qzneedle"), SALES),
        (BROKEN_OFF, SALES),
    ],
    ids=["500", "503", "no JSON", "broken off"],
)
def test_a_fault_that_passes_is_asked_again(tills: Crm, answer: Any, where: str) -> None:
    tills.server.fail(answer, None, answer, answer, where=where)
    assert tills.pull()["sales"].rows == 11


def test_a_limit_is_waited_for_as_long_as_it_says(tills: Crm) -> None:
    tills.server.fail(too_many(7), too_many(3), where=SALES)
    assert tills.pull()["sales"].rows == 11
    assert tills.server.waits == [7, 3]


def test_a_token_that_is_refused_is_told_at_once(tills: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_SECRET", "another")
    assert "Lightspeed's account moda does not let us in: check `token`" in fail(tills)
    assert len(tills.server.asked) == 1


def test_a_token_that_may_not_read_a_list_is_told_of_it_alone(tills: Crm) -> None:
    tills.server.faults.append(lambda asked: (403, {}, {"error": "Qzneedle"}) if asked.path == SALES else None)
    assert "table 'sales' may not be read with this token" in fail(tills)
    assert tills.pull()["customers"].state == "taken"


@pytest.mark.parametrize("rows", [["Qzneedle"], [{"Qzneedle": "Qzneedle"}], {"Qzneedle": 1}])
def test_rows_of_another_shape_are_told(tills: Crm, rows: Any) -> None:
    change_pages(tills, lambda _, page: {**page, "data": rows})
    message = fail(tills)
    assert "in another shape than Parcours knows" in message or "answers with no list of table 'sales'" in message


@pytest.mark.parametrize("name", ["total_price", "total_tax", "line_items", "payments", "status"])
def test_a_field_that_is_called_otherwise_stops_sales(tills: Crm, name: str) -> None:
    tills.pull()
    before = list_tickets(tills)
    retailer = next_day(tills)
    sale = retailer.lists["sales"][retailer.sell(retailer.line("PSOAP", 10.0))]
    sale[f"renamed_{name}"] = sale.pop(name)
    tills.server.faults.append(lambda asked: (200, {}, {"data": []}) if asked.path == "/api/2.0/search" else None)
    assert "comes in another form than this version of the API has" in fail(tills)
    assert list_tickets(tills) == before


def test_a_field_of_customers_that_is_called_otherwise_stops_them(tills: Crm) -> None:
    tills.pull()
    customer = tills.account.lists["customers"][tills.account.put("customers", "CUST07")]
    customer["e_mail"] = customer.pop("email")
    assert "the columns of table 'customers' have changed: email no longer there" in fail(tills, "customers")


def test_sales_that_the_search_finds_no_more_stay_and_prove_nothing(tills: Crm) -> None:
    tills.pull()
    next_day(tills)
    tills.server.faults.append(lambda asked: (200, {}, {"data": []}) if asked.path == "/api/2.0/search" else None)
    outcome = tills.pull()["sales"]
    assert (outcome.state, outcome.rows) == ("taken", 11)


def test_a_look_at_the_first_rows_asks_for_no_more(tills: Crm) -> None:
    assert tills.pull(most=3)["sales"].rows == 3
    assert sum(each.path == SALES for each in tills.server.asked) == 1
    assert not any(each.path.endswith("search") for each in tills.server.asked)


@pytest.mark.parametrize("status", ["SAVED", "VOIDED", "LAYBY"])
def test_sales_that_are_not_closed_are_counted_on_neither_side(tills: Crm, status: str) -> None:
    tills.account.sell(tills.account.line("PSOAP", 10.0), status=status)
    tills.account.delete("sales", tills.account.sell(tills.account.line("PSOAP", 10.0)))
    next_day(tills)
    outcome = tills.pull()["sales"]
    assert (outcome.state, outcome.rows) == ("taken", 13)
    assert all(each.difference == 0 for each in outcome.reconciled)


def test_days_that_are_over_are_those_that_are_counted(tills: Crm) -> None:
    outcome = tills.pull()["sales"]
    assert [each.day for each in outcome.reconciled] == ["2026-01-20", "2026-01-21", "2026-01-22"]
    assert len(outcome.reconciled) == sales.COUNTED_DAYS


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"cursor": "updated_at"}, "the cursor of table 'sales' must be version"),
        ({"day": "created_at"}, "the day of table 'sales' must be closed_at"),
        ({"overlap": "1h"}, "is a number, and so must its `overlap` be"),
    ],
)
def test_what_cannot_be_asked_of_sales_is_told(tills: Crm, declared: Any, message: str) -> None:
    tills.pull()
    assert message in fail(tills, pulls={"sales": declared})


@pytest.mark.parametrize("declared", [{"deletes": "compare_keys"}, {"deletes": "reported"}])
def test_rows_that_are_marked_as_deleted_are_neither_compared_nor_reported(tills: Crm, declared: Any) -> None:
    tills.pull()
    tills.pull(pulls={"customers": declared})
    assert "rows that were deleted are marked. Take it out" in fail(tills, "customers", pulls={"customers": declared})


def test_an_account_is_named_by_its_domain(tills: Crm) -> None:
    for written in ("moda", "https://moda.retail.lightspeed.app/", "Moda.vendhq.com"):
        tills.connector = {**tills.connector, "domain": written}
        assert tills.configure().sources[0].connector.domain == "moda"
    tills.connector = {**tills.connector, "domain": "moda.example.com"}
    with pytest.raises(ConfigurationError, match=r"such as `moda` of moda\.retail\.lightspeed\.app"):
        tills.configure()
