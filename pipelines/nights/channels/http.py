"""One request to an address of the web, with the standard library: no redirects, and nothing repeated of the answer."""

import http.client
import json
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from pipelines.nights.channels.delivery_error import DeliveryError

LASTING = {400, 401, 403, 404, 405, 410, 413, 415, 422}
"""Answers that another attempt does not change."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """What is sent is for the server that was declared, and for no other that it names."""

    def redirect_request(self, *_: Any) -> None:
        return None


def post_json(url: str, document: Mapping[str, Any], timeout: float, headers: Mapping[str, str] | None = None) -> None:
    """Sends ``document``. Raises DeliveryError."""
    body = json.dumps(document).encode()
    _send(url, body, timeout, {"Content-Type": "application/json", **(headers or {})})


def post_text(url: str, text: str, timeout: float) -> None:
    """Sends ``text``. Raises DeliveryError."""
    _send(url, text.encode(), timeout, {"Content-Type": "text/plain; charset=utf-8"})


def _send(url: str, body: bytes, timeout: float, headers: Mapping[str, str]) -> None:
    request = urllib.request.Request(  # noqa: S310  # settings.py lets http and https pass only.
        url, body, {"User-Agent": "parcours", **headers}, method="POST"
    )
    try:
        with urllib.request.build_opener(_NoRedirect()).open(request, timeout=timeout) as answer:
            answer.read(1024)
    except urllib.error.HTTPError as fault:
        fault.close()
        what = "leads elsewhere" if 300 <= fault.code < 400 else "refuses"
        is_lasting = fault.code in LASTING or 300 <= fault.code < 400
        raise DeliveryError(f"the server {what} (HTTP {fault.code})", is_lasting=is_lasting) from None
    except urllib.error.URLError as fault:
        raise DeliveryError(_explain(fault.reason)) from None
    except (OSError, http.client.HTTPException, ValueError) as fault:
        raise DeliveryError(_explain(fault)) from None


def _explain(reason: object) -> str:
    if isinstance(reason, TimeoutError):
        return "the server does not answer in time"
    if isinstance(reason, ssl.SSLError):
        return "the server's certificate is not trusted, or it speaks no TLS"
    if isinstance(reason, socket.gaierror):
        return "the server's name is not known"
    if isinstance(reason, OSError) and reason.strerror:
        return f"the server cannot be reached ({reason.strerror})"
    return "the server answers with what is no HTTP"
