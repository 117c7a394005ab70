"""Guessing slowed down: each wrong secret makes the next attempt from the same address wait longer."""

import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass, field

FREE, FREE_FROM_ALL = 5, 50
"""Wrong ones before anybody waits: a person mistypes a few times; from all addresses together, many persons do."""

LONGEST_SECONDS = 60.0
FORGOTTEN_AFTER = 900.0  # Seconds without an attempt.
REMEMBERED = 10_000  # Addresses; whoever has more than these at hand is held by the count of all.
EVERYBODY = "everybody"


@dataclass
class Backoff:
    """How long who must wait, in seconds of ``clock``."""

    clock: Callable[[], float] = time.monotonic
    _failures: dict[str, tuple[int, float]] = field(default_factory=dict)

    def waiting_time(self, address: str) -> float:
        """Seconds until an attempt from ``address`` is looked at; 0 where it is now."""
        return max(self._wait(_network(address), FREE), self._wait(EVERYBODY, FREE_FROM_ALL))

    def note_failure(self, address: str) -> None:
        network = _network(address)
        is_slowed = self._count(network) >= FREE  # Then it holds up itself alone.
        for key in (network,) if is_slowed else (network, EVERYBODY):
            count = self._count(key) + 1
            self._failures.pop(key, None)  # To the end: the first is the one longest without an attempt.
            self._failures[key] = count, self.clock()
        while len(self._failures) > REMEMBERED:
            del self._failures[next(iter(self._failures))]

    def note_success(self, address: str) -> None:
        self._failures.pop(_network(address), None)

    def _count(self, key: str) -> int:
        count, last = self._failures.get(key, (0, 0.0))
        return count if self.clock() - last < FORGOTTEN_AFTER else 0

    def _wait(self, key: str, free: int) -> float:
        excess = self._count(key) - free
        if excess < 0:
            return 0.0
        pause = min(2.0 ** min(excess, 10), LONGEST_SECONDS)
        return max(0.0, self._failures[key][1] + pause - self.clock())


def _network(address: str) -> str:
    """Whom an address belongs to: of IPv6, anybody has a whole /64 to choose from."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
