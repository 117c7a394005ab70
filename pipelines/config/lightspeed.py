"""What `sources.yml` says of Lightspeed Retail, X-Series: the domain of the retailer's account, and a token."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator

from pipelines.config.connectors import Secret
from pipelines.config.web import WebConnector, WebSource

_HOST = ".retail.lightspeed.app"


def _read_domain(written: str) -> str:
    name = written.removeprefix("https://").rstrip("/").removesuffix(_HOST).removesuffix(".vendhq.com").lower()
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise ValueError(f"must be the domain of the account, such as `moda` of moda{_HOST}")
    return name


class LightspeedConnector(WebConnector):
    """``domain``: `moda` of `moda.retail.lightspeed.app`. ``token``: a personal token of the account."""

    domain: Annotated[str, AfterValidator(_read_domain)]
    token: Secret

    @property
    def api(self) -> str:
        """Where the account's API is."""
        return self.address or f"https://{self.domain}{_HOST}"


_BY_VERSION = {"key": "id", "cursor": "version", "deletes": "none"}


class LightspeedSource(WebSource):
    """The tills of a retailer: of kind `pos`, or of kind `ecommerce` for the products alone."""

    brought_tables: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "members": {"preset": "lightspeed_api_customers", "from": "customers"},
        "tickets": {
            "preset": "lightspeed_api_sales",
            "from": "sales",
            "with": {"products": "products", "customers": "customers"},
        },
        "ticket_lines": {"preset": "lightspeed_api_sales", "from": "sales", "with": {"products": "products"}},
        "stores": {"preset": "lightspeed_api_outlets", "from": "outlets"},
        "products": {"preset": "lightspeed_api_products", "from": "products"},
    }
    brought_pulls: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "customers": _BY_VERSION,
        "sales": {**_BY_VERSION, "day": "closed_at"},
        "products": _BY_VERSION,
        "outlets": _BY_VERSION,
    }

    connector: LightspeedConnector
