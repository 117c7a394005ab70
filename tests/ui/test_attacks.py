"""No run is started, and nothing told, but for who is signed in and by the page itself: attacks on the real server."""

import json
import socket
import time
import urllib.parse
from collections.abc import Callable

import pytest
import websockets.exceptions
from websockets.sync.client import connect

from tests.dagster_page import LAUNCH, RUNS, Answer, Page

Attack = Callable[[Page, str], Answer]

EVIL = "http://evil.example"


def as_the_page(page: Page, cookie: str, **named: str) -> dict[str, str]:
    """What the browser sends with a question of the page."""
    usual = {"cookie": cookie, "origin": page.origin, "sec_fetch_site": "same-origin", "sec_fetch_mode": "cors"}
    return {**usual, "content_type": "application/json", **named}


def post(page: Page, cookie: str, **named: str) -> Answer:
    headers = {name: value for name, value in as_the_page(page, cookie, **named).items() if value}
    return page.ask("POST", "/graphql", page.question(LAUNCH), **headers)


def get_launch(path: str = "/graphql") -> str:
    return f"{path}?{urllib.parse.urlencode({'query': LAUNCH})}"


def form(page: Page, cookie: str, content_type: str, body: str) -> Answer:
    """A form of another page that posts itself; ``null`` is the origin of one in a sandboxed frame."""
    return page.ask("POST", "/graphql", body, cookie=cookie, content_type=content_type, origin="null")


MULTIPART = (
    '--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n'
    f'{json.dumps({"query": LAUNCH})}\r\n--x\r\nContent-Disposition: form-data; name="map"\r\n\r\n{{}}\r\n--x--\r\n'
)

# The cookie goes along with each, as if SameSite=Strict held nothing back: another port of this machine is same-site.
ATTACKS: dict[str, Attack] = {
    "an image": lambda page, cookie: page.ask(
        "GET", get_launch(), cookie=cookie, accept="image/*", sec_fetch_site="cross-site", sec_fetch_dest="image"
    ),
    "an image in an old browser": lambda page, cookie: page.ask("GET", get_launch(), cookie=cookie, accept="image/*"),
    "a link": lambda page, cookie: page.ask(
        "GET", get_launch(), cookie=cookie, accept="text/html", sec_fetch_site="cross-site", sec_fetch_mode="navigate",
        sec_fetch_dest="document",
    ),
    "an urlencoded form": lambda page, cookie: form(
        page, cookie, "application/x-www-form-urlencoded", urllib.parse.urlencode({"query": LAUNCH})
    ),
    "a form with the question in its address": lambda page, cookie: page.ask(
        "POST", get_launch(), "a=b", cookie=cookie, content_type="application/x-www-form-urlencoded"
    ),
    "a text form": lambda page, cookie: form(page, cookie, "text/plain", page.question(LAUNCH)),
    "a text form that mentions JSON": lambda page, cookie: post(
        page, cookie, content_type="text/plain; application/json"
    ),
    "GraphQL as its own type": lambda page, cookie: page.ask(
        "POST", "/graphql", LAUNCH, **as_the_page(page, cookie, content_type="application/graphql")
    ),
    "a multipart form": lambda page, cookie: form(page, cookie, "multipart/form-data; boundary=x", MULTIPART),
    "no type": lambda page, cookie: post(page, cookie, content_type=""),
    "a fetch of another site": lambda page, cookie: post(page, cookie, origin=EVIL, sec_fetch_site="cross-site"),
    "a fetch of another port": lambda page, cookie: post(
        page, cookie, origin="http://127.0.0.1:1", sec_fetch_site="same-site"
    ),
    "a foreign origin alone": lambda page, cookie: post(page, cookie, origin=EVIL, sec_fetch_site=""),
    "an origin that begins like ours": lambda page, cookie: post(
        page, cookie, origin=f"{page.origin}.evil.example", sec_fetch_site=""
    ),
    "our origin as a user": lambda page, cookie: post(page, cookie, origin=f"http://{page.host}@evil.example"),
    "no origin, from another site": lambda page, cookie: post(page, cookie, origin="", sec_fetch_site="cross-site"),
    "no origin at all": lambda page, cookie: post(page, cookie, origin="", sec_fetch_site=""),
    "the origin null": lambda page, cookie: post(page, cookie, origin="null", sec_fetch_site=""),
    "an extension": lambda page, cookie: post(page, cookie, origin="chrome-extension://abcdefghijklmnop"),
    "a name that points here": lambda page, cookie: post(
        page, cookie, host=f"evil.example:{page.port}", origin=f"http://evil.example:{page.port}"
    ),
    "a forwarded host": lambda page, cookie: post(
        page, cookie, host="evil.example", x_forwarded_host=page.host, origin=EVIL
    ),
    "another port as host": lambda page, cookie: post(page, cookie, host="127.0.0.1:1", origin="http://127.0.0.1:1"),
    "no cookie": lambda page, _: post(page, ""),
    "a wrong cookie": lambda page, cookie: post(page, cookie[:-4] + "AAAA"),
    "a wrong token": lambda page, _: post(page, "", authorization="Bearer AAAAAAAAAAAAAAAA"),
    "the token as a password": lambda page, _: post(page, "", authorization="Basic dXNlcjpwYXNz"),
    "a name of a proxy": lambda page, _: post(page, "", x_forwarded_user="admin", x_forwarded_for="127.0.0.1"),
    "the token of the other origin": lambda page, _: post(
        page, "", authorization=f"Bearer {page.token}", origin=EVIL, sec_fetch_site="cross-site"
    ),
    "another method": lambda page, cookie: page.ask("PUT", "/graphql", "x", **as_the_page(page, cookie)),
    "a preflight": lambda page, _: page.ask(
        "OPTIONS", "/graphql", origin=EVIL, access_control_request_method="POST"
    ),
    "a slash more": lambda page, cookie: page.ask("GET", get_launch("/graphql/"), cookie=cookie),
    "two slashes": lambda page, cookie: page.ask("GET", get_launch("//graphql"), cookie=cookie),
    "an escaped slash": lambda page, cookie: page.ask("GET", get_launch("/%2fgraphql"), cookie=cookie),
    "an escaped letter": lambda page, cookie: page.ask("GET", get_launch("/%67raphql"), cookie=cookie),
    "a dotted path": lambda page, cookie: page.ask("GET", get_launch("/_next/../graphql"), cookie=cookie),
    "a whole address": lambda page, cookie: page.ask("GET", get_launch(f"{EVIL}/graphql"), cookie=cookie),
    "a report of a materialisation": lambda page, cookie: page.ask(
        "POST", "/report_asset_materialization/crm/contacts", "{}", **as_the_page(page, cookie)
    ),
    "a report of a check": lambda page, cookie: page.ask(
        "POST", "/report_asset_check/crm/contacts?check_name=x&passed=true", "{}", **as_the_page(page, cookie)
    ),
    "a report of an observation": lambda page, cookie: page.ask(
        "POST", "/report_asset_observation/crm/contacts", "{}", **as_the_page(page, cookie)
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def cookie(page: Page) -> str:
    return page.sign_in()


@pytest.mark.parametrize("name", ATTACKS)
def test_no_run_is_started_by(name: str, page: Page, cookie: str) -> None:
    before = page.runs()
    answer = ATTACKS[name](page, cookie)
    assert page.runs() == before
    assert "launchRun" not in answer.body
    assert answer.headers["Access-Control-Allow-Origin"] is None
    # A page that only shows itself is all that any of them may get.
    assert answer.status >= 400 or (answer.status == 200 and answer.body.lower().startswith("<!doctype html"))


def test_the_page_itself_is_answered(page: Page, cookie: str) -> None:
    """Else nothing above would prove anything."""
    answer = page.ask("POST", "/graphql", page.question(RUNS), **as_the_page(page, cookie))
    assert (answer.status, list(json.loads(answer.body)["data"])) == (200, ["runsOrError"])
    named = page.question("query Other { __typename } query It { it: __schema { queryType { name } } }")
    whole = json.dumps({**json.loads(named), "operationName": "It"})
    answer = page.ask("POST", "/graphql", whole, **as_the_page(page, cookie))
    assert json.loads(answer.body)["data"] == {"it": {"queryType": {"name": "Query"}}}


def test_several_questions_at_once_are_none(page: Page, cookie: str) -> None:
    before = page.runs()
    batch = json.dumps([{"query": LAUNCH}, {"query": LAUNCH}])
    assert page.ask("POST", "/graphql", batch, **as_the_page(page, cookie)).status >= 400
    assert page.runs() == before


def test_a_question_without_an_end_is_not_read(page: Page, cookie: str) -> None:
    headers = as_the_page(page, cookie)
    endless = json.dumps({"query": "{ __typename }", "padding": "x" * 3_000_000})
    assert page.ask("POST", "/graphql", endless, **headers).status == 413
    chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\r\n".join(["POST /graphql HTTP/1.1", f"host: {page.host}", "transfer-encoding: chunked", *lines, "", ""])
    with socket.create_connection(("127.0.0.1", page.port), timeout=240) as connection:
        connection.sendall(head.encode() + chunk)
        try:
            for _ in range(64):
                connection.sendall(chunk)
        except (ConnectionResetError, BrokenPipeError):
            return  # It hung up.
        assert b" 413 " in connection.recv(200)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET / HTTP/1.0\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: {host}\r\nForwarded: host={host}\r\n\r\n", 421),
        ("GET http://{host}/ HTTP/1.1\r\nHost: evil.example\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: user@{host}\r\n\r\n", 421),
        ("GET / HTTP/1.1\r\nHost: localhost.evil.example:{port}\r\n\r\n", 421),
        ("GET / HTTP/1.1\r\nHost: 127.0.0.1.evil.example:{port}\r\n\r\n", 421),
        ("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 421),
        ("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n", 401),
        ("GET / HTTP/1.1\r\nHost: LOCALHOST:{port}\r\n\r\n", 401),
        ("GET / HTTP/1.1\r\nHost: [::1]:{port}\r\n\r\n", 401),
    ],
)
def test_only_names_of_this_machine_are_answered(head: str, status: int, page: Page) -> None:
    answer = page.send(head.format(host=page.host, port=page.port).encode())
    assert answer.status == status
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "/", "/runs", "/graphql", "/server_info", "/dagit_info", "/notebook?path=x.ipynb&repoLocName=x", "/favicon.png",
        "/download_debug/00000000-0000-0000-0000-000000000000", "/logs/x/compute_logs/y/out", "/_next/static/x.js",
        "/manifest.json", "/vendor/graphiql/graphiql.min.js", "/no/such",
    ],
)  # fmt: skip
def test_a_stranger_is_told_nothing(path: str, page: Page) -> None:
    answer = page.ask("GET", path)
    assert answer.status in (401, 405)
    assert "dagster" not in answer.body.lower()


@pytest.mark.parametrize(
    "path",
    [
        "/server_info", "/dagit_info", "/dagit/notebook?path=/etc/x.ipynb&repoLocName=pipelines.definitions",
        "/notebook?path=/etc/x.ipynb&repoLocName=pipelines.definitions", "/vendor/graphiql/graphiql.min.js",
        "/logs/../../dagster.yaml/out", "/logs/%2e%2e/%2e%2e/history/runs.db", "/logs//etc/passwd/out",
        "/csp-header.txt", "/_next/static/../../csp-header.txt", "/_next/static/%2e%2e/%2e%2e/index.html",
    ],
)  # fmt: skip
def test_what_the_page_does_not_need_is_its_own_address(path: str, page: Page, cookie: str) -> None:
    """It leads to the page, which says that there is nothing."""
    answer = page.ask("GET", path, cookie=cookie)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "__next" in answer.body


def test_data_is_not_read_from_another_page(page: Page, cookie: str) -> None:
    for site in ("cross-site", "same-site"):
        for path in ("/", "/favicon.png", "/logs/x/compute_logs/y/out"):
            seen = page.ask(
                "GET", path, cookie=cookie, sec_fetch_site=site, sec_fetch_mode="no-cors", sec_fetch_dest="script"
            )
            assert seen.status == 403
        framed = page.ask(
            "GET", "/", cookie=cookie, sec_fetch_site=site, sec_fetch_mode="navigate", sec_fetch_dest="iframe"
        )
        assert framed.status == 403


def test_a_link_from_elsewhere_leads_to_the_page(page: Page, cookie: str) -> None:
    """Browsers keep the cookie back for it; what they get loads itself again, which is no longer from elsewhere."""
    came = {"sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
    first = page.ask("GET", "/runs", sec_fetch_site="cross-site", **came)
    assert 'http-equiv="refresh"' in first.body
    second = page.ask("GET", "/runs", cookie=cookie, sec_fetch_site="same-origin", **came)
    assert "__next" in second.body
    stranger = page.ask("GET", "/runs", sec_fetch_site="same-origin", **came)
    assert stranger.status == 401


@pytest.mark.parametrize("path", ["/", "/favicon.png", "/nothing", "/graphql", "/sign-out"])
@pytest.mark.parametrize("signed_in", [False, True])
def test_every_answer_says_who_may_frame_run_and_keep_it(path: str, signed_in: bool, page: Page, cookie: str) -> None:
    answer = page.ask("GET", path, **({"cookie": cookie} if signed_in else {}))
    headers = answer.headers
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cache-Control"] == ("private, max-age=3600" if path == "/favicon.png" else "no-store")
    assert headers["Server"] is None
    policies = headers.get_all("Content-Security-Policy") or []
    for directive in ("frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'", "form-action 'self'"):
        assert any(directive in policy for policy in policies)
    if signed_in and path == "/":  # Dagster's own, with its nonce, is kept.
        assert any("'nonce-" in policy for policy in policies)


def test_the_cookie_is_for_this_browser_and_this_host_alone(page: Page) -> None:
    answer = page.ask("GET", f"/assets?token={page.token}&view=all")
    assert (answer.status, answer.headers["Location"]) == (303, "/assets?view=all")
    name, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert name.startswith(f"parcours_ui_{page.port}=")
    assert page.token not in name
    assert attributes == ["Path=/", "HttpOnly", "SameSite=Strict"]


def test_signing_in_by_the_form_asks_the_same(page: Page) -> None:
    def send(**named: str) -> Answer:
        body = urllib.parse.urlencode({"secret": page.token, "destination": named.pop("destination", "/runs")})
        headers = {"origin": page.origin, "content_type": "application/x-www-form-urlencoded", **named}
        return page.ask("POST", "/sign-in", body, **{name: value for name, value in headers.items() if value})

    assert (send().status, send().headers["Location"]) == (303, "/runs")
    for elsewhere in ("//evil.example", "https://evil.example", "/\\evil.example", "/\r\nSet-Cookie: a=b"):
        assert send(destination=elsewhere).headers["Location"] == "/"
    for refused in (send(origin=EVIL), send(origin=""), send(origin="null"), send(content_type="text/plain")):
        assert refused.status >= 400
        assert "Set-Cookie" not in refused.headers
    cookie = send().headers["Set-Cookie"].partition(";")[0]
    assert page.ask("POST", "/sign-out", cookie=cookie, origin=EVIL).status == 403
    assert page.ask("GET", "/", cookie=cookie).status == 200
    assert page.ask("POST", "/sign-out", cookie=cookie, origin=page.origin).status == 303
    assert page.ask("GET", "/", cookie=cookie).status == 401


def subscribe(page: Page, query: str, *, origin: str | None = None, host: str | None = None, **headers: str) -> str:
    """The first answer to ``query`` over a websocket."""
    with connect(
        f"ws://{host or page.host}/graphql",
        sock=socket.create_connection(("127.0.0.1", page.port), timeout=240),
        origin=origin,  # type: ignore[arg-type]
        subprotocols=["graphql-ws"],  # type: ignore[list-item]
        additional_headers=headers,
        open_timeout=240,
    ) as connection:
        connection.send(json.dumps({"type": "connection_init"}))
        assert json.loads(connection.recv(240)) == {"type": "connection_ack"}
        connection.send(json.dumps({"type": "start", "id": "1", "payload": {"query": query}}))
        return str(connection.recv(240))


LISTEN = 'subscription { pipelineRunLogs(runId: "none") { __typename } }'


def test_a_websocket_is_opened_by_the_page_alone(page: Page, cookie: str) -> None:
    assert "pipelineRunLogs" in subscribe(page, LISTEN, origin=page.origin, cookie=cookie)
    assert "pipelineRunLogs" in subscribe(page, LISTEN, authorization=f"Bearer {page.token}")
    evil = f"evil.example:{page.port}"
    for refused in (
        {"origin": EVIL, "cookie": cookie},
        {"origin": "http://127.0.0.1:1", "cookie": cookie},
        {"origin": "null", "cookie": cookie},
        {"cookie": cookie},
        {"origin": page.origin},
        {"origin": f"http://{evil}", "host": evil, "cookie": cookie},
        {"origin": EVIL, "authorization": f"Bearer {page.token}"},
    ):
        with pytest.raises(websockets.exceptions.InvalidStatus) as told:
            subscribe(page, LISTEN, **refused)
        assert told.value.response.status_code == 403


def test_a_websocket_changes_nothing_even_for_the_page(page: Page, cookie: str) -> None:
    before = page.runs()
    answer = json.loads(subscribe(page, LAUNCH, origin=page.origin, cookie=cookie))
    assert answer["type"] == "error"
    time.sleep(1)
    assert page.runs() == before


@pytest.mark.parametrize(
    "config",
    [
        {"resources": {"night": {"config": {"home": "/tmp/elsewhere"}}}},
        {"resources": {"night": {"config": {"sources": "/tmp/elsewhere/sources.yml"}}}},
        {"resources": {"night": {"config": {"home": {"env": "HOME"}}}}},
        {"resources": {"night": {"config": {"as_of": {"env": "HOME"}}}}},
        {"resources": {"io_manager": {"config": {"base_dir": "/tmp/elsewhere"}}}},
    ],
)
def test_a_launch_cannot_say_where_to_read_and_write(config: dict[str, object], page: Page) -> None:
    before = page.runs()
    launched = page.graphql(LAUNCH, config=json.dumps(config))["launchRun"]
    assert launched["__typename"] == "RunConfigValidationInvalid"
    assert page.runs() == before


def test_a_launch_cannot_accept_drift(page: Page) -> None:
    before = page.runs()
    launch = LAUNCH.replace('["crm", "contacts"]', '["identity", "drift"]')
    accepting = {"ops": {"identity__drift": {"config": {"accept": True}}}}
    launched = page.graphql(launch, config=json.dumps(accepting))["launchRun"]
    assert launched["__typename"] == "RunConfigValidationInvalid"
    assert page.runs() == before


def test_guessing_is_slowed_down_and_keeps_nobody_out(page: Page) -> None:
    told = [page.ask("GET", f"/?token=guess{number}").status for number in range(12)]
    assert told[0] == 401
    assert 429 in told
    assert page.ask("GET", f"/?token={page.token}").status == 303
