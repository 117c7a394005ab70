"""What `sources.yml` says of a web API: an address, credentials from the environment, and tables that come with it."""

import ipaddress
from collections.abc import Mapping, Set
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

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
    if not is_sealed(written):
        raise ValueError("must begin with https: by http, whoever is on the way reads the token")
    return written.rstrip("/")


def is_sealed(address: str) -> bool:
    """Whether nobody on the way reads what is sent: by https, or by http on this machine."""
    try:
        parts = urlsplit(address)
        return parts.scheme == "https" or (
            parts.scheme == "http" and ipaddress.ip_address(parts.hostname or "").is_loopback
        )
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
    `pulls`; what a person writes goes over that, key by key. ``summed`` are columns that the API sums as `amounts`.
    """

    brought_tables: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    brought_pulls: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    summed: ClassVar[Set[str]] = frozenset()

    connector: WebConnector
    tables: Annotated[Mapping[str, PulledMapping], Field(min_length=1)]

    @model_validator(mode="after")
    def _ask_no_database(self) -> "WebSource":
        for name, pull in self.pulls.items():
            if pull.select or pull.deleted_where:
                key = "select" if pull.select else "deletes: {where: ...}"
                raise ValueError(f"the pull '{name}' has `{key}`, which is SQL: no web API answers it, take it out")
            if not self.summed >= set(pull.amounts):
                but = f", but for {', '.join(sorted(self.summed))}" if self.summed else ""
                raise ValueError(f"the pull '{name}' has `amounts`, which no web API sums{but}: take it out")
        return self
