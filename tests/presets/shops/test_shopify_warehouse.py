"""Shopify's tables as a loader lands them: orders, lines, refunds, customers, products and locations."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.presets.recognise import recognise

ORDERS = """id,email,taxes_included,currency,subtotal_price,total_tax,total_price,created_at,updated_at,customer_id,financial_status,fulfillment_status,cancelled_at,total_discounts,total_line_items_price,total_tip_received,source_name,test,billing_address_first_name,billing_address_last_name,billing_address_address_1,billing_address_city,billing_address_zip,billing_address_country_code,shipping_address_phone,_fivetran_deleted
1,ann@example.com,TRUE,EUR,52.50,8.75,61.40,2026-03-01 09:00:00.000,2026-03-02 09:00:00.000,77,partially_refunded,fulfilled,,7.50,60.00,2.00,web,FALSE,Ann,Tour,3 rue du Bac,Paris,75007,FR,+33612345678,false
2,bo@example.com,false,EUR,30.00,3.00,38.00,2026-03-01 10:00:00.000,2026-03-01 10:00:00.000,78,refunded,,,0,30.00,,instagram,false,Bo,Ng,,,,,,false
3,,true,EUR,20.00,3.33,20.00,2026-03-01 11:00:00.000,2026-03-01 11:00:00.000,,paid,fulfilled,,0,20.00,,pos,false,,,,,,,,false
4,t@example.com,true,EUR,20.00,3.33,20.00,2026-03-01 12:00:00.000,2026-03-01 12:00:00.000,79,paid,,,0,20.00,,web,TRUE,,,,,,,,false
5,cy@example.com,true,EUR,20.00,3.33,20.00,2026-03-01 13:00:00.000,2026-03-03 12:00:00.000,79,voided,,2026-03-03 12:00:00.000,0,20.00,,web,false,,,,,,,,false
6,cy@example.com,true,EUR,70.00,3.33,70.00,2026-03-01 14:00:00.000,2026-03-01 14:00:00.000,79,pending,,,0,70.00,,web,false,,,,,,,,false
7,cy@example.com,true,EUR,20.00,3.33,20.00,2026-03-01 13:00:00.000,2026-03-03 12:00:00.000,79,paid,,,0,20.00,,web,false,,,,,,,,true
"""  # noqa: E501
LINES = """order_id,id,product_id,variant_id,name,title,price,quantity,sku,gift_card,taxable,index,total_discount
1,101,900,9001,Scarf - Blue,Scarf,20.00,2,SC-B,FALSE,TRUE,1,0
1,102,901,9011,Hat,Hat,20.00,1,HAT,FALSE,TRUE,2,2.50
2,201,900,9001,Scarf - Blue,Scarf,20.00,1,SC-B,FALSE,TRUE,1,0
2,202,,,Wrapping,Wrapping,10.00,1,,FALSE,FALSE,2,0
3,301,900,9001,Scarf - Blue,Scarf,20.00,1,SC-B,FALSE,TRUE,1,0
4,401,900,9001,Scarf - Blue,Scarf,20.00,1,SC-B,FALSE,TRUE,1,0
5,501,900,9001,Scarf - Blue,Scarf,20.00,1,SC-B,FALSE,TRUE,1,0
6,602,902,9021,Gift card,Gift card,50.00,1,,TRUE,FALSE,2,0
6,601,900,9001,Scarf - Blue,Scarf,20.00,1,SC-B,FALSE,TRUE,1,0
7,701,900,9001,Scarf - Blue,Scarf,20.00,1,SC-B,FALSE,TRUE,1,0
"""
REFUNDED_LINES = """id,location_id,refund_id,restock_type,quantity,order_line_id,subtotal,total_tax
r1,5,81,return,1,102,15.31,2.55
r2,,82,return,1,201,20.00,3.00
r3,,82,no_restock,1,202,10.00,0
r4,5,83,return,1,301,20.00,3.33
"""
REFUNDS = """id,created_at,processed_at,note,restock,order_id
81,2026-03-10 08:00:00.000,2026-03-10 08:05:00.000,"too small,
sent back",FALSE,1
82,2026-03-11 08:00:00.000,2026-03-11 08:00:00.000,,FALSE,2
83,2026-03-12 08:00:00.000,2026-03-12 08:00:00.000,,FALSE,3
84,2026-03-13 08:00:00.000,,goodwill,FALSE,1
"""
TRANSACTIONS = """id,order_id,refund_id,amount,kind,status,test
1,1,,61.40,sale,success,FALSE
2,1,81,14.31,refund,success,FALSE
3,2,82,38.00,refund,success,FALSE
4,2,82,38.00,refund,failure,FALSE
5,3,83,20.00,refund,success,FALSE
6,1,84,3.00,refund,success,FALSE
"""


@pytest.fixture
def landed(exported: Any) -> Any:
    for name, text in {
        "order": ORDERS,
        "order_line": LINES,
        "order_line_refund": REFUNDED_LINES,
        "refund": REFUNDS,
        "transaction": TRANSACTIONS,
    }.items():
        exported.write(f"{name}.csv", "\ufeff" + text)
    return exported


def test_orders_are_goods_discount_delivery_and_tip_and_lines_add_up_to_them(landed: Any, pick: Any) -> None:
    preset = "shopify_warehouse_orders"
    orders = landed.read(preset, "orders", "order.csv", **{"with": {"order_lines": "order_line.csv"}})
    assert pick(orders, "order_id", "account_id", "channel", "status", "contact_last_name", "contact_phone") == [
        ("1", "77", "web", "shipped", "Tour", "+33612345678"),
        ("2", "78", "social", "returned", "Ng", None),
        ("5", "79", "web", "cancelled", None, None),
        ("6", "79", "web", "placed", None, None),
    ]
    amounts = ("gross_amount", "discount_amount", "shipping_amount", "tip_amount", "gift_card_amount", "total_amount")
    assert pick(orders, *amounts) == [
        ("57.50", "5.00", "6.90", "2.00", None, "61.40"),
        ("33.00", "0.00", "5.00", None, None, "38.00"),
        ("20.00", "0.00", "0.00", None, None, "20.00"),
        ("20.00", "0.00", "0.00", None, "50.00", "70.00"),
    ]
    assert landed.extract(preset, "orders", "order.csv").rows_filtered == 3  # Of a till, of a test, deleted.
    lines = landed.read(
        "shopify_warehouse_order_lines", "order_lines", "order_line.csv", **{"with": {"orders": "order.csv"}}
    )
    assert pick(
        lines, "order_id", "line_no", "product_id", "quantity", "unit_price", "discount_amount", "line_amount"
    ) == [
        ("1", 1, "900", "2.000", "20.0000", "0.00", "40.00"),
        ("1", 2, "901", "1.000", "20.0000", "2.50", "17.50"),
        ("2", 1, "900", "1.000", "23.0000", "0.00", "23.00"),
        ("2", 2, "Wrapping", "1.000", "10.0000", "0.00", "10.00"),
        ("5", 1, "900", "1.000", "20.0000", "0.00", "20.00"),
        ("6", 1, "900", "1.000", "20.0000", "0.00", "20.00"),
    ]
    for order in orders:
        goods = sum(line["line_amount"] for line in lines if line["order_id"] == order["order_id"])
        beside = order["shipping_amount"] + (order["tip_amount"] or 0) + (order["gift_card_amount"] or 0)
        assert order["gross_amount"] == goods, order["order_id"]
        assert order["total_amount"] == goods - order["discount_amount"] + beside, order["order_id"]


def test_refunds_are_by_line_and_come_to_what_was_paid_back(landed: Any, pick: Any) -> None:
    beside = {
        "with": {
            "refunds": "refund.csv",
            "transactions": "transaction.csv",
            "order_lines": "order_line.csv",
            "orders": "order.csv",
        }
    }
    returns = landed.read("shopify_warehouse_refunds", "returns", "order_line_refund.csv", **beside)
    assert pick(returns, "return_id", "order_id", "line_no", "quantity", "refund_amount", "reason") == [
        ("82:beside", "2", None, "0.000", "5.00", None),  # The delivery.
        ("84:beside", "1", None, "0.000", "3.00", "goodwill"),
        ("r1", "1", 2, "1.000", "14.31", "too small,\nsent back"),  # A fee of 1.00 was kept.
        ("r2", "2", 1, "1.000", "23.00", None),
        ("r3", "2", 2, "1.000", "10.00", None),
    ]
    assert [str(row["returned_at"]) for row in returns[1:3]] == ["2026-03-13 07:00:00", "2026-03-10 07:05:00"]
    by_line = {"with": {"refunds": "refund.csv"}}
    returns = landed.read("shopify_warehouse_refunds", "returns", "order_line_refund.csv", **by_line)
    assert sum(row["refund_amount"] for row in returns) == Decimal("65.31")  # Without the rest, as the lines say.


def test_customers_and_what_they_answered(exported: Any, pick: Any) -> None:
    exported.write(
        "customer.csv",
        "id,first_name,last_name,email,phone,state,created_at,updated_at,default_address_id,accepts_marketing,"
        "email_marketing_consent_state,email_marketing_consent_opt_in_level,email_marketing_consent_consent_updated_at,"
        "sms_marketing_consent_state,_fivetran_deleted\n"
        "77,Ann,Tour,ann@example.com,,enabled,2025-01-01 09:00:00,2026-01-01 09:00:00,5,true,subscribed,"
        "confirmed_opt_in,2025-02-01 09:00:00,,false\n"
        "78,Bo,Ng,bo@example.com,+33698765432,disabled,2025-01-02 09:00:00,2026-01-02 09:00:00,,false,unsubscribed,,,"
        "subscribed,false\n"
        "79,Cy,Ax,cy@example.com,,disabled,2025-01-03 09:00:00,2026-01-03 09:00:00,,true,,,,,true\n",
    )
    exported.write(
        "customer_address.csv",
        "id,customer_id,address1,city,zip,country_code,phone\n5,77,3 rue du Bac,Paris,75007,FR,0612\n",
    )
    preset, beside = "shopify_warehouse_customers", {"with": {"addresses": "customer_address.csv"}}
    customers = exported.read(preset, "customers", "customer.csv", **beside)
    assert pick(customers, "account_id", "phone", "address", "postcode", "city", "country") == [
        ("77", "0612", "3 rue du Bac", "75007", "Paris", "FR"),
        ("78", "+33698765432", None, None, None, None),
        ("79", None, None, None, None, None),
    ]
    assert [row["deleted_at"] is not None for row in customers] == [False, False, True]
    consents = exported.read(preset, "consents", "customer.csv")
    assert pick(consents, "account_id", "channel", "status", "proof") == [
        ("77", "email", "granted", "Shopify: confirmed opt-in"),
        ("78", "email", "withdrawn", None),
        ("78", "sms", "granted", None),
        ("79", "email", "granted", None),
    ]
    assert str(consents[0]["recorded_at"]) == "2025-02-01 08:00:00"


def test_products_have_the_price_of_their_cheapest_variant_and_locations_are_stores(exported: Any, pick: Any) -> None:
    exported.write(
        "product.csv",
        "id,title,handle,product_type,vendor,created_at\n900,Scarf,scarf,Accessories,Maison,2025-01-01 09:00:00\n"
        "901,Hat,hat,,Maison,2025-01-01 09:00:00\n",
    )
    exported.write("product_variant.csv", "product_id,id,price\n900,9001,34.90\n900,9002,29.90\n")
    beside = {"with": {"variants": "product_variant.csv"}}
    products = exported.read("shopify_warehouse_products", "products", "product.csv", **beside)
    assert pick(products, "product_id", "name", "category", "brand", "list_price") == [
        ("900", "Scarf", "Accessories", "Maison", "29.90"),
        ("901", "Hat", "Uncategorised", "Maison", None),
    ]
    exported.write(
        "location.csv",
        "id,active,address_1,city,created_at,legacy,name,zip,_fivetran_deleted\n"
        "5,true,1 rue X,Lyon,2020-01-01 09:00:00,false,Lyon,69002,false\n"
        "6,true,,,2020-01-01 09:00:00,true,Amazon,,false\n",
    )
    stores = exported.read("shopify_warehouse_locations", "stores", "location.csv")
    assert pick(stores, "store_id", "name", "postcode", "city") == [("5", "Lyon", "69002", "Lyon")]


FORMATS = Path(__file__).parents[4] / "shared" / "data" / "formats" / "shopify"
FILES = {
    "shopify_order_data": "shopify_warehouse_orders",
    "shopify_order_line_data": "shopify_warehouse_order_lines",
    "shopify_order_line_refund_data": "shopify_warehouse_refunds",
    "shopify_customer_data": "shopify_warehouse_customers",
    "shopify_product_data": "shopify_warehouse_products",
    "shopify_location_data": "shopify_warehouse_locations",
}


@pytest.mark.parametrize(("file", "preset"), FILES.items())
def test_the_files_of_a_loader_are_recognised(file: str, preset: str) -> None:
    path = FORMATS / f"{file}.csv"
    if not path.exists():
        pytest.skip("the formats are not here (../shared)")
    header = path.read_text(encoding="utf-8-sig").splitlines()[0].split(",")
    first = recognise(header)[0]
    assert (first.preset.name, first.is_certain) == (preset, True)
