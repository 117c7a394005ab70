"""The body of a request, read whole before anybody looks at it, within limits of size and time."""

import asyncio

from starlette.types import Message, Receive


class TooLargeError(Exception):
    """The body has more bytes than may be."""


class TooSlowError(Exception):
    """The body did not arrive in time."""


async def read_body(receive: Receive, most: int, seconds: float = 30.0) -> bytes:
    """At most ``most`` bytes, whatever length the request claims. Raises TooLargeError or TooSlowError."""
    try:
        async with asyncio.timeout(seconds):
            return await _read(receive, most)
    except TimeoutError:
        raise TooSlowError from None


async def _read(receive: Receive, most: int) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b""  # The client has gone.
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise TooLargeError
        if not message.get("more_body", False):
            return b"".join(parts)


def replay(body: bytes, receive: Receive) -> Receive:
    """A ``receive`` that gives ``body``, then what comes after it."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def give() -> Message:
        return waiting.pop() if waiting else await receive()

    return give
