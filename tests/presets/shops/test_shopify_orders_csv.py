"""Shopify's CSV of orders, as messy as it comes: blank repeats, refunds, tips, gift cards, tax in prices and on top."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest

from pipelines.presets.recognise import recognise

PRESET = "shopify_orders_csv"
COLUMNS = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,"
    "Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,"
    "Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,"
    "Lineitem taxable,Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,Billing Address2,"
    "Billing Company,Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,"
    "Shipping Street,Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,"
    "Shipping Province,Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,"
    "Payment Reference,Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,Id,Tags,"
    "Risk Level,Source,Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,"
    "Tax 4 Name,Tax 4 Value,Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,Billing Province Name,"
    "Shipping Province Name,Payment ID,Payment Terms Name,Next Payment Due At,Payment References"
)
HEADER = COLUMNS.split(",")


def order(name: str, *lines: dict[str, Any], **head: Any) -> list[dict[str, Any]]:
    """The rows of an order: what is of the order on the first, its name and mailbox on each."""
    email = head.pop("Email", "")
    first = {
        "Financial Status": "paid", "Fulfillment Status": "unfulfilled", "Currency": "EUR", "Shipping": "0.00",
        "Taxes": "0.00", "Created at": "2026-03-01 10:00:00 +0100", "Refunded Amount": "0.00", "Source": "web",
        "Id": "59" + name.strip("#"), "Shipping City": "Paris", "Shipping Method": "Standard",
    }  # fmt: skip
    rows = [{**first, **head, **lines[0]}, *lines[1:]] if lines else [{**first, **head}]
    return [{"Name": name, "Email": email, **row} for row in rows]


def line(item: str, price: str, quantity: str = "1", **more: Any) -> dict[str, Any]:
    usual = {"Lineitem requires shipping": "true", "Lineitem taxable": "true", "Lineitem discount": "0.00"}
    written = {"Lineitem name": item, "Lineitem price": price, "Lineitem quantity": quantity}
    return {**usual, **written, **{f"Lineitem {key}": value for key, value in more.items()}}


def sheet(*orders: list[dict[str, Any]], header: list[str] = HEADER) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, header, extrasaction="ignore")
    writer.writeheader()
    for rows in orders:
        writer.writerows(rows)
    return out.getvalue()


PLAIN = order(
    "#1001", line("Scarf - Blue", "34.90", "3", sku="SC-B"), line("Hat", "20.00", sku="HAT"),
    line("Pin, enamel", "1.10"),
    Email="ann@example.com", Subtotal="125.80", Shipping="6.90", Taxes="22.12", Total="132.70",
    **{
        "Paid at": "2026-03-01 10:01:00 +0100", "Fulfilled at": "2026-03-02 09:00:00 +0100",
        "Fulfillment Status": "fulfilled", "Billing Name": "Ann de la Tour", "Billing Address1": "3 rue du Bac",
        "Billing Zip": "'75007", "Billing City": "Paris", "Billing Country": "FR", "Billing Phone": "'+33612345678",
        "Notes": "Leave at the door,\nring twice", "Created at": "2026-03-01 10:00:00 +0100",
    },
)  # fmt: skip
DISCOUNTED = order(
    "#1002", line("Scarf", "34.90", "3"), line("Hat", "20.00", discount="2.00"), Email="bo@example.com",
    Subtotal="101.43", Total="101.43", **{"Discount Code": "SPRING", "Discount Amount": "23.27"},
)  # fmt: skip
TAX_ON_TOP = order(
    "#1003", line("Mug", "10.00", "2"), line("Book", "7.77", taxable="false"), line("Tea", "3.33"),
    Subtotal="31.10", Shipping="5.00", Taxes="1.87", Total="37.97",
)  # fmt: skip
TIPPED = order(
    "#1004", line("Hat", "20.00"),
    {**line("Tip", "2.50"), "Lineitem requires shipping": "false", "Lineitem taxable": "false"},
    Subtotal="20.00", Total="22.50",
)  # fmt: skip
GIFT_CARD = order(
    "#1005", line("Hat", "20.00"),
    {**line("Carte-cadeau - 50 €", "50.00"), "Lineitem requires shipping": "false", "Lineitem taxable": "false"},
    Subtotal="70.00", Total="70.00",
)  # fmt: skip
REFUNDED = order(
    "#1006", line("Hat", "20.00", "2"), Subtotal="40.00", Shipping="5.00", Total="45.00",
    **{"Financial Status": "refunded", "Refunded Amount": "45.00", "Fulfillment Status": "fulfilled",
       "Fulfilled at": "2026-03-05 09:00:00 +0100"},
)  # fmt: skip
PARTLY = order(
    "#1007", line("Hat", "20.00", "2"), Subtotal="40.00", Total="40.00",
    **{"Financial Status": "partially_refunded", "Refunded Amount": "13.37"},
)  # fmt: skip
CANCELLED = order(
    "#1008", line("Hat", "20.00"), Subtotal="20.00", Total="20.00",
    **{"Financial Status": "refunded", "Refunded Amount": "20.00", "Cancelled at": "2026-03-03 08:00:00 +0100"},
)  # fmt: skip
FEE_KEPT = order(
    "#1009", line("Hat", "20.00"), Subtotal="20.00", Total="20.00",
    **{"Financial Status": "partially_refunded", "Refunded Amount": "15.00",
       "Cancelled at": "2026-03-03 08:00:00 +0100"},
)  # fmt: skip
VOIDED = order("#1010", line("Hat", "20.00"), Subtotal="20.00", Total="20.00", **{"Financial Status": "voided"})
PENDING = order("#1011", line("Hat", "20.00"), Subtotal="20.00", Total="20.00", **{"Financial Status": "pending"})
FREE_DELIVERY = order("#1012", line("Hat", "20.00"), Subtotal="20.00", Shipping="7.00", Total="20.00")
PICKED_UP = order(
    "#1013", line("Hat", "20.00"), Subtotal="20.00", Total="20.00",
    **{"Shipping Method": "Lyon Bellecour", "Shipping City": "", "Fulfillment Status": "fulfilled"},
)  # fmt: skip
RELAY = order("#1014", line("Hat", "20.00"), Subtotal="20.00", Total="20.00", **{"Shipping Method": "Mondial Relay"})
POS = order(
    "#1015", line("Hat", "20.00"), Subtotal="20.00", Total="20.00", Source="pos", Location="Lyon", Employee="Zoé",
)  # fmt: skip
TEST = order("#1016", line("Hat", "20.00"), Subtotal="20.00", Total="20.00",
             **{"Payment Method": "(for testing) Bogus Gateway"})  # fmt: skip
SOCIAL = order("#1017", line("Hat", "20.00"), Subtotal="20.00", Total="20.00", Source="Instagram")
TIP_REFUNDED = order(
    "#1018", line("Hat", "20.00"), {**line("Pourboire", "3.00"), "Lineitem requires shipping": "false",
                                   "Lineitem taxable": "false"},
    Subtotal="23.00", Total="23.00", **{"Financial Status": "refunded", "Refunded Amount": "23.00"},
)  # fmt: skip
DISCOUNTED_AND_TAXED = order(
    "#1022", line("Mug", "10.00", "2"), line("Book", "20.00", taxable="false"), Subtotal="30.00", Taxes="1.50",
    Total="31.50", **{"Discount Amount": "10.00"},
)  # fmt: skip
SHIPPING_TAXED = order(
    "#1019", line("Book", "10.00", taxable="false"), Subtotal="10.00", Shipping="5.00", Taxes="1.00", Total="16.00",
)  # fmt: skip
ALL = [
    PLAIN, DISCOUNTED, TAX_ON_TOP, TIPPED, GIFT_CARD, REFUNDED, PARTLY, CANCELLED, FEE_KEPT, VOIDED, PENDING,
    FREE_DELIVERY, PICKED_UP, RELAY, POS, TEST, SOCIAL, TIP_REFUNDED, SHIPPING_TAXED,
    DISCOUNTED_AND_TAXED,
]  # fmt: skip


@pytest.fixture(scope="module")
def made(exported_once: Any) -> dict[str, dict[Any, dict[str, Any]]]:
    """What becomes of all of them, read once: the rows of each table by their keys."""
    exported = exported_once
    exported.write("orders_export_1.csv", sheet(*ALL))
    return {
        "orders": {row["order_id"]: row for row in exported.read(PRESET, "orders", "orders_export*.csv")},
        "lines": {
            (row["order_id"], row["line_no"]): row for row in exported.read(PRESET, "order_lines", "orders_export*.csv")
        },
        "returns": {row["order_id"]: row for row in exported.read(PRESET, "returns", "orders_export*.csv")},
    }


def test_an_order_of_several_rows_is_one_with_what_its_first_row_says(made: Any, pick: Any) -> None:
    row = made["orders"]["#1001"]
    assert pick([row], "account_id", "channel", "fulfilment", "status", "currency") == [
        (None, "web", "delivery", "shipped", "EUR")
    ]
    assert pick([row], "gross_amount", "discount_amount", "shipping_amount", "tax_amount", "total_amount") == [
        ("125.80", "0.00", "6.90", "22.12", "132.70")
    ]
    assert pick([row], "contact_first_name", "contact_last_name", "contact_email", "contact_phone") == [
        ("Ann", "de la Tour", "ann@example.com", "+33612345678")
    ]
    assert pick([row], "contact_address", "contact_postcode", "contact_city", "contact_country") == [
        ("3 rue du Bac", "75007", "Paris", "FR")
    ]
    assert [str(row[column]) for column in ("ordered_at", "fulfilled_at", "updated_at")] == [
        "2026-03-01 09:00:00",
        "2026-03-02 08:00:00",
        "2026-03-02 08:00:00",
    ]
    lines = [made["lines"]["#1001", number] for number in (1, 2, 3)]
    assert pick(lines, "product_id", "quantity", "unit_price", "line_amount") == [
        ("SC-B", "3.000", "34.9000", "104.70"),
        ("HAT", "1.000", "20.0000", "20.00"),
        ("Pin, enamel", "1.000", "1.1000", "1.10"),
    ]


def test_a_discount_of_the_order_is_on_the_order_and_that_of_a_line_on_the_line(made: Any, pick: Any) -> None:
    order = made["orders"]["#1002"]
    assert pick([order], "gross_amount", "discount_amount", "shipping_amount", "total_amount", "coupon_code") == [
        ("122.70", "21.27", "0.00", "101.43", "SPRING")
    ]
    lines = [made["lines"]["#1002", number] for number in (1, 2)]
    assert pick(lines, "unit_price", "discount_amount", "line_amount") == [
        ("34.9000", "0.00", "104.70"),
        ("20.0000", "2.00", "18.00"),
    ]


def test_tax_on_top_of_prices_goes_into_the_lines_that_are_taxed(made: Any, pick: Any) -> None:
    orders = [made["orders"][name] for name in ("#1003", "#1019", "#1022")]
    assert pick(orders, "gross_amount", "discount_amount", "shipping_amount", "tax_amount", "total_amount") == [
        ("32.97", "0.00", "5.00", "1.87", "37.97"),
        ("10.00", "0.00", "6.00", "1.00", "16.00"),
        ("42.00", "10.50", "0.00", "1.50", "31.50"),
    ]
    lines = [made["lines"][key] for key in (("#1003", 1), ("#1003", 2), ("#1003", 3), ("#1019", 1))]
    assert pick(lines, "product_id", "unit_price", "line_amount") == [
        ("Mug", "10.8000", "21.60"),
        ("Book", "7.7700", "7.77"),
        ("Tea", "3.6000", "3.60"),
        ("Book", "10.0000", "10.00"),
    ]


def test_tips_and_gift_cards_are_paid_and_are_no_lines(made: Any, pick: Any) -> None:
    orders = [made["orders"][name] for name in ("#1004", "#1005", "#1018")]
    assert pick(orders, "tip_amount", "gift_card_amount", "gross_amount", "shipping_amount", "total_amount") == [
        ("2.50", None, "20.00", "0.00", "22.50"),
        (None, "50.00", "20.00", "0.00", "70.00"),
        ("3.00", None, "20.00", "0.00", "23.00"),
    ]
    assert {key for key in made["lines"] if key[0] in ("#1004", "#1005", "#1018")} == {
        ("#1004", 1),
        ("#1005", 1),
        ("#1018", 1),
    }


def test_states_are_told_from_payment_delivery_and_cancellation(made: Any) -> None:
    assert {name: row["status"] for name, row in made["orders"].items()} == {
        "#1001": "shipped", "#1002": "paid", "#1003": "paid", "#1004": "paid", "#1005": "paid", "#1006": "returned",
        "#1007": "paid", "#1008": "cancelled", "#1009": "returned", "#1010": "cancelled", "#1011": "placed",
        "#1012": "paid", "#1013": "picked_up", "#1014": "paid", "#1017": "paid", "#1018": "returned", "#1019": "paid",
        "#1022": "paid",
    }  # fmt: skip


def test_net_revenue_is_what_was_kept(made: Any) -> None:
    refunds = {name: row["refund_amount"] for name, row in made["returns"].items()}
    assert refunds == {
        "#1006": Decimal("45.00"), "#1007": Decimal("13.37"), "#1009": Decimal("15.00"), "#1018": Decimal("20.00"),
    }  # fmt: skip
    net = {
        name: made["orders"][name]["total_amount"] - (made["orders"][name]["tip_amount"] or 0) - refund
        for name, refund in refunds.items()
    }
    assert net == {"#1006": 0, "#1007": Decimal("26.63"), "#1009": Decimal("5.00"), "#1018": 0}


def test_every_total_is_lines_delivery_tip_and_gift_cards(made: Any) -> None:
    for name, row in made["orders"].items():
        lines = [line for key, line in made["lines"].items() if key[0] == name]
        beside = row["shipping_amount"] + (row["tip_amount"] or 0) + (row["gift_card_amount"] or 0)
        assert row["gross_amount"] == sum(line["line_amount"] for line in lines), name
        assert row["total_amount"] == row["gross_amount"] - row["discount_amount"] + beside, name
        for line in lines:
            reckoned = line["quantity"] * line["unit_price"] - line["discount_amount"]
            assert abs(line["line_amount"] - reckoned) < Decimal("0.01"), name


def test_a_full_refund_brings_back_all_units_and_a_partial_one_none_that_are_known(made: Any, pick: Any) -> None:
    returns = [made["returns"][name] for name in ("#1006", "#1007")]
    assert pick(returns, "return_id", "quantity", "returned_via") == [
        ("#1006:refund", "2.000", "post"),
        ("#1007:refund", "0.000", "post"),
    ]
    assert [str(row["returned_at"]) for row in returns] == ["2026-03-05 08:00:00", "2026-03-01 09:00:00"]


def test_how_it_is_delivered_is_told_from_the_method(made: Any, pick: Any) -> None:
    orders = [made["orders"][name] for name in ("#1012", "#1013", "#1014", "#1017")]
    assert pick(orders, "fulfilment", "pickup_store_id", "shipping_amount", "channel") == [
        ("delivery", None, "0.00", "web"),
        ("click_and_collect", "Lyon Bellecour", "0.00", "web"),
        ("locker", None, "0.00", "web"),
        ("delivery", None, "0.00", "social"),
    ]


def test_an_export_without_any_address_does_not_make_every_order_a_pickup(exported: Any, pick: Any) -> None:
    emptied = {f"Shipping {name}": "" for name in ("Name", "Street", "Address1", "City", "Zip")}
    nowhere = [[row | emptied for row in rows] for rows in (PLAIN, PARTLY)]
    exported.write("orders_export.csv", sheet(*nowhere))
    orders = exported.read(PRESET, "orders", "orders_export.csv")
    assert set(pick(orders, "fulfilment", "pickup_store_id")) == {("delivery", None)}


def test_orders_of_tills_and_of_tests_are_filtered_and_counted(exported: Any) -> None:
    exported.write("orders_export.csv", sheet(PLAIN, POS, TEST))
    counts = exported.extract(PRESET, "order_lines", "orders_export*.csv")
    assert (counts.rows_kept, counts.rows_filtered, counts.rows_rejected) == (3, 2, 0)


def test_an_order_in_two_exports_is_that_of_the_later_one(exported: Any, pick: Any) -> None:
    later = [dict(row) for row in PARTLY]
    later[0].update({"Refunded Amount": "20.00"})
    exported.write("orders_export (2).csv", sheet(later))
    exported.write("orders_export.csv", sheet(PARTLY, PLAIN))
    returns = exported.read(PRESET, "returns", "orders_export*.csv")
    assert pick(returns, "order_id", "refund_amount") == [("#1007", "20.00")]
    assert len(exported.read(PRESET, "order_lines", "orders_export*.csv")) == 4


def test_two_orders_of_one_name_are_not_added_up(exported: Any) -> None:
    again = [dict(row, **({"Id": "77"} if "Id" in row else {})) for row in PARTLY]
    exported.write("orders_export.csv", sheet(PARTLY, again))
    counts = exported.extract(PRESET, "orders", "orders_export*.csv")
    assert (counts.rows_kept, counts.rows_rejected + counts.rows_repeated) == (1, 1)


def test_orders_go_to_the_accounts_of_their_mailboxes_where_the_customers_are_given(exported: Any, pick: Any) -> None:
    by_phone = order("#1020", line("Hat", "20.00"), Subtotal="20.00", Total="20.00", Phone="+33 6 98 76 54 32")
    exported.write("orders_export.csv", sheet(PLAIN, DISCOUNTED, by_phone))
    exported.write(
        "customers_export.csv",
        "Customer ID,First Name,Last Name,Email,Phone\n'77,Ann,Tour,ANN@example.com,\n'78,Cy,Ng,,'+33698765432\n",
    )
    beside = {"with": {"customers": "customers_export.csv"}}
    orders = exported.read(PRESET, "orders", "orders_export*.csv", **beside)
    assert pick(orders, "order_id", "account_id") == [("#1001", "77"), ("#1002", None), ("#1020", "78")]


def test_an_export_without_the_columns_of_newer_versions_is_read_as_well(exported: Any, pick: Any) -> None:
    old = [name for name in HEADER[:46] if name not in ("Discount Code", "Shipping Method", "Lineitem sku")]
    exported.write("orders_export.csv", sheet(PLAIN, TAX_ON_TOP, header=old))
    orders = exported.read(PRESET, "orders", "orders_export*.csv")
    assert pick(orders, "order_id", "total_amount") == [("#1001", "132.70"), ("#1003", "37.97")]
    assert recognise(old)[0].preset.name == PRESET


def test_an_amount_that_is_none_is_told(exported: Any) -> None:
    broken = order("#1021", line("Hat", "20.00"), Subtotal="20.00", Total="twenty")
    exported.write("orders_export.csv", sheet(PLAIN, broken))
    counts = exported.extract(PRESET, "orders", "orders_export*.csv")
    assert (counts.rows_kept, counts.rows_rejected) == (1, 1)
    assert exported.quarantine(PRESET, "orders")["column_name"].to_list() == ["total_amount"]


@pytest.mark.parametrize("spelling", ["Cancelled at", "Canceled at"])
def test_it_is_recognised_before_all_others(spelling: str) -> None:
    header = [spelling if name == "Cancelled at" else name for name in HEADER]
    first = recognise(header)[0]
    assert (first.preset.name, first.is_certain, first.without) == (PRESET, True, ())


def test_prices_of_a_file_that_a_french_spreadsheet_saved_are_read_with_their_comma(exported: Any, pick: Any) -> None:
    french = sheet(PLAIN).replace("34.90", '"34,90"').replace("125.80", '"125,80"').replace("6.90", '"6,90"')
    french = french.replace("132.70", '"132,70"').replace("20.00", '"20,00"').replace(",1.10,", ',"1,10",')
    exported.write("orders_export.csv", french.replace("22.12", '"22,12"').replace("0.00", '"0,00"'))
    orders = exported.read(PRESET, "orders", "orders_export*.csv", options={"decimal": ","})
    assert pick(orders, "gross_amount", "shipping_amount", "total_amount") == [("125.80", "6.90", "132.70")]
