"""Rows of nodes: each has a key of its own."""

from typing import Any

from pipelines.pulls.connectors.shopify.rows import read_refund_lines


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
