"""A shop of PrestaShop (1.7 to 9) in its own database: the tables that it fills, and how each is pulled.

Tables and columns: install-dev/data/db_structure.sql in github.com/PrestaShop/PrestaShop. The mappings are the presets
of the SQL Manager's exports, which have the same columns.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from pipelines.config.shop_databases import Prefix, ShopDatabaseConnector, ShopDatabaseSource, by_preset, dated


def _setting(name: str) -> str:
    """A setting of the shop ``s``: its own, else that of its group, else that of the whole installation."""
    return (
        f"(select c.value from `{{prefix}}configuration` c where c.name = '{name}' and coalesce(c.id_shop, 0) in "
        "(0, s.id_shop) and coalesce(c.id_shop_group, 0) in (0, s.id_shop_group) "
        "order by coalesce(c.id_shop, 0) desc, coalesce(c.id_shop_group, 0) desc limit 1)"
    )


def _in_own_currency(*columns: str, table: str = "o", digits: int = 2) -> str:
    """Amounts in the currency of the shop, at the rate that PrestaShop kept with the order ``o``, as it reports."""
    rate = "coalesce(nullif(o.conversion_rate, 0), 1)"
    return ", ".join(f"round({table}.{column} / {rate}, {digits}) as {column}" for column in columns)


# That there is an address of the connection proves a subscription: which one stays in the shop.
_CUSTOMERS = f"""
select c.id_customer, c.id_shop, c.firstname, c.lastname, c.email, {dated("c.birthday", "birthday")}, c.newsletter,
    case when c.ip_registration_newsletter <> '' then 'kept' end as ip_registration_newsletter,
    {dated("c.newsletter_date_add", "newsletter_date_add")}, c.optin, c.is_guest,
    c.deleted, c.date_add, c.date_upd
from `{{prefix}}customer` c
"""

_ORDERS = f"""
select o.id_order, o.reference, o.id_shop, o.id_customer, o.id_carrier, o.id_address_invoice, o.current_state, o.valid,
    {_in_own_currency(
        "total_products_wt", "total_discounts_tax_incl", "total_shipping_tax_incl", "total_wrapping_tax_incl",
        "total_paid_tax_incl", "total_paid_tax_excl",
    )}, o.date_add, o.date_upd
from `{{prefix}}orders` o
"""  # fmt: skip

_LINES = f"""
select d.id_order_detail, d.id_order, d.product_id, d.product_attribute_id, d.product_reference, d.product_name,
    d.product_quantity, {_in_own_currency("unit_price_tax_incl", table="d", digits=6)},
    {_in_own_currency("total_price_tax_incl", table="d")}, o.date_upd
from `{{prefix}}order_detail` d
join `{{prefix}}orders` o on o.id_order = d.id_order
"""

_SLIPS = f"""
select p.id_order_slip, p.id_order, p.order_slip_type,
    {_in_own_currency(
        "total_products_tax_incl", "total_products_tax_excl", "total_shipping_tax_incl", "amount",
        "shipping_cost_amount", table="p",
    )}, p.date_add, p.date_upd
from `{{prefix}}order_slip` p
left join `{{prefix}}orders` o on o.id_order = p.id_order
"""  # fmt: skip

_SLIP_LINES = f"""
select d.id_order_slip, d.id_order_detail, d.product_quantity, {_in_own_currency("total_price_tax_excl", table="d")}
from `{{prefix}}order_slip_detail` d
left join `{{prefix}}order_slip` p on p.id_order_slip = d.id_order_slip
left join `{{prefix}}orders` o on o.id_order = p.id_order
"""

_VOUCHERS = """
select r.*, case when c.id_cart_rule is null then r.name else nullif(c.code, '') end as code
from `{prefix}order_cart_rule` r
left join `{prefix}cart_rule` c on c.id_cart_rule = r.id_cart_rule
"""

_SHOPS = f"""
select s.id_shop, {_setting("PS_TIMEZONE")} as timezone,
    (select m.iso_code from `{{prefix}}currency` m where m.id_currency = {_setting("PS_CURRENCY_DEFAULT")}) as currency
from `{{prefix}}shop` s
"""

_PRODUCTS = f"""
select p.id_product, p.online_only, m.name as brand,
    coalesce(nullif(l.name, ''), nullif(p.reference, ''),
        (select min(nullif(a.name, '')) from `{{prefix}}product_lang` a where a.id_product = p.id_product)) as name,
    coalesce(nullif(k.name, ''), 'Uncategorised') as category,
    round(coalesce(h.price, p.price) * (1 + coalesce((
        select max(t.rate) from `{{prefix}}tax_rule` r join `{{prefix}}tax` t on t.id_tax = r.id_tax
        where r.id_tax_rules_group = coalesce(h.id_tax_rules_group, p.id_tax_rules_group)
            and r.id_country = z.country and r.id_state = 0 and t.active = 1
    ), 0) / 100), 2) as list_price
from `{{prefix}}product` p
left join (
    select s.id_shop, {_setting("PS_LANG_DEFAULT")} as lang, {_setting("PS_COUNTRY_DEFAULT")} as country
    from `{{prefix}}shop` s
) z on z.id_shop = p.id_shop_default
left join `{{prefix}}product_shop` h on h.id_product = p.id_product and h.id_shop = p.id_shop_default
left join `{{prefix}}product_lang` l
    on l.id_product = p.id_product and l.id_shop = p.id_shop_default and l.id_lang = z.lang
left join `{{prefix}}category_lang` k
    on k.id_category = coalesce(h.id_category_default, p.id_category_default) and k.id_shop = p.id_shop_default
    and k.id_lang = z.lang
left join `{{prefix}}manufacturer` m on m.id_manufacturer = p.id_manufacturer
where p.state = 1
"""


class PrestashopConnector(ShopDatabaseConnector):
    """The database of PrestaShop."""

    prefix: Prefix = "ps_"


class PrestashopSource(ShopDatabaseSource):
    """All shops of an installation."""

    default_prefix: ClassVar[str] = "ps_"
    brought_tables: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "customers": by_preset(
            "prestashop_sql_customers", "customers", addresses="addresses", countries="countries", shops="shops"
        ),
        "consents": by_preset("prestashop_sql_customers", "customers", shops="shops"),
        "orders": by_preset(
            "prestashop_sql_orders",
            "orders",
            slips="order_slips",
            carriers="carriers",
            vouchers="vouchers",
            people="customers",
            addresses="addresses",
            countries="countries",
            shops="shops",
        ),
        "order_lines": by_preset("prestashop_sql_order_details", "order_lines", orders="orders"),
        "returns": by_preset(
            "prestashop_sql_order_slips", "order_slips", lines="order_slip_lines", orders="orders", shops="shops"
        ),
        "products": {
            "from": "products",
            "columns": {"product_id": "id_product", "is_online_only": "online_only"},
        },
    }
    brought_pulls: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        # Who subscribes and unsubscribes by the newsletter's own form is not stamped: all rows come every night.
        "customers": {"select": _CUSTOMERS, "key": "id_customer", "day": "date_add"},
        "addresses": {
            "from": "{prefix}address",
            "columns": [
                "id_address", "id_customer", "id_country", "address1", "postcode", "city", "phone", "phone_mobile",
                "deleted", "date_upd",
            ],
            "key": "id_address",
            "cursor": "date_upd",
        },
        # Modules that erase people, and other systems that set states, do so without a stamp: sums of ids show it.
        "orders": {
            "select": _ORDERS,
            "key": "id_order",
            "cursor": "date_upd",
            "day": "date_add",
            "amounts": ["total_paid_tax_incl", "id_customer", "current_state"],
        },
        # An order is stamped when one of its lines changes.
        "order_lines": {
            "select": _LINES,
            "key": "id_order_detail",
            "cursor": "date_upd",
            "amounts": ["total_price_tax_incl", "product_quantity"],
        },
        "order_slips": {
            "select": _SLIPS,
            "key": "id_order_slip",
            "cursor": "date_upd",
            "day": "date_add",
            "amounts": ["total_products_tax_incl", "total_shipping_tax_incl"],
        },
        "order_slip_lines": {
            "select": _SLIP_LINES,
            "key": ["id_order_slip", "id_order_detail"],
            "amounts": ["product_quantity", "total_price_tax_excl"],
        },
        "vouchers": {"select": _VOUCHERS, "key": "id_order_cart_rule"},
        "carriers": {"from": "{prefix}carrier", "columns": ["id_carrier", "name"], "key": "id_carrier"},
        "countries": {"from": "{prefix}country", "columns": ["id_country", "iso_code"], "key": "id_country"},
        "shops": {"select": _SHOPS, "key": "id_shop"},
        "products": {"select": _PRODUCTS, "key": "id_product"},
    }  # fmt: skip

    connector: PrestashopConnector
