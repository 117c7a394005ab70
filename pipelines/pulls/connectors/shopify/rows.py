"""Rows of tables from nodes of the API, in the names by which loaders land them in warehouses."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from pipelines.pulls.web.rows import declare

Node = Mapping[str, Any]

COLUMNS = {
    "customers": declare(
        id="text", first_name="text", last_name="text", email="text", phone="text", default_address_id="text",
        email_marketing_consent_state="text", email_marketing_consent_opt_in_level="text",
        email_marketing_consent_consent_updated_at="timestamptz",
        sms_marketing_consent_state="text", sms_marketing_consent_opt_in_level="text",
        sms_marketing_consent_consent_updated_at="timestamptz",
        created_at="timestamptz", updated_at="timestamptz",
    ),
    "customer_addresses": declare(
        id="text", customer_id="text", address_1="text", city="text", zip="text", country_code="text", phone="text",
        updated_at="timestamptz",
    ),
    "orders": declare(
        id="text", name="text", customer_id="text", email="text", phone="text", currency="text",
        taxes_included="boolean", subtotal_price="decimal", total_tax="decimal", total_price="decimal",
        total_discounts="decimal", total_line_items_price="decimal", total_tip_received="decimal",
        financial_status="text", fulfillment_status="text", source_name="text", test="boolean",
        billing_address_first_name="text", billing_address_last_name="text", billing_address_phone="text",
        billing_address_address_1="text", billing_address_city="text", billing_address_zip="text",
        billing_address_country_code="text",
        shipping_address_first_name="text", shipping_address_last_name="text", shipping_address_phone="text",
        shipping_address_address_1="text", shipping_address_city="text", shipping_address_zip="text",
        shipping_address_country_code="text",
        created_at="timestamptz", cancelled_at="timestamptz", updated_at="timestamptz",
    ),
    "order_lines": declare(
        id="text", order_id="text", index="integer", product_id="text", variant_id="text", name="text", sku="text",
        quantity="integer", price="decimal", total_discount="decimal", gift_card="boolean", taxable="boolean",
        updated_at="timestamptz",
    ),
    "refunds": declare(
        id="text", order_id="text", note="text", created_at="timestamptz", updated_at="timestamptz"
    ),
    "order_line_refunds": declare(
        id="text", order_id="text", refund_id="text", order_line_id="text", restock_type="text",
        quantity="integer", subtotal="decimal", total_tax="decimal", updated_at="timestamptz",
    ),
    "refund_transactions": declare(
        id="text", order_id="text", refund_id="text", kind="text", status="text", test="boolean", amount="decimal",
        created_at="timestamptz", updated_at="timestamptz",
    ),
    "products": declare(
        id="text", title="text", product_type="text", vendor="text", status="text", min_variant_price="decimal",
        created_at="timestamptz", updated_at="timestamptz",
    ),
}  # fmt: skip

_NUMBER = re.compile(r"^gid://[a-z-]+/\w+/([\w-]+)")


def read_id(gid: Any) -> Any:
    """`gid://shopify/Order/123` as 123, as exports have it."""
    found = _NUMBER.match(gid) if isinstance(gid, str) else None
    return found[1] if found else gid


def _id_of(node: Any) -> Any:
    return read_id(node["id"]) if node else None


def _money(bag: Any) -> Any:
    return bag["shopMoney"]["amount"] if bag else None


def read_customer(node: Node) -> Iterator[dict[str, Any]]:
    email, phone = node["defaultEmailAddress"] or {}, node["defaultPhoneNumber"] or {}
    row = {
        "id": read_id(node["id"]),
        "first_name": node["firstName"],
        "last_name": node["lastName"],
        "email": email.get("emailAddress"),
        "phone": phone.get("phoneNumber"),
        "default_address_id": _id_of(node["defaultAddress"]),
        "created_at": node["createdAt"],
        "updated_at": node["updatedAt"],
    }
    for channel, consent in (("email", email), ("sms", phone)):
        row[f"{channel}_marketing_consent_state"] = consent.get("marketingState")
        row[f"{channel}_marketing_consent_opt_in_level"] = consent.get("marketingOptInLevel")
        row[f"{channel}_marketing_consent_consent_updated_at"] = consent.get("marketingUpdatedAt")
    yield row


def read_address(node: Node) -> Iterator[dict[str, Any]]:
    address = node["defaultAddress"]
    if address:
        yield {
            "id": read_id(address["id"]),
            "customer_id": read_id(node["id"]),
            "address_1": address["address1"],
            "city": address["city"],
            "zip": address["zip"],
            "country_code": address["countryCodeV2"],
            "phone": address["phone"],
            "updated_at": node["updatedAt"],
        }


def read_order(node: Node) -> Iterator[dict[str, Any]]:
    row = {
        "id": read_id(node["id"]),
        "name": node["name"],
        "customer_id": _id_of(node["customer"]),
        "email": node["email"],
        "phone": node["phone"],
        "currency": node["currencyCode"],
        "taxes_included": node["taxesIncluded"],
        "subtotal_price": _money(node["subtotalPriceSet"]),
        "total_tax": _money(node["totalTaxSet"]),
        "total_price": _money(node["totalPriceSet"]),
        "total_discounts": _money(node["totalDiscountsSet"]),
        "total_line_items_price": _add_up(node["lineItems"]["nodes"]),
        "total_tip_received": _money(node["totalTipReceivedSet"]),
        "financial_status": node["displayFinancialStatus"],
        "fulfillment_status": node["displayFulfillmentStatus"],
        "source_name": node["sourceName"],
        "test": node["test"],
        "created_at": node["createdAt"],
        "cancelled_at": node["cancelledAt"],
        "updated_at": node["updatedAt"],
    }
    names = {
        "first_name": "firstName", "last_name": "lastName", "phone": "phone", "address_1": "address1",
        "city": "city", "zip": "zip", "country_code": "countryCodeV2",
    }  # fmt: skip
    for kind in ("billing", "shipping"):
        address = node[f"{kind}Address"] or {}
        row.update({f"{kind}_address_{part}": address.get(name) for part, name in names.items()})
    yield row


def _add_up(lines: list[Node]) -> Decimal | None:
    try:
        return sum((Decimal(_money(line["originalUnitPriceSet"])) * line["quantity"] for line in lines), Decimal(0))
    except (ArithmeticError, TypeError, ValueError):
        return None  # The lines themselves are told to be of another kind.


def read_lines(node: Node) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(node["lineItems"]["nodes"], start=1):
        yield {
            "id": read_id(line["id"]),
            "order_id": read_id(node["id"]),
            "index": number,
            "product_id": _id_of(line["product"]),
            "variant_id": _id_of(line["variant"]),
            "name": line["name"],
            "sku": line["sku"],
            "quantity": line["quantity"],
            "price": _money(line["originalUnitPriceSet"]),
            "total_discount": _money(line["totalDiscountSet"]),
            "gift_card": line["isGiftCard"],
            "taxable": line["taxable"],
            "updated_at": node["updatedAt"],
        }


def read_refunds(node: Node) -> Iterator[dict[str, Any]]:
    for refund in node["refunds"]:
        yield {
            "id": read_id(refund["id"]),
            "order_id": read_id(node["id"]),
            "note": refund["note"],
            "created_at": refund["createdAt"],
            "updated_at": node["updatedAt"],
        }


def read_refund_lines(node: Node) -> Iterator[dict[str, Any]]:
    for refund in node["refunds"]:
        number = read_id(refund["id"])
        nameless: Counter[str] = Counter()
        for line in refund["refundLineItems"]["nodes"]:
            sold = _id_of(line["lineItem"])
            key = read_id(line["id"])
            if not key:  # As of refunds of long ago; one of the same line for each way of restocking it.
                key = f"{number}-{sold}"
                nameless[key] += 1
                key += f"-{nameless[key]}" if nameless[key] > 1 else ""
            yield {
                "id": key,
                "order_id": read_id(node["id"]),
                "refund_id": number,
                "order_line_id": sold,
                "restock_type": line["restockType"],
                "quantity": line["quantity"],
                "subtotal": _money(line["subtotalSet"]),
                "total_tax": _money(line["totalTaxSet"]),
                "updated_at": node["updatedAt"],
            }


def read_transactions(node: Node) -> Iterator[dict[str, Any]]:
    for refund in node["refunds"]:
        for transaction in refund["transactions"]["nodes"]:
            yield {
                "id": read_id(transaction["id"]),
                "order_id": read_id(node["id"]),
                "refund_id": read_id(refund["id"]),
                "kind": transaction["kind"],
                "status": transaction["status"],
                "test": transaction["test"],
                "amount": _money(transaction["amountSet"]),
                "created_at": transaction["createdAt"],
                "updated_at": node["updatedAt"],
            }


def read_product(node: Node) -> Iterator[dict[str, Any]]:
    yield {
        "id": read_id(node["id"]),
        "title": node["title"],
        "product_type": node["productType"] or None,
        "vendor": node["vendor"],
        "status": node["status"],
        "min_variant_price": node["priceRangeV2"]["minVariantPrice"]["amount"],
        "created_at": node["createdAt"],
        "updated_at": node["updatedAt"],
    }
