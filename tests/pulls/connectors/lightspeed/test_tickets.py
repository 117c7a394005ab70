"""What becomes of Lightspeed's sales: revenue is what the till took with tax, and lines add up to their tickets."""

from decimal import Decimal
from typing import Any

import pytest

from tests.pulls.connectors.conftest import Crm
from tests.pulls.connectors.lightspeed.account import DISCOUNT, GIFT_CARD, Retailer
from tests.pulls.connectors.tickets import check_identities

AMOUNTS = ("gross_amount", "discount_amount", "tax_amount", "gift_card_amount", "total_amount")


@pytest.fixture
def retailer(tills: Crm) -> Retailer:
    account: Retailer = tills.account
    account.lists["sales"].clear()
    return account


def read(tills: Crm, *columns: str) -> list[tuple[Any, ...]]:
    tills.account.rest(hours=1)
    tills.pull()
    return tills.extract("tickets").sort("ticket_id").select(*columns).rows()


def amounts(*texts: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, texts))


def test_a_ticket_has_its_gift_cards_and_its_own_discount_apart(tills: Crm, retailer: Retailer) -> None:
    retailer.sell(
        retailer.line("PSOAP", 9.0, 2, discount=1.0),
        retailer.line(DISCOUNT, 3.0, -1),
        retailer.line(GIFT_CARD, 50.0, tax=0, tax_total=0),
        customer_id="CUST01",
    )
    assert read(tills, *AMOUNTS, "payment_kind", "member_id", "store_id", "cashier_id") == [
        (*amounts("21.60", "3.60", "3.00", "50.00", "68.00"), "Cash", "CUST01", "OUT1", "U1")
    ]
    check_identities(tills)
    lines = tills.extract("ticket_lines").select("product_id", "quantity", "unit_price", "line_amount")
    assert lines.rows() == [("SAV-1", Decimal(2), Decimal("12.00"), Decimal("21.60"))]


def test_a_price_that_was_raised_at_the_till_is_no_discount(tills: Crm, retailer: Retailer) -> None:
    """What was put on top is a discount below zero; the price before it is that of the product."""
    retailer.sell(retailer.line("PSOAP", 12.0, 2, discount=-2.0))
    assert read(tills, "total_amount", "discount_amount") == [amounts("28.80", "0.00")]
    assert tills.extract("ticket_lines").select("unit_price", "line_amount").rows() == [amounts("12.00", "28.80")]


def test_a_return_is_a_ticket_below_zero_that_names_the_sale(tills: Crm, retailer: Retailer) -> None:
    sale = retailer.sell(retailer.line("PSOAP", 10.0, 2))
    back = retailer.line("PSOAP", 10.0, -1, return_reason="too small")
    retailer.sell(back, return_for=sale)
    assert read(tills, "ticket_id", "total_amount", "tax_amount") == [
        (sale, *amounts("24.00", "4.00")), ("SALE0002", *amounts("-12.00", "-2.00")),
    ]  # fmt: skip
    check_identities(tills)
    columns = ("quantity", "unit_price", "line_amount", "original_ticket_id", "return_reason")
    assert tills.extract("ticket_lines").filter(ticket_id="SALE0002").select(*columns).rows() == [
        (Decimal(-1), Decimal("12.00"), Decimal("-12.00"), sale, "too small")
    ]


def test_an_exchange_counts_both_of_its_sides_once(tills: Crm, retailer: Retailer) -> None:
    sale = retailer.sell(retailer.line("PSOAP", 10.0))
    retailer.sell(retailer.line("PSOAP", 10.0, -1), retailer.line("PBIG", 25.0), return_for=sale)
    assert read(tills, "total_amount") == [amounts("12.00"), amounts("18.00")]
    check_identities(tills)
    lines = tills.extract("ticket_lines").filter(ticket_id="SALE0002").sort("line_no")
    assert lines.select("quantity", "original_ticket_id").rows() == [(Decimal(-1), sale), (Decimal(1), None)]


@pytest.mark.parametrize(
    ("status", "counts"),
    [
        ("CLOSED", True), ("LAYBY", True), ("LAYBY_CLOSED", True), ("ONACCOUNT", True), ("ONACCOUNT_CLOSED", True),
        ("AWAITING_PICKUP", True), ("SAVED", False), ("OPEN", False), ("VOIDED", False),
    ],
)  # fmt: skip
def test_sales_that_are_parked_or_voided_are_none(tills: Crm, retailer: Retailer, status: str, counts: bool) -> None:
    retailer.sell(retailer.line("PSOAP", 10.0), status=status)
    assert len(read(tills, "ticket_id")) == int(counts)
    assert tills.extract("ticket_lines").height == int(counts)


def test_a_sale_that_is_voided_or_deleted_later_is_none_from_then_on(tills: Crm, retailer: Retailer) -> None:
    sales = [retailer.sell(retailer.line("PSOAP", 10.0)) for _ in range(3)]
    assert len(read(tills, "ticket_id")) == 3
    retailer.put("sales", sales[0], status="VOIDED")
    retailer.delete("sales", sales[1])
    assert read(tills, "ticket_id") == [(sales[2],)]


def test_cents_of_rounding_are_of_a_line_and_more_is_a_line_of_its_own(tills: Crm, retailer: Retailer) -> None:
    retailer.sell(*[retailer.line("PSOAP", 1.111)] * 3)
    retailer.sell(retailer.line("PSOAP", 10.0), total_price=15.0)
    assert read(tills, "total_amount") == [amounts("4.00"), amounts("17.00")]
    check_identities(tills)
    of_first = tills.extract("ticket_lines").filter(ticket_id="SALE0001").sort("line_no")["line_amount"]
    assert of_first.to_list() == list(amounts("1.34", "1.33", "1.33"))
    assert tills.extract("ticket_lines").filter(product_id="Adjustment")["line_amount"].to_list() == [Decimal("5.00")]


def test_sales_that_another_system_rang_up_are_left_out_where_that_is_asked(tills: Crm, retailer: Retailer) -> None:
    retailer.sell(retailer.line("PSOAP", 10.0), source="ECOMMERCE")
    kept = retailer.sell(retailer.line("PSOAP", 10.0))
    tables = {
        "tickets": {"where": "is_ticket and came_by = 'USER'"},
        "ticket_lines": {"where": "is_goods and came_by = 'USER'"},
    }
    tills.pull(tables=tables)
    for table in tables:
        assert tills.extract(table, tables=tables)["ticket_id"].to_list() == [kept]


def test_nobody_is_the_customer_of_sales_without_one(tills: Crm, retailer: Retailer) -> None:
    retailer.sell(retailer.line("PSOAP", 10.0))
    assert read(tills, "member_id") == [(None,)]
    assert "WALKIN" not in tills.extract("members")["member_id"].to_list()
    assert tills.extract("members").height == 11


def test_products_are_a_source_of_kind_ecommerce_and_called_as_tickets_call_them(tills: Crm) -> None:
    retailer = tills.account
    retailer.offer("POLD", "Old soap", "SAV-1", 10.0)
    retailer.delete("products", "POLD")
    retailer.offer("PBIG", "Serviette", None, 30.0, variant_name="Serviette / Grande")
    tills.kind = "ecommerce"
    tills.pull()
    columns = ("product_id", "name", "category", "subcategory", "brand", "list_price")
    assert tills.extract("products").sort("product_id").select(*columns).rows() == [
        ("PBIG", "Serviette / Grande", "Soin", "Savons", "Atelier Nord", Decimal("30.00")),
        ("SAV-1", "Savon", "Soin", "Savons", "Atelier Nord", Decimal("12.00")),
    ]
