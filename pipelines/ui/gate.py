"""Who is let in: by the cookie of a session, by the secret itself, or by a proxy that is believed."""

from dataclasses import dataclass, field
from enum import Enum

from starlette.datastructures import Headers

from pipelines.ui.backoff import Backoff
from pipelines.ui.proxies import Proxies
from pipelines.ui.secret import Secret
from pipelines.ui.sessions import Sessions


class Verdict(Enum):
    """Whether a secret that was given is right. ``LATER`` is an attempt that was not looked at."""

    RIGHT = "right"
    WRONG = "wrong"
    LATER = "later"


class Entry(Enum):
    """How a request was let in. What a browser adds by itself, the cookie, proves nothing about the page that asks."""

    SECRET = "secret"  # noqa: S105
    COOKIE = "cookie"
    PROXY = "proxy"


@dataclass
class Gate:
    """``secret`` is None where only proxies let people in. ``cookie`` is the name of the session's cookie."""

    secret: Secret | None
    proxies: Proxies
    cookie: str
    sessions: Sessions = field(default_factory=Sessions)
    backoff: Backoff = field(default_factory=Backoff)

    def judge(self, given: str, address: str) -> Verdict:
        """Whether ``given``, sent from ``address``, is the secret.

        One that cannot be guessed is let in at any time: nobody keeps its owner, or a proxy that sends it, out by
        guessing.
        """
        if self.secret is None:
            return Verdict.WRONG
        if self.secret.can_be_guessed and self.backoff.waiting_time(address) > 0:
            return Verdict.LATER
        if self.secret.matches(given):
            self.backoff.note_success(address)
            return Verdict.RIGHT
        is_early = self.backoff.waiting_time(address) > 0
        self.backoff.note_failure(address)
        return Verdict.LATER if is_early else Verdict.WRONG

    def admit(self, headers: Headers, address: str) -> Entry | Verdict:
        """How the request is let in, else why not."""
        if self.proxies.has_let_through(address, headers):
            return Entry.PROXY
        spoken = headers.getlist("authorization")
        if len(spoken) == 1 and spoken[0][:7].lower() == "bearer ":
            given = spoken[0][7:].strip().encode("latin-1").decode("utf-8", "replace")  # Headers come as Latin-1.
            verdict = self.judge(given, address)
            return Entry.SECRET if verdict is Verdict.RIGHT else verdict
        if any(self.sessions.is_open(value) for value in self.session_values(headers)):
            return Entry.COOKIE
        return Verdict.WRONG

    def session_values(self, headers: Headers) -> list[str]:
        """The values of the session's cookie; a page on another port can have set one of the same name beside it."""
        values = []
        for line in headers.getlist("cookie"):
            for part in line.split(";"):
                name, _, value = part.strip().partition("=")
                if name == self.cookie:
                    values.append(value)
        return values[:4]

    def open_session(self, is_encrypted: bool) -> str:
        """The ``Set-Cookie`` of a new session: for this host only, unseen by scripts, not sent for other sites."""
        cookie = f"{self.cookie}={self.sessions.open()}; Path=/; HttpOnly; SameSite=Strict"
        return f"{cookie}; Secure" if is_encrypted else cookie

    def close_sessions(self, headers: Headers) -> str:
        """Ends the session of the request. The ``Set-Cookie`` that makes the browser forget it."""
        for value in self.session_values(headers):
            self.sessions.close(value)
        return f"{self.cookie}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"
