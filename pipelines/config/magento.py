"""A shop of Magento 2.4 or Adobe Commerce in its own database: the tables that it fills, and how each is pulled.

Tables and columns: the db_schema.xml of the modules Sales, Customer, Newsletter, Catalog and Eav in
github.com/magento/magento2. Adobe Commerce keeps versions of products and categories, whose values belong to a
`row_id`, and pays orders by gift cards, store credit and reward points, which it takes off their totals.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pipelines.config.brought_source import Brought
from pipelines.config.shop_databases import ShopDatabaseConnector, ShopDatabaseSource, by_preset

Edition = Literal["open source", "commerce"]

_PAID_OTHERWISE = ("base_gift_cards_amount", "base_customer_balance_amount", "base_reward_currency_amount")
"""What Adobe Commerce takes off the total of an order or a credit memo, since it was paid or paid back by it."""


def _whole_total(table: str, edition: Edition) -> str:
    paid = _PAID_OTHERWISE if edition == "commerce" else ()
    return " + ".join([f"{table}.base_grand_total", *(f"coalesce({table}.{name}, 0)" for name in paid)])


def _orders(edition: Edition) -> str:
    return f"""
select o.entity_id, o.increment_id, o.state, o.store_id, o.customer_id, o.customer_id is null as is_of_guest,
    o.customer_email, o.customer_firstname, o.customer_lastname, b.firstname as billing_firstname,
    b.lastname as billing_lastname, b.street, b.postcode, b.city, b.country_id, b.telephone, o.base_currency_code,
    {_whole_total("o", edition)} as total, o.base_total_canceled, o.base_tax_amount, o.base_tax_canceled,
    coalesce(o.base_subtotal_incl_tax, o.base_subtotal + o.base_tax_amount) as subtotal,
    coalesce(o.base_shipping_incl_tax, o.base_shipping_amount + o.base_shipping_tax_amount) as shipping,
    o.base_shipping_amount, o.base_shipping_canceled, o.base_discount_amount, o.base_discount_canceled,
    o.coupon_code, o.shipping_method, o.shipping_description, o.created_at, o.updated_at
from `{{prefix}}sales_order` o
left join `{{prefix}}sales_order_address` b on b.entity_id = o.billing_address_id
"""


_ITEMS = """
select i.item_id, i.order_id, i.parent_item_id, i.product_id, i.product_type, i.sku, i.qty_ordered, i.qty_canceled,
    coalesce(i.base_price_incl_tax, i.base_price) as unit_price,
    coalesce(i.base_row_total_incl_tax, i.base_row_total + i.base_tax_amount) as row_total, i.updated_at
from `{prefix}sales_order_item` i
"""


def _credit_memos(edition: Edition) -> str:
    return f"""
select m.entity_id, m.order_id, m.state, {_whole_total("m", edition)} as paid_back, m.customer_note, m.created_at,
    m.updated_at
from `{{prefix}}sales_creditmemo` m
"""


_CREDIT_MEMO_ITEMS = """
select c.entity_id, c.parent_id, c.order_item_id, c.qty
from `{prefix}sales_creditmemo_item` c
"""

_CURRENT = "{table}.created_in <= unix_timestamp() and {table}.updated_in > unix_timestamp()"


def _link(edition: Edition) -> str:
    return "row_id" if edition == "commerce" else "entity_id"


def _only_current(table: str, edition: Edition) -> str:
    """That a row is the version in force today."""
    return _CURRENT.format(table=table) if edition == "commerce" else "true"


def _value(entity: str, kind: str, attribute: str, alias: str, of: str, edition: Edition) -> str:
    """A join that finds the value of an attribute for all stores."""
    link = _link(edition)
    return f"""left join `{{prefix}}{entity}_entity_{kind}` {alias}
    on {alias}.{link} = {of}.{link} and {alias}.store_id = 0 and {alias}.attribute_id = (
        select a.attribute_id from `{{prefix}}eav_attribute` a
        join `{{prefix}}eav_entity_type` t on t.entity_type_id = a.entity_type_id
        where a.attribute_code = '{attribute}' and t.entity_type_code = '{entity}'
    )"""


def _products(edition: Edition) -> str:
    return f"""
select e.entity_id, e.sku, e.type_id, coalesce(nullif(n.value, ''), e.sku) as name, v.value as brand,
    case when f.value = '1' then p.value end as price
from `{{prefix}}catalog_product_entity` e
{_value("catalog_product", "varchar", "name", "n", "e", edition)}
{_value("catalog_product", "decimal", "price", "p", "e", edition)}
{_value("catalog_product", "int", "manufacturer", "b", "e", edition)}
left join `{{prefix}}eav_attribute_option_value` v on v.option_id = b.value and v.store_id = 0
left join `{{prefix}}core_config_data` f
    on f.path = 'tax/calculation/price_includes_tax' and f.scope = 'default' and f.scope_id = 0
where {_only_current("e", edition)}
"""


def _categories(edition: Edition) -> str:
    return f"""
select e.entity_id, e.path, e.level, n.value as name
from `{{prefix}}catalog_category_entity` e
{_value("catalog_category", "varchar", "name", "n", "e", edition)}
where {_only_current("e", edition)}
"""


def _product_parents(edition: Edition) -> str:
    return f"""
select distinct l.product_id, e.entity_id as parent_id
from `{{prefix}}catalog_product_super_link` l
join `{{prefix}}catalog_product_entity` e on e.{_link(edition)} = l.parent_id and {_only_current("e", edition)}
"""


_STAMPED = {"cursor": "updated_at", "day": "created_at"}


def _list_pulls(edition: Edition) -> Brought:
    return {
        "customers": {
            "from": "{prefix}customer_entity",
            "columns": [
                "entity_id", "email", "firstname", "lastname", "dob", "default_billing", "created_at", "updated_at",
            ],
            "key": "entity_id",
            **_STAMPED,
        },
        "addresses": {
            "from": "{prefix}customer_address_entity",
            "columns": ["entity_id", "street", "postcode", "city", "country_id", "telephone", "updated_at"],
            "key": "entity_id",
            "cursor": "updated_at",
        },
        "subscribers": {
            "from": "{prefix}newsletter_subscriber",
            "columns": ["subscriber_id", "customer_id", "store_id", "subscriber_status", "change_status_at"],
            "key": "subscriber_id",
            "amounts": ["subscriber_status"],
        },
        # The orders of an account that is deleted lose it without a stamp: those of guests are counted for that.
        "orders": {
            "select": _orders(edition),
            "key": "entity_id",
            **_STAMPED,
            "amounts": ["total", "base_total_canceled", "is_of_guest"],
        },
        "order_items": {
            "select": _ITEMS,
            "key": "item_id",
            "cursor": "updated_at",
            "amounts": ["row_total", "qty_ordered", "qty_canceled"],
        },
        "credit_memos": {"select": _credit_memos(edition), "key": "entity_id", **_STAMPED, "amounts": "paid_back"},
        "credit_memo_items": {"select": _CREDIT_MEMO_ITEMS, "key": "entity_id", "amounts": "qty"},
        "products": {"select": _products(edition), "key": "entity_id"},
        "product_parents": {"select": _product_parents(edition), "key": ["product_id", "parent_id"]},
        "categories": {"select": _categories(edition), "key": "entity_id"},
        "product_categories": {
            "from": "{prefix}catalog_category_product",
            "columns": ["category_id", "product_id"],
            "key": ["category_id", "product_id"],
        },
    }  # fmt: skip


class MagentoConnector(ShopDatabaseConnector):
    """The database of Magento, or with ``edition: commerce`` of Adobe Commerce."""

    edition: Edition = "open source"


class MagentoSource(ShopDatabaseSource):
    """All websites and stores of an installation, in the base currency of each."""

    brought_tables: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "customers": by_preset("magento_database_customers", "customers", addresses="addresses"),
        "consents": by_preset("magento_database_subscribers", "subscribers", customers="customers"),
        "orders": by_preset("magento_database_orders", "orders", memos="credit_memos", items="order_items"),
        "order_lines": by_preset("magento_database_order_items", "order_items", orders="orders", products="products"),
        "returns": by_preset(
            "magento_database_credit_memos", "credit_memos", items="credit_memo_items", order_items="order_items"
        ),
        "products": by_preset(
            "magento_database_products",
            "products",
            parents="product_parents",
            categories="categories",
            product_categories="product_categories",
        ),
    }
    brought_pulls: ClassVar[Mapping[str, Mapping[str, Any]]] = _list_pulls("open source")
    pulls_of_commerce: ClassVar[Mapping[str, Mapping[str, Any]]] = _list_pulls("commerce")

    connector: MagentoConnector

    @classmethod
    def list_pulls(cls, connector: Mapping[str, Any]) -> Brought:
        return cls.pulls_of_commerce if connector.get("edition") == "commerce" else cls.brought_pulls
