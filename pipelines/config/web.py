"""What `sources.yml` says of a web API: an address, credentials from the environment, and tables that come with it."""

import ipaddress
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from pipelines.config.connectors import PulledConnector, PulledMapping, PulledSource


def _check_address(written: str) -> str:
    """A token crosses no network in the open: http is for what runs on this machine."""
    try:
        parts = urlsplit(written)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("must be an address such as https://api.example.com") from None
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("must be an address such as https://api.example.com, without a user and a query")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ValueError("must begin with https: by http, whoever is on the way reads the token")
    return written.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False  # A name, `localhost` too, may lead anywhere.


Address = Annotated[str, AfterValidator(_check_address)]
"""Where an API is reached, by https, or by http on this machine (127.0.0.1)."""


class WebConnector(PulledConnector):
    """A web API. ``address``: another than the API's own, such as that of a proxy."""

    address: Address | None = None


class WebSource(PulledSource):
    """A system whose tables an API tells: they and their pulls come with the connector.

    ``brought_tables`` are per canonical table what would be written of it in `tables`, ``brought_pulls`` the same of
    `pulls`; what a person writes goes over that, key by key.
    """

    brought_tables: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    brought_pulls: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    connector: WebConnector
    tables: Annotated[Mapping[str, PulledMapping], Field(min_length=1)]
