"""Rows of nodes: each has a key of its own."""

from typing import Any

from pipelines.pulls.connectors.shopify.rows import _add_up, read_refund_lines


def line(restock_type: str, **more: Any) -> dict[str, Any]:
    sold = {"lineItem": {"id": "gid://shopify/LineItem/31"}, "quantity": 1, "subtotalSet": None, "totalTaxSet": None}
    return {"id": None, "restockType": restock_type, **sold, **more}


def test_lines_of_a_refund_without_an_id_are_told_apart() -> None:
    lines = [line("RETURN"), line("CANCEL"), line("NO_RESTOCK", id="gid://shopify/RefundLineItem/9"), line("RETURN")]
    refund = {"id": "gid://shopify/Refund/7", "refundLineItems": {"nodes": lines}}
    node = {"id": "gid://shopify/Order/1", "updatedAt": "2026-03-02T02:00:00Z", "refunds": [refund]}
    rows = list(read_refund_lines(node))
    assert [row["id"] for row in rows] == ["7-31", "7-31-2", "9", "7-31-3"]
    assert [row["restock_type"] for row in rows] == ["RETURN", "CANCEL", "NO_RESTOCK", "RETURN"]


def test_prices_that_nobody_adds_up_have_no_sum() -> None:
    def price(amount: object) -> dict[str, Any]:
        return {"originalUnitPriceSet": {"shopMoney": {"amount": amount}}, "quantity": 2}

    assert _add_up([price("1.50"), price("2.00")]) == 7
    for amount in ("1e999999999", "none", None):
        assert _add_up([price(amount)]) is None
