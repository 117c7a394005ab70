"""The rules that no attack on a running page reaches: addresses, names, secrets, waiting, sessions, proxies, paths."""

import socket
import stat
from pathlib import Path

import pytest
from starlette.datastructures import Headers, MutableHeaders

from pipelines.errors import ConfigurationError
from pipelines.ui.backoff import FREE, FREE_FROM_ALL, LONGEST_SECONDS, Backoff
from pipelines.ui.gate import Entry, Gate, Verdict
from pipelines.ui.headers import protect
from pipelines.ui.hosts import allow_hosts
from pipelines.ui.listening import is_loopback, is_private, open_sockets
from pipelines.ui.own_pages import is_own_path, loading_page, sign_in_page, sign_out_page
from pipelines.ui.proxies import Proxies, believe_proxies
from pipelines.ui.routes import Route, find_route
from pipelines.ui.secret import PASSWORD, PASSWORD_FILE, Secret, make_token, take_password
from pipelines.ui.sessions import IDLE_SECONDS, MOST, Sessions


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("address", "is_ours"),
    [
        ("127.0.0.1", True), ("127.8.9.10", True), ("::1", True), ("0.0.0.0", False), ("::", False),
        ("::ffff:127.0.0.1", False), ("::ffff:0.0.0.0", False), ("192.0.2.1", False), ("10.0.0.1", False),
        ("fe80::1%eth0", False), ("169.254.1.1", False), ("128.0.0.1", False),
    ],
)  # fmt: skip
def test_loopback_is_what_no_other_machine_reaches(address: str, is_ours: bool) -> None:
    assert is_loopback(address) is is_ours


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "0", "0x0", "::ffff:127.0.0.1", "::ffff:0.0.0.0"])
def test_an_address_that_others_reach_is_not_private(host: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    try:
        sockets = open_sockets(host, port)
    except ConfigurationError:
        return  # This machine has no such address.
    try:
        assert not is_private(sockets)
    finally:
        for each in sockets:
            each.close()


@pytest.mark.parametrize(
    ("host", "port"), [("127.0.0.1", 70_000), ("127.0.0.1", 0), ("192.0.2.1", 3000), ("no.such.host.invalid", 3000)]
)
def test_an_address_that_is_none_of_this_machine_is_refused(host: str, port: int) -> None:
    with pytest.raises(ConfigurationError):
        open_sockets(host, port)


@pytest.mark.parametrize(
    ("header", "reached_at", "admitted"),
    [
        ("localhost:3000", "127.0.0.1", True), ("127.3.2.1:3000", "127.0.0.1", True), ("[::1]:3000", "::1", True),
        ("192.0.2.7:3000", "192.0.2.7", True), ("192.0.2.8:3000", "192.0.2.7", False),
        ("parcours.example.com", "192.0.2.7", True), ("PARCOURS.example.com:3000", "192.0.2.7", True),
        ("parcours.example.com:443", "192.0.2.7", True), ("parcours.example.com:8080", "192.0.2.7", False),
        ("tunnel:8080", "127.0.0.1", True), ("tunnel", "127.0.0.1", False), ("tunnel:3000", "127.0.0.1", False),
        ("localhost", "127.0.0.1", False), ("localhost.:3000", "127.0.0.1", False), ("", "127.0.0.1", False),
        ("127.0.0.1:3000 ", "127.0.0.1", False), ("127.0.0.1:3000,evil", "127.0.0.1", False),
        ("127.1:3000", "127.0.0.1", False), ("2130706433:3000", "127.0.0.1", False), ("evil", "127.0.0.1", False),
        ("[::ffff:127.0.0.1]:3000", "::ffff:127.0.0.1", True), ("localhost:٣٠٠٠", "127.0.0.1", False),
    ],
)  # fmt: skip
def test_a_name_is_admitted_that_nobody_else_can_point_here(header: str, reached_at: str, admitted: bool) -> None:
    assert allow_hosts(3000, ["parcours.example.com", "tunnel:8080"]).admits(header, reached_at) is admitted


def test_on_the_usual_port_browsers_leave_it_out() -> None:
    assert allow_hosts(80, []).admits("localhost", "127.0.0.1")


@pytest.mark.parametrize("name", ["https://parcours.example.com", "a/b", "", "*", "user@host"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="--allow-host"):
        allow_hosts(3000, [name])


def test_a_password_is_taken_out_of_the_environment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "password"
    file.write_text("correct horse battery\n")
    file.chmod(0o600)
    environment = {PASSWORD: "out of the environment", "OTHER": "stays"}
    assert take_password(None, environment) == Secret("out of the environment", is_password=True)
    assert environment == {"OTHER": "stays"}
    environment = {PASSWORD: "out of the environment", PASSWORD_FILE: str(file)}
    assert take_password(None, environment) == Secret("correct horse battery", is_password=True)
    assert environment == {}
    assert take_password(file, {}) == Secret("correct horse battery", is_password=True)
    assert take_password(None, {}) is None
    assert capsys.readouterr().err == ""
    file.chmod(0o644)
    take_password(file, {})
    assert "chmod 600" in capsys.readouterr().err
    assert stat.S_IMODE(file.stat().st_mode) == 0o644


def test_a_password_that_could_be_guessed_or_read_is_refused(tmp_path: Path) -> None:
    empty, binary = tmp_path / "empty", tmp_path / "binary"
    empty.write_text("")
    binary.write_bytes(b"\xff" * 40)
    for file in (empty, binary, tmp_path, tmp_path / "none"):
        with pytest.raises(ConfigurationError):
            take_password(file, {})
    with pytest.raises(ConfigurationError) as told:
        take_password(None, {PASSWORD: "hunter2"})
    assert "hunter2" not in str(told.value)


def test_every_start_has_another_token() -> None:
    first, second = make_token(), make_token()
    assert first != second
    assert len(first.value) >= 43  # 256 bits.
    assert first.matches(first.value)
    assert not first.matches(second.value)
    assert not first.matches("")


def gate(secret: Secret | None, **proxies: str) -> tuple[Gate, Clock]:
    clock = Clock()
    believed = believe_proxies([*proxies], "X-Forwarded-User")
    return Gate(secret, believed, "cookie", Sessions(clock), Backoff(clock)), clock


def test_a_password_is_looked_at_once_a_minute_after_some_wrong_ones() -> None:
    guarded, clock = gate(Secret("correct horse battery", is_password=True))
    looked_at = 0
    for number in range(3600):
        clock.now += 1
        looked_at += guarded.judge(f"guess {number}", "192.0.2.7") is Verdict.WRONG
    assert looked_at < FREE + 10 + 3600 / LONGEST_SECONDS
    assert guarded.judge("correct horse battery", "192.0.2.7") is Verdict.LATER
    assert guarded.judge("correct horse battery", "198.51.100.1") is Verdict.RIGHT  # Another is not held up by it,
    clock.now += LONGEST_SECONDS
    assert guarded.judge("correct horse battery", "192.0.2.7") is Verdict.RIGHT  # nor the same for long.


def test_guessing_from_many_addresses_is_slowed_down_too() -> None:
    guarded, clock = gate(Secret("correct horse battery", is_password=True))
    looked_at = 0
    for number in range(3600):
        clock.now += 1
        looked_at += guarded.judge("guess", f"2001:db8:{number:x}::1") is Verdict.WRONG
    assert looked_at < FREE_FROM_ALL + 10 + 3600 / LONGEST_SECONDS


def test_one_network_of_ipv6_is_one_address() -> None:
    backoff = Backoff(Clock())
    for number in range(FREE):
        backoff.note_failure(f"2001:db8::{number:x}")
    assert backoff.waiting_time("2001:db8::ffff") > 0
    assert backoff.waiting_time("2001:db8:1::1") == 0


@pytest.mark.parametrize("secret", [make_token(), Secret("x" * 32, is_password=True)])
def test_what_nobody_guesses_is_let_in_whoever_tries(secret: Secret) -> None:
    guarded, _ = gate(secret)
    verdicts = {guarded.judge(f"guess {number}", "127.0.0.1") for number in range(100)}
    assert verdicts == {Verdict.WRONG, Verdict.LATER}
    assert guarded.judge(secret.value, "127.0.0.1") is Verdict.RIGHT


def test_a_session_ends_when_nobody_uses_it() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    value = sessions.open()
    for _ in range(3):
        clock.now += IDLE_SECONDS - 1
        assert sessions.is_open(value)
    clock.now += IDLE_SECONDS + 1
    assert not sessions.is_open(value)
    assert not sessions.is_open("")
    first, *_ = [sessions.open() for _ in range(MOST + 1)]
    assert not sessions.is_open(first)


def test_only_a_proxy_that_was_named_names_people() -> None:
    guarded, _ = gate(None, **{"192.0.2.7": ""})
    named = Headers({"X-Forwarded-User": "ada"})
    assert guarded.admit(named, "192.0.2.7") is Entry.PROXY
    assert guarded.admit(named, "192.0.2.8") is Verdict.WRONG
    assert guarded.admit(Headers({"X-Forwarded-User": " "}), "192.0.2.7") is Verdict.WRONG
    twice = Headers(raw=[(b"x-forwarded-user", b"ada"), (b"x-forwarded-user", b"bob")])
    assert guarded.admit(twice, "192.0.2.7") is Verdict.WRONG
    bearer = Headers({"X-Forwarded-User": "ada", "Authorization": "Bearer the.proxy's.own"})
    assert guarded.admit(bearer, "192.0.2.7") is Entry.PROXY
    assert guarded.judge("", "192.0.2.7") is Verdict.WRONG


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "::", "10.0.0.0/8", "proxy", ""]
)
def test_a_proxy_is_one_address_of_another_machine(address: str) -> None:
    with pytest.raises(ConfigurationError, match="--proxy"):
        believe_proxies([address], "X-Forwarded-User")


def test_a_cookie_of_another_page_beside_ours_does_no_harm() -> None:
    guarded, _ = gate(make_token())
    value = guarded.open_session(is_encrypted=True)
    assert value.endswith("; Secure")
    ours = value.partition(";")[0]
    assert guarded.admit(Headers({"Cookie": f"cookie=planted; other=1; {ours}"}), "127.0.0.1") is Entry.COOKIE
    assert guarded.admit(Headers({"Cookie": f"x{ours}"}), "127.0.0.1") is Verdict.WRONG
    assert guarded.proxies == Proxies()


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/graphql", Route.GRAPHQL), ("/graphql/", Route.PAGE), ("//graphql", Route.PAGE), ("/GraphQL", Route.PAGE),
        ("/graphql\n", Route.PAGE), ("/_next/static/chunks/pages/_app-e67.js", Route.STATIC),
        ("/_next/static/chunks/app/[x]/page-1.js", Route.STATIC), ("/_next/static/../x", Route.PAGE),
        ("/_next/static/./x", Route.PAGE), ("/_next/static//x", Route.PAGE), ("/favicon-run-failed.svg", Route.STATIC),
        ("/logs/1-2/compute_logs/abc/err", Route.FILE), ("/logs/1-2/compute_logs/abc/complete", Route.PAGE),
        ("/logs/../x/out", Route.PAGE), ("/logs/.x/out", Route.PAGE), ("/logs//x/out", Route.PAGE),
        ("/download_debug/00000000-0000-0000-0000-000000000000", Route.FILE), ("/download_debug/x", Route.PAGE),
        ("/report_asset_check/x", Route.PAGE), ("/server_info", Route.PAGE), ("/notebook", Route.PAGE),
    ],
)  # fmt: skip
def test_a_path_means_one_thing(path: str, route: Route) -> None:
    assert find_route(path) is route


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil.example", "https://evil.example", "/\r\nx", "", "x", "/é"])
def test_nobody_is_sent_elsewhere(path: str) -> None:
    assert not is_own_path(path)


def read_policy(text: str) -> dict[str, set[str]]:
    return {name: set(sources) for name, *sources in (directive.split() for directive in text.split("; "))}


def test_nothing_is_run_framed_or_loaded_that_this_page_does_not_bring_along() -> None:
    headers = MutableHeaders({"Feature-Policy": "x", "Content-Security-Policy": "script-src 'nonce-1'"})
    protect(headers, Route.PAGE, "parcours.example:3000")
    first, ours = headers.getlist("Content-Security-Policy")
    assert first == "script-src 'nonce-1'", "Dagster's own stays"
    allowed, none = {"'self'"}, {"'none'"}
    assert read_policy(ours) == {
        "default-src": allowed,
        "script-src": allowed | {"'unsafe-inline'"},
        "style-src": allowed | {"'unsafe-inline'"},
        "img-src": allowed | {"data:", "blob:"},
        "font-src": allowed | {"data:"},
        "worker-src": allowed | {"blob:"},
        "connect-src": allowed | {"ws://parcours.example:3000", "wss://parcours.example:3000"},
        "object-src": none,
        "frame-src": none,
        "frame-ancestors": none,
        "form-action": allowed,
        "base-uri": none,
    }
    assert "Feature-Policy" not in headers
    expected = {
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Vary": "Cookie, Authorization, Origin",
    }
    assert {name: headers.get(name) for name in expected} == expected
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert {"camera=()", "microphone=()", "geolocation=()"} <= set(headers["Permissions-Policy"].split(", "))


@pytest.mark.parametrize("route", Route)
def test_data_is_kept_by_no_browser(route: Route) -> None:
    headers = MutableHeaders({"Cache-Control": "public"})
    protect(headers, route, "localhost:3000")
    assert headers["Cache-Control"] == ("private, max-age=3600" if route is Route.STATIC else "no-store")


def test_pages_of_our_own_run_nothing_and_take_what_is_asked_for_as_text() -> None:
    asked = sign_in_page(make_token(), '/"><script>', note="<b>wrong</b>")
    for page in (asked, sign_in_page(None, "/"), sign_out_page(), loading_page()):
        assert read_policy(page.headers["Content-Security-Policy"]) == {
            "default-src": {"'none'"},
            "style-src": {"'unsafe-inline'"},
            "form-action": {"'self'"},
            "base-uri": {"'none'"},
            "frame-ancestors": {"'none'"},
        }
    body = bytes(asked.body).decode()
    assert "<script" not in body
    assert "<b>" not in body
