"""A shop of Shopify: which one, what lets us in, and the tables that it fills."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, model_validator

from pipelines.config.connectors import Secret
from pipelines.config.environment_text import FromEnvironment
from pipelines.config.field_types import matching
from pipelines.config.web import WebConnector, WebSource
from pipelines.name_lists import shorten

VERSION = "2026-10"
"""Of the Admin API: Shopify has each for a year, and answers one that it has no more by the oldest that it has."""

_NAME = r"[a-z0-9][a-z0-9-]*"

_BY_ID = {"key": "id", "cursor": "updated_at"}


def _check_shop(written: str) -> str:
    if re.fullmatch(rf"{_NAME}\.myshopify\.com", written):
        return written
    found = re.fullmatch(
        rf"(?:https://)?(?:admin\.shopify\.com/store/)?({_NAME})(?:\.myshopify\.com)?(?:/.*)?", written.lower()
    )
    name = found[1] if found else "name"
    raise ValueError(f"'{shorten(written)}': write the name that the shop has at Shopify: `{name}.myshopify.com`")


class ShopifyConnector(WebConnector):
    """Either a ``token`` of the Admin API, or ``client_id`` and ``client_secret`` of an app of one's own, for which
    Shopify gives a token for a day."""

    shop: Annotated[str, AfterValidator(_check_shop)]
    token: Secret | None = None
    client_id: FromEnvironment | None = None
    client_secret: Secret | None = None
    version: Annotated[
        str, matching(r"20[2-9][0-9]-(01|04|07|10)", f"is no version of the API: write one such as {VERSION}")
    ] = VERSION

    @model_validator(mode="after")
    def _have_one_way_in(self) -> "ShopifyConnector":
        pair = (self.client_id, self.client_secret)
        if self.token is None and None in pair:
            raise ValueError("needs `token`, or `client_id` and `client_secret`: add what your app in Shopify has")
        if self.token is not None and pair != (None, None):
            raise ValueError("'token' beside 'client_id' or 'client_secret': one of the two is enough, take one out")
        return self


class ShopifySource(WebSource):
    """What a shop sells online. Columns are named as loaders land them in warehouses, whose presets read them."""

    brought_tables: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "customers": {
            "preset": "shopify_warehouse_customers",
            "from": "customers",
            "with": {"addresses": "customer_addresses"},
        },
        "consents": {"preset": "shopify_warehouse_customers", "from": "customers"},
        "orders": {
            "preset": "shopify_warehouse_orders",
            "from": "orders",
            "with": {"order_lines": "order_lines"},
        },
        "order_lines": {
            "preset": "shopify_warehouse_order_lines",
            "from": "order_lines",
            "with": {"orders": "orders"},
        },
        "returns": {
            "preset": "shopify_warehouse_refunds",
            "from": "order_line_refunds",
            "with": {
                "refunds": "refunds",
                "transactions": "refund_transactions",
                "order_lines": "order_lines",
                "orders": "orders",
            },
        },
        "products": {
            "preset": "shopify_warehouse_products",
            "from": "products",
            "columns": {"list_price": "min_variant_price"},
        },
    }
    brought_pulls: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "customers": {**_BY_ID, "day": "created_at"},
        "customer_addresses": _BY_ID,
        "orders": {**_BY_ID, "day": "created_at"},
        "order_lines": _BY_ID,
        "refunds": _BY_ID,
        "order_line_refunds": _BY_ID,
        "refund_transactions": _BY_ID,
        "products": {**_BY_ID, "day": "created_at"},
    }

    connector: ShopifyConnector
