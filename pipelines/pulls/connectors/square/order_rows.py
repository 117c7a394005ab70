"""One row per order: what it came to, what came back with it, and its lines as one text of JSON.

What is sold and what comes back are both in an order: a refund is an order of its own that has returns alone, an
exchange one that has both. Lines are signed accordingly, so that all of an order's lines and its tip add up to what it
came to.
"""

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from pipelines.pulls.connectors.square.money import read_money, smallest_unit
from pipelines.pulls.web.rows import as_json, declare

COLUMNS = declare(
    id="text", location_id="text", customer_id="text", source_name="text", currency="text",
    total_money="decimal", tax_money="decimal", tip_money="decimal", tender_types="text", lines="text",
    created_at="timestamptz", closed_at="timestamptz", updated_at="timestamptz",
)  # fmt: skip
NO_SALE = "NO_SALE"
"""The tender of a drawer that was opened, and nothing sold."""


def read_order(order: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a completed order. Raises KeyError, TypeError, ArithmeticError where it has another shape."""
    returned: Mapping[str, Any] = order.get("return_amounts") or {}
    back = {name: read_money(returned.get(name)) for name in ("total_money", "tax_money", "tip_money")}
    tenders = order.get("tenders") or []
    names = ("total_money", "total_tax_money", "total_tip_money")
    sold = {name: read_money(_find_total(order, name)) for name in names}
    total = sold["total_money"] - back["total_money"]
    tip = sold["total_tip_money"] - back["tip_money"]
    lines = list(_read_lines(order))
    _expect_lines(order, sold, back)
    rest = total - tip - sum((line["total"] for line in lines), Decimal(0))
    if rest:
        lines.append(_rest_of(rest, is_return=not order.get("line_items") and bool(order.get("returns"))))
    return {
        "id": order["id"],
        "location_id": order["location_id"],
        "customer_id": _first(order.get("customer_id"), *(each.get("customer_id") for each in tenders)),
        "source_name": (order.get("source") or {}).get("name"),
        "currency": (order.get("total_money") or returned.get("total_money") or {}).get("currency"),
        "total_money": total,
        "tax_money": sold["total_tax_money"] - back["tax_money"],
        "tip_money": tip,
        "tender_types": " + ".join(sorted({each["type"] for each in tenders} - {NO_SALE})) or None,
        "lines": as_json([{"number": number, **line} for number, line in enumerate(lines, 1)]) if lines else None,
        "created_at": order["created_at"],
        "closed_at": order["closed_at"],
        "updated_at": order["updated_at"],
    }  # fmt: skip


def _first(*values: str | None) -> str | None:
    return next(filter(None, values), None)


def _find_total(order: Mapping[str, Any], name: str) -> Any:
    """A total of what was sold, which orders of which nothing was may be without. Raises KeyError for all others."""
    if order.get(name) is not None:
        return order[name]
    tenders = {each["type"] for each in order.get("tenders") or []}
    is_sale = order.get("line_items") or order.get("service_charges") or tenders - {NO_SALE}
    if is_sale or not (order.get("returns") or tenders):
        raise KeyError(name)
    return None


def _expect_lines(order: Mapping[str, Any], totals: Mapping[str, Decimal], back: Mapping[str, Decimal]) -> None:
    """An order that came to something has lines, and what has lines came to something: what is called otherwise than
    before is not all taken for a service charge."""
    sold = totals["total_money"] - totals["total_tip_money"]
    given_back = back["total_money"] - back["tip_money"]
    returns = order.get("returns") or []
    if sold and not (order.get("line_items") or order.get("service_charges")):
        raise KeyError("line_items")
    if returns:
        _ = order["return_amounts"]["total_money"]
    if given_back and not any(each.get("return_line_items") or each.get("return_service_charges") for each in returns):
        raise KeyError("returns")


def _read_lines(order: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    of_order = {each["uid"] for each in order.get("discounts") or [] if each.get("scope") == "ORDER"}
    for line in order.get("line_items") or []:
        yield _read_line(line, "gross_sales_money", of_order)
    reason = _first(*(each.get("reason") for each in order.get("refunds") or []))
    for part in order.get("returns") or []:
        for line in part.get("return_line_items") or []:
            read = _read_line(line, "gross_return_money", set())
            yield {
                **read,
                "quantity": -read["quantity"],
                "total": -read["total"],
                "before_order_discount": -read["before_order_discount"],
                "original_order_id": part.get("source_order_id"),
                "reason": reason,
            }


def _read_line(line: Mapping[str, Any], gross: str, of_order: set[str]) -> dict[str, Any]:
    """A line with its tax. A discount takes the tax off too that would have been on it."""
    total, discounts = read_money(line["total_money"]), read_money(line.get("total_discount_money"))
    net = read_money(line[gross]) - discounts
    with_tax = total / net if net > 0 else Decimal(1)
    unit = smallest_unit(line["total_money"]["currency"])
    applied = line.get("applied_discounts") or []
    from_order = sum(
        (read_money(each["applied_money"]) for each in applied if each["discount_uid"] in of_order), Decimal(0)
    )
    return {
        "catalog_object_id": line.get("catalog_object_id"),
        "name": line.get("name"),
        "item_type": line.get("item_type") or "ITEM",
        "quantity": Decimal(line["quantity"]),
        "before_discounts": total + (discounts * with_tax).quantize(unit, ROUND_HALF_EVEN),
        "before_order_discount": total + (from_order * with_tax).quantize(unit, ROUND_HALF_EVEN),
        "total": total,
    }


def _rest_of(amount: Decimal, *, is_return: bool) -> dict[str, Any]:
    """What no line has: charges for service, and what cash was rounded by."""
    return {
        "catalog_object_id": None,
        "name": "Service charge",
        "item_type": "SERVICE_CHARGE",
        "quantity": Decimal(-1 if is_return else 1),
        "before_discounts": abs(amount),
        "before_order_discount": amount,
        "total": amount,
    }
