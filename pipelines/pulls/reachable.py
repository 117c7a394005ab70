"""Whether anybody answers at all: told apart from a server that answers and refuses."""

import socket


def why_unreachable(host: str, port: int, seconds: int) -> str | None:
    """Why no connection to ``host`` comes about within ``seconds``, in words of this system; None where one does."""
    try:
        socket.create_connection((host, port), timeout=seconds).close()
    except (OSError, UnicodeError) as fault:  # A name that is none, such as `db..example`.
        return (fault.strerror if isinstance(fault, OSError) else None) or type(fault).__name__
    return None
