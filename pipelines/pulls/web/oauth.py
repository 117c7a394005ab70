"""Tokens that an API gives for an id and a secret, and that it takes back after a while."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pipelines.pulls.errors import SourceError
from pipelines.pulls.web.client import WebClient

MARGIN = 300.0  # Seconds before its end in which a token is not begun with.
LIFE = 3_600.0  # Of a token of which nothing is said.
LONGEST_LIFE = 86_400  # One that is said to live longer is asked for again every day.


def as_bearer(token: str) -> Mapping[str, str]:
    """The header of RFC 6750."""
    return {"Authorization": f"Bearer {token}"}


@dataclass(kw_only=True)
class GivenToken(ABC):
    """A token of OAuth 2.0, asked for when it is needed.

    ``client`` reaches the server that gives tokens, at ``path``; ``as_headers`` is how a token is sent, ``key`` the key
    of `sources.yml` that says who asks.
    """

    client: WebClient
    path: str
    as_headers: Callable[[str], Mapping[str, str]] = as_bearer
    key: str
    _token: str | None = field(default=None, init=False, repr=False)
    _ends: float = field(default=0.0, init=False)

    @abstractmethod
    def form(self) -> Mapping[str, str]:
        """What is asked with. Raises SourceError."""

    @abstractmethod
    def remedy(self) -> tuple[str, str]:
        """For which keys no token is given, and what to do about it."""

    def headers(self) -> Mapping[str, str]:
        if self._token is None or time.monotonic() > self._ends - MARGIN:
            self._token = self._ask()
        return self.as_headers(self._token)

    def renew(self) -> bool:
        self._token = None
        return True

    def _ask(self) -> str:
        answer = self.client.ask("POST", self.path, form=self.form(), expected=frozenset({200, 400, 401, 403}))
        given = answer.document if isinstance(answer.document, dict) else {}
        token, life = given.get("access_token"), given.get("expires_in")
        if answer.status != 200 or not isinstance(token, str) or not token:
            asked, remedy = self.remedy()
            raise SourceError(f"{self.client.shown} gives no token for {asked} (HTTP {answer.status}): {remedy}.")
        self._ends = time.monotonic() + (min(life, LONGEST_LIFE) if isinstance(life, int) else LIFE)
        return token


@dataclass(kw_only=True)
class ClientCredentials(GivenToken):
    """The grant by which an app vouches for itself (RFC 6749, section 4.4)."""

    client_id: str
    client_secret: str = field(repr=False)
    key: str = "client_secret"

    def form(self) -> Mapping[str, str]:
        return {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }

    def remedy(self) -> tuple[str, str]:
        return f"`client_id` and `{self.key}`", "check both, and that the app is installed"


@dataclass(kw_only=True)
class RefreshToken(GivenToken):
    """The grant by which an app acts for somebody who has agreed once (RFC 6749, section 6)."""

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    key: str = "refresh_token"

    def form(self) -> Mapping[str, str]:
        return {
            "grant_type": "refresh_token",
            "refresh_token": self.refresh_token,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }

    def remedy(self) -> tuple[str, str]:
        return "`refresh_token`", (
            "it may have been revoked, or have run out, as after a week where the app is in testing; check it, "
            "`client_id` and `client_secret`"
        )
