"""A mail server and a web server on free ports of this machine, which note what they are sent."""

import email
import email.policy
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar


@dataclass
class MailServer:
    """``refuses``: how many messages are answered with ``answer`` first."""

    port: int = 0
    messages: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    refuses: int = 0
    answer: bytes = b"451 try again later"


@dataclass
class Called:
    path: str
    body: str
    headers: dict[str, str]

    @property
    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


@dataclass
class WebServer:
    """``answers``: the statuses of the first answers; 200 from then on."""

    port: int = 0
    calls: list[Called] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def paths(self) -> list[str]:
        return [call.path for call in self.calls]


class _MailHandler(socketserver.StreamRequestHandler):
    """One conversation by SMTP."""

    server_of: MailServer
    answers: ClassVar[dict[str, bytes]] = {
        "EHLO": b"250-here\r\n250 AUTH PLAIN",
        "AUTH": b"235 yes",
        "QUIT": b"221 bye",
    }

    def say(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")

    def handle(self) -> None:
        self.say(b"220 here")
        said: dict[str, list[str]] = {}
        while line := self.rfile.readline():
            word, _, rest = line.decode().strip().partition(" ")
            said.setdefault(word.upper(), []).append(rest)
            self.server_of.logins += [rest] if word.upper() == "AUTH" else []
            if word.upper() == "DATA":
                self.take(said)
            else:
                self.say(self.answers.get(word.upper(), b"250 yes"))

    def take(self, said: dict[str, list[str]]) -> None:
        self.say(b"354 go on")
        lines = []
        while (text := self.rfile.readline()) != b".\r\n":
            lines.append(text.removeprefix(b".") if text.startswith(b"..") else text)
        if self.server_of.refuses:
            self.server_of.refuses -= 1
            self.say(self.server_of.answer)
            return
        read = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        assert isinstance(read, EmailMessage)
        self.server_of.messages.append(read)
        self.server_of.envelopes.append((said["MAIL"][-1], said.pop("RCPT")))
        self.say(b"250 taken")


@contextmanager
def mail_server() -> Iterator[MailServer]:
    noted = MailServer()

    class Handler(_MailHandler):
        server_of = noted

    with _serve(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as noted.port:
        yield noted


@contextmanager
def web_server() -> Iterator[WebServer]:
    noted = WebServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            noted.calls.append(Called(self.path, body, dict(self.headers.items())))
            self.send_response(noted.answers.pop(0) if noted.answers else 200)
            self.send_header("Location", f"http://127.0.0.1:{noted.port}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    with _serve(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as noted.port:
        yield noted


@contextmanager
def _serve(server: socketserver.BaseServer) -> Iterator[int]:
    server.daemon_threads = True  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])  # type: ignore[index,arg-type]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
