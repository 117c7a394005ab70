"""WooCommerce's exports: two plugins' and its own, in English and French."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest

from pipelines.presets.recognise import recognise

# The columns that the plugin ticks from the beginning, and a few that it offers.
EXPORT = (
    "Order Number,Order Status,Order Date,Customer Note,First Name (Billing),Last Name (Billing),Company (Billing),"
    "Address 1&2 (Billing),City (Billing),State Code (Billing),Postcode (Billing),Country Code (Billing),"
    "Email (Billing),Phone (Billing),Payment Method Title,Cart Discount Amount,Order Subtotal Amount,"
    "Shipping Method Title,Order Shipping Amount,Order Refund Amount,Order Total Amount,Order Total Tax Amount,SKU,"
    "Item #,Item Name,Quantity (- Refund),Item Cost,Coupon Code,Discount Amount,Discount Amount Tax"
)
FULL = EXPORT + ",Quantity,Order Line Total,Order Line Tax,Order Shipping Tax Amount,Customer User ID,Completed Date"
EXPORT_FR = (
    "Numéro de commande;État de la commande;Date de commande;Prénom (Facturation);Nom de famille (Facturation);"
    "Société (Facturation);Adresse 1 & 2 (Facturation);Ville (Facturation);Code de l’état (Facturation);"
    "Code postal (Facturation);Code du pays (Facturation);E-mail (Facturation);Téléphone (Facturation);"
    "Titre de la méthode de paiement;Montant de la remise panier;Sous-total de la commande;Montant de la livraison;"
    "Montant du remboursement de la commande;Montant total de la commande;Montant total de la taxe de la commande;UGS;"
    "N° d’élément;Nom de l’élément;Quantité (- Remboursement);Prix du produit"
)
ROWS = """
1001,Completed,2026-03-01 10:00,"Ring twice,
please",Ann,Tour,,3 rue du Bac,Paris,,75007,FR,ann@example.com,0612345678,Card,10.00,110.00,Flat rate,5.00,0,126.00,21.00,SC-B,1,Scarf - Blue,2,40.00,SPRING,,,2,80.00,16.00,1.00,77,2026-03-02 09:00
1001,,,,,,,,,,,,,,,,,,,,,,,2,Hat,1,20.00,,,,1,20.00,4.00,,,
1002,Refunded,2026-03-01 11:00,,Bo,Ng,,,,,,,bo@example.com,,,0,20.00,Click & Collect,0,-24.00,24.00,4.00,HAT,1,Hat,0,20.00,,,,1,20.00,4.00,0,0,
1003,Processing,2026-03-01 12:00,,Cy,Ax,,,,,,,cy@example.com,,,0,40.00,Flat rate,0,12.00,48.00,8.00,HAT,1,Hat,2,20.00,,,,2,40.00,8.00,0,0,
1004,Cancelled,2026-03-01 13:00,,Cy,Ax,,,,,,,cy@example.com,,,0,20.00,,0,0,24.00,4.00,HAT,1,Hat,1,20.00,,,,1,20.00,4.00,0,0,
1005,Pending payment,2026-03-01 14:00,,Cy,Ax,,,,,,,cy@example.com,,,0,20.00,,0,0,24.00,4.00,HAT,1,Hat,1,20.00,,,,1,20.00,4.00,0,0,
1006,Failed,2026-03-01 14:00,,Cy,Ax,,,,,,,cy@example.com,,,0,20.00,,0,0,24.00,4.00,HAT,1,Hat,1,20.00,,,,1,20.00,4.00,0,0,
1007,On hold,2026-03-01 15:00,,Cy,Ax,,,,,,,cy@example.com,,,0,20.00,Mondial Relay,0,0,24.00,4.00,HAT,1,Hat,1,20.00,,,,1,20.00,4.00,0,0,
"""  # noqa: E501


def test_an_order_export_is_orders_lines_and_returns_with_tax(exported: Any, pick: Any) -> None:
    preset, files = "woocommerce_order_export_csv", "orders-*.csv"
    exported.write("orders-2026-03.csv", FULL + ROWS)
    orders = exported.read(preset, "orders", files)
    assert pick(orders, "order_id", "account_id", "status", "fulfilment", "contact_email", "coupon_code") == [
        ("1001", "77", "shipped", "delivery", "ann@example.com", "SPRING"),
        ("1002", "0", "returned", "click_and_collect", "bo@example.com", None),
        ("1003", "0", "paid", "delivery", "cy@example.com", None),
        ("1004", "0", "cancelled", "delivery", "cy@example.com", None),
        ("1007", "0", "placed", "locker", "cy@example.com", None),
    ]
    assert pick(orders[:3], "gross_amount", "discount_amount", "shipping_amount", "tax_amount", "total_amount") == [
        ("132.00", "12.00", "6.00", "21.00", "126.00"),
        ("24.00", "0.00", "0.00", "4.00", "24.00"),
        ("48.00", "0.00", "0.00", "8.00", "48.00"),
    ]
    assert exported.extract(preset, "orders", files).rows_filtered == 2  # Pending and failed.
    lines = exported.read(preset, "order_lines", files)
    assert pick(lines, "order_id", "line_no", "product_id", "quantity", "unit_price", "line_amount") == [
        ("1001", 1, "SC-B", "2.000", "52.8000", "105.60"),
        ("1001", 2, "Hat", "1.000", "26.4000", "26.40"),
        ("1002", 1, "HAT", "1.000", "24.0000", "24.00"),
        ("1003", 1, "HAT", "2.000", "24.0000", "48.00"),
        ("1004", 1, "HAT", "1.000", "24.0000", "24.00"),
        ("1007", 1, "HAT", "1.000", "24.0000", "24.00"),
    ]
    for order in orders:
        goods = sum(line["line_amount"] for line in lines if line["order_id"] == order["order_id"])
        assert order["gross_amount"] == goods, order["order_id"]
        assert order["total_amount"] == goods - order["discount_amount"] + order["shipping_amount"], order["order_id"]
    returns = exported.read(preset, "returns", files)
    assert pick(returns, "order_id", "quantity", "refund_amount") == [
        ("1002", "1.000", "24.00"),
        ("1003", "0.000", "12.00"),
    ]


def test_with_the_columns_ticked_from_the_beginning_tax_is_shared_by_what_goods_and_delivery_cost(
    exported: Any, pick: Any
) -> None:
    preset, out = "woocommerce_order_export_csv", io.StringIO()
    ticked = len(EXPORT.split(","))
    csv.writer(out).writerows(row[:ticked] for row in csv.reader(io.StringIO(FULL + ROWS)))
    exported.write("orders-2026-03.csv", out.getvalue())
    orders = exported.read(preset, "orders", "orders-*.csv")
    assert pick(orders[:1], "gross_amount", "discount_amount", "shipping_amount", "total_amount") == [
        ("132.00", "12.00", "6.00", "126.00")
    ]
    lines = exported.read(preset, "order_lines", "orders-*.csv")
    assert pick(lines[:2], "product_id", "line_amount") == [("SC-B", "105.60"), ("Hat", "26.40")]


def test_a_french_order_export_repeats_the_order_on_each_row(exported: Any, pick: Any) -> None:
    preset, head = (
        "woocommerce_order_export_csv",
        "1001;Terminée;2026-03-01 10:00;Ann;Tour;;3 rue du Bac;Paris;;75007;FR;",
    )
    rest = "ann@example.com;0612345678;Carte;0,00;100,00;5,00;0,00;126,00;21,00;"
    rows = [
        f"{head}{rest}SC-B;1;Écharpe;2;40,00",
        f"{head}{rest};2;Bonnet;1;20,00",
        "1002;Annulée;2026-03-01 11:00;Bo;Ng;;;;;;;bo@example.com;;;0,00;20,00;0,00;0,00;24,00;4,00;B;1;Bonnet;1;20,00",
        "1003;Attente paiement;2026-03-01 11:00;Bo;Ng;;;;;;;b@example.com;;"
        ";0,00;20,00;0,00;0,00;24,00;4,00;B;1;B;1;20,00",
        "1004;En attente;2026-03-01 11:00;Bo;Ng;;;;;;;b@example.com;;;0,00;20,00;0,00;0,00;24,00;4,00;B;1;B;1;20,00",
    ]
    exported.write("commandes.csv", "\n".join(["\ufeff" + EXPORT_FR, *rows]) + "\n")
    orders = exported.read(preset, "orders", "commandes.csv", options={"decimal": ","})
    assert pick(orders, "order_id", "status", "gross_amount", "shipping_amount", "total_amount", "contact_country") == [
        ("1001", "shipped", "120.00", "6.00", "126.00", "FR"),
        ("1002", "cancelled", "24.00", "0.00", "24.00", None),
        ("1004", "placed", "24.00", "0.00", "24.00", None),
    ]


@pytest.mark.parametrize(
    ("first", "second", "moments"),
    [
        ("01/02/2026 10:00", "02/02/2026 11:30", ("2026-02-01", "2026-02-02")),
        ("01/02/2026 10:00", "01/31/2026 11:30", ("2026-01-02", "2026-01-31")),
    ],
)
def test_days_between_slashes_are_read_whichever_of_day_and_month_comes_first(
    exported: Any, pick: Any, first: str, second: str, moments: tuple[str, str]
) -> None:
    rest = "Ann;Tour;;3 rue du Bac;Paris;;75007;FR;ann@example.com;;Carte;0,00;20,00;0,00;0,00;24,00;4,00;B;1;B;1;20,00"
    rows = [f"{number};Terminée;{moment};{rest}" for number, moment in ((1001, first), (1002, second))]
    exported.write("commandes.csv", "\n".join(["\ufeff" + EXPORT_FR, *rows]) + "\n")
    orders = exported.read("woocommerce_order_export_csv", "orders", "commandes.csv", options={"decimal": ","})
    assert tuple(str(moment)[:10] for (moment,) in pick(orders, "ordered_at")) == moments


TOFFEE = (
    "order_id,order_number,order_date,paid_date,status,shipping_total,shipping_tax_total,fee_total,fee_tax_total,"
    "tax_total,cart_discount,order_discount,discount_total,order_total,order_subtotal,order_currency,payment_method,"
    "payment_method_title,transaction_id,customer_ip_address,customer_user_agent,shipping_method,customer_id,"
    "customer_user,customer_email,billing_first_name,billing_last_name,billing_company,billing_email,billing_phone,"
    "billing_address_1,billing_address_2,billing_postcode,billing_city,billing_state,billing_country,"
    "shipping_first_name,shipping_last_name,customer_note,wt_import_key,tax_items,shipping_items,fee_items,coupon_items,"
    "refund_items,order_notes,download_permissions,line_item_1,line_item_2"
)


def toffee(number: str, status: str, total: str, tax: str, lines: list[str], **more: str) -> str:
    values = dict.fromkeys(TOFFEE.split(","), "")
    given = {"shipping_total": "0.00", "shipping_tax_total": "0.00", "cart_discount": "0.00", "order_currency": "EUR"}
    values |= {**given, "order_id": number, "order_date": "2026-03-01 10:00:00", "status": status}
    values |= {"order_total": total, "tax_total": tax, "billing_email": "ann@example.com", **more}
    values |= {f"line_item_{place}": item for place, item in enumerate(lines, start=1)}
    return ",".join('"' + value.replace('"', '""') + '"' for value in values.values())


def test_lines_in_columns_are_lines_and_refunds_have_their_dates(exported: Any, pick: Any) -> None:
    preset, files = "woocommerce_webtoffee_orders_csv", "order_export*.csv"
    scarf = "name:Scarf - Blue|product_id:12|sku:SC-B|quantity:2|total:40.00|sub_total:50.00|tax:8.00|meta:size:S"
    hat = "name:Hat|product_id:13|sku:|quantity:1|total:20.00|sub_total:20.00|tax:4.00"
    rows = [
        toffee(
            "501", "wc-completed", "78.00", "13.00", [scarf, hat], order_number="1001", shipping_total="5.00",
            shipping_tax_total="1.00", customer_user="77", cart_discount="10.00", customer_note="Leave it,\nplease",
            refund_items="amount:24.00|reason:too small|date:2026-03-09 08:00:00"
            ";amount:1.50|reason:|date:2026-03-10 08:00:00",
            coupon_items="code:SPRING|amount:10.00",
        ),
        toffee("502", "refunded", "24.00", "4.00", [hat], customer_user="0"),
        toffee("503", "cancelled", "24.00", "4.00", [hat]),
        toffee("504", "pending", "24.00", "4.00", [hat]),
    ]  # fmt: skip
    exported.write("order_export_2026.csv", "\n".join([TOFFEE, *rows]) + "\n")
    orders = exported.read(preset, "orders", files)
    amounts = ("gross_amount", "discount_amount", "shipping_amount", "total_amount")
    assert pick(orders, "order_id", "account_id", "status", "coupon_code", *amounts) == [
        ("1001", "77", "shipped", "SPRING", "84.00", "12.00", "6.00", "78.00"),
        ("502", "0", "returned", None, "24.00", "0.00", "0.00", "24.00"),
        ("503", None, "cancelled", None, "24.00", "0.00", "0.00", "24.00"),
    ]
    lines = exported.read(preset, "order_lines", files)
    assert pick(lines[:2], "order_id", "line_no", "product_id", "unit_price", "line_amount") == [
        ("1001", 1, "SC-B", "30.0000", "60.00"),
        ("1001", 2, "Hat", "24.0000", "24.00"),
    ]
    assert [row["order_id"] for row in lines] == ["1001", "1001", "502", "503"]
    returns = exported.read(preset, "returns", files)
    assert pick(returns, "return_id", "order_id", "quantity", "refund_amount", "reason") == [
        ("1001:refund", "1001", "0.000", "24.00", "too small"),
        ("1001:refund-2", "1001", "0.000", "1.50", None),
        ("502:refund", "502", "1.000", "24.00", None),
    ]
    assert str(returns[0]["returned_at"]) == "2026-03-09 07:00:00"


ANALYTICS = (
    "Date,Order #,N. Revenue (formatted),Status,Customer,Customer type,Product(s),Items sold,Coupon(s),N. Revenue"
)
ANALYTICS_FR = (
    "Date,Commande n°,État,Client,Type de client,Produit(s),Articles vendus,Code(s) promo,Ventes nettes,Origine"
)


def test_the_report_of_orders_gives_orders_without_lines(exported: Any, pick: Any) -> None:
    preset = "woocommerce_analytics_orders_csv"
    exported.write(
        "wc-orders-report-export-1.csv",
        ANALYTICS + '\n2026-03-01 10:00:00,1001,€100.00,completed,Ann de la Tour,new,"2× Scarf, Hat",3,SPRING,100.00\n'
        "2026-03-01 11:00:00,1002,€20.00,refunded,Bo Ng,returning,1× Hat,1,,20.00\n"
        "2026-03-01 12:00:00,1003,€20.00,failed,Bo Ng,returning,1× Hat,1,,20.00\n",
    )
    orders = exported.read(preset, "orders", "wc-orders*.csv")
    assert pick(orders, "order_id", "status", "contact_first_name", "contact_last_name", "total_amount") == [
        ("1001", "shipped", "Ann", "de la Tour", "100.00"),
        ("1002", "returned", "Bo", "Ng", "20.00"),
    ]
    returns = exported.read(preset, "returns", "wc-orders*.csv")
    assert pick(returns, "order_id", "quantity", "refund_amount") == [("1002", "1.000", "20.00")]


CUSTOMERS = "Name,Username,Last Active,Sign Up,Email,Orders,Total Spend,AOV,Country / Region,City,Region,Postal Code"
CUSTOMERS_FR = (
    "Nom,Identifiant,Dernière activité,Inscription,E-mail,Commandes,Dépense totale,Panier moyen,Pays / région,Ville,"
    "Région,Code postal"
)


def test_customers_without_an_account_go_by_their_mailboxes_and_orders_find_them(exported: Any, pick: Any) -> None:
    exported.write(
        "wc-customers-report-export.csv",
        CUSTOMERS
        + "\nAnn de la Tour,anntour,2026-03-01 10:00:00,2025-01-01 09:00:00,Ann@example.com,2,120,60,FR,Paris,,75007\n"
        "Bo Ng,,2026-03-01 11:00:00,,BO@example.com,1,20,20,FR,Lyon,,69002\n"
        "Bo Ng,,2025-03-01 11:00:00,,bo@example.com,1,20,20,FR,Lyon,,69002\n",
    )
    customers = exported.read("woocommerce_analytics_customers_csv", "customers", "wc-customers*.csv")
    assert pick(customers, "account_id", "first_name", "last_name", "postcode", "country") == [
        ("anntour", "Ann", "de la Tour", "75007", "FR"),
        ("bo@example.com", "Bo", "Ng", "69002", "FR"),
    ]
    exported.write("orders-2026-03.csv", FULL + ROWS)
    beside = {"with": {"customers": "wc-customers*.csv"}}
    orders = exported.read("woocommerce_order_export_csv", "orders", "orders-*.csv", **beside)
    assert pick(orders[:3], "order_id", "account_id") == [
        ("1001", "anntour"),
        ("1002", "bo@example.com"),
        ("1003", "0"),
    ]


PRODUCTS = (
    'ID,Type,SKU,"GTIN, UPC, EAN, or ISBN",Name,Published,"Is featured?","Visibility in catalog","Short description",'
    'Description,"Date sale price starts","Date sale price ends","Tax status","Tax class","In stock?",Stock,'
    '"Sale price","Regular price",Categories,Tags,Images,Parent,Position,Brands'
)
PRODUCTS_FR = (
    'ID,Type,UGS,"GTIN, UPC, EAN ou ISBN",Nom,Publié,"Mis en avant ?","Visibilité dans le catalogue",'
    '"Description courte",Description,"Date de début de promo","Date de fin de promo","État de la TVA","Classe de TVA",'
    '"En stock ?",Stock,"Tarif promo","Tarif régulier",Catégories,Étiquettes,Images,Parent,Position,Marques'
)


def test_variations_have_the_categories_of_their_product(exported: Any, pick: Any) -> None:
    exported.write(
        "wc-product-export-1.csv",
        "\ufeff" + PRODUCTS_FR + '\n12,variable,SC,,Écharpe,1,0,visible,,"Douce,\nchaude",,,taxable,,1,,,,'
        '"Accessoires > Écharpes, Promo",,a.jpg,,0,Maison\n'
        '13,variation,SC-B,,Écharpe - Bleu,1,0,visible,,,,,taxable,,1,,,"34,90",,,,SC,1,\n'
        '14,variation,,,Écharpe - Rouge,1,0,visible,,,,,taxable,,1,,,"34,90",,,,id:12,2,\n'
        '15,simple,BON,,Bonnet,1,0,visible,,,,,taxable,,1,,"18,00","20,00",,,,,0,\n',
    )
    options = {"options": {"decimal": ","}}
    products = exported.read("woocommerce_products_csv", "products", "wc-product*.csv", **options)
    assert pick(products, "product_id", "name", "category", "subcategory", "brand", "list_price") == [
        ("BON", "Bonnet", "Uncategorised", None, None, "20.00"),
        ("SC", "Écharpe", "Accessoires", "Écharpes", "Maison", None),
        ("SC-B", "Écharpe - Bleu", "Accessoires", "Écharpes", "Maison", "34.90"),
        ("Écharpe - Rouge", "Écharpe - Rouge", "Accessoires", "Écharpes", "Maison", "34.90"),
    ]


@pytest.mark.parametrize(
    ("header", "preset"),
    [
        (EXPORT, "woocommerce_order_export_csv"),
        (FULL, "woocommerce_order_export_csv"),
        (EXPORT_FR.replace(";", ","), "woocommerce_order_export_csv"),
        (TOFFEE, "woocommerce_webtoffee_orders_csv"),
        (ANALYTICS, "woocommerce_analytics_orders_csv"),
        (ANALYTICS_FR, "woocommerce_analytics_orders_csv"),
        (CUSTOMERS, "woocommerce_analytics_customers_csv"),
        (CUSTOMERS_FR, "woocommerce_analytics_customers_csv"),
        (PRODUCTS.replace('"', ""), "woocommerce_products_csv"),
        (PRODUCTS_FR.replace('"', ""), "woocommerce_products_csv"),
    ],
)
def test_each_is_recognised_before_all_others(header: str, preset: str) -> None:
    first = recognise(header.split(","))[0]
    assert (first.preset.name, first.is_certain) == (preset, True)


def test_net_revenue_of_the_order_export_is_what_was_kept(exported: Any) -> None:
    exported.write("orders-2026-03.csv", FULL + ROWS)
    preset = "woocommerce_order_export_csv"
    kept = [row for row in exported.read(preset, "orders", "orders-*.csv") if row["status"] != "cancelled"]
    paid_back = sum(row["refund_amount"] for row in exported.read(preset, "returns", "orders-*.csv"))
    assert sum(row["total_amount"] for row in kept) - paid_back == Decimal("186.00")  # 126 + 0 + 36 + 24.
