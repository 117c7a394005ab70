"""What `sources.yml` says of Square: an access token."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pipelines.config.connectors import Secret
from pipelines.config.field_types import matching
from pipelines.config.web import WebConnector, WebSource

VERSION = "2025-10-16"
"""Of the API: Square keeps each for two years and more."""


class SquareConnector(WebConnector):
    """``token``: an access token that may read orders, payments, customers, items and the merchant's profile."""

    token: Secret
    version: Annotated[
        str, matching(r"20[2-9][0-9]-[01][0-9]-[0-3][0-9]", f"is no version of the API: write one such as {VERSION}")
    ] = VERSION


class SquareSource(WebSource):
    """The tills of a seller: of kind `pos`, or of kind `ecommerce` for the products alone."""

    brought_tables: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "members": {"preset": "square_api_customers", "from": "customers"},
        "tickets": {"preset": "square_api_orders", "from": "orders"},
        "ticket_lines": {"preset": "square_api_orders", "from": "orders", "with": {"catalog": "catalog"}},
        "stores": {"preset": "square_api_locations", "from": "locations"},
        "products": {"preset": "square_api_catalogue", "from": "catalog"},
    }
    brought_pulls: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "customers": {"key": "id"},
        "orders": {"key": "id", "cursor": "updated_at", "day": "closed_at", "deletes": "none"},
        "locations": {"key": "id"},
        "catalog": {"key": "id"},
    }

    connector: SquareConnector
