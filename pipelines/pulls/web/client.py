"""Requests to a web API: bounded in time and size, tried again where that may help, and nothing repeated of an answer.

No message holds an address with its query, a header, or what the API said: any of them may hold a token or a person.
"""

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from pipelines.config.web import is_sealed
from pipelines.pulls.errors import SourceError

TRIES = 6
FIRST_WAIT = 1.0  # Seconds; each further wait is twice as long.
LONGEST_WAIT = 300.0  # A limit that lasts longer is the whole pull's to wait for, not this request's.
PATIENCE = (10.0, 60.0)  # Seconds until a connection stands, and in which nothing at all comes.
LONGEST_ANSWER = 300.0  # Seconds that one answer may take, however steadily it drips.
LARGEST_ANSWER = 64 * 2**20  # Pages are some megabytes.
LONGEST_SIZE = 20  # Digits of a length that is one.
PIECE = 2**16
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529, 530})


class Authorisation(Protocol):
    """What lets requests in. ``key`` is the name of the key of `sources.yml` to check where it does not."""

    @property
    def key(self) -> str: ...

    def headers(self) -> Mapping[str, str]:
        """The headers that carry it. Raises SourceError."""

    def renew(self) -> bool:
        """Gets another token after one was refused; False where there is no other."""


@dataclass(frozen=True)
class Token:
    """A token that does not expire, in a header."""

    name: str
    value: str = field(repr=False)
    key: str = "token"

    def headers(self) -> Mapping[str, str]:
        return {self.name: self.value}

    def renew(self) -> bool:
        return False


@dataclass(frozen=True)
class Answer:
    """What came: ``document`` is the JSON in it, numbers with a point as Decimal; ``moment`` the server's clock."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    document: Any = field(repr=False)
    moment: datetime


Judge = Callable[[Answer], "tuple[str, float | None] | None"]
"""Whether an answer is one that passes, whatever its status: what to say of it, and the seconds that it asks for."""


class _FailedError(Exception):
    """A request that may be made again. ``wait``: the seconds that the server asks for."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.wait = reason, wait


class _UnreachableError(_FailedError):
    """No connection came about, or one that was closed before an answer began."""


_ONCE: ContextVar[bool] = ContextVar("_ONCE", default=False)


@contextmanager
def reaching_once() -> Iterator[None]:
    """What cannot be reached is not tried again meanwhile: somebody waits for the answer."""
    token = _ONCE.set(True)
    try:
        yield
    finally:
        _ONCE.reset(token)


class WebClient:
    """One API at the address ``base``; ``shown`` is what messages call it.

    ``wait_header``: the header in which it says how long to wait, seconds or a moment. ``judge``: of an API that tells
    in its answers what its status does not.
    """

    def __init__(
        self,
        base: str,
        shown: str,
        authorisation: Authorisation | None = None,
        *,
        wait_header: str = "Retry-After",
        judge: Judge | None = None,
    ) -> None:
        self.shown = shown
        self._wait_header, self._judge = wait_header, judge
        self._base, self._authorisation = base.rstrip("/"), authorisation
        self._session = requests.Session()
        self._session.headers["User-Agent"] = "parcours"
        self._session.headers["Accept"] = "application/json"
        self._session.auth = lambda prepared: prepared  # Else a .netrc of the machine is sent to the server.

    def close(self) -> None:
        self._session.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        document: Any = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        expected: Set[int] = frozenset({200}),
    ) -> Answer:
        """The answer to one request, ``document`` or ``form`` its body; ``path`` begins with a slash.

        Whatever is asked must do no harm when it is asked twice. Raises SourceError where no answer of a status
        ``expected`` comes.
        """
        is_renewed = False
        while True:
            given = self._authorisation.headers() if self._authorisation else {}
            answer: Answer = self._retry(
                lambda given=given: self._send(  # type: ignore[misc]
                    method, path, {**given, **(headers or {})}, params=params, json=document, data=form
                )
            )
            if answer.status == 401 and self._authorisation and not is_renewed and self._authorisation.renew():
                is_renewed = True
                continue
            self._check(answer, expected)
            return answer

    def download(self, url: str, path: Path, most: int) -> None:
        """What lies at ``url``, an address that needs no authorisation, into the file ``path``.

        Raises SourceError, also where it is larger than ``most`` bytes.
        """
        if not is_sealed(url):
            raise SourceError(f"{self.shown} has its file at an address without https.")
        self._retry(lambda: self._fetch(url, path, most))

    def _retry(self, attempt: Callable[[], Any]) -> Any:
        pause = FIRST_WAIT
        for number in range(1, TRIES + 1):
            reason = None
            try:
                return attempt()
            except _FailedError as failed:
                reason, wait = failed.reason, failed.wait
                is_last = number == TRIES or (isinstance(failed, _UnreachableError) and _ONCE.get())
            if is_last or (wait or 0) > LONGEST_WAIT:
                break
            sleep(max(wait or 0, 0) if wait is not None else pause)
            pause *= 2
        asks = f" It asks to wait {wait:,.0f} seconds." if wait and wait > LONGEST_WAIT else ""
        raise SourceError(f"{self.shown} {reason}.{asks}", is_passing=True)

    def _send(self, method: str, path: str, headers: Mapping[str, str], **body: Any) -> Answer:
        with self._open(method, self._base + path, headers, **body) as response:
            content = b"".join(self._read(response, LARGEST_ANSWER, LONGEST_ANSWER))
            status = response.status_code
            moment = _read_moment(response.headers.get("Date")) or datetime.now(UTC)
            answer = Answer(status, response.headers, _parse(content, is_needed=status < 300), moment)
            if self._judge and (judged := self._judge(answer)):
                raise _FailedError(*judged)
            if status in _PASSING:
                raise _FailedError(explain(status), _read_wait(response.headers, self._wait_header))
            return answer

    def _fetch(self, url: str, path: Path, most: int) -> None:
        with self._open("GET", url, {"Accept": "*/*"}) as response, path.open("wb") as file:
            if response.status_code != 200:
                raise _FailedError(
                    f"has no file for us (HTTP {response.status_code})", _read_wait(response.headers, self._wait_header)
                )
            for piece in self._read(response, most, None):
                file.write(piece)

    def _open(self, method: str, url: str, headers: Mapping[str, str], **body: Any) -> Any:
        reason = None
        # Whatever is sent by http is for this machine: by a proxy of the environment it would leave it in the open.
        self._session.trust_env = not url.lower().startswith("http:")
        try:
            # What is sent is for the server that was declared, and for no other that it names.
            return closing(
                self._session.request(
                    method, url, headers=dict(headers), timeout=PATIENCE, stream=True, allow_redirects=False, **body
                )
            )
        except requests.exceptions.SSLError:
            reason = ""
        except (requests.exceptions.InvalidHeader, UnicodeEncodeError):
            key = self._authorisation.key if self._authorisation else "connector"
            reason = f"cannot be sent `{key}`: it holds a line break or a letter that no header may hold. Correct it"
        except (
            requests.exceptions.InvalidURL,
            requests.exceptions.MissingSchema,
            requests.exceptions.InvalidSchema,
        ):  # Before what cannot be reached, which they are a kind of.
            reason = "has no address that a request could be sent to. Correct it in sources.yml"
        except requests.exceptions.Timeout:
            raise _FailedError("does not answer in time") from None
        except (requests.exceptions.ConnectionError, OSError):
            raise _UnreachableError(_explain_unreachable(url)) from None
        except (requests.exceptions.RequestException, UnicodeError, ValueError):
            reason = "has no address that a request could be sent to. Correct it in sources.yml"
        raise SourceError(f"{self.shown} {reason or 'has no certificate that this machine trusts'}.")

    def _read(self, response: requests.Response, most: int, longest: float | None) -> Iterator[bytes]:
        """The body in pieces, bounded, and whole: a connection that breaks off is no end."""
        if response.is_redirect:  # Of which requests has read the body by now, and nobody wants it.
            return
        began, size = time.monotonic(), 0
        try:
            # As much as there is, which is no whole piece where little comes at a time.
            while piece := response.raw.read1(PIECE, decode_content=True):
                size += len(piece)
                if size > most:
                    raise SourceError(f"{self.shown} sends an answer of more than {most / 2**20:,.0f} MB.")
                if longest is not None and time.monotonic() - began > longest:
                    raise _FailedError("does not answer in time")
                yield piece
        except HTTPError:
            raise _FailedError("broke off in the middle of an answer") from None
        declared = response.headers.get("Content-Length", "")
        is_size = declared.isascii() and declared.isdigit() and len(declared) < LONGEST_SIZE
        if is_size and not response.headers.get("Content-Encoding") and size < int(declared):
            raise _FailedError("broke off in the middle of an answer")

    def _check(self, answer: Answer, expected: Set[int]) -> None:
        if answer.status in expected:
            return
        key = self._authorisation.key if self._authorisation else "connector"
        told = {
            401: f"does not let us in: check `{key}`",
            402: "is closed to us: the account is not paid for",
            403: f"does not let `{key}` read what is asked: grant it the right to",
            404: "has nothing at the address that is asked: check the name of the shop or account",
            423: "is locked",
        }
        if 300 <= answer.status < 400:
            raise SourceError(f"{self.shown} leads elsewhere (HTTP {answer.status}): check its address.")
        said = told.get(answer.status, "refuses what is asked")
        raise SourceError(f"{self.shown} {said} (HTTP {answer.status}).")


def sleep(seconds: float) -> None:
    """All waiting of requests."""
    time.sleep(seconds)


def _explain_unreachable(url: str) -> str:
    host = urlsplit(url).hostname
    return (
        f"({host}) cannot be reached. Check that this machine may reach it, and `address`, which may be that of a proxy"
    )


def explain(status: int) -> str:
    """What there is to say of a status that passes."""
    if status == 429:
        return "lets no more requests through (HTTP 429)"
    return f"has a fault of its own (HTTP {status})"


def _parse(content: bytes, *, is_needed: bool) -> Any:
    """JSON, or None where there is none and none is needed."""
    try:
        return json.loads(content, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        if is_needed and content:
            raise _FailedError("answers with what is no JSON") from None
        return None


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _read_wait(headers: Mapping[str, str], name: str) -> float | None:
    """Seconds, as the header ``name`` has them or a date."""
    written = headers.get(name, "").strip()
    try:
        seconds = float(written)
        return seconds if math.isfinite(seconds) else None
    except ValueError:
        until, now = _read_moment(written), _read_moment(headers.get("Date")) or datetime.now(UTC)
        return max((until - now).total_seconds(), 0) if until else None


def _read_moment(written: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(written).astimezone(UTC) if written else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
