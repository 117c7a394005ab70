"""A small shop of WooCommerce: the tables and columns that matter, and what happened in it, by either layout."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.pulls.connectors.shop_databases.conftest import Database

ID, AMOUNT = "bigint(20) unsigned", "decimal(26,8) null"
META = f"meta_id {ID} auto_increment primary key, meta_key varchar(255), meta_value longtext"
TABLES = {
    "options": "option_id int auto_increment primary key, option_name varchar(191) unique, option_value longtext",
    "users": f"ID {ID} primary key, user_email varchar(100), user_pass varchar(255) default 'hash-needle', "
    "user_registered datetime not null default '2025-12-01 08:00:00'",
    "usermeta": f"{META.replace('meta_id', 'umeta_id')}, user_id {ID}",
    "posts": f"ID {ID} auto_increment primary key, post_type varchar(20), post_status varchar(20), post_title text, "
    f"post_parent {ID} not null default 0, post_date_gmt datetime not null default '2026-01-01', post_modified_gmt "
    "datetime not null default '2026-01-01'",
    "postmeta": f"{META}, post_id {ID}",
    "wc_orders": f"id {ID} primary key, status varchar(20), currency varchar(10), type varchar(20), "
    f"tax_amount {AMOUNT}, total_amount {AMOUNT}, customer_id {ID}, billing_email varchar(320), "
    f"date_created_gmt datetime, date_updated_gmt datetime, parent_order_id {ID}",
    "wc_order_addresses": f"id {ID} auto_increment primary key, order_id {ID} not null, address_type varchar(20), "
    "first_name text, last_name text, address_1 text, city text, postcode text, country text, email varchar(320), "
    "phone varchar(100), unique (address_type, order_id)",
    "wc_order_operational_data": f"id {ID} auto_increment primary key, order_id {ID} unique, "
    f"shipping_tax_amount {AMOUNT}, shipping_total_amount {AMOUNT}, discount_tax_amount {AMOUNT}, "
    f"discount_total_amount {AMOUNT}",
    "wc_orders_meta": f"id {ID} auto_increment primary key, order_id {ID}, meta_key varchar(255), meta_value text",
    "woocommerce_order_items": f"order_item_id {ID} auto_increment primary key, order_item_name text, order_item_type "
    f"varchar(200), order_id {ID} not null",
    "woocommerce_order_itemmeta": f"{META}, order_item_id {ID}",
    "terms": f"term_id {ID} primary key, name varchar(200)",
    "term_taxonomy": f"term_taxonomy_id {ID} primary key, term_id {ID}, taxonomy varchar(32), parent {ID} default 0",
    "term_relationships": f"object_id {ID}, term_taxonomy_id {ID}, primary key (object_id, term_taxonomy_id)",
}
OF_POSTS = {
    "total_amount": "_order_total", "tax_amount": "_order_tax", "shipping_total_amount": "_order_shipping",
    "shipping_tax_amount": "_order_shipping_tax", "discount_total_amount": "_cart_discount",
    "discount_tax_amount": "_cart_discount_tax", "currency": "_order_currency", "customer_id": "_customer_user",
}  # fmt: skip
MOMENT = "2026-01-12 23:30:00"
OPERATIONAL = ("shipping_total_amount", "shipping_tax_amount", "discount_total_amount", "discount_tax_amount")
ANN = {"first_name": "Ann", "last_name": "Tour", "email": "ann@example.com", "country": "FR", "postcode": "75007"}


@dataclass
class Woocommerce(Database):
    """Writes orders as ``layout`` has them."""

    layout: str = "hpos"

    def add_meta(self, table: str, owner: str, number: int, meta: Mapping[str, object]) -> None:
        for key, value in meta.items():
            self.add(table, {owner: number, "meta_key": key, "meta_value": value})

    def add_user(self, number: int, email: str, role: str, **meta: object) -> None:
        self.add("users", {"ID": number, "user_email": email})
        capabilities = f'a:1:{{s:8:"{role}";b:1;}}'
        self.add_meta("usermeta", "user_id", number, {f"{self.prefix}capabilities": capabilities, **meta})

    def add_order(
        self, number: int, status: str, *, billed: Mapping[str, object], moment: str = MOMENT, **amounts: object
    ) -> None:
        said = {"currency": "EUR", "customer_id": 0, **dict.fromkeys(OPERATIONAL, 0), "tax_amount": 0, **amounts}
        if self.layout == "posts":
            self.add("posts", {"ID": number, "post_type": "shop_order", "post_status": status, "post_date_gmt": moment,
                               "post_modified_gmt": moment})  # fmt: skip
            self.add_meta("postmeta", "post_id", number, {OF_POSTS[name]: value for name, value in said.items()})
            self.add_meta("postmeta", "post_id", number, {f"_billing_{name}": value for name, value in billed.items()})
            return
        own = {name: value for name, value in said.items() if name not in OPERATIONAL}
        self.add("wc_orders", {"id": number, "type": "shop_order", "status": status, "date_created_gmt": moment,
                               "date_updated_gmt": moment, "billing_email": billed.get("email"), **own})  # fmt: skip
        self.add("wc_order_operational_data", {"order_id": number, **{name: said[name] for name in OPERATIONAL}})
        self.add("wc_order_addresses", {"order_id": number, "address_type": "billing", **billed},
                 {"order_id": number, "address_type": "shipping", "first_name": "Somebody else"})  # fmt: skip

    def add_refund(
        self, number: int, order: int, amount: str, reason: str, moment: str = "2026-01-20 09:00:00"
    ) -> None:
        if self.layout == "posts":
            self.add("posts", {"ID": number, "post_type": "shop_order_refund", "post_status": "wc-completed",
                               "post_parent": order, "post_date_gmt": moment, "post_modified_gmt": moment})  # fmt: skip
            meta = {"_refund_amount": amount, "_order_total": f"-{amount}", "_refund_reason": reason}
            self.add_meta("postmeta", "post_id", number, meta)
            return
        self.add("wc_orders", {"id": number, "type": "shop_order_refund", "status": "wc-completed", "currency": "EUR",
                               "total_amount": f"-{amount}", "parent_order_id": order, "date_created_gmt": moment,
                               "date_updated_gmt": moment})  # fmt: skip
        self.add_meta("wc_orders_meta", "order_id", number, {"_refund_reason": reason, "_refund_amount": amount})

    def add_item(self, number: int, order: int, name: str, kind: str = "line_item", **meta: object) -> None:
        self.add("woocommerce_order_items", {"order_item_id": number, "order_id": order, "order_item_name": name,
                                             "order_item_type": kind})  # fmt: skip
        self.add_meta("woocommerce_order_itemmeta", "order_item_id", number, meta)

    def add_line(self, number: int, order: int, name: str, units: int, cost: str, tax: str, **more: Any) -> None:
        """``cost`` and ``tax`` are those of all units, before coupons."""
        product = {"_product_id": 0, "_variation_id": 0, **more}
        self.add_item(number, order, name, **product, _qty=units, _line_subtotal=cost, _line_subtotal_tax=tax,
                      _line_total=cost, _line_tax=tax, _line_tax_data="a:0:{}")  # fmt: skip

    def add_product(self, number: int, name: str, kind: str = "product", parent: int = 0, **meta: object) -> None:
        self.add("posts", {"ID": number, "post_type": kind, "post_status": "publish", "post_title": name,
                           "post_parent": parent})  # fmt: skip
        self.add_meta("postmeta", "post_id", number, meta)


def fill(shop: Woocommerce) -> None:
    shop.make()
    shop.add("options", {"option_name": "woocommerce_custom_orders_table_enabled",
                         "option_value": "yes" if shop.layout == "hpos" else "no"},
             {"option_name": "woocommerce_prices_include_tax", "option_value": "yes"},
             {"option_name": "woocommerce_calc_taxes", "option_value": "yes"})  # fmt: skip
    shop.add_user(1, "ann@example.com", "customer", first_name="Ann", last_name="Tour", billing_phone="0612345678",
                  billing_postcode="75007", billing_country="FR", last_update="1767225600",
                  session_tokens="token-needle")  # fmt: skip
    shop.add_user(2, "boss@example.com", "administrator", first_name="Bo")
    shop.add_user(3, "editor@example.com", "editor", first_name="Ed")
    shop.add(
        "terms", {"term_id": 1, "name": "Clothes"}, {"term_id": 2, "name": "Shirts"}, {"term_id": 3, "name": "Atelier"}
    )
    shop.add("term_taxonomy", {"term_taxonomy_id": 11, "term_id": 1, "taxonomy": "product_cat"},
             {"term_taxonomy_id": 12, "term_id": 2, "taxonomy": "product_cat", "parent": 1},
             {"term_taxonomy_id": 13, "term_id": 3, "taxonomy": "product_brand"})  # fmt: skip
    shop.add(
        "term_relationships", {"object_id": 501, "term_taxonomy_id": 12}, {"object_id": 501, "term_taxonomy_id": 13}
    )
    shop.add_product(501, "Shirt", _sku="SH", _regular_price="")
    shop.add_product(502, "Shirt - Red", "product_variation", 501, _sku="SH-R", _regular_price="36.00")
    shop.add_product(503, "Shirt - Blue", "product_variation", 501, _sku="", _regular_price="36.00")
    shop.add_product(504, "Mug", _regular_price="12.00")
    # 36 and 2 mugs of 12, less 10% by a coupon, and delivery of 6, all with 20% of tax; a fee of 1.20.
    shop.add_order(1001, "wc-completed", billed={**ANN, "phone": "0612345678"}, customer_id=1, total_amount="61.20",
                   tax_amount="9.20", shipping_total_amount="5", shipping_tax_amount="1", discount_total_amount="5",
                   discount_tax_amount="1")  # fmt: skip
    shop.add_line(1, 1001, "Shirt - Red", 1, "30", "6", _product_id=501, _variation_id=502)
    shop.add_line(2, 1001, "Mug", 2, "20", "4", _product_id=504)
    shop.add_item(3, 1001, "Mondial Relay", "shipping", method_id="mondialrelay", cost="5", taxes="a:0:{}")
    shop.add_item(4, 1001, "hello", "coupon", discount_amount="5")
    shop.add_item(5, 1001, "Gift wrap", "fee", _line_total="1.00", _line_tax="0.20")
    shop.add_order(1002, "wc-processing", billed={"first_name": "Gil", "email": "gil@example.com", "country": "FR"},
                   total_amount="36", tax_amount="6", moment="2026-03-28 23:30:00")  # fmt: skip
    shop.add_line(6, 1002, "Shirt - Blue", 1, "30", "6", _product_id=501, _variation_id=503)
    shop.add_item(7, 1002, "Retrait", "shipping", method_id="local_pickup")
    shop.add_order(1003, "wc-pending", billed=ANN, total_amount="12")
    shop.add_line(8, 1003, "Mug", 1, "10", "2", _product_id=504)
    shop.add_order(1004, "wc-cancelled", billed=ANN, total_amount="12", tax_amount="2")
    shop.add_line(9, 1004, "Mug", 1, "10", "2", _product_id=504)
    shop.add_order(1005, "wc-refunded", billed={"first_name": "[deleted]", "email": "deleted@site.invalid"},
                   total_amount="12", tax_amount="2")  # fmt: skip
    shop.add_line(10, 1005, "A mug that is sold no more", 1, "10", "2", _product_id=999)
    shop.add_refund(1006, 1005, "12.00", "broken")
    shop.add_line(11, 1006, "A mug that is sold no more", -1, "-10", "-2", _product_id=999)
    shop.add_order(1007, "wc-completed", billed={"email": "fr@example.com"}, customer_id=3, currency="CHF",
                   total_amount="24", tax_amount="4")  # fmt: skip
    shop.add_line(12, 1007, "Mug", 2, "20", "4", _product_id=504)
    shop.add_order(1008, "trash", billed=ANN, total_amount="99")
