"""The address that the page listens on: opened before anything is started, and whether only this machine reaches it."""

import errno
import ipaddress
import socket

from pipelines.errors import ConfigurationError

_ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def open_sockets(host: str, port: int) -> list[socket.socket]:
    """A socket bound to ``port`` at each address of ``host``; not listening yet. Raises ConfigurationError."""
    if not 0 < port < 65536:
        raise ConfigurationError(f"--port {port} is none: from 1 to 65535.")
    bound: list[socket.socket] = []
    absent: OSError | None = None
    try:
        for family, kind, protocol, _, address in _resolve(host, port):
            try:
                bound.append(_bind(family, kind, protocol, address))
            except OSError as fault:
                if fault.errno not in _ABSENT:
                    raise
                absent = fault  # As ::1 of localhost, where there is no IPv6.
        if not bound and absent is not None:
            raise absent
    except OSError as fault:
        for opened in bound:
            opened.close()
        hint = "Is `parcours ui` open already? Name another with --port."
        if fault.errno in _ABSENT:
            hint = "It is no address of this machine: name another with --host."
        raise ConfigurationError(f"Nothing can listen on port {port} of {host}: {fault.strerror}. {hint}") from None
    return bound


def _bind(family: int, kind: int, protocol: int, address: tuple[object, ...]) -> socket.socket:
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:  # IPv4 has a socket of its own, or was not asked for.
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind(address)
    except OSError:
        opened.close()
        raise
    return opened


def _resolve(
    host: str, port: int
) -> list[tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[object, ...]]]:
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        raise ConfigurationError(f"--host {host} is no address of this machine.") from None
    return list(dict.fromkeys(found))


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches ``address``: 127.0.0.0/8 and ::1, and nothing that is written as another."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return parsed.is_loopback and getattr(parsed, "ipv4_mapped", None) is None


def is_private(sockets: list[socket.socket]) -> bool:
    """Whether only this machine reaches any of the ``sockets``."""
    return all(is_loopback(opened.getsockname()[0]) for opened in sockets)
