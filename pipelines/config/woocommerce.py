"""A shop of WooCommerce (8 to 10) in its own database: the tables that it fills, and how each is pulled.

Orders stand in tables of their own (HPOS), or in WordPress's `posts` and `postmeta`; either way they are pulled in one
shape, that of the former. Tables and columns: OrdersTableDataStore.php, WC_Install and
abstract-wc-order-data-store-cpt.php in github.com/woocommerce/woocommerce.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pipelines.config.brought_source import Brought
from pipelines.config.shop_databases import Prefix, ShopDatabaseConnector, ShopDatabaseSource, by_preset, dated

Layout = Literal["hpos", "posts"]
"""Where orders stand: in WooCommerce's own tables, or among WordPress's posts."""

_AMOUNTS = {
    "total_amount": "_order_total",
    "tax_amount": "_order_tax",
    "shipping_total_amount": "_order_shipping",
    "shipping_tax_amount": "_order_shipping_tax",
    "discount_total_amount": "_cart_discount",
    "discount_tax_amount": "_cart_discount_tax",
}
_BILLED = ("first_name", "last_name", "email", "phone", "address_1", "postcode", "city", "country")
_ITEM_AMOUNTS = {
    "quantity": "_qty",
    "subtotal": "_line_subtotal",
    "subtotal_tax": "_line_subtotal_tax",
    "total": "_line_total",
    "total_tax": "_line_tax",
}
_ITEM_IDS = {"product_id": "_product_id", "variation_id": "_variation_id"}


def _pivot(meta: str, key: str) -> str:
    return f"max(case when {meta}.meta_key = '{key}' then {meta}.meta_value end)"


def _list_keys(*keys: str) -> str:
    return ", ".join(f"'{key}'" for key in keys)


def _number(text: str) -> str:
    return f"cast(nullif({text}, '') as decimal(26, 8))"


def _id(text: str) -> str:
    return f"cast(nullif({text}, '') as signed)"


_HPOS_ORDERS = f"""
select o.id, o.status, o.currency, o.customer_id, coalesce(o.customer_id, 0) = 0 as is_of_guest,
    o.total_amount, o.tax_amount, d.shipping_total_amount,
    d.shipping_tax_amount, d.discount_total_amount, d.discount_tax_amount,
    {", ".join(f"b.{name} as billing_{name}" for name in _BILLED if name != "email")}, o.billing_email,
    o.date_created_gmt, o.date_updated_gmt
from `{{prefix}}wc_orders` o
left join `{{prefix}}wc_order_operational_data` d on d.order_id = o.id
left join `{{prefix}}wc_order_addresses` b on b.order_id = o.id and b.address_type = 'billing'
where o.type = 'shop_order'
"""

_POST_ORDERS = f"""
select p.ID as id, p.post_status as status, {_pivot("m", "_order_currency")} as currency,
    {_id(_pivot("m", "_customer_user"))} as customer_id,
    coalesce({_id(_pivot("m", "_customer_user"))}, 0) = 0 as is_of_guest,
    {", ".join(f"{_number(_pivot('m', key))} as {name}" for name, key in _AMOUNTS.items())},
    {", ".join(f"{_pivot('m', f'_billing_{name}')} as billing_{name}" for name in _BILLED)},
    {dated("p.post_date_gmt", "date_created_gmt")}, {dated("p.post_modified_gmt", "date_updated_gmt")}
from `{{prefix}}posts` p
left join `{{prefix}}postmeta` m on m.post_id = p.ID and m.meta_key in (
    {_list_keys("_order_currency", "_customer_user", *_AMOUNTS.values())},
    {_list_keys(*(f"_billing_{name}" for name in _BILLED))}
)
where p.post_type = 'shop_order'
group by p.ID, p.post_status, p.post_date_gmt, p.post_modified_gmt
"""

_HPOS_REFUNDS = """
select o.id, o.parent_order_id, -o.total_amount as refund_amount, (
        select max(m.meta_value) from `{prefix}wc_orders_meta` m
        where m.order_id = o.id and m.meta_key = '_refund_reason'
    ) as reason, o.date_created_gmt, o.date_updated_gmt
from `{prefix}wc_orders` o
where o.type = 'shop_order_refund' and o.status <> 'trash'
"""

_POST_REFUNDS = f"""
select p.ID as id, p.post_parent as parent_order_id,
    coalesce({_number(_pivot("m", "_refund_amount"))}, -{_number(_pivot("m", "_order_total"))}) as refund_amount,
    {_pivot("m", "_refund_reason")} as reason, p.post_date_gmt as date_created_gmt,
    p.post_modified_gmt as date_updated_gmt
from `{{prefix}}posts` p
left join `{{prefix}}postmeta` m
    on m.post_id = p.ID and m.meta_key in ({_list_keys("_refund_amount", "_refund_reason", "_order_total")})
where p.post_type = 'shop_order_refund' and p.post_status <> 'trash'
group by p.ID, p.post_parent, p.post_date_gmt, p.post_modified_gmt
"""

_ITEMS = f"""
select i.order_item_id, i.order_id, i.order_item_type, i.order_item_name,
    {", ".join(f"{_id(_pivot('m', key))} as {name}" for name, key in _ITEM_IDS.items())},
    {", ".join(f"{_number(_pivot('m', key))} as {name}" for name, key in _ITEM_AMOUNTS.items())},
    {_pivot("m", "method_id")} as method_id
from `{{prefix}}woocommerce_order_items` i
left join `{{prefix}}woocommerce_order_itemmeta` m on m.order_item_id = i.order_item_id
    and m.meta_key in ({_list_keys("method_id", *_ITEM_IDS.values(), *_ITEM_AMOUNTS.values())})
where i.order_item_type in ('line_item', 'shipping', 'fee', 'coupon')
group by i.order_item_id, i.order_id, i.order_item_type, i.order_item_name
"""

_USER_KEYS = ("first_name", "last_name", *(f"billing_{name}" for name in _BILLED if name != "email"))

_HPOS_BUYERS = "select customer_id from `{prefix}wc_orders` where customer_id > 0"
_POST_BUYERS = f"select {_id('meta_value')} from `{{prefix}}postmeta` where meta_key = '_customer_user'"


def _customers(buyers: str) -> str:
    """Whoever is a customer of the site: staff, and users of other sites that share the table, stay there."""
    role = f"""coalesce({_pivot("m", "{prefix}capabilities")} regexp '"(customer|subscriber)"', 0)"""
    return f"""
select u.ID as id, u.user_email as email, u.user_registered,
    {", ".join(f"{_pivot('m', key)} as {key}" for key in _USER_KEYS)},
    from_unixtime({_id(_pivot("m", "last_update"))}) as updated_at, {role} as has_customer_role
from `{{users_prefix}}users` u
left join `{{users_prefix}}usermeta` m
    on m.user_id = u.ID and m.meta_key in ({_list_keys("{prefix}capabilities", "last_update", *_USER_KEYS)})
group by u.ID, u.user_email, u.user_registered
having {role} = 1 or u.ID in ({buyers})
"""


_PRODUCTS = f"""
select p.ID as id, p.post_type as type, p.post_parent as parent_id, p.post_title as name, p.post_status as status,
    nullif({_pivot("m", "_sku")}, '') as sku,
    case when o.option_value = 'yes' or coalesce(c.option_value, 'no') <> 'yes'
        then {_number(_pivot("m", "_regular_price"))} end as regular_price
from `{{prefix}}posts` p
left join `{{prefix}}postmeta` m on m.post_id = p.ID and m.meta_key in ({_list_keys("_sku", "_regular_price")})
left join `{{prefix}}options` o on o.option_name = 'woocommerce_prices_include_tax'
left join `{{prefix}}options` c on c.option_name = 'woocommerce_calc_taxes'
where p.post_type in ('product', 'product_variation') and p.post_status <> 'auto-draft'
group by p.ID, p.post_type, p.post_parent, p.post_title, p.post_status, o.option_value, c.option_value
"""

_TERMS = """
select x.term_taxonomy_id, x.term_id, x.taxonomy, x.parent, t.name
from `{prefix}term_taxonomy` x
join `{prefix}terms` t on t.term_id = x.term_id
where x.taxonomy in ('product_cat', 'product_brand')
"""

_PRODUCT_TERMS = """
select r.object_id, r.term_taxonomy_id
from `{prefix}term_relationships` r
join `{prefix}term_taxonomy` x on x.term_taxonomy_id = r.term_taxonomy_id
where x.taxonomy in ('product_cat', 'product_brand')
"""

# The orders of an account that is deleted lose it without a stamp: those of guests are counted for that.
_OF_ORDERS = {"key": "id", "day": "date_created_gmt", "amounts": ["total_amount", "is_of_guest"]}
_OF_REFUNDS = {"key": "id", "day": "date_created_gmt", "amounts": "refund_amount"}
_STAMPED = {"cursor": "date_updated_gmt"}


class WoocommerceConnector(ShopDatabaseConnector):
    """The database of WordPress. ``users_prefix``: that of the tables of users, where several sites share them."""

    prefix: Prefix = "wp_"
    users_prefix: Prefix | None = None
    layout: Layout = "hpos"


class WoocommerceSource(ShopDatabaseSource):
    """One site. Its orders are in their own currencies: WooCommerce keeps no rates."""

    default_prefix: ClassVar[str] = "wp_"
    brought_tables: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "customers": by_preset("woocommerce_database_customers", "customers", orders="orders"),
        "orders": by_preset("woocommerce_database_orders", "orders", items="order_items"),
        "order_lines": by_preset(
            "woocommerce_database_order_items", "order_items", orders="orders", products="products"
        ),
        "returns": by_preset("woocommerce_database_refunds", "refunds", orders="orders", items="order_items"),
        "products": by_preset(
            "woocommerce_database_products", "products", terms="terms", product_terms="product_terms"
        ),
    }
    brought_pulls: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "customers": {"select": _customers(_HPOS_BUYERS), "key": "id"},
        "orders": {"select": _HPOS_ORDERS, **_OF_ORDERS, **_STAMPED},
        "refunds": {"select": _HPOS_REFUNDS, **_OF_REFUNDS, **_STAMPED},
        "order_items": {"select": _ITEMS, "key": "order_item_id", "amounts": ["quantity", "subtotal", "total"]},
        "products": {"select": _PRODUCTS, "key": "id"},
        "terms": {"select": _TERMS, "key": "term_taxonomy_id"},
        "product_terms": {"select": _PRODUCT_TERMS, "key": ["object_id", "term_taxonomy_id"]},
    }
    # An order among the posts is stamped when its state changes, and not always when its amounts or its customer do.
    pulls_of_posts: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        **brought_pulls,
        "customers": {"select": _customers(_POST_BUYERS), "key": "id"},
        "orders": {"select": _POST_ORDERS, **_OF_ORDERS},
        "refunds": {"select": _POST_REFUNDS, **_OF_REFUNDS},
    }

    connector: WoocommerceConnector

    @classmethod
    def list_pulls(cls, connector: Mapping[str, Any]) -> Brought:
        return cls.pulls_of_posts if connector.get("layout") == "posts" else cls.brought_pulls

    @classmethod
    def list_prefixes(cls, connector: Mapping[str, Any]) -> dict[str, object]:
        prefixes = super().list_prefixes(connector)
        return {**prefixes, "users_prefix": connector.get("users_prefix") or prefixes["prefix"]}
