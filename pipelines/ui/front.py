"""The layer before Dagster's application: nothing reaches it that is not asked for by name, by its own page, signed in.

The order of the questions: by which name (``hosts``), from which page (``provenance``), who (``gate``), what
(``routes``), how much (``body``). Every answer, of whichever, carries the headers of ``headers``.
"""

import math
from dataclasses import dataclass
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.ui import own_pages
from pipelines.ui.body import TooLargeError, TooSlowError, read_body, replay
from pipelines.ui.gate import Entry, Gate, Verdict
from pipelines.ui.headers import protect
from pipelines.ui.hosts import AllowedHosts
from pipelines.ui.own_pages import refusal
from pipelines.ui.provenance import is_from_elsewhere, is_from_own_page, is_navigation
from pipelines.ui.routes import GRAPHQL_PATH, METHODS, Route, find_route

MOST_BYTES = 2 * 1024 * 1024
"""Of a question to Dagster; the page's longest are some kilobytes."""

MOST_FORM_BYTES = 8 * 1024


@dataclass
class Front:
    """An ASGI application that hands on to ``app`` what passes."""

    app: ASGIApp
    hosts: AllowedHosts
    gate: Gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._serve_websocket(scope, receive, send)
        elif scope["type"] == "http":
            await self._serve_http(scope, receive, send)

    async def _serve_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Dagster's page listens to a run's log by one; over it, Dagster takes subscriptions only."""
        headers = Headers(scope=scope)
        refused = self._refuse_name(scope, headers) or is_from_elsewhere(headers) or scope["path"] != GRAPHQL_PATH
        entry = Verdict.WRONG if refused else self.gate.admit(headers, _client(scope))
        if isinstance(entry, Verdict) or (entry is not Entry.SECRET and not is_from_own_page(headers)):
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        await self.app(scope, receive, send)

    async def _serve_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers, route = Headers(scope=scope), find_route(scope["path"])
        guarded = _protected(send, route, headers.get("host", ""))
        misnamed = self._refuse_name(scope, headers)
        if misnamed is not None:
            await misnamed(scope, receive, _protected(send, route, "localhost"))
            return
        answer = (
            self._refuse_page(scope, headers, route)
            or await self._sign_in_or_out(scope, headers, route, receive)
            or self._refuse_stranger(scope, headers, route)
        )
        if answer is None:
            answer, receive = await self._read_question(headers, route, receive)
        if answer is not None:
            await answer(scope, receive, guarded)
            return
        if route is Route.PAGE:  # One document, whatever the address: no path leads to what is not listed.
            scope = {**scope, "path": "/", "raw_path": b"/", "query_string": b""}
        await self.app(scope, receive, guarded)

    def _refuse_name(self, scope: Scope, headers: Headers) -> Response | None:
        named = headers.getlist("host")
        reached_at = scope["server"][0] if scope.get("server") else None
        if len(named) != 1 or not scope["path"].startswith("/"):
            return refusal(400, "A request names one host, and a path of it.")
        if not self.hosts.admits(named[0], reached_at):
            return refusal(
                421,
                "This is not served under that name. If the name is yours, start `parcours ui` with `--allow-host` and "
                "the name as the browser's address has it, with its port.",
            )
        return None

    def _refuse_page(self, scope: Scope, headers: Headers, route: Route) -> Response | None:
        """Refuses what another page asks for; a link to the page may stand anywhere, since it only shows it."""
        is_link = route is Route.PAGE and scope["method"] == "GET" and is_navigation(headers)
        if is_from_elsewhere(headers) and not (is_link and "origin" not in headers):
            return refusal(403, "Another page asks for this. Only the page itself may.")
        if scope["method"] not in METHODS[route]:
            allowed = ", ".join(METHODS[route])
            return refusal(405, f"This is asked for by {allowed} only.", Allow=allowed)
        return None

    async def _sign_in_or_out(self, scope: Scope, headers: Headers, route: Route, receive: Receive) -> Response | None:
        address = _client(scope)
        if route is Route.SIGN_IN:
            return await self._take_form(headers, receive, address)
        if route is Route.SIGN_OUT:
            if scope["method"] == "GET":
                return own_pages.sign_out_page()
            if not is_from_own_page(headers):
                return refusal(403, "Another page asks for this. Only the page itself may.")
            return own_pages.redirect("/", self.gate.close_sessions(headers))
        token, query = own_pages.split_token(scope["query_string"])
        if route is not Route.PAGE or token is None or self.gate.secret is None or self.gate.secret.is_password:
            return None  # A password stands in no address, which histories and logs keep.
        destination = _destination(scope["path"], query)
        if isinstance(self.gate.admit(headers, address), Entry):
            return own_pages.redirect(destination)
        return self._greet(self.gate.judge(token, address), destination, headers, address)

    async def _take_form(self, headers: Headers, receive: Receive, address: str) -> Response:
        if not is_from_own_page(headers):
            return refusal(403, "Another page asks for this. Only the page itself may.")
        if _media_type(headers) != "application/x-www-form-urlencoded":
            return refusal(415, "The form for signing in is sent as application/x-www-form-urlencoded.")
        try:
            secret, destination = own_pages.parse_form(await read_body(receive, MOST_FORM_BYTES))
        except (TooLargeError, TooSlowError, ValueError):
            return refusal(413, "That is not the form for signing in.", Connection="close")
        return self._greet(self.gate.judge(secret, address), destination, headers, address)

    def _greet(self, verdict: Verdict, destination: str, headers: Headers, address: str) -> Response:
        """Opens a session, or says why not."""
        if verdict is Verdict.RIGHT:
            is_encrypted = headers.get("origin", "").lower().startswith("https:")
            return own_pages.redirect(destination, self.gate.open_session(is_encrypted))
        if verdict is Verdict.LATER:
            response = own_pages.sign_in_page(self.gate.secret, destination, self._patience(address), 429)
            response.headers["Retry-After"] = str(self._seconds(address))
            return response
        return own_pages.sign_in_page(self.gate.secret, destination, "That is not it.")

    def _refuse_stranger(self, scope: Scope, headers: Headers, route: Route) -> Response | None:
        address = _client(scope)
        entry = self.gate.admit(headers, address)
        if isinstance(entry, Entry):
            if scope["method"] == "POST" and entry is not Entry.SECRET and not is_from_own_page(headers):
                return refusal(403, "A browser says which page asks for this. Scripts send `Authorization: Bearer`.")
            return None
        if entry is Verdict.LATER:
            return refusal(429, self._patience(address), **{"Retry-After": str(self._seconds(address))})
        if route is Route.PAGE and is_from_elsewhere(headers):
            return own_pages.loading_page()
        if route is Route.PAGE:
            _, query = own_pages.split_token(scope["query_string"])
            return own_pages.sign_in_page(self.gate.secret, _destination(scope["path"], query))
        return refusal(401, "Sign in first: open the page, or send `Authorization: Bearer` with the token or password.")

    def _seconds(self, address: str) -> int:
        return max(1, math.ceil(self.gate.backoff.waiting_time(address)))

    def _patience(self, address: str) -> str:
        return f"Too many wrong attempts. Try again in {self._seconds(address)} seconds."

    async def _read_question(self, headers: Headers, route: Route, receive: Receive) -> tuple[Response | None, Receive]:
        """A refusal, or where to receive the question from that was read."""
        if route is not Route.GRAPHQL:
            return None, receive
        if _media_type(headers) != "application/json" or "content-encoding" in headers:
            return refusal(415, "GraphQL is asked in application/json."), receive
        try:
            return None, replay(await read_body(receive, MOST_BYTES), receive)
        except TooLargeError:
            return refusal(413, f"A question has at most {MOST_BYTES} bytes.", Connection="close"), receive
        except TooSlowError:
            return refusal(408, "The question did not arrive in time.", Connection="close"), receive


def _protected(send: Send, route: Route, host: str) -> Send:
    async def send_protected(message: Message) -> None:
        if message["type"] == "http.response.start":
            protect(MutableHeaders(scope=message), route, host)
        await send(message)

    return send_protected


def _client(scope: Scope) -> str:
    """The address that the connection comes from, whatever its headers say."""
    return scope["client"][0] if scope.get("client") else "unknown"


def _media_type(headers: Headers) -> str:
    given = headers.getlist("content-type")
    return given[0].partition(";")[0].strip().lower() if len(given) == 1 else ""


def _destination(path: str, query: str) -> str:
    destination = quote(path) + (f"?{query}" if query else "")
    return destination if own_pages.is_own_path(destination) else "/"
