"""The few pages of our own: signing in, signing out, and one that only loads again."""

import html
from functools import cache
from pathlib import Path
from string import Template
from urllib.parse import parse_qs, urlencode

from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from pipelines.ui.routes import SIGN_IN_PATH, SIGN_OUT_PATH
from pipelines.ui.secret import Secret

TOKEN = "token"  # noqa: S105  # the name of the parameter
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


@cache
def _template() -> Template:
    return Template((Path(__file__).parent / "templates" / "page.html").read_text(encoding="utf-8"))


def _page(body: str, status: int, head: str = "") -> HTMLResponse:
    text = _template().substitute(body=body, head=head)
    return HTMLResponse(text, status, headers={"Content-Security-Policy": _POLICY})


def sign_in_page(secret: Secret | None, destination: str, note: str = "", status: int = 401) -> Response:
    """Asks for the ``secret``, then leads to ``destination``, a path of the page."""
    if secret is None:
        return _page("<p>This page is opened through the proxy that asks you who you are.</p>", 403)
    asked, where = "Password", "It was set where <code>parcours ui</code> was started."
    if not secret.is_password:
        asked, where = "Token", "The terminal in which <code>parcours ui</code> runs shows it, within the address."
    said = f'<p class="note">{html.escape(note)}</p>' if note else ""
    form = (
        f'<form method="post" action="{SIGN_IN_PATH}">'
        f'<input type="hidden" name="destination" value="{html.escape(destination)}">'
        f'<label for="secret">{asked}</label>'
        '<input id="secret" name="secret" type="password" autocomplete="current-password" autofocus required>'
        "<button>Sign in</button></form>"
    )
    return _page(f"{said}{form}<p>{where}</p>", status)


def sign_out_page() -> Response:
    return _page(f'<form method="post" action="{SIGN_OUT_PATH}"><button>Sign out</button></form>', 200)


def loading_page() -> Response:
    """Loads the same address again, from our own page: after a link from elsewhere browsers keep the cookie back."""
    return _page("<p>Opening ...</p>", 200, head='<meta http-equiv="refresh" content="0">')


def redirect(destination: str, cookie: str | None = None) -> Response:
    response = RedirectResponse(destination, 303)
    if cookie is not None:
        response.headers["Set-Cookie"] = cookie
    return response


def parse_form(body: bytes) -> tuple[str, str]:
    """The secret and the destination of the form for signing in."""
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=10)
    secret, destination = fields.get("secret", [""])[0], fields.get("destination", ["/"])[0]
    return secret.strip(), destination if is_own_path(destination) else "/"


def is_own_path(destination: str) -> bool:
    """Whether a browser that is sent there stays on the page."""
    return (
        destination.startswith("/")
        and not destination.startswith("//")
        and destination.isprintable()
        and destination.isascii()
        and "\\" not in destination
    )


def split_token(query: bytes) -> tuple[str | None, str]:
    """The token in a query, and the query without it."""
    try:
        fields = parse_qs(query.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return None, ""
    tokens = fields.pop(TOKEN, None)
    return (tokens[0] if tokens else None), urlencode(fields, doseq=True)


def refusal(status: int, message: str, **headers: str) -> Response:
    return PlainTextResponse(f"{message}\n", status, headers=headers)
