"""Tokens that an API gives for an id and a secret, and that it takes back after a while."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pipelines.pulls.errors import SourceError
from pipelines.pulls.web.client import WebClient

MARGIN = 300.0  # Seconds before its end in which a token is not begun with.
LIFE = 3_600.0  # Of a token of which nothing is said.
LONGEST_LIFE = 86_400  # One that is said to live longer is asked for again every day.


@dataclass
class ClientCredentials:
    """The grant of OAuth 2.0 by which an app vouches for itself (RFC 6749, section 4.4).

    ``client`` reaches the server that gives tokens, at ``path``; ``as_headers`` is how a token is sent.
    """

    client: WebClient
    path: str
    client_id: str
    client_secret: str = field(repr=False)
    as_headers: Callable[[str], Mapping[str, str]]
    key: str = "client_secret"
    _token: str | None = field(default=None, init=False, repr=False)
    _ends: float = field(default=0.0, init=False)

    def headers(self) -> Mapping[str, str]:
        if self._token is None or time.monotonic() > self._ends - MARGIN:
            self._token = self._ask()
        return self.as_headers(self._token)

    def renew(self) -> bool:
        self._token = None
        return True

    def _ask(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }
        answer = self.client.ask("POST", self.path, form=form, expected=frozenset({200, 400, 401, 403}))
        given = answer.document if isinstance(answer.document, dict) else {}
        token, life = given.get("access_token"), given.get("expires_in")
        if answer.status != 200 or not isinstance(token, str) or not token:
            raise SourceError(
                f"{self.client.shown} gives no token for `client_id` and `{self.key}` (HTTP {answer.status}): check "
                "both, and that the app is installed."
            )
        self._ends = time.monotonic() + (min(life, LONGEST_LIFE) if isinstance(life, int) else LIFE)
        return token
