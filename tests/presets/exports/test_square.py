"""Square's exports, from the file to the lake."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest


def utc(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


ITEMS = (
    "Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Modifiers Applied,Gross Sales,Discounts,Net Sales,Tax,"
    "Transaction ID,Payment ID,Device Name,Notes,Details,Event Type,Location,Dining Option,Customer ID,Customer Name,"
    "Customer Reference ID,Unit,Count,GTIN,Itemization Type,Commission,Employee,Fulfillment Note,Channel,Token"
)
TRANSACTIONS = (
    "Date,Time,Time Zone,Gross Sales,Discounts,Service Charges,Net Sales,Gift Card Sales,Tax,Tip,Partial Refunds,"
    "Total Collected,Source,Card,Card Entry Methods,Cash,Square Gift Card,Other Tender,Other Tender Type,Tender Note,"
    "Fees,Net Total,Transaction ID,Payment ID,Card Brand,PAN Suffix,Device Name,Staff Name,Staff ID,Details,Description,"
    "Event Type,Location,Dining Option,Customer ID,Customer Name,Customer Reference ID,Device Nickname,"
    "Transaction Status"
)
ITEMS_FR = (
    "Date;Heure;Fuseau horaire;Catégorie;Article;Qté;Nom du tarif;UGS;Modificateurs appliqués;Ventes brutes;Réductions;"
    "Ventes nettes;TVA;ID de transaction;ID de paiement;Nom de l’appareil;Remarques;Détails;Type d’événement;"
    "Point de vente;Option de service;ID client;Nom du client"
)
TRANSACTIONS_FR = (
    "Date;Heure;Fuseau horaire;Ventes brutes;Réductions;Ventes nettes;Ventes de cartes cadeaux;TVA;Pourboire;"
    "Remboursements partiels;Total collecté;Source;Carte;Espèces;Carte cadeau Square;Frais;Total net;"
    "ID de transaction;ID de paiement;Type d’événement;Point de vente;ID client"
)

# An American shop: tax on top, a discount, a note over two lines, a gift card sold, a refund under the id of its
# payment and one under an id of its own, of which the file has the quantity once negative and once not.
ITEM_ROWS = f"""\ufeff{ITEMS}
2026-01-15,14:05:11,Eastern Time (US & Canada),Soap,Soap bar,2.0,Regular,SAV-1,,"$17.80","-$1.80","$16.00",$1.42,tx1,py1,Till 1,"gift wrap,
no bill",https://x/1,Payment,Boston,,CUST1,Ann Roe,,ea,2,,Physical Good,,Kim,,,t1
2026-01-15,14:05:11,Eastern Time (US & Canada),Care,Cream,1.0,Regular,CRE-1,,"$1,034.90",$0.00,"$1,034.90",$91.85,tx1,py1,Till 1,,https://x/1,Payment,Boston,,CUST1,Ann Roe,,ea,1,,Physical Good,,Kim,,,t2
2026-01-16,09:00:00,Eastern Time (US & Canada),Fabric,Linen,1.5,per yard,,,$15.00,$0.00,$15.00,$0.00,tx2,py2,Till 1,,https://x/2,Payment,Boston,,,,,yd,1,,Physical Good,,,,,t3
2026-01-16,09:00:00,Eastern Time (US & Canada),None,Gift Card,1.0,,,,$50.00,$0.00,$50.00,$0.00,tx2,py2,Till 1,,https://x/2,Payment,Boston,,,,,,1,,Gift Card,,,,,t4
01/18/2026,10:00:00 AM,Eastern Time (US & Canada),Soap,Soap bar,-1.0,Regular,SAV-1,,($8.90),$0.90,($8.00),($0.71),tx1,py3,Till 1,,https://x/3,Refund,Boston,,CUST1,Ann Roe,,ea,-1,,Physical Good,,Kim,,,t1
2026-01-19,10:00:00,Eastern Time (US & Canada),Care,Cream,1.0,Regular,CRE-1,,-$34.90,$0.00,-$34.90,-$3.10,tx4,py4,Till 1,,https://x/4,Refund,Boston,,CUST2,Jo Doe,,ea,1,,Physical Good,,Kim,,,t2
"""


@pytest.fixture
def american(export: Any) -> Any:
    export.head = {**export.head, "currency": "USD", "country": "US"}
    export.write("items-2026-01.csv", ITEM_ROWS)
    return export


def test_tickets_are_what_was_paid_in_the_zone_of_the_till(american: Any) -> None:
    assert american.rows(
        "square_items", "tickets", "items*", "ticket_id", "store_id", "member_id", "sold_at", "gross_amount",
        "discount_amount", "tax_amount", "gift_card_amount", "total_amount", "cashier_id",
    ) == [
        ("tx1", "Boston", "CUST1", utc(2026, 1, 15, 19, 5, 11), Decimal("1145.97"), Decimal("1.80"),
         Decimal("93.27"), Decimal("0.00"), Decimal("1144.17"), "Kim"),
        ("tx1-refund-py3", "Boston", "CUST1", utc(2026, 1, 18, 15, 0), Decimal("-9.61"), Decimal("-0.90"),
         Decimal("-0.71"), Decimal("0.00"), Decimal("-8.71"), "Kim"),
        ("tx2", "Boston", None, utc(2026, 1, 16, 14, 0), Decimal("65.00"), Decimal("0.00"), Decimal("0.00"),
         Decimal("50.00"), Decimal("65.00"), None),
        ("tx4", "Boston", "CUST2", utc(2026, 1, 19, 15, 0), Decimal("-38.00"), Decimal("0.00"),
         Decimal("-3.10"), Decimal("0.00"), Decimal("-38.00"), "Kim"),
    ]  # fmt: skip


def test_lines_are_the_goods_alone_and_returns_are_negative(american: Any) -> None:
    rows = american.rows(
        "square_items", "ticket_lines", "items*", "ticket_id", "line_no", "product_id", "quantity", "unit_price",
        "line_amount", "original_ticket_id",
    )  # fmt: skip
    assert rows == [
        ("tx1", 1, "SAV-1", Decimal("2"), Decimal("9.6100"), Decimal("17.42"), None),
        ("tx1", 2, "CRE-1", Decimal("1"), Decimal("1126.7500"), Decimal("1126.75"), None),
        ("tx1-refund-py3", 1, "SAV-1", Decimal("-1"), Decimal("9.6100"), Decimal("-8.71"), "tx1"),
        ("tx2", 1, "Linen", Decimal("1.5"), Decimal("10.0000"), Decimal("15.00"), None),
        ("tx4", 1, "CRE-1", Decimal("-1"), Decimal("38.0000"), Decimal("-38.00"), None),
    ]
    american.extract("square_items", "tickets", "items*")
    tickets = american.frame("square_items", "tickets")
    goods = tickets["total_amount"].sum() - tickets["gift_card_amount"].sum()
    assert sum(row[5] for row in rows) == goods == Decimal("1112.46")


def test_stores_are_the_locations(american: Any) -> None:
    assert american.rows("square_items", "stores", "items*", "store_id", "name") == [("Boston", "Boston")]


def test_a_french_export_is_the_same_with_its_own_commas(export: Any) -> None:
    export.write(
        "articles.csv",
        f"\ufeff{ITEMS_FR}\n"
        "15/01/2026;14:05:11;Paris;Soin;Crème;1,0;Standard;CRE-1;;1 034,90 €;-34,90 €;1 000,00 €;200,00 €;tx1;py1;C1;;;"
        "Paiement;Lyon;;CL1;Léa R.\n"
        "16/01/2026;09:00:00;Paris;Soin;Crème;1,0;Standard;CRE-1;;-10,00 €;0,00 €;-10,00 €;-2,00 €;tx2;py2;C1;;;"
        "Remboursement;Lyon;;CL1;Léa R.\n",
    )
    options = {"decimal": ",", "thousands": " "}
    assert export.rows(
        "square_items", "tickets", "articles*", "ticket_id", "sold_at", "gross_amount", "total_amount", options=options
    ) == [
        ("tx1", utc(2026, 1, 15, 13, 5, 11), Decimal("1234.90"), Decimal("1200.00")),
        ("tx2", utc(2026, 1, 16, 8, 0), Decimal("-12.00"), Decimal("-12.00")),
    ]
    assert export.rows(
        "square_items", "ticket_lines", "articles*", "product_id", "quantity", "line_amount", options=options
    ) == [("CRE-1", Decimal("1"), Decimal("1200.00")), ("CRE-1", Decimal("-1"), Decimal("-12.00"))]


def test_amounts_that_are_not_as_declared_are_told_and_no_ticket_is_too_cheap(export: Any) -> None:
    export.head = {**export.head, "currency": "USD"}
    export.write("items.csv", ITEM_ROWS.replace('"$1,034.90",$91.85', '"1.034,90",$91.85').replace("$0.00,tx2", ",tx2"))
    extracted = export.extract("square_items", "tickets", "items*")
    assert extracted.rows_rejected == 1
    assert "total_amount is not an amount" in export.reasons("square_items", "tickets")[0]


def test_a_zone_that_nobody_knows_is_told(export: Any) -> None:
    export.head = {**export.head, "currency": "USD"}
    export.write("items.csv", ITEM_ROWS.replace("Eastern Time (US & Canada)", "Mars"))
    export.extract("square_items", "tickets", "items*")
    assert set(export.reasons("square_items", "tickets")) == {"sold_at is not a date and time"}


TRANSACTION_ROWS = f"""{TRANSACTIONS}
10/05/2025,2:30:00 PM,Pacific Time (US & Canada),$60.00,-$5.00,$0.00,$55.00,$20.00,$5.00,$10.00,$0.00,$90.00,Point of Sale,$70.00,Tapped,$20.00,$0.00,$0.00,,,-$1.85,$88.15,TX1,P1,Visa,1234,iPad,Linh,S1,,"Mug,
blue",Payment,Portland,,C1,,,,Complete
2025-10-06,09:00:00,Pacific Time (US & Canada),$12.00,$0.00,$0.00,$12.00,$0.00,$0.96,$0.00,$0.00,$12.96,Point of Sale,$0.00,,$0.00,$0.00,$12.96,Voucher,,$0.00,$12.96,TX2,P2,,,iPad,Linh,,,Mug,Payment,Portland,,,,,,Complete
2025-10-07,09:00:00,Pacific Time (US & Canada),-$12.00,$0.00,$0.00,-$12.00,$0.00,-$0.96,$0.00,$0.00,-$12.96,Point of Sale,$0.00,,$0.00,$0.00,-$12.96,Voucher,,$0.00,-$12.96,TX2,P3,,,iPad,Linh,,,Mug,Refund,Portland,,,,,,Complete
2025-10-07,10:00:00,Pacific Time (US & Canada),$99.00,$0.00,$0.00,$99.00,$0.00,$0.00,$0.00,$0.00,$99.00,Point of Sale,$99.00,,$0.00,$0.00,$0.00,,,$0.00,$99.00,TX3,P4,,,iPad,Linh,,,Mug,Payment,Portland,,,,,,Failed
"""


def test_transactions_have_tips_gift_cards_and_kinds_of_payment(export: Any) -> None:
    export.head = {**export.head, "currency": "USD"}
    export.write("transactions.csv", TRANSACTION_ROWS)
    assert export.rows(
        "square_transactions", "tickets", "transactions*", "ticket_id", "sold_at", "gross_amount", "discount_amount",
        "tax_amount", "tip_amount", "gift_card_amount", "total_amount", "payment_kind", "cashier_id",
    ) == [
        ("TX1", utc(2025, 10, 5, 21, 30), Decimal("65.00"), Decimal("5.00"), Decimal("5.00"), Decimal("10.00"),
         Decimal("20.00"), Decimal("90.00"), "Card + Cash", "S1"),
        ("TX2", utc(2025, 10, 6, 16, 0), Decimal("12.96"), Decimal("0.00"), Decimal("0.96"), Decimal("0.00"),
         Decimal("0.00"), Decimal("12.96"), "Voucher", "Linh"),
        ("TX2-refund-P3", utc(2025, 10, 7, 16, 0), Decimal("-12.96"), Decimal("0.00"), Decimal("-0.96"),
         Decimal("0.00"), Decimal("0.00"), Decimal("-12.96"), "Voucher", "Linh"),
    ]  # fmt: skip


def test_a_failed_payment_is_counted_and_none(export: Any) -> None:
    export.head = {**export.head, "currency": "USD"}
    export.write("transactions.csv", TRANSACTION_ROWS)
    assert export.extract("square_transactions", "tickets", "transactions*").rows_filtered == 1


def test_customers_stay_whatever_they_lack(export: Any) -> None:
    export.write(
        "customers.csv",
        "Reference ID,First Name,Last Name,Email Address,Phone Number,Nickname,Company Name,Street Address 1,"
        "Street Address 2,City,State,Postal Code,Birthday,Memo,Square Customer ID,Creation Source,First Visit,Last Visit,"
        "Transaction Count,Lifetime Spend,Email Subscription Status,Instant Profile\n"
        ',Léa,Roussin,lea@example.fr,\'+33610826401,,,13 rue de Berri,Bât. B,Paris,,75008,1990-04-12,"likes\nsoap",CUST1,'
        'Directory,2025-11-01,2026-01-18,3,"$1,042.90",unknown,No\n'
        ",Marc,Tisserand,,,,,,,Dijon,,21000,0000-05-02,,CUST2,Import,,,0,$0.00,unsubscribed,No\n",
    )
    assert export.rows(
        "square_customers", "members", "customers*", "member_id", "email", "phone", "birth_date", "address", "postcode",
        "created_at", "updated_at",
    ) == [
        ("CUST1", "lea@example.fr", "+33610826401", date(1990, 4, 12), "13 rue de Berri, Bât. B", "75008",
         utc(2025, 10, 31, 23), utc(2026, 1, 17, 23)),
        ("CUST2", None, None, None, None, "21000", None, utc(1989, 12, 31, 23)),
    ]  # fmt: skip


def test_the_catalogue_has_the_products_that_lines_name(export: Any) -> None:
    export.write(
        "catalog.csv",
        "Token,Item Name,Customer-facing Name,Variation Name,Unit and Precision,SKU,Description,Categories,"
        "Reporting Category,Price\n"
        't1,Soap bar,,Regular,,SAV-1,"soft,\nround","Soap, Gifts",,8.90\n'
        't2,Cream,,100 ml,,CRE-1,,,Care,"1,034.90"\n'
        "t3,Linen,,per yard,,,,Fabric,,variable\nt4,Linen,,per roll,,,,Fabric,,variable\n",
    )
    assert export.rows("square_catalogue", "products", "catalog*", "product_id", "name", "category", "list_price") == [
        ("CRE-1", "Cream 100 ml", "Care", Decimal("1034.90")),
        ("Linen", "Linen", "Fabric", None),
        ("SAV-1", "Soap bar", "Soap", Decimal("8.90")),
    ]


@pytest.mark.parametrize(
    ("header", "delimiter", "preset"),
    [
        (ITEMS, ",", "square_items"),
        (ITEMS.split(",Unit,")[0], ",", "square_items"),
        (ITEMS.replace("Time Zone,", "").replace("SKU,", "").split(",Dining")[0], ",", "square_items"),
        (ITEMS.replace("Gross Sales,Discounts,Net Sales,Tax", "Product Sales,Discounts,Net Sales,Tax,Gross Sales"), ",",
         "square_items"),
        (ITEMS_FR, ";", "square_items"),
        (TRANSACTIONS, ",", "square_transactions"),
        (TRANSACTIONS.split(",Device Nickname")[0], ",", "square_transactions"),
        (TRANSACTIONS_FR, ";", "square_transactions"),
        ("Reference ID,First Name,Last Name,Email Address,Phone Number,Nickname,Company Name,City,Birthday,Memo,"
         "Square Customer ID,Creation Source,First Visit,Last Visit", ",", "square_customers"),
        ("Prénom;Nom de famille;Adresse e-mail;Numéro de téléphone;ID client Square;Première visite", ";",
         "square_customers"),
        ("Token,Item Name,Variation Name,SKU,Description,Categories,Price", ",", "square_catalogue"),
    ],
)  # fmt: skip
def test_an_export_is_recognised_by_its_columns(recognised: Any, header: str, delimiter: str, preset: str) -> None:
    assert recognised(header, delimiter) == preset
