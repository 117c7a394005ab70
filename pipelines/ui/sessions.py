"""Who has signed in: the cookies that were given out, by their digests, until nobody uses them."""

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

IDLE_SECONDS = 12 * 3600.0  # A working day and a night: an open page asks every few seconds.
MOST = 1_000  # Then the one longest unused is signed out.


@dataclass
class Sessions:
    """The open sessions, in the order of their last use."""

    clock: Callable[[], float] = time.monotonic
    _last_use: dict[bytes, float] = field(default_factory=dict)

    def open(self) -> str:
        """A new session: the value of its cookie, which is kept nowhere else."""
        value = secrets.token_urlsafe(32)
        self._last_use[_digest(value)] = self.clock()
        while len(self._last_use) > MOST:
            del self._last_use[next(iter(self._last_use))]
        return value

    def is_open(self, value: str) -> bool:
        key, now = _digest(value), self.clock()
        last = self._last_use.pop(key, None)
        if last is None or now - last > IDLE_SECONDS:
            return False
        self._last_use[key] = now
        return True

    def close(self, value: str) -> None:
        self._last_use.pop(_digest(value), None)


def _digest(value: str) -> bytes:
    return hashlib.sha256(value.encode("utf-8", "replace")).digest()
