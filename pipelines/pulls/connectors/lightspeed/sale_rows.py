"""One row per sale: what it came to with its tax, and its lines as one text of JSON.

A return is a sale below zero, an exchange one whose lines have both signs; Lightspeed's own totals count them so.
Prices of lines are without tax, which stands beside them, and after the discount of the line. A discount on the whole
sale is a line of a product of Lightspeed's own.
"""

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from pipelines.pulls.web.rows import as_json, declare

COLUMNS = declare(
    id="text", outlet_id="text", register_id="text", user_id="text", customer_id="text", invoice_number="text",
    source="text", status="text", return_for="text", total_money="decimal", tax_money="decimal", payment_names="text",
    lines="text", sale_date="timestamptz", closed_at="timestamptz", created_at="timestamptz", updated_at="timestamptz",
    deleted_at="timestamptz", version="integer",
)  # fmt: skip
CENT = Decimal("0.01")


def read_sale(sale: Mapping[str, Any], discount_product: str) -> dict[str, Any]:
    """The row of a sale. Raises KeyError, TypeError, ArithmeticError where it has another shape."""
    total, tax = _read_amount(sale["total_price"]) + _read_amount(sale["total_tax"]), _read_amount(sale["total_tax"])
    lines = list(_read_lines(sale, discount_product))
    total = total.quantize(CENT, ROUND_HALF_EVEN)
    _settle(lines, total)
    is_closed = sale["status"].endswith("CLOSED") and sale.get("deleted_at") is None
    return {
        **{column.name: sale.get(column.name) for column in COLUMNS},
        "status": sale["status"],
        "outlet_id": sale["outlet_id"],
        "total_money": total,
        "tax_money": tax.quantize(CENT, ROUND_HALF_EVEN),
        "payment_names": " + ".join(sorted({each["name"] for each in sale["payments"] if each.get("name")})) or None,
        "lines": as_json([{"number": number, **line} for number, line in enumerate(lines, 1)]) if lines else None,
        "sale_date": sale["sale_date"],
        "closed_at": sale["sale_date"] if is_closed else None,
        "updated_at": sale["updated_at"],
    }


def _read_lines(sale: Mapping[str, Any], discount_product: str) -> Iterator[dict[str, Any]]:
    for line in sorted(sale["line_items"], key=lambda each: (each.get("sequence") or 0, str(each["id"]))):
        net, tax = _read_amount(line["price_total"]), _read_amount(line["tax_total"])
        with_tax = (net + tax) / net if net else Decimal(1)
        quantity, discount = _read_amount(line["quantity"]), _read_amount(line.get("discount_total", 0)) * with_tax
        is_back = quantity < 0
        if is_back:
            discount = abs(discount)  # Of what is sold it is below zero where the price was raised.
        yield {
            "product_id": line["product_id"],
            "kind": "DISCOUNT" if line["product_id"] == discount_product else "ITEM",
            "quantity": quantity,
            "before_discounts": (abs(net + tax) + discount).quantize(CENT, ROUND_HALF_EVEN),
            "total": (net + tax).quantize(CENT, ROUND_HALF_EVEN),
            "original_sale_id": sale.get("return_for") if is_back else None,
            "reason": line.get("return_reason") if is_back else None,
        }


def _settle(lines: list[dict[str, Any]], total: Decimal) -> None:
    """Has ``lines`` add up to the sale: the cents by which they were rounded are the first's, what is more a line."""
    rest = total - sum((line["total"] for line in lines), Decimal(0))
    if not rest:
        return
    if abs(rest) <= CENT * len(lines):
        lines[0]["total"] += rest
        return
    lines.append(
        {"product_id": "Adjustment", "kind": "ITEM", "quantity": Decimal(1), "before_discounts": abs(rest),
         "total": rest, "original_sale_id": None, "reason": None}
    )  # fmt: skip


def _read_amount(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise TypeError
    return Decimal(value)
