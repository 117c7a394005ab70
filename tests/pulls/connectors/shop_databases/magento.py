"""A small shop of Magento: the tables and columns that matter, and what happened in it, in either edition."""

from dataclasses import dataclass
from typing import Any

from tests.pulls.connectors.shop_databases.conftest import Database

AMOUNT, ID = "decimal(20,4)", "int unsigned"
STAMPED = (
    "created_at timestamp not null default '2026-01-01 00:00:00', "
    "updated_at timestamp not null default '2026-01-01 00:00:00'"
)
VALUE = (
    f"value_id int auto_increment primary key, attribute_id smallint unsigned, store_id smallint unsigned, link {ID}"
)
CATALOG = {
    "eav_entity_type": "entity_type_id smallint unsigned primary key, entity_type_code varchar(50)",
    "eav_attribute": "attribute_id smallint unsigned primary key, entity_type_id smallint unsigned, "
    "attribute_code varchar(255)",
    "eav_attribute_option_value": f"value_id {ID} auto_increment primary key, option_id {ID}, store_id smallint, "
    "value varchar(255)",
    "core_config_data": f"config_id {ID} auto_increment primary key, scope varchar(8) default 'default', "
    "scope_id int default 0, path varchar(255), value text",
    "catalog_product_entity": f"entity_id {ID}, sku varchar(64), type_id varchar(32) not null default 'simple'",
    "catalog_product_entity_varchar": f"{VALUE}, value varchar(255)",
    "catalog_product_entity_decimal": f"{VALUE}, value decimal(20,6)",
    "catalog_product_entity_int": f"{VALUE}, value int",
    "catalog_product_super_link": f"link_id {ID} auto_increment primary key, product_id {ID}, parent_id {ID}",
    "catalog_category_entity": f"entity_id {ID}, path varchar(255), level int",
    "catalog_category_entity_varchar": f"{VALUE}, value varchar(255)",
    "catalog_category_product": f"entity_id int auto_increment primary key, category_id {ID}, product_id {ID}",
}
TABLES = {
    **CATALOG,
    "customer_entity": f"entity_id {ID} primary key, email varchar(255), firstname varchar(255), "
    f"lastname varchar(255), dob date, default_billing {ID}, password_hash text default 'hash-needle', {STAMPED}",
    "customer_address_entity": f"entity_id {ID} primary key, parent_id {ID}, street text, postcode varchar(255), "
    f"city varchar(255), country_id varchar(255), telephone varchar(255), {STAMPED}",
    "newsletter_subscriber": f"subscriber_id {ID} auto_increment primary key, customer_id {ID} not null default 0, "
    "store_id smallint unsigned default 1, subscriber_email varchar(150), subscriber_status int not null, "
    "change_status_at timestamp null, subscriber_confirm_code varchar(32) default 'code-needle'",
    "sales_order": f"entity_id {ID} primary key, increment_id varchar(50), state varchar(32), store_id smallint, "
    f"customer_id {ID}, customer_email varchar(128), customer_firstname varchar(128), customer_lastname varchar(128), "
    f"billing_address_id int, base_currency_code varchar(3) default 'EUR', base_grand_total {AMOUNT}, "
    f"base_total_canceled {AMOUNT}, base_tax_amount {AMOUNT}, base_tax_canceled {AMOUNT}, base_subtotal {AMOUNT}, "
    f"base_subtotal_incl_tax {AMOUNT}, base_shipping_amount {AMOUNT}, base_shipping_tax_amount {AMOUNT}, "
    f"base_shipping_incl_tax {AMOUNT}, base_shipping_canceled {AMOUNT}, base_discount_amount {AMOUNT}, "
    f"base_discount_canceled {AMOUNT}, coupon_code varchar(255), shipping_method varchar(120), "
    f"shipping_description varchar(255), remote_ip varchar(45) default 'ip-needle', {STAMPED}",
    "sales_order_address": f"entity_id {ID} primary key, parent_id {ID}, firstname varchar(255), "
    "lastname varchar(255), street varchar(255), postcode varchar(255), city varchar(255), country_id varchar(2), "
    "telephone varchar(255)",
    "sales_order_item": f"item_id {ID} primary key, order_id {ID}, parent_item_id {ID}, product_id {ID}, "
    "product_type varchar(255) default 'simple', sku varchar(255), qty_ordered decimal(12,4), "
    f"qty_canceled decimal(12,4) default 0, base_price {AMOUNT}, base_price_incl_tax {AMOUNT}, "
    f"base_row_total {AMOUNT}, base_row_total_incl_tax {AMOUNT}, base_tax_amount {AMOUNT}, {STAMPED}",
    "sales_creditmemo": f"entity_id {ID} primary key, order_id {ID}, state int default 2, base_grand_total {AMOUNT}, "
    f"customer_note text, {STAMPED}",
    "sales_creditmemo_item": f"entity_id {ID} auto_increment primary key, parent_id {ID}, order_item_id int, "
    "qty decimal(12,4)",
}
_VERSIONED = ("catalog_product_entity", "catalog_category_entity")
_OTHER_TENDER = ("base_gift_cards_amount", "base_customer_balance_amount", "base_reward_currency_amount")
NAME, PRICE, MAKER, CATEGORY_NAME = 73, 77, 83, 45


@dataclass
class Magento(Database):
    """Has its products as ``edition`` keeps them."""

    edition: str = "open source"

    @property
    def link(self) -> str:
        return "row_id" if self.edition == "commerce" else "entity_id"

    def make(self) -> None:
        of_edition = {
            name: columns.replace(f"link {ID}", f"{self.link} {ID}")
            + (f", row_id {ID} primary key, created_in bigint, updated_in bigint" if self._is_versioned(name) else "")
            + "".join(f", {each} {AMOUNT}" for each in _OTHER_TENDER if self._has_tender(name))
            for name, columns in TABLES.items()
        }
        self.tables = of_edition
        super().make()

    def _is_versioned(self, table: str) -> bool:
        return self.edition == "commerce" and table in _VERSIONED

    def _has_tender(self, table: str) -> bool:
        return self.edition == "commerce" and table in ("sales_order", "sales_creditmemo")

    def add_entity(self, table: str, number: int, **more: object) -> None:
        """In Adobe Commerce with a version of former days besides, whose values are others."""
        if self.edition == "commerce":
            self.add(table, {"entity_id": number, "row_id": number + 1000, "created_in": 1, "updated_in": 100, **more})
            more = {**more, "row_id": self.row(number), "created_in": 100, "updated_in": 2147483647}
        self.add(table, {"entity_id": number, **more})

    def row(self, number: int) -> int:
        return number + 2000 if self.edition == "commerce" else number

    def add_value(self, table: str, attribute: int, number: int, value: object, store: int = 0) -> None:
        self.add(table, {"attribute_id": attribute, "store_id": store, self.link: self.row(number), "value": value})
        if self.edition == "commerce":
            self.add(table, {"attribute_id": attribute, "store_id": store, self.link: number + 1000, "value": 1})

    def add_order(self, number: int, state: str, total: str, *, shipping: str = "0", **more: Any) -> None:
        """An order of ``total``, with delivery and 20% of tax in both."""
        subtotal = round(float(total) - float(shipping) - float(more.get("base_discount_amount", 0)), 4)
        self.add("sales_order", {
            "entity_id": number, "increment_id": f"0000{number}", "state": state, "base_grand_total": total,
            "base_subtotal_incl_tax": subtotal, "base_subtotal": round(subtotal / 1.2, 4), "base_discount_amount": 0,
            "base_tax_amount": round(float(total) / 6, 4), "base_shipping_incl_tax": shipping,
            "base_shipping_amount": round(float(shipping) / 1.2, 4), "shipping_method": "flatrate_flatrate",
            "created_at": "2026-01-12 23:30:00", "updated_at": "2026-01-12 23:30:00", **more,
        })  # fmt: skip

    def add_item(self, number: int, order: int, product: int, sku: str, units: int, cost: str, **more: Any) -> None:
        self.add("sales_order_item", {
            "item_id": number, "order_id": order, "product_id": product, "sku": sku, "qty_ordered": units,
            "base_price_incl_tax": float(cost) / units, "base_row_total_incl_tax": cost, **more,
        })  # fmt: skip

    def add_memo(self, number: int, order: int, amount: str, *items: tuple[int, int], **more: Any) -> None:
        self.add("sales_creditmemo", {
            "entity_id": number, "order_id": order, "base_grand_total": amount, "created_at": "2026-01-20 09:00:00",
            **more,
        })  # fmt: skip
        for item, units in items:
            self.add("sales_creditmemo_item", {"parent_id": number, "order_item_id": item, "qty": units})


def fill(shop: Magento) -> None:
    shop.make()
    shop.add("eav_entity_type", {"entity_type_id": 4, "entity_type_code": "catalog_product"},
             {"entity_type_id": 3, "entity_type_code": "catalog_category"})  # fmt: skip
    for number, of, code in (
        (NAME, 4, "name"),
        (PRICE, 4, "price"),
        (MAKER, 4, "manufacturer"),
        (CATEGORY_NAME, 3, "name"),
    ):
        shop.add("eav_attribute", {"attribute_id": number, "entity_type_id": of, "attribute_code": code})
    shop.add("eav_attribute_option_value", {"option_id": 1, "store_id": 0, "value": "Atelier"})
    shop.add("core_config_data", {"path": "tax/calculation/price_includes_tax", "value": "1"})
    for number, path, name in (
        (1, "1", "Root"),
        (2, "1/2", "Default"),
        (3, "1/2/3", "Clothes"),
        (5, "1/2/3/5", "Shirts"),
    ):
        shop.add_entity("catalog_category_entity", number, path=path, level=path.count("/"))
        shop.add_value("catalog_category_entity_varchar", CATEGORY_NAME, number, name)
    for number, sku, kind, price in (
        (11, "SH", "configurable", None),
        (12, "SH-R", "simple", 36),
        (13, "MUG", "simple", 12),
    ):
        shop.add_entity("catalog_product_entity", number, sku=sku, type_id=kind)
        shop.add_value("catalog_product_entity_varchar", NAME, number, f"{sku} by name")
        shop.add_value("catalog_product_entity_varchar", NAME, number, "Elsewhere", store=2)
        if price:
            shop.add_value("catalog_product_entity_decimal", PRICE, number, price)
    shop.add_value("catalog_product_entity_int", MAKER, 11, 1)
    shop.add("catalog_product_super_link", {"product_id": 12, "parent_id": shop.row(11)})
    shop.add("catalog_category_product", {"category_id": 3, "product_id": 11}, {"category_id": 5, "product_id": 11})
    shop.add("customer_entity", {"entity_id": 1, "email": "ann@example.com", "firstname": "Ann", "lastname": "Tour",
                                 "dob": "1980-05-02", "default_billing": 7},
             {"entity_id": 2, "email": "bo@example.com", "firstname": "Bo", "lastname": "Ng"},
             {"entity_id": 3, "email": "cy@example.com", "firstname": "Cy", "lastname": "Ax"})  # fmt: skip
    shop.add("customer_address_entity", {"entity_id": 7, "parent_id": 1, "street": "3 rue du Bac\nbâtiment B",
                                         "postcode": "75007", "city": "Paris", "country_id": "FR",
                                         "telephone": "0612345678"})  # fmt: skip
    shop.add("newsletter_subscriber",
             {"customer_id": 1, "subscriber_status": 1, "change_status_at": "2026-01-03 08:00:00"},
             {"customer_id": 2, "subscriber_status": 3, "change_status_at": "2026-01-04 08:00:00"},
             {"customer_id": 3, "subscriber_status": 4, "change_status_at": None},
             {"customer_id": 0, "subscriber_status": 1, "subscriber_email": "nobody@example.com"})  # fmt: skip
    # A shirt of 36 and two mugs of 12, less 6 with tax, which is kept as 5 without; delivery of 6.
    shop.add("sales_order_address", {"entity_id": 70, "parent_id": 101, "firstname": "Ann", "postcode": "75007",
                                     "country_id": "FR", "telephone": "0612345678"})  # fmt: skip
    shop.add_order(101, "complete", "60", shipping="6", customer_id=1, customer_email="ann@example.com",
                   customer_firstname="Ann", customer_lastname="Tour", billing_address_id=70, coupon_code="HELLO",
                   shipping_description="Mondial Relay", base_discount_amount="-5",
                   base_subtotal_incl_tax="60")  # fmt: skip
    shop.add_item(1, 101, 11, "SH-R", 1, "36", product_type="configurable")
    shop.add_item(2, 101, 12, "SH-R", 1, "0", parent_item_id=1)
    shop.add_item(3, 101, 13, "MUG-engraved", 2, "24")
    shop.add_order(102, "processing", "36", customer_email="gil@example.com", shipping_method="instore_pickup")
    shop.add_item(4, 102, 11, "SH-R", 1, "36", product_type="configurable")
    shop.add_item(5, 102, 12, "SH-R", 1, "0", parent_item_id=4)
    shop.add_order(103, "pending_payment", "12", customer_id=1)
    shop.add_item(6, 103, 13, "MUG", 1, "12")
    shop.add_order(104, "canceled", "12", customer_id=1, base_total_canceled="12")
    shop.add_item(7, 104, 13, "MUG", 1, "12", qty_canceled=1)
    shop.add_order(105, "closed", "36", customer_id=2)
    shop.add_item(8, 105, 11, "SH-R", 1, "36", product_type="configurable")
    shop.add_item(9, 105, 12, "SH-R", 1, "0", parent_item_id=8)
    shop.add_memo(1, 105, "36", (8, 1), (9, 1), customer_note="too small")
    shop.add_memo(2, 105, "1", state=3)
    shop.add_order(106, "complete", "48", customer_id=3, base_total_canceled="24", base_tax_canceled="4")
    shop.add_item(10, 106, 13, "MUG", 4, "48", qty_canceled=2)
    shop.add_order(107, "complete", "20", customer_email="us@example.com", base_currency_code="USD")
    shop.add_item(11, 107, 99, "GONE", 1, "20")
