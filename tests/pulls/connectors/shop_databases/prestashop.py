"""A small shop of PrestaShop: the tables and columns that matter, and what happened in it."""

from typing import Any

from tests.pulls.connectors.shop_databases.conftest import Database

AMOUNT = "decimal(20,6) not null default 0"
STAMPED = "date_add datetime not null default '2026-01-01', date_upd datetime not null default '2026-01-01'"
TABLES = {
    "shop": "id_shop int unsigned primary key, id_shop_group int unsigned not null, name varchar(64)",
    "configuration": "id_configuration int unsigned auto_increment primary key, id_shop_group int unsigned, "
    "id_shop int unsigned, name varchar(254), value text",
    "currency": "id_currency int unsigned primary key, iso_code varchar(3)",
    "country": "id_country int unsigned primary key, iso_code varchar(3)",
    "customer": "id_customer int(10) unsigned auto_increment primary key, id_shop int unsigned not null default 1, "
    "firstname varchar(255), lastname varchar(255), email varchar(128), passwd varchar(60) default 'hash-needle', "
    "birthday date, newsletter tinyint unsigned not null default 0, ip_registration_newsletter varchar(15), "
    "newsletter_date_add datetime, optin tinyint unsigned not null default 0, is_guest tinyint not null default 0, "
    f"deleted tinyint not null default 0, {STAMPED}",
    "address": "id_address int unsigned auto_increment primary key, id_country int unsigned not null default 8, "
    "id_customer int unsigned not null, address1 varchar(128), postcode varchar(12), city varchar(64), "
    f"phone varchar(32), phone_mobile varchar(32), deleted tinyint unsigned not null default 0, {STAMPED}",
    "carrier": "id_carrier int unsigned primary key, name varchar(64)",
    "orders": "id_order int unsigned auto_increment primary key, reference varchar(9), id_shop int unsigned not null "
    "default 1, id_carrier int unsigned not null default 1, id_customer int unsigned not null, id_address_invoice int "
    "unsigned not null default 0, current_state int unsigned not null, valid int unsigned not null default 1, "
    f"conversion_rate decimal(13,6) not null default 1, total_products_wt {AMOUNT}, total_discounts_tax_incl {AMOUNT}, "
    f"total_shipping_tax_incl {AMOUNT}, total_wrapping_tax_incl {AMOUNT}, total_paid_tax_incl {AMOUNT}, "
    f"total_paid_tax_excl {AMOUNT}, {STAMPED}",
    "order_detail": "id_order_detail int unsigned auto_increment primary key, id_order int unsigned not null, "
    "product_id int unsigned not null, product_attribute_id int unsigned, product_reference varchar(64), product_name "
    f"text not null, product_quantity int unsigned not null, unit_price_tax_incl {AMOUNT}, "
    f"total_price_tax_incl {AMOUNT}",
    "order_cart_rule": "id_order_cart_rule int unsigned auto_increment primary key, id_order int unsigned not null, "
    "id_cart_rule int unsigned not null, name varchar(254), deleted tinyint unsigned not null default 0",
    "cart_rule": "id_cart_rule int unsigned primary key, code varchar(254) not null",
    "order_slip": "id_order_slip int unsigned auto_increment primary key, conversion_rate decimal(13,6) not null "
    "default 1, id_order int unsigned not null, total_products_tax_excl decimal(20,6), total_products_tax_incl "
    "decimal(20,6), total_shipping_tax_incl decimal(20,6), amount decimal(10,2) not null default 0, "
    f"shipping_cost_amount decimal(10,2) not null default 0, order_slip_type tinyint not null default 0, {STAMPED}",
    "order_slip_detail": "id_order_slip int unsigned, id_order_detail int unsigned, product_quantity int unsigned not "
    "null default 0, total_price_tax_excl decimal(20,6), primary key (id_order_slip, id_order_detail)",
    "product": "id_product int unsigned primary key, id_manufacturer int unsigned, id_category_default int unsigned, "
    "id_shop_default int unsigned not null default 1, id_tax_rules_group int unsigned not null default 1, "
    f"online_only tinyint not null default 0, reference varchar(64), price {AMOUNT}, state int not null default 1",
    "product_shop": "id_product int unsigned, id_shop int unsigned, id_category_default int unsigned, "
    f"id_tax_rules_group int unsigned not null default 1, price {AMOUNT}, primary key (id_product, id_shop)",
    "product_lang": "id_product int unsigned, id_shop int unsigned, id_lang int unsigned, name varchar(128), "
    "primary key (id_product, id_shop, id_lang)",
    "category_lang": "id_category int unsigned, id_shop int unsigned, id_lang int unsigned, name varchar(128), "
    "primary key (id_category, id_shop, id_lang)",
    "manufacturer": "id_manufacturer int unsigned primary key, name varchar(64)",
    "tax_rule": "id_tax_rule int auto_increment primary key, id_tax_rules_group int, id_country int, id_state int not "
    "null default 0, id_tax int",
    "tax": "id_tax int primary key, rate decimal(10,3), active tinyint not null default 1",
}
ERASED = "anonymous@psgdpr.com"


def fill(shop: Database) -> None:
    """Two shops in one installation, one of Paris and one of New York, whose orders are of all kinds."""
    shop.make()
    shop.add("shop", {"id_shop": 1, "id_shop_group": 1}, {"id_shop": 2, "id_shop_group": 1})
    shop.add("currency", {"id_currency": 1, "iso_code": "EUR"}, {"id_currency": 2, "iso_code": "GBP"})
    shop.add("country", {"id_country": 8, "iso_code": "FR"}, {"id_country": 17, "iso_code": "GB"})
    for name, value in (
        ("TIMEZONE", "Europe/Paris"),
        ("CURRENCY_DEFAULT", 1),
        ("LANG_DEFAULT", 1),
        ("COUNTRY_DEFAULT", 8),
    ):
        shop.add("configuration", {"name": f"PS_{name}", "value": value})
    shop.add("configuration", {"id_shop": 2, "id_shop_group": 1, "name": "PS_TIMEZONE", "value": "America/New_York"})
    shop.add("carrier", {"id_carrier": 1, "name": "Colissimo"}, {"id_carrier": 2, "name": "Mondial Relay"},
             {"id_carrier": 3, "name": "0"})  # fmt: skip
    shop.add(
        "customer",
        {"id_customer": 1, "firstname": "Ann", "lastname": "Tour", "email": "ann@example.com", "birthday": "1980-05-02",
         "newsletter": 1, "newsletter_date_add": "2026-01-03 09:00:00", "ip_registration_newsletter": "192.0.2.1"},
        {"id_customer": 2, "firstname": "Bo", "lastname": "Ng", "email": "bo@example.com", "id_shop": 2},
        {"id_customer": 3, "firstname": "Cy", "lastname": "Guest", "email": "cy@example.com", "is_guest": 1},
        {"id_customer": 4, "firstname": "Di", "lastname": "Gone", "email": "di@example.com", "deleted": 1,
         "birthday": "0000-00-00", "date_upd": "2026-02-01 12:00:00"},
        {"id_customer": 9, "firstname": "Anonymous", "lastname": "Anonymous", "email": ERASED},
    )  # fmt: skip
    shop.add(
        "address",
        {"id_address": 1, "id_customer": 1, "address1": "Old street", "postcode": "69001", "city": "Lyon"},
        {"id_address": 2, "id_customer": 1, "address1": "3 rue du Bac", "postcode": "75007", "city": "Paris",
         "phone_mobile": "0612345678", "date_upd": "2026-01-09 10:00:00"},
        {"id_address": 3, "id_customer": 2, "id_country": 17, "address1": "1 High St", "postcode": "E1"},
    )  # fmt: skip
    shop.add("cart_rule", {"id_cart_rule": 5, "code": "HELLO"}, {"id_cart_rule": 6, "code": ""})
    shop.add("manufacturer", {"id_manufacturer": 1, "name": "Atelier"})
    shop.add("tax", {"id_tax": 1, "rate": 20})
    shop.add("tax_rule", {"id_tax_rules_group": 1, "id_country": 8, "id_tax": 1})
    shop.add("category_lang", {"id_category": 4, "id_shop": 1, "id_lang": 1, "name": "Écharpes"})
    shop.add(
        "product",
        {"id_product": 1, "id_manufacturer": 1, "id_category_default": 4, "price": "29.083333", "online_only": 1},
        {"id_product": 2, "reference": "M-2", "price": 10},
        {"id_product": 3, "state": 0},
    )
    shop.add("product_lang", {"id_product": 1, "id_shop": 1, "id_lang": 1, "name": "Écharpe"},
             {"id_product": 1, "id_shop": 1, "id_lang": 2, "name": "Scarf"})  # fmt: skip
    add_order(shop, 1, [(1, 1, "34.90"), (2, 2, "20.00")], state=5, discount="5.00", shipping="6.90", wrapping="2.00",
              id_customer=1, id_address_invoice=2, date_add="2026-01-10 23:30:00")  # fmt: skip
    shop.add("order_cart_rule", {"id_order": 1, "id_cart_rule": 5, "name": "Welcome"},
             {"id_order": 1, "id_cart_rule": 6, "name": "Automatic"},
             {"id_order": 1, "id_cart_rule": 7, "name": "TAKEN-OUT", "deleted": 1})  # fmt: skip
    add_order(shop, 2, [(2, 1, "11.50")], state=2, id_customer=2, id_shop=2, id_carrier=2, conversion_rate="1.150000",
              date_add="2026-01-11 20:00:00")  # fmt: skip
    add_order(shop, 3, [(1, 1, "34.90")], state=10, valid=0, id_customer=3)
    add_order(shop, 4, [(1, 1, "34.90")], state=4, id_customer=3, id_carrier=3)
    add_order(shop, 5, [(1, 1, "34.90")], state=6, valid=0, id_customer=1)
    add_order(shop, 6, [(1, 1, "34.90")], state=7, id_customer=9)
    add_slip(shop, 1, 6, with_tax="34.90", without_tax="29.08", shipping="0", lines=[(6, 1, "29.08")])


def add_order(
    shop: Database, number: int, lines: list[tuple[int, int, str]], *, state: int, discount: str = "0",
    shipping: str = "0", wrapping: str = "0", **more: Any,
) -> None:  # fmt: skip
    """An order whose lines are a product, units, and what all of them cost with 20% of tax."""
    goods = sum(float(total) for _, _, total in lines)
    total = goods - float(discount) + float(shipping) + float(wrapping)
    shop.add("orders", {
        "id_order": number, "current_state": state, "total_products_wt": goods, "total_discounts_tax_incl": discount,
        "total_shipping_tax_incl": shipping, "total_wrapping_tax_incl": wrapping, "total_paid_tax_incl": total,
        "total_paid_tax_excl": round(total / 1.2, 6), "date_add": "2026-01-12 10:00:00", **more,
    })  # fmt: skip
    for product, units, cost in lines:
        shop.add("order_detail", {
            "id_order": number, "product_id": product, "product_name": "X", "product_quantity": units,
            "unit_price_tax_incl": float(cost) / units, "total_price_tax_incl": cost,
        })  # fmt: skip


def add_slip(
    shop: Database, number: int, order: int, *, with_tax: str | None, without_tax: str | None, shipping: str | None,
    lines: list[tuple[int, int, str]], **more: Any,
) -> None:  # fmt: skip
    """A credit slip; its lines are a line of the order, units and what they cost without tax."""
    shop.add("order_slip", {
        "id_order_slip": number, "id_order": order, "total_products_tax_incl": with_tax,
        "total_products_tax_excl": without_tax, "total_shipping_tax_incl": shipping, "amount": with_tax or 0,
        "date_add": "2026-01-20 09:00:00", "date_upd": "2026-01-20 09:00:00", **more,
    })  # fmt: skip
    for line, units, cost in lines:
        shop.add("order_slip_detail", {
            "id_order_slip": number, "id_order_detail": line, "product_quantity": units, "total_price_tax_excl": cost,
        })  # fmt: skip
