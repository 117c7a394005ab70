"""Which page a browser's request comes from: its own, by Origin and Sec-Fetch-Site, which no page can forge."""

import re

from starlette.datastructures import Headers

from pipelines.ui.hosts import USUAL_PORTS, parse_host

_ORIGIN = re.compile(r"https?://([^/?#@\s]+)", re.ASCII | re.IGNORECASE)


def is_from_elsewhere(headers: Headers) -> bool:
    """Whether the browser says that another page asks: another site, another port of this machine, or none it names."""
    return any(not _is_own(origin, headers) for origin in headers.getlist("origin")) or any(
        site.strip().lower() not in ("same-origin", "none") for site in headers.getlist("sec-fetch-site")
    )


def is_from_own_page(headers: Headers) -> bool:
    """Whether the browser says that it is our own page that asks: it does with whatever changes anything."""
    return bool(headers.getlist("origin")) and not is_from_elsewhere(headers)


def is_navigation(headers: Headers) -> bool:
    """Whether somebody follows a link to the page, or types its address: the answer is shown, not read by a page."""
    return headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"


def _is_own(origin: str, headers: Headers) -> bool:
    """Whether ``origin`` is the Host that is asked; ``null``, which sandboxed pages send, is nobody's."""
    found = _ORIGIN.fullmatch(origin)
    own = _without_usual_port(headers.get("host", ""))
    return found is not None and own is not None and _without_usual_port(found[1]) == own


def _without_usual_port(host: str) -> tuple[str, int | None] | None:
    parsed = parse_host(host)
    if parsed is None:
        return None
    name, port = parsed
    return name, None if port in USUAL_PORTS else port
