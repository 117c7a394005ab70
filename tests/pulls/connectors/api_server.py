"""A web server on a free port of this machine that answers for an API in memory, and does what APIs do at night."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import urlsplit

Answer = tuple[int, dict[str, str], Any]


class Account(Protocol):
    """An API's answers, as of its clock ``now``."""

    now: Any

    def answer(self, method: str, path: str, query: str, headers: Mapping[str, str], body: Any) -> Answer: ...


@dataclass(frozen=True)
class Asked:
    """One request; ``number`` counts from 1."""

    number: int
    method: str
    path: str
    query: str
    body: Any


Fault = Callable[[Asked], Answer | None]
"""What is answered instead of what the account would; None: nothing else."""
Change = Callable[[Asked, Answer], Answer]
"""What becomes of the account's answer on its way."""


@dataclass
class ApiServer:
    """``asked``: what was asked so far. An answer that is an exception breaks the connection off."""

    account: Any
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def fail(self, *answers: Answer | None, where: str = "") -> None:
        """The next requests whose path has ``where`` are answered so, one after another; None lets one through."""
        left = list(answers)

        def fault(asked: Asked) -> Answer | None:
            return left.pop(0) if left and where in asked.path else None

        self.faults.append(fault)

    def change(self, change: Change) -> None:
        self.changes.append(change)

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: Any) -> Answer:
        parts = urlsplit(target)
        asked = Asked(len(self.asked) + 1, method, parts.path, parts.query, body)
        self.asked.append(asked)
        for fault in self.faults:
            if (refused := fault(asked)) is not None:
                return refused
        answer: Answer = self.account.answer(method, parts.path, parts.query, headers, body)
        for change in self.changes:
            answer = change(asked, answer)
        return answer


def change_pages(is_page: Callable[[Asked], bool], change: Callable[[int, dict[str, Any]], dict[str, Any]]) -> Change:
    """What becomes of the pages of a list, numbered from 1."""
    seen = 0

    def changed(asked: Asked, answer: Answer) -> Answer:
        nonlocal seen
        status, headers, document = answer
        if status != 200 or not is_page(asked):
            return answer
        seen += 1
        return status, headers, change(seen, document)

    return changed


BROKEN_OFF = (0, {}, None)
"""The answer of a server that says half of it and hangs up."""


class _Handler(BaseHTTPRequestHandler):
    server_of: ApiServer
    protocol_version = "HTTP/1.1"
    wbufsize = 2**16  # In one piece: else each answer waits for the acknowledgement of its head.

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        text = self.rfile.read(length).decode()
        is_json = "json" in self.headers.get("Content-Type", "")
        body = json.loads(text) if text and is_json else text
        status, headers, document = self.server_of.answer(self.command, self.path, dict(self.headers), body)
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response_only(status or 200)
        self.send_header("Date", format_datetime(self.server_of.account.now, usegmt=True))
        self.send_header("Content-Length", str(len(content) + (1000 if status == 0 else 0)))
        self.send_header("Content-Type", "application/json")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = status == 0

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        """Who asked has gone away, as who waits for too long does."""


@contextmanager
def serve(account: Any) -> Iterator[ApiServer]:
    """The server of ``account``, until the block ends."""
    served = ApiServer(account)
    handler = type("Handler", (_Handler,), {"server_of": served})
    with _Server(("127.0.0.1", 0), handler) as server:
        served.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
