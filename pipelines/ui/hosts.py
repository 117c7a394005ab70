"""The names by which the page may be asked for: a page elsewhere can point a name of its own at this machine.

DNS rebinding: the browser then takes that page and ours for one, but it still sends the name, as Host.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.errors import ConfigurationError
from pipelines.ui.listening import is_loopback

_HOST = re.compile(r"(?P<name>[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?", re.ASCII)

USUAL_PORTS = (80, 443)  # Which a browser leaves out.


def parse_host(text: str) -> tuple[str, int | None] | None:
    """Name and port of a Host header, the name in small letters and without brackets; None where it is none."""
    found = _HOST.fullmatch(text)
    if found is None:
        return None
    port = int(found["port"]) if found["port"] else None
    return found["name"].lower().strip("[]"), port


@dataclass(frozen=True)
class AllowedHosts:
    """Loopback and the address that the connection came in at, with ``port``; and the ``named`` by the operator.

    A name without a port stands for the usual ones and ``port``.
    """

    port: int
    named: frozenset[tuple[str, int | None]] = frozenset()

    def admits(self, header: str, reached_at: str | None) -> bool:
        """Whether ``header``, a Host, is one of them. ``reached_at`` is the address of our end of the connection."""
        parsed = parse_host(header)
        if parsed is None:
            return False
        name, port = parsed
        if (name, port) in self.named:
            return True
        if (name, None) in self.named and port in (None, *USUAL_PORTS, self.port):
            return True
        is_our_port = port == self.port or (port is None and self.port in USUAL_PORTS)
        return is_our_port and (name == "localhost" or _is_own_address(name, reached_at))


def _is_own_address(name: str, reached_at: str | None) -> bool:
    """Nobody can point a name of theirs at us and have the browser send a number."""
    try:
        asked = ipaddress.ip_address(name)
    except ValueError:
        return False
    if is_loopback(name):
        return True
    try:
        return reached_at is not None and asked == ipaddress.ip_address(reached_at.partition("%")[0])
    except ValueError:
        return False


def allow_hosts(port: int, named: Iterable[str]) -> AllowedHosts:
    """Raises ConfigurationError where one of ``named`` is no name."""
    parsed = set()
    for text in named:
        found = parse_host(text.strip())
        if found is None:
            raise ConfigurationError(
                f"--allow-host {text!r} is no name: write it as it stands in the browser's address, without https:// "
                "and path, for example parcours.example.com or localhost:8080."
            )
        parsed.add(found)
    return AllowedHosts(port, frozenset(parsed))
