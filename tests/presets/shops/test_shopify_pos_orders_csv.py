"""The orders of Shopify POS among those of the shop: tickets, their refunds, and the stores."""

from decimal import Decimal
from typing import Any

from pipelines.presets.recognise import recognise

PRESET = "shopify_pos_orders_csv"
HEADER = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Currency,Subtotal,Shipping,Taxes,Total,"
    "Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Lineitem requires shipping,"
    "Lineitem taxable,Cancelled at,Payment Method,Refunded Amount,Employee,Location,Id,Source,Lineitem discount"
)
ROWS = """
#1,ann@example.com,paid,2026-03-01 11:00:00 +0100,fulfilled,,EUR,54.00,0.00,9.00,54.00,2026-03-01 11:00:00 +0100,2,Hat,20.00,HAT,true,true,,card,0.00,Zoé,Lyon,71,pos,0.00
#1,ann@example.com,,,,,,,,,,,1,"Scarf
- Blue",14.00,SC,true,true,,,,,,,,0.00
#2,,refunded,2026-03-01 12:00:00 +0100,fulfilled,,EUR,40.00,0.00,6.67,40.00,2026-03-01 12:00:00 +0100,2,Hat,20.00,HAT,true,true,,cash,40.00,Zoé,Lyon,72,pos,0.00
#3,,partially_refunded,2026-03-02 12:00:00 +0100,fulfilled,2026-03-02 12:00:01 +0100,EUR,43.00,0.00,6.67,43.00,2026-03-02 12:00:00 +0100,2,Hat,20.00,HAT,true,true,,card,5.00,Max,Paris,73,POS,0.00
#3,,,,,,,,,,,,1,Tip,3.00,,false,false,,,,,,,,0.00
#4,,voided,,unfulfilled,,EUR,20.00,0.00,3.33,20.00,2026-03-02 13:00:00 +0100,1,Hat,20.00,HAT,true,true,,card,0.00,Max,Paris,74,pos,0.00
#5,bo@example.com,paid,,unfulfilled,,EUR,20.00,0.00,3.33,20.00,2026-03-02 13:00:00 +0100,1,Hat,20.00,HAT,true,true,,card,0.00,,,75,web,0.00
"""  # noqa: E501


def test_orders_of_the_till_are_tickets_and_their_refunds_are_tickets_of_their_own(exported: Any, pick: Any) -> None:
    exported.write("orders_export.csv", HEADER + ROWS)
    tickets = exported.read(PRESET, "tickets", "orders_export*.csv")
    assert pick(tickets, "ticket_id", "store_id", "receipt_email", "cashier_id", "payment_kind", "total_amount") == [
        ("#1", "Lyon", "ann@example.com", "Zoé", "card", "54.00"),
        ("#2", "Lyon", None, "Zoé", "cash", "40.00"),
        ("#2:refund", "Lyon", None, "Zoé", "cash", "-40.00"),
        ("#3", "Paris", None, "Max", "card", "43.00"),
        ("#3:refund", "Paris", None, "Max", "card", "-5.00"),
    ]
    assert pick(tickets, "gross_amount", "tax_amount", "tip_amount") == [
        ("54.00", "9.00", None),
        ("40.00", "6.67", None),
        ("-40.00", None, None),
        ("40.00", "6.67", "3.00"),
        (None, None, None),
    ]
    assert sum(row["total_amount"] - (row["tip_amount"] or 0) for row in tickets) == Decimal("89.00")
    assert (
        exported.extract(PRESET, "tickets", "orders_export*.csv").rows_filtered == 2
    )  # The voided and the online one.

    lines = exported.read(PRESET, "ticket_lines", "orders_export*.csv")
    assert pick(lines, "ticket_id", "line_no", "product_id", "quantity", "line_amount", "original_ticket_id") == [
        ("#1", 1, "HAT", "2.000", "40.00", None),
        ("#1", 2, "SC", "1.000", "14.00", None),
        ("#2", 1, "HAT", "2.000", "40.00", None),
        ("#2:refund", 1, "HAT", "-2.000", "-40.00", "#2"),
        ("#3", 1, "HAT", "2.000", "40.00", None),
    ]
    stores = exported.read(PRESET, "stores", "orders_export*.csv")
    assert pick(stores, "store_id", "name") == [("Lyon", "Lyon"), ("Paris", "Paris")]


def test_the_file_is_that_of_the_shop_first_and_of_the_till_where_one_looks_for_a_till() -> None:
    assert [match.preset.name for match in recognise(HEADER.split(","))][:2] == ["shopify_orders_csv", PRESET]
    assert recognise(HEADER.split(","), "pos")[0].preset.name == PRESET
