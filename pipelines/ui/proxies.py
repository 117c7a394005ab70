"""Proxies that have asked people who they are, by OpenID Connect say, and tell by a header whom they let through."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import Headers

from pipelines.errors import ConfigurationError
from pipelines.ui.listening import is_loopback

USER_HEADER = "X-Forwarded-User"
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]+", re.ASCII)


@dataclass(frozen=True)
class Proxies:
    """The ``addresses`` that are believed, and the ``header`` in which they name the person."""

    addresses: frozenset[str] = frozenset()
    header: str = USER_HEADER

    def has_let_through(self, client: str, headers: Headers) -> bool:
        """Whether the request comes from one of them and names one person."""
        named = headers.getlist(self.header)
        return client in self.addresses and len(named) == 1 and bool(named[0].strip())


def believe_proxies(addresses: Sequence[str], header: str) -> Proxies:
    """Raises ConfigurationError for what is no single address, or is this machine, where anybody may be the proxy."""
    if not _HEADER_NAME.fullmatch(header):
        raise ConfigurationError(f"--proxy-header {header!r} is no name of a header.")
    believed = set()
    for text in addresses:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            raise ConfigurationError(f"--proxy {text!r} is no address: name the proxy's own, as 192.0.2.7.") from None
        mapped = getattr(address, "ipv4_mapped", None)
        if is_loopback(str(mapped or address)) or address.is_unspecified:
            raise ConfigurationError(
                f"--proxy {text} would believe every user of this machine. Set PARCOURS_UI_PASSWORD_FILE, and have the "
                "proxy send `Authorization: Bearer` with it (docs/security.md)."
            )
        believed.add(str(mapped or address))
    return Proxies(frozenset(believed), header)
