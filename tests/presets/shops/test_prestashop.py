"""PrestaShop's exports: the lists of the back office in English and French, and its tables by the SQL Manager."""

from decimal import Decimal
from typing import Any

import pytest

from pipelines.presets.recognise import recognise

ORDERS = "ID;Reference;New client;Delivery;Customer;Total;Payment;Status;Date"
ORDERS_FR = "ID;Référence;Nouveau client;Livraison;Client;Total;Paiement;État;Date"
ORDER_ROWS_FR = """
12;XKBKNABJK;1;France;A. TOUR;1 054,60 €;Carte;Livré;2026-03-01 10:00:00
13;OHSATSERP;0;France;B. NG;20,00 €;Chèque;En attente du paiement par chèque;2026-03-01 11:00:00
14;UOYEVOLI;0;Suisse;C. AX;33,00 CHF;Carte;Paiement accepté;2026-03-01 12:00:00
15;FFATNOMMJ;0;France;C. AX;40,00 €;Carte;Remboursé;03/03/2026 12:00:00
16;KHWLILZLL;0;France;C. AX;40,00 €;Carte;Annulé;2026-03-03 12:00:00
17;AAAAAAAAA;0;France;C. AX;40,00 €;Carte;Erreur de paiement;2026-03-03 12:00:00
18;BBBBBBBBB;0;France;C. AX;40,00 €;Carte;Expédié;2026-03-03 12:00:00
19;CCCCCCCCC;0;France;C. AX;40,00 €;Carte;Click & Collect - à retirer;2026-03-03 12:00:00
20;DDDDDDDDD;0;France;C. AX;40,00 €;Virement;En attente de virement bancaire;2026-03-03 12:00:00
21;EEEEEEEEE;0;France;C. AX;40,00 €;Carte;En attente de réapprovisionnement (payé);2026-03-03 12:00:00
""".replace("1 054,60 €", "1\u202f054,60\u00a0€")


def test_a_french_list_of_orders_has_its_states_and_currencies(exported: Any, pick: Any) -> None:
    preset = "prestashop_orders_csv"
    exported.write("order_2026.csv", "\ufeff" + ORDERS_FR + ORDER_ROWS_FR)
    exported.currency = "EUR"
    orders = exported.read(preset, "orders", "order_*.csv")
    assert pick(orders, "order_id", "status", "currency", "total_amount", "contact_country") == [
        ("12", "delivered", "EUR", "1054.60", "France"),
        ("15", "returned", "EUR", "40.00", "France"),
        ("16", "cancelled", "EUR", "40.00", "France"),
        ("18", "shipped", "EUR", "40.00", "France"),
        ("19", "paid", "EUR", "40.00", "France"),
        ("21", "paid", "EUR", "40.00", "France"),
    ]
    assert str(orders[1]["ordered_at"]) == "2026-03-03 11:00:00"
    counts = exported.extract(preset, "orders", "order_*.csv")
    assert (counts.rows_filtered, counts.rows_rejected) == (3, 1)  # Unpaid; and francs, which have no rate here.
    returns = exported.read(preset, "returns", "order_*.csv")
    assert pick(returns, "order_id", "refund_amount") == [("15", "40.00")]


def test_an_english_list_of_orders_writes_amounts_the_other_way_round(exported: Any, pick: Any) -> None:
    exported.write(
        "order_2026.csv",
        ORDERS + '\n12;XKBKNABJK;1;France;A. TOUR;"€1,054.60";Card;Delivered;2026-03-01 10:00:00\n'
        "13;XKBKNABJL;1;France;A. TOUR;€12;Card;Payment accepted;2026-03-01 10:00:00\n",
    )
    orders = exported.read("prestashop_orders_csv", "orders", "order_*.csv")
    assert pick(orders, "order_id", "status", "total_amount", "currency") == [
        ("12", "delivered", "1054.60", "EUR"),
        ("13", "paid", "12.00", "EUR"),
    ]


CUSTOMERS = (
    "ID;Social title;First name;Last name;Email address;Group;Company;Sales;Enabled;Newsletter;Partner offers;"
    "Registration;Last visit"
)
CUSTOMERS_FR = (
    "ID;Titre de civilité;Prénom;Nom;Adresse e-mail;Groupe;Société;Ventes;Activé;Newsletter;Offres partenaires;"
    "Inscription;Dernière visite"
)


def test_customers_of_the_back_office_and_their_answers(exported: Any, pick: Any) -> None:
    exported.write(
        "customer_2026.csv",
        CUSTOMERS_FR
        + "\n7;Mme;Ann;Tour;ann@example.com;Client;;120,00 €;1;1;0;2025-01-01 09:00:00;2026-03-01 10:00:00\n"
        "8;M.;Bo;Ng;bo@example.com;Client;;--;0;Non;Oui;2025-01-02 09:00:00;\n",
    )
    preset = "prestashop_customers_csv"
    customers = exported.read(preset, "customers", "customer_*.csv")
    assert pick(customers, "account_id", "first_name", "last_name", "email") == [
        ("7", "Ann", "Tour", "ann@example.com"),
        ("8", "Bo", "Ng", "bo@example.com"),
    ]
    assert [str(row["updated_at"]) for row in customers] == ["2026-03-01 09:00:00", "2025-01-02 08:00:00"]
    consents = exported.read(preset, "consents", "customer_*.csv")
    assert pick(consents, "account_id", "channel", "status", "recipient") == [
        ("7", "email", "denied", "partners"),
        ("7", "email", "granted", None),
        ("8", "email", "granted", "partners"),
        ("8", "email", "denied", None),
    ]


PRODUCTS = "Product ID;Image;Name;Reference;Category;Price (tax excl.);Price (tax incl.);Quantity;Status;Position"
PRODUCTS_FR = "Product ID;Image;Nom;Référence;Catégorie;Prix (HT);Prix (TTC);Quantité;État;Position"


def test_products_are_numbered_as_lines_of_orders_number_them(exported: Any, pick: Any) -> None:
    exported.write(
        "product_2026.csv",
        PRODUCTS_FR + '\n1;http://x/1.jpg;Écharpe;SC;Accessoires;"29,08 €";"34,90 €";300;1;1\n'
        "2;http://x/2.jpg;Manteau;M;;1040.000000;1248.000000;2;1;2\n3;;Bon;;Divers;;;0;0;3\n",
    )
    products = exported.read("prestashop_products_csv", "products", "product_*.csv")
    assert pick(products, "product_id", "name", "category", "list_price") == [
        ("1", "Écharpe", "Accessoires", "34.90"),
        ("2", "Manteau", "Uncategorised", "1248.00"),
        ("3", "Bon", "Divers", None),
    ]


SQL_ORDERS = (
    "id_order;reference;id_shop_group;id_shop;id_carrier;id_lang;id_customer;id_cart;id_currency;id_address_delivery;"
    "id_address_invoice;current_state;secure_key;payment;conversion_rate;module;recyclable;gift;gift_message;"
    "total_discounts;total_discounts_tax_incl;total_discounts_tax_excl;total_paid;total_paid_tax_incl;"
    "total_paid_tax_excl;total_paid_real;total_products;total_products_wt;total_shipping;total_shipping_tax_incl;"
    "total_shipping_tax_excl;carrier_tax_rate;total_wrapping;total_wrapping_tax_incl;total_wrapping_tax_excl;"
    "invoice_number;delivery_number;invoice_date;delivery_date;valid;date_add;date_upd"
)
SQL_DETAILS = (
    "id_order_detail;id_order;id_order_invoice;id_warehouse;id_shop;product_id;product_attribute_id;product_name;"
    "product_quantity;product_quantity_refunded;product_price;reduction_percent;product_reference;"
    "unit_price_tax_incl;unit_price_tax_excl;total_price_tax_incl;total_price_tax_excl"
)
SQL_SLIPS = (
    "id_order_slip;conversion_rate;id_customer;id_order;total_products_tax_excl;total_products_tax_incl;"
    "total_shipping_tax_excl;total_shipping_tax_incl;shipping_cost;amount;shipping_cost_amount;partial;order_slip_type;"
    "date_add;date_upd"
)
SQL_CUSTOMERS = (
    "id_customer;id_shop_group;id_shop;id_gender;id_default_group;id_lang;company;siret;firstname;lastname;email;passwd;"
    "birthday;newsletter;ip_registration_newsletter;newsletter_date_add;optin;active;is_guest;deleted;date_add;date_upd"
)


def row(header: str, **values: str) -> str:
    return ";".join(f'"{values.pop(name, "")}"' for name in header.split(";"))


def sql_order(number: str, state: str, **more: str) -> str:
    usual = {
        "id_order": number, "id_customer": "7", "current_state": state, "total_discounts_tax_incl": "0.000000",
        "total_paid_tax_incl": "40.000000", "total_paid_tax_excl": "33.333333", "total_products_wt": "40.000000",
        "total_shipping_tax_incl": "0.000000", "valid": "1", "date_add": "2026-03-01 10:00:00",
        "date_upd": "2026-03-02 10:00:00", "delivery_date": "0000-00-00 00:00:00",
        "gift_message": "Bon anniversaire,\nMaman",
    }  # fmt: skip
    return row(SQL_ORDERS, **(usual | more))


@pytest.fixture
def tables(exported: Any) -> Any:
    orders = [
        sql_order("12", "5", total_products_wt="54.900000", total_discounts_tax_incl="5.000000",
                  total_shipping_tax_incl="6.900000", total_wrapping_tax_incl="2.000000",
                  total_paid_tax_incl="58.800000", total_paid_tax_excl="49.000000"),
        sql_order("13", "1", valid="0"),
        sql_order("14", "7"),
        sql_order("15", "6", valid="0"),
        sql_order("16", "21"),
        sql_order("17", "22", valid="0"),
        sql_order("18", "7"),
    ]  # fmt: skip
    details = [
        row(SQL_DETAILS, id_order_detail=str(100 + place), id_order=order, product_id=product, product_name="X",
            product_quantity=quantity, unit_price_tax_incl=price, total_price_tax_incl=total)
        for place, (order, product, quantity, price, total) in enumerate([
            ("12", "1", "1", "34.900000", "34.900000"), ("12", "2", "2", "10.000000", "20.000000"),
            ("13", "1", "1", "40.000000", "40.000000"), ("14", "1", "1", "40.000000", "40.000000"),
        ])
    ]  # fmt: skip
    slips = [
        row(SQL_SLIPS, id_order_slip="1", id_order="14", total_products_tax_incl="40.000000",
            total_shipping_tax_incl="0.000000", date_add="2026-03-09 08:00:00"),
        row(SQL_SLIPS, id_order_slip="2", id_order="12", total_products_tax_incl="10.000000",
            total_shipping_tax_incl="6.900000", date_add="2026-03-10 08:00:00"),
    ]  # fmt: skip
    for name, header, rows in (
        ("orders", SQL_ORDERS, orders),
        ("order_detail", SQL_DETAILS, details),
        ("order_slip", SQL_SLIPS, slips),
    ):
        exported.write(f"{name}.csv", "\n".join([header, *rows]) + "\n")
    exported.write("order_slip_detail.csv", "id_order_slip;id_order_detail;product_quantity\n1;103;1\n2;101;1\n")
    return exported


def test_tables_of_the_sql_manager_are_orders_lines_and_credit_slips(tables: Any, pick: Any) -> None:
    beside = {"with": {"slips": "order_slip.csv"}}
    orders = tables.read("prestashop_sql_orders", "orders", "orders.csv", **beside)
    assert pick(orders, "order_id", "account_id", "status") == [
        ("12", "7", "delivered"),
        ("14", "7", "returned"),
        ("15", "7", "cancelled"),
        ("16", "7", "paid"),
        ("18", "7", "cancelled"),  # Refunded, and no slip says how much: nothing of it is revenue.
    ]
    assert pick(orders[:1], "gross_amount", "discount_amount", "shipping_amount", "tax_amount", "total_amount") == [
        ("54.90", "5.00", "8.90", "9.80", "58.80")
    ]
    first = orders[0]
    assert first["total_amount"] == first["gross_amount"] - first["discount_amount"] + first["shipping_amount"]

    beside = {"with": {"orders": "orders.csv"}}
    lines = tables.read("prestashop_sql_order_details", "order_lines", "order_detail.csv", **beside)
    assert pick(lines, "order_id", "line_no", "product_id", "quantity", "line_amount") == [
        ("12", 1, "1", "1.000", "34.90"),
        ("12", 2, "2", "2.000", "20.00"),
        ("14", 1, "1", "1.000", "40.00"),
    ]
    assert sum(line["line_amount"] for line in lines[:2]) == first["gross_amount"]

    beside = {"with": {"lines": "order_slip_detail.csv"}}
    returns = tables.read("prestashop_sql_order_slips", "returns", "order_slip.csv", **beside)
    assert pick(returns, "return_id", "order_id", "quantity", "refund_amount") == [
        ("1", "14", "1.000", "40.00"),
        ("2", "12", "1.000", "16.90"),
    ]
    net = sum(order["total_amount"] for order in orders if order["status"] != "cancelled")
    assert net - sum(each["refund_amount"] for each in returns) == Decimal("81.90")


def test_customers_of_the_sql_manager_have_their_last_address_and_dated_answers(exported: Any, pick: Any) -> None:
    rows = [
        row(SQL_CUSTOMERS, id_customer="7", firstname="Ann", lastname="Tour", email="ann@example.com",
            birthday="1980-05-02", newsletter="1", ip_registration_newsletter="1.2.3.4",
            newsletter_date_add="2025-02-01 09:00:00", optin="0", deleted="0", date_add="2025-01-01 09:00:00",
            date_upd="2026-01-01 09:00:00"),
        row(SQL_CUSTOMERS, id_customer="8", firstname="Bo", lastname="Ng", email="bo@example.com",
            birthday="0000-00-00", newsletter="0", newsletter_date_add="0000-00-00 00:00:00", optin="1", deleted="1",
            date_add="2025-01-02 09:00:00", date_upd="2026-01-02 09:00:00"),
    ]  # fmt: skip
    exported.write("customer.csv", "\n".join([SQL_CUSTOMERS, *rows]) + "\n")
    exported.write(
        "address.csv",
        "id_address;id_customer;address1;postcode;city;phone;phone_mobile;deleted;date_upd\n"
        "1;7;Old street;69001;Lyon;0412345678;;0;2024-01-01 09:00:00\n2;7;3 rue du Bac;75007;Paris;;0612345678;0;"
        "2025-01-01 09:00:00\n3;7;Gone;13001;Marseille;;;1;2026-01-01 09:00:00\n",
    )
    preset, beside = "prestashop_sql_customers", {"with": {"addresses": "address.csv"}}
    customers = exported.read(preset, "customers", "customer.csv", **beside)
    assert pick(customers, "account_id", "birth_date", "address", "postcode", "phone") == [
        ("7", customers[0]["birth_date"], "3 rue du Bac", "75007", "0612345678"),
        ("8", None, None, None, None),
    ]
    assert str(customers[0]["birth_date"]) == "1980-05-02"
    assert [each["deleted_at"] is not None for each in customers] == [False, True]
    consents = exported.read(preset, "consents", "customer.csv")
    assert pick(consents, "account_id", "status", "recipient", "proof") == [
        ("7", "denied", "partners", None),
        ("7", "granted", None, "PrestaShop: ip_registration_newsletter"),
        ("8", "granted", "partners", None),
        ("8", "denied", None, None),
    ]
    assert str(consents[1]["recorded_at"]) == "2025-02-01 08:00:00"


@pytest.mark.parametrize(
    ("header", "preset"),
    [
        (ORDERS, "prestashop_orders_csv"),
        (ORDERS_FR, "prestashop_orders_csv"),
        (CUSTOMERS, "prestashop_customers_csv"),
        (CUSTOMERS_FR, "prestashop_customers_csv"),
        (PRODUCTS, "prestashop_products_csv"),
        (PRODUCTS_FR, "prestashop_products_csv"),
        (SQL_ORDERS, "prestashop_sql_orders"),
        (SQL_DETAILS, "prestashop_sql_order_details"),
        (SQL_SLIPS, "prestashop_sql_order_slips"),
        (SQL_CUSTOMERS, "prestashop_sql_customers"),
    ],
)
def test_each_is_recognised_before_all_others(header: str, preset: str) -> None:
    first = recognise(header.split(";"))[0]
    assert (first.preset.name, first.is_certain) == (preset, True)
