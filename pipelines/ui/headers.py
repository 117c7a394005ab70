"""What browsers are told of every answer: who may frame it, run it, keep it and see it."""

from collections.abc import Iterable

from starlette.datastructures import MutableHeaders

from pipelines.ui.routes import Route

_ALWAYS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # None at all would make the browser hide the origin from us too.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex, nofollow",
}

_POLICY = (
    "default-src 'self'",
    "script-src 'self' 'unsafe-inline'",  # Dagster's own policy, beside this one, asks for a nonce.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "frame-src 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
    "base-uri 'none'",
)


def protect(headers: MutableHeaders, route: Route, host: str) -> None:
    """Adds them to the ``headers`` of an answer. ``host`` is the Host that was asked, one of those allowed.

    A policy that the application sends stays: where there are two, browsers keep both.
    """
    del headers["Feature-Policy"]  # Dagster's; browsers complain of it beside its successor.
    for name, value in _ALWAYS.items():
        headers[name] = value
    headers.append("Content-Security-Policy", _join([*_POLICY, f"connect-src 'self' ws://{host} wss://{host}"]))
    # The names of static files change with what is in them; all else is data.
    headers["Cache-Control"] = "private, max-age=3600" if route is Route.STATIC else "no-store"
    headers["Vary"] = "Cookie, Authorization, Origin"


def _join(directives: Iterable[str]) -> str:
    return "; ".join(directives)
