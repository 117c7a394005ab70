"""Requests to a web API: what is sent to whom, what is waited for, and how large and slow an answer may be."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests

from pipelines.pulls.errors import SourceError
from pipelines.pulls.web.client import Answer as Answered
from pipelines.pulls.web.client import Token, WebClient, reaching_once

Answer = tuple[int, dict[str, str], bytes]


class Server(ThreadingHTTPServer):
    """Answers whatever is asked with the next of ``answers``, the last one again and again.

    ``unsent``: who asked has closed the connection before the end of an answer.
    """

    daemon_threads = True

    def __init__(self, *answers: Answer) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.seen, self.unsent = list(answers), list[dict[str, str]](), threading.Event()


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass

    def date_time_string(self, timestamp: float | None = None) -> str:  # noqa: ARG002
        return "Mon, 02 Mar 2026 02:00:00 GMT"

    def do_GET(self) -> None:
        assert isinstance(self.server, Server)
        self.server.seen.append(dict(self.headers))
        status, headers, body = self.server.answers.pop(0) if len(self.server.answers) > 1 else self.server.answers[0]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.server.unsent.set()


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds: list[float] = []
    monkeypatch.setattr("pipelines.pulls.web.client.sleep", seconds.append)
    return seconds


@pytest.fixture
def start(waited: list[float]) -> Iterator[Callable[..., tuple[Server, WebClient]]]:
    started: list[tuple[Server, WebClient]] = []

    def begin(*answers: Answer) -> tuple[Server, WebClient]:
        server = Server(*answers)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        started.append((server, WebClient(address, "the shop", Token("X-Token", "needle"))))
        return started[-1]

    yield begin
    for server, client in started:
        client.close()
        server.shutdown()
        server.server_close()


Start = Callable[..., tuple[Server, WebClient]]


def test_a_password_of_the_machine_for_other_programs_is_not_sent(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password haystack\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server, client = start((200, {}, b"{}"))
    client.ask("GET", "/")
    [seen] = server.seen
    assert (seen["X-Token"], seen.get("Authorization")) == ("needle", None)


def test_nor_is_it_sent_to_a_server_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine shop.example login me password haystack\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    sent: list[requests.PreparedRequest] = []

    def send(_: requests.Session, request: requests.PreparedRequest, **__: object) -> None:
        sent.append(request)
        raise requests.exceptions.SSLError

    monkeypatch.setattr(requests.Session, "send", send)
    with pytest.raises(SourceError, match="has no certificate"):
        WebClient("https://shop.example", "the shop", Token("X-Token", "needle")).ask("GET", "/")
    assert (sent[0].headers["X-Token"], sent[0].headers.get("Authorization")) == ("needle", None)


def test_numbers_with_a_point_stay_exact(start: Start) -> None:
    _, client = start((200, {}, b'{"amount": 0.10}'))
    answer = client.ask("GET", "/")
    assert (str(answer.document["amount"]), answer.moment.isoformat()) == ("0.10", "2026-03-02T02:00:00+00:00")


def test_an_answer_larger_than_any_page_is_refused(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.pulls.web.client.LARGEST_ANSWER", 2**20)
    server, client = start((200, {}, b'"' + b"x" * 2**21 + b'"'))
    with pytest.raises(SourceError, match="an answer of more than 1 MB"):
        client.ask("GET", "/")
    assert len(server.seen) == 1


def test_of_an_answer_without_end_no_more_is_read_than_one_may_have(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.pulls.web.client.LARGEST_ANSWER", 2**20)
    server, client = start((200, {}, b'"' + b"x" * 2**26))
    with pytest.raises(SourceError, match="an answer of more than 1 MB"):
        client.ask("GET", "/")
    assert server.unsent.wait(10), "the connection was closed before all was read"


def test_a_packed_answer_is_as_large_as_it_unpacks_to(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.pulls.web.client.LARGEST_ANSWER", 2**20)
    packed = gzip.compress(b'"' + b"x" * 2**22 + b'"')
    _, client = start((200, {"Content-Encoding": "gzip", "Content-Length": str(len(packed))}, packed))
    with pytest.raises(SourceError, match="an answer of more than 1 MB"):
        client.ask("GET", "/")


@pytest.mark.parametrize("length", ["\xb2", "9" * 5_000, "-1", "two"])
def test_a_length_that_is_none_is_not_believed(start: Start, length: str) -> None:
    _, client = start((200, {"Content-Length": length}, b"[1]"))
    assert client.ask("GET", "/").document == [1]


def test_an_answer_shorter_than_its_length_broke_off() -> None:
    pieces = [b"[1]", b""]
    response = requests.Response()
    response.raw = SimpleNamespace(read1=lambda *_, **__: pieces.pop(0))
    response.headers["Content-Length"] = "4"
    with pytest.raises(Exception, match="broke off in the middle"):
        list(WebClient("http://127.0.0.1", "the shop")._read(response, 10, None))


def test_an_answer_that_drips_for_too_long_is_given_up(
    start: Start, waited: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.pulls.web.client.LONGEST_ANSWER", -1.0)
    _, client = start((200, {}, b"{}"))
    with pytest.raises(SourceError, match="does not answer in time") as raised:
        client.ask("GET", "/")
    assert raised.value.is_passing
    assert waited == [1, 2, 4, 8, 16]


@pytest.mark.parametrize("framed", [b"Content-Length: 2000", b"Transfer-Encoding: chunked"])
def test_an_answer_of_which_a_little_comes_again_and_again_is_given_up_in_time(
    monkeypatch: pytest.MonkeyPatch, framed: bytes
) -> None:
    """Long before a whole piece of it is there."""
    monkeypatch.setattr("pipelines.pulls.web.client.LONGEST_ANSWER", 0.2)
    monkeypatch.setattr("pipelines.pulls.web.client.TRIES", 1)
    is_given_up = threading.Event()

    def drip(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(2**16)
            connection.sendall(b"HTTP/1.1 200 OK\r\n" + framed + b"\r\n\r\n")
            for _ in range(100):
                connection.sendall(b" " if framed.startswith(b"Content") else b"1\r\n \r\n")
                if is_given_up.wait(0.05):
                    return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=drip, args=(listening,), daemon=True)
        thread.start()
        began = time.monotonic()
        with pytest.raises(SourceError, match="does not answer in time"):
            WebClient(f"http://127.0.0.1:{listening.getsockname()[1]}", "the shop").ask("GET", "/")
        took = time.monotonic() - began
        is_given_up.set()
        thread.join()
    assert took < 2


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("7", 7.0),
        ("Mon, 02 Mar 2026 02:00:30 GMT", 30.0),
        ("soon", 1.0),
        ("-5", 0.0),
        ("Mon, 02 Mar 2026 01:59:30 GMT", 0.0),
        ("nan", 1.0),
        ("inf", 1.0),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 1.0),
        ("Mon, 02 Mar 99999999999999999999 02:00:00 GMT", 1.0),
    ],
    ids=["seconds", "date", "nonsense", "past", "past date", "no number", "endless", "no date", "no year"],
)
def test_a_pause_that_is_asked_for_is_made(start: Start, waited: list[float], written: str, expected: float) -> None:
    _, client = start((429, {"Retry-After": written}, b""), (200, {}, b"{}"))
    client.ask("GET", "/")
    assert waited == [expected]


def test_a_pause_that_is_too_long_is_told_and_not_made(start: Start, waited: list[float]) -> None:
    server, client = start((429, {"Retry-After": "301"}, b""))
    with pytest.raises(
        SourceError, match=r"lets no more requests through \(HTTP 429\)\. It asks to wait 301 s"
    ) as raised:
        client.ask("GET", "/")
    assert raised.value.is_passing
    assert (waited, len(server.seen)) == ([], 1)


def test_what_cannot_be_reached_is_asked_once_where_somebody_waits(waited: list[float]) -> None:
    client = WebClient("http://127.0.0.1:1", "the shop", Token("X-Token", "needle"))
    with reaching_once(), pytest.raises(SourceError, match=r"\(127\.0\.0\.1\) cannot be reached"):
        client.ask("GET", "/")
    assert waited == []
    with pytest.raises(SourceError, match="cannot be reached"):
        client.ask("GET", "/")
    assert waited == [1, 2, 4, 8, 16]


def test_a_token_is_renewed_once_and_not_for_ever(start: Start) -> None:
    class Renewed(Token):
        def renew(self) -> bool:
            return True

    server, _ = start(*[(401, {}, b"")] * 9, (200, {}, b"{}"))
    client = WebClient(f"http://127.0.0.1:{server.server_address[1]}", "the shop", Renewed("X-Token", "needle"))
    with pytest.raises(SourceError, match="does not let us in"):
        client.ask("GET", "/")
    assert len(server.seen) == 2


def test_a_status_that_is_not_expected_is_no_answer(start: Start) -> None:
    _, client = start((202, {}, b"{}"))
    with pytest.raises(SourceError, match=r"refuses what is asked \(HTTP 202\)"):
        client.ask("GET", "/")
    assert client.ask("GET", "/", expected=frozenset({202})).status == 202


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (301, "leads elsewhere"),
        (401, "does not let us in: check `token`"),
        (403, "does not let `token` read what is asked"),
        (404, "has nothing at the address that is asked"),
        (418, "refuses what is asked (HTTP 418)"),
    ],
)
def test_a_refusal_is_told_at_once_without_what_the_server_says(
    start: Start, waited: list[float], status: int, told: str
) -> None:
    _, client = start((status, {"Location": "http://haystack.example"}, b"needle haystack"))
    with pytest.raises(SourceError) as raised:
        client.ask("GET", "/path", params={"secret": "needle"})
    assert told in str(raised.value)
    assert not raised.value.is_passing
    assert "needle" not in str(raised.value)
    assert waited == []


def test_json_that_is_none_is_not_taken_for_some(start: Start) -> None:
    for body in (b'{"a": NaN}', b"[" * 100_000, b"\xff"):
        _, client = start((200, {}, body))
        with pytest.raises(SourceError, match="answers with what is no JSON"):
            client.ask("GET", "/")


def test_a_file_is_downloaded_without_the_token(start: Start, tmp_path: Path) -> None:
    server, client = start((200, {}, b"rows"))
    client.download(f"http://127.0.0.1:{server.server_address[1]}/file", tmp_path / "file", 10)
    assert (tmp_path / "file").read_bytes() == b"rows"
    assert "X-Token" not in server.seen[0]
    with pytest.raises(SourceError, match="more than"):
        client.download(f"http://127.0.0.1:{server.server_address[1]}/file", tmp_path / "file", 3)


def test_a_token_for_this_machine_goes_past_a_proxy(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy, _ = start((200, {}, b"{}"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.server_address[1]}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    server, client = start((200, {}, b"{}"))
    client.ask("GET", "/")
    assert (len(proxy.seen), len(server.seen)) == (0, 1)


@pytest.mark.parametrize("token", ["needle\n", "needle\r\nX-Other: 1", "needl\u20ac"])
def test_a_token_that_no_header_may_hold_is_told_at_once_and_not_repeated(
    start: Start, waited: list[float], token: str
) -> None:
    server, _ = start((200, {}, b"{}"))
    client = WebClient(f"http://127.0.0.1:{server.server_address[1]}", "the shop", Token("X-Token", token))
    with pytest.raises(SourceError, match="cannot be sent `token`") as raised:
        client.ask("GET", "/")
    assert not raised.value.is_passing
    assert "needl" not in str(raised.value)
    assert (waited, server.seen) == ([], [])


@pytest.mark.parametrize("address", ["http://", "https://[", "shop", "ftp://127.0.0.1"])
def test_an_address_that_is_none_is_told_at_once(waited: list[float], address: str) -> None:
    client = WebClient(address, "the shop", Token("X-Token", "needle"))
    with pytest.raises(SourceError, match="has no address that a request could be sent to") as raised:
        client.ask("GET", "/")
    assert not raised.value.is_passing
    assert waited == []


def test_a_file_at_what_is_no_address_is_not_fetched(start: Start, tmp_path: Path) -> None:
    _, client = start((200, {}, b"rows"))
    with pytest.raises(SourceError, match="an address without https"):
        client.download("https://[needle", tmp_path / "file", 10)


def test_an_api_that_tells_in_its_answer_that_it_has_enough_is_waited_for(start: Start, waited: list[float]) -> None:
    server, _ = start((400, {}, b'{"code": 17}'), (200, {}, b"{}"))

    def judge(answer: Answered) -> tuple[str, float | None] | None:
        return ("has had enough", 90.0) if answer.document == {"code": 17} else None

    client = WebClient(f"http://127.0.0.1:{server.server_address[1]}", "the shop", Token("X-Token", "t"), judge=judge)
    assert client.ask("GET", "/").status == 200
    assert waited == [90.0]
    client.close()


def test_a_file_is_not_fetched_in_the_open(start: Start, tmp_path: Path) -> None:
    """By name, `localhost` too, an address may lead anywhere."""
    server, client = start((200, {}, b"rows"))
    with pytest.raises(SourceError, match="an address without https"):
        client.download(f"http://localhost:{server.server_address[1]}/file", tmp_path / "file", 10)
    assert server.seen == []
