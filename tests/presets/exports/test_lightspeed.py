"""Lightspeed Retail's exports (R-Series and X-Series), from the file to the lake."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest


def utc(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


X_SALES = (
    "Date,Receipt Number,Line Type,Customer Code,Customer Name,Note,Quantity,Subtotal,Sales Tax,Discount,Loyalty,Total,"
    "Paid,Details,Register,User,Status,Sku,AccountCodeSale,AccountCodePurchase"
)
X_SALES_FR = (
    "Date;Numéro de reçu;Type de ligne;Code client;Nom du client;Remarque;Quantité;Sous-total;Taxe de vente;Remise;"
    "Fidélité;Total;Payé;Détails;Caisse;Utilisateur;Statut;UGS"
)
X_PRODUCTS = (
    "id,handle,sku,composite_name,composite_sku,composite_quantity,name,description,product_category,"
    "variant_option_one_name,variant_option_one_value,tags,supply_price,retail_price,tax_name,tax_value,account_code,"
    "account_code_purchase,brand_name,supplier_name,supplier_code,active,track_inventory,inventory_Main_Outlet"
)
R_ITEMS = (
    '"System ID","UPC","EAN","Custom SKU","Manufact. SKU","Item","Vendor ID","Qty.","Price","Tax","Brand",'
    '"Publish to eCom","Season","Department","MSRP","Tax Class","Default Cost","Vendor","Category","Subcategory 1"'
)
R_LINES = "Sale ID,Line ID,Date,Time,System ID,Item,Qty.,Retail,Discount,Subtotal,Tax,Total,Customer ID,Customer,Shop,Register,Employee"

# A sale with a discount of 10 over two lines, a gift card and two payments, of which lines leave out register and
# receipt; a return; a parked and a voided sale; the same receipt number at another register.
X_ROWS = f"""\ufeff{X_SALES}
2026-01-15 10:00:00,7,Sale,C1,Léa R,"call back,
in the evening",4,101.67,20.33,10.00,0,122.00,122.00,,Lyon,Kim,CLOSED,,,
2026-01-15 10:00:00,,Sale Line,,,,2,50.00,10.00,0,0,60.00,,Savon,,,,SAV-1,,
2026-01-15 10:00:00,,Sale Line,,,,1,18.33,3.67,2.00,0,22.00,,Crème,,,,CRE-1,,
,,Sale Line,,,,1,-8.33,-1.67,0,0,-10.00,,Discount,,,,vend-discount,,
,,Sale Line,,,,1,50.00,0,0,0,50.00,,Gift Card,,,,vend-internal-gift-card,,
,,Payment,,,,,,,,,,100.00,Credit Card,,,,,,
,,Payment,,,,,,,,,,22.00,Cash,,,,,,
2026-01-16 11:00:00,8,Sale,C1,Léa R,,-1,-25.00,-5.00,0,0,-30.00,-30.00,,Lyon,Kim,CLOSED,,,
2026-01-16 11:00:00,8,Sale Line,,,,-1,-25.00,-5.00,0,0,-30.00,,Savon,Lyon,,,SAV-1,,
2026-01-16 12:00:00,9,Sale,,,,1,10,2,0,0,12.00,0,,Lyon,Kim,SAVED,,,
2026-01-16 12:00:00,9,Sale Line,,,,1,10,2,0,0,12.00,,Savon,Lyon,,,SAV-1,,
2026-01-16 12:30:00,10,Sale,,,,1,10,2,0,0,12.00,12,,Lyon,Kim,VOIDED,,,
2026-01-16 12:30:00,10,Sale Line,,,,1,10,2,0,0,12.00,,Savon,Lyon,,,SAV-1,,
2026-01-17 09:00:00,8,Sale,,,,1.5,"1,000.00",200.00,0,0,"1,200.00","1,200.00",,Paris,Jo,CLOSED,,,
2026-01-17 09:00:00,8,Sale Line,,,,1.5,"1,000.00",200.00,0,0,"1,200.00",,Tissu,Paris,,,,,
"""


def test_sales_of_x_series_are_told_by_their_rows_of_a_sale(export: Any) -> None:
    export.write("sales.csv", X_ROWS)
    assert export.rows(
        "lightspeed_x_sales", "tickets", "sales*", "ticket_id", "store_id", "member_id", "sold_at", "gross_amount",
        "discount_amount", "tax_amount", "gift_card_amount", "total_amount", "payment_kind", "cashier_id",
    ) == [
        ("Lyon 7", "Lyon", "C1", utc(2026, 1, 15, 9), Decimal("82.00"), Decimal("10.00"), Decimal("20.33"),
         Decimal("50.00"), Decimal("122.00"), "Cash + Credit Card", "Kim"),
        ("Lyon 8", "Lyon", "C1", utc(2026, 1, 16, 10), Decimal("-30.00"), Decimal("0.00"), Decimal("-5.00"),
         Decimal("0.00"), Decimal("-30.00"), None, "Kim"),
        ("Paris 8", "Paris", None, utc(2026, 1, 17, 8), Decimal("1200.00"), Decimal("0.00"), Decimal("200.00"),
         Decimal("0.00"), Decimal("1200.00"), None, "Jo"),
    ]  # fmt: skip


def test_lines_of_x_series_bear_the_discount_of_their_sale(export: Any) -> None:
    export.write("sales.csv", X_ROWS)
    rows = export.rows(
        "lightspeed_x_sales", "ticket_lines", "sales*", "ticket_id", "line_no", "product_id", "quantity", "unit_price",
        "line_amount",
    )  # fmt: skip
    assert rows == [
        ("Lyon 7", 1, "SAV-1", Decimal("2"), Decimal("30.0000"), Decimal("52.68")),
        ("Lyon 7", 2, "CRE-1", Decimal("1"), Decimal("24.0000"), Decimal("19.32")),
        ("Lyon 8", 1, "SAV-1", Decimal("-1"), Decimal("30.0000"), Decimal("-30.00")),
        ("Paris 8", 1, "Tissu", Decimal("1.5"), Decimal("800.0000"), Decimal("1200.00")),
    ]
    export.extract("lightspeed_x_sales", "tickets", "sales*")
    tickets = export.frame("lightspeed_x_sales", "tickets")
    assert sum(row[5] for row in rows) == tickets["total_amount"].sum() - tickets["gift_card_amount"].sum()


def test_a_french_export_of_x_series_is_the_same(export: Any) -> None:
    export.write(
        "ventes.csv",
        f"{X_SALES_FR}\n15/01/2026 10:00;7;Vente;C1;Léa R;;1;8,33;1,67;0;0;10,00;10,00;;Lyon;Kim;CLOSED;\n"
        "2026-01-15 10:00:00;7;Ligne de vente;;;;1;8,33;1,67;0;0;10,00;;Savon;;;;SAV-1\n"
        "2026-01-15 10:00:00;7;Paiement;;;;;;;;;;10,00;Carte;;;;\n",
    )
    options = {"decimal": ",", "thousands": " "}
    assert export.rows(
        "lightspeed_x_sales",
        "tickets",
        "ventes*",
        "ticket_id",
        "sold_at",
        "total_amount",
        "payment_kind",
        options=options,
    ) == [("Lyon 7", utc(2026, 1, 15, 9), Decimal("10.00"), "Carte")]
    assert export.rows(
        "lightspeed_x_sales", "ticket_lines", "ventes*", "product_id", "line_amount", options=options
    ) == [("SAV-1", Decimal("10.00"))]


def test_customers_and_products_of_x_series(export: Any) -> None:
    export.write(
        "customers.csv",
        "id,customer_code,first_name,last_name,email,phone,mobile,physical_address1,physical_address2,physical_city,"
        "physical_postcode,physical_country_id,date_of_birth,do_not_email\n"
        'u1,C1,Léa,Roussin,lea@example.fr,0472000000,0610000000,"13 rue\nde Berri",,Paris,75008,FR,1990-04-12,1\n'
        "u2,C2,,Petit,,,,,,,,,,0\n",
    )
    assert export.rows(
        "lightspeed_x_customers", "members", "customers*", "member_id", "email", "phone", "birth_date", "country",
        "updated_at",
    ) == [
        ("C1", "lea@example.fr", "0610000000", date(1990, 4, 12), "FR", utc(1989, 12, 31, 23)),
        ("C2", None, None, None, None, utc(1989, 12, 31, 23)),
    ]  # fmt: skip
    export.write(
        "product-export.csv",
        f'{X_PRODUCTS}\nu1,savon,SAV-1,,,,Savon / 100 g,"soft\nround",Soin / Savons,Poids,100 g,,2.10,8.90,TVA,0.2,,,Maison,,,1,1,4\n'
        'u2,tissu,TIS,,,,Tissu,,,,,,3,"1,034.90",TVA,0.2,,,,,,1,1,4\n',
    )
    assert export.rows(
        "lightspeed_x_products", "products", "product-export*", "product_id", "name", "category", "subcategory",
        "brand", "list_price",
    ) == [
        ("SAV-1", "Savon / 100 g", "Soin", "Savons", "Maison", Decimal("8.90")),
        ("TIS", "Tissu", "None", None, None, Decimal("1034.90")),
    ]  # fmt: skip


R_ROWS = f"""{R_LINES}
101,2,01/13/2026,2:05 PM,2100,Savon,2,$8.90,$1.80,$13.33,$2.67,$16.00,55,Léa R,Lyon,Till 1,Kim
101,1,01/13/2026,2:05 PM,2101,"Crème
100 ml",1,"$1,034.90",$0.00,$862.42,$172.48,"$1,034.90",55,Léa R,Lyon,Till 1,Kim
102,3,02/01/2026,9:00 AM,2100,Savon,-1,$8.90,($0.90),($6.67),($1.33),($8.00),0,,Lyon,Till 1,Kim
,,,,,Total,2,,,,,"$1,042.90",,,,,
"""


def test_sale_lines_of_r_series_are_tickets_and_lines(export: Any) -> None:
    export.head = {**export.head, "currency": "USD"}
    export.write("lines.csv", R_ROWS)
    assert export.rows(
        "lightspeed_r_sales_lines", "tickets", "lines*", "ticket_id", "store_id", "member_id", "sold_at",
        "gross_amount", "discount_amount", "tax_amount", "total_amount", "cashier_id",
    ) == [
        ("101", "Lyon", "55", utc(2026, 1, 13, 13, 5), Decimal("1052.70"), Decimal("1.80"), Decimal("175.15"),
         Decimal("1050.90"), "Kim"),
        ("102", "Lyon", None, utc(2026, 2, 1, 8), Decimal("-8.90"), Decimal("-0.90"), Decimal("-1.33"),
         Decimal("-8.00"), "Kim"),
    ]  # fmt: skip
    assert export.rows(
        "lightspeed_r_sales_lines", "ticket_lines", "lines*", "ticket_id", "line_no", "product_id", "quantity",
        "unit_price", "line_amount",
    ) == [
        ("101", 1, "2101", Decimal("1"), Decimal("1034.9000"), Decimal("1034.90")),
        ("101", 2, "2100", Decimal("2"), Decimal("8.9000"), Decimal("16.00")),
        ("102", 1, "2100", Decimal("-1"), Decimal("8.9000"), Decimal("-8.00")),
    ]  # fmt: skip
    assert export.rows("lightspeed_r_sales_lines", "stores", "lines*", "store_id") == [("Lyon",)]


def test_dates_of_r_series_are_day_first_where_all_would_do(export: Any) -> None:
    export.write(
        "lignes.csv",
        "ID de vente;Date;Article;Qté;Rabais;Total;Magasin\n"
        '1;05/02/2026 10:00;Savon;1;0,00;"1 042,90 €";Lyon\n2;2026-02-06 10:00:00;Savon;1;0,00;8,90 €;Lyon\n',
    )
    assert export.rows(
        "lightspeed_r_sales_lines", "tickets", "lignes*", "ticket_id", "sold_at", "total_amount",
        options={"decimal": ",", "thousands": " "},
    ) == [
        ("1", utc(2026, 2, 5, 9), Decimal("1042.90")),
        ("2", utc(2026, 2, 6, 9), Decimal("8.90")),
    ]  # fmt: skip


def test_customers_and_items_of_r_series(export: Any) -> None:
    export.write(
        "clients.csv",
        "ID client;Prénom;Nom;Courriel;Portable;Domicile;Adresse 1;Ville;Code postal;Pays;Date de création\n"
        "55;Léa;Roussin;lea@example.fr;0610000000;;13 rue de Berri;Paris;75008;France;2025-11-01 10:00:00\n",
    )
    assert export.rows(
        "lightspeed_r_customers", "members", "clients*", "member_id", "last_name", "phone", "postcode", "created_at",
        "updated_at",
    ) == [
        ("55", "Roussin", "0610000000", "75008", utc(2025, 11, 1, 9), utc(2025, 11, 1, 9)),
    ]  # fmt: skip
    export.write(
        "items.csv",
        f'{R_ITEMS}\n"2100","","","SAV-1","","Savon","","4","8.90","Yes","Maison","No","","","9","Item","2.1","","Soin","Savons"\n'
        '"2101","","","","","Crème 100 ml","","4","1,034.90","Yes","","No","","","9","Item","2.1","","",""\n',
    )
    assert export.rows(
        "lightspeed_r_items", "products", "items*", "product_id", "name", "category", "subcategory", "list_price"
    ) == [
        ("2100", "Savon", "Soin", "Savons", Decimal("8.90")),
        ("2101", "Crème 100 ml", "None", None, Decimal("1034.90")),
    ]


@pytest.mark.parametrize(
    ("header", "delimiter", "preset"),
    [
        (X_SALES, ",", "lightspeed_x_sales"),
        (X_SALES_FR, ";", "lightspeed_x_sales"),
        ("Date,Receipt Number,Line Type,Quantity,Total,Details,Register,Sku", ",", "lightspeed_x_sales"),
        ("customer_code,first_name,last_name,email,phone,mobile", ",", "lightspeed_x_customers"),
        (X_PRODUCTS, ",", "lightspeed_x_products"),
        (R_LINES, ",", "lightspeed_r_sales_lines"),
        ("ID de vente;Date;Article;Qté;Rabais;Total;Magasin", ";", "lightspeed_r_sales_lines"),
        ("Sale ID,Date,Item,Qty.,Total", ",", "lightspeed_r_sales_lines"),
        ("ID client;Prénom;Nom;Courriel;Portable;Domicile", ";", "lightspeed_r_customers"),
        (R_ITEMS, ",", "lightspeed_r_items"),
        ("ID système;SKU personnalisé;SKU du fabricant;Article;Prix;Marque", ";", "lightspeed_r_items"),
    ],
)
def test_an_export_is_recognised_by_its_columns(recognised: Any, header: str, delimiter: str, preset: str) -> None:
    assert recognised(header, delimiter) == preset
