"""The heartbeat: an address outside that is called at each night, and misses the call that never comes."""

import time
from collections.abc import Callable
from typing import Literal

from pipelines.nights.channels import http
from pipelines.nights.channels.delivery_error import DeliveryError
from pipelines.nights.settings import Nights

Beat = Literal["start", "success", "fail"]


def beat(nights: Nights, kind: Beat, said: str, say: Callable[[str], object], *, patiently: bool = True) -> None:
    """Calls the address that stands for ``kind`` with ``said``; tells ``say`` where it does not answer.

    Raises nothing for a server's fault. ``patiently`` makes all attempts, otherwise one.
    """
    if nights.heartbeat is None:
        return
    base, suffix = nights.heartbeat.url.reveal(), getattr(nights.heartbeat, kind)
    url = base if not suffix else base.rstrip("/") + suffix if suffix.startswith("/") else base + suffix
    attempts = nights.delivery.attempts if patiently else 1
    for attempt in range(1, attempts + 1):
        try:
            http.post_text(url, said, nights.delivery.timeout_seconds)
        except DeliveryError as fault:
            is_last = fault.is_lasting or attempt == attempts
            say(
                f"heartbeat '{kind}' did not arrive: {fault}; attempt {attempt}{', and is given up' if is_last else ''}"
            )
            if is_last:
                return
            time.sleep(nights.delivery.pause_seconds * 2 ** (attempt - 1))
        else:
            return
