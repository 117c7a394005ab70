"""Requests to Meta's Graph API for what an ad account spends: spans of days, pages, and what refusals mean.

Pages are followed by their cursor. The address of the next page, which an answer gives too, is never asked: it may lead
anywhere, and holds the token. That goes in a header.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, NoReturn

from pipelines.config.meta_ads import VERSION
from pipelines.pulls.errors import SourceError, TableError
from pipelines.pulls.web.client import Answer, WebClient
from pipelines.pulls.web.pages import Trail
from pipelines.pulls.web.shapes import reach, read_rows

ADDRESS = "https://graph.facebook.com"
NAME = "Meta Ads"
PAGE = 500
_JUDGED = frozenset({200, 400, 401, 403, 404})
_THROTTLED = frozenset({4, 17, 32, 341, 613})
_OF_BUSINESS = range(80_000, 80_100)
"""Codes by which an application, a user or a business has asked too much, whatever the status of the answer."""
_PASSING = frozenset({1, 2})
_REFUSED = frozenset({102, 190, 463, 467})
"""Codes of a token that has expired, or is none."""
_TOO_MUCH = frozenset({1504018, 1504038})
"""Subcodes of a report that took too long: fewer days may not."""


class _TooMuchError(Exception):
    """A report over too many days for one answer."""


class MetaAdsApi:
    """What is asked of an account. ``moment`` is Meta's clock at its last answer."""

    def __init__(self, client: WebClient, account: str, version: str = VERSION) -> None:
        self._client, self._version = client, version
        self._path = f"/{version}/act_{account}"
        self.moment = datetime.now(UTC)

    def read_account(self, shown: str) -> Mapping[str, Any]:
        """Its currency and time zone. Raises SourceError, TableError."""
        try:
            account = self._ask(self._path, {"fields": "account_id,currency,timezone_name"}, shown)
        except _TooMuchError:
            raise SourceError(f"{NAME} does not tell what the account is in time.", is_passing=True) from None
        if not account.get("currency") or not account.get("timezone_name"):
            raise SourceError(f"{NAME} does not say in which currency and time zone the account is.", is_passing=True)
        return account

    def read(
        self, asked: Mapping[str, str], first: date, last: date, days: int, shown: str
    ) -> Iterator[dict[str, Any]]:
        """The rows of a report by day, asked for in spans of so many ``days``, of fewer where an answer took too long.

        Rows of such a span may come twice. Raises SourceError, TableError.
        """
        while first <= last:
            until = min(last, first + timedelta(days=days - 1))
            try:
                yield from self._read_span({**asked, "time_range": _write_span(first, until)}, shown)
            except _TooMuchError:
                if first == until:
                    told = f"{NAME} cannot put together a day of {shown} in time."
                    raise SourceError(told, is_passing=True) from None
                days = ((until - first).days + 1) // 2
                continue
            first = until + timedelta(days=1)

    def _read_span(self, asked: Mapping[str, str], shown: str) -> Iterator[dict[str, Any]]:
        place: str | None = None
        trail = Trail(NAME, shown)
        is_asked_again = False
        while True:
            at = {"after": place} if place else {}
            page = self._ask(f"{self._path}/insights", {**asked, "limit": str(PAGE), **at}, shown)
            rows = read_rows(page, "data", NAME, shown)
            yield from rows
            following = _find_next(page, shown)
            if following is None:
                return
            if not rows and not is_asked_again:
                is_asked_again = True  # The same page once more: that one in the middle is empty is no end.
                continue
            place, is_asked_again = trail.follow(following), False

    def _ask(self, path: str, params: Mapping[str, str], shown: str) -> dict[str, Any]:
        answer = self._client.ask("GET", path, params=params, expected=_JUDGED)
        self.moment = answer.moment
        if answer.status != 200 or reach(answer.document, "error") is not None:
            self._refuse(answer, shown)
        if not isinstance(answer.document, dict):
            raise SourceError(f"{NAME} answers with nothing of {shown}.", is_passing=True)
        return answer.document

    def _refuse(self, answer: Answer, shown: str) -> NoReturn:
        """By Meta's code of the fault; its words may hold values."""
        code, subcode = _read_codes(answer.document)
        if code in _REFUSED or answer.status == 401:
            raise SourceError(f"{NAME} does not let us in: `token` is none, or has run out. Make one of a system user.")
        if code in (3, 10) or code in range(200, 300) or answer.status == 403:
            raise SourceError(
                f"{NAME} does not let `token` read the account: give its user the account, and the token itself the "
                "permission `ads_read`."
            )
        if (code, subcode) == (100, 33) or answer.status == 404:
            raise SourceError(f"{NAME} has no such `account`, or shows it to the user of `token` not: check both.")
        if code == 2635:
            raise SourceError(
                f"{NAME} has no version {self._version} of its API any more: set `version` to a newer one, or see "
                "whether there is a newer version of Parcours."
            )
        if code == 100:
            raise TableError(
                f"the columns of {shown} have changed: this version of the API does not know what is asked. Set "
                "`version` to one that does, or see whether there is a newer version of Parcours."
            )
        raise TableError(f"{NAME} refuses what is asked of {shown} (HTTP {answer.status}, code {code or 'none'}).")


def judge(answer: Answer) -> tuple[str, float | None] | None:
    """Limits and faults of Meta's own stand in its answers, of whatever status; how long a limit lasts in a header.

    Raises _TooMuchError.
    """
    code, subcode = _read_codes(answer.document)
    is_too_much = code == 1 and "reduce the amount of data" in str(reach(answer.document, "error", "message"))
    if is_too_much or subcode in _TOO_MUCH:
        raise _TooMuchError
    if code in _THROTTLED or code in _OF_BUSINESS:
        return "lets no more requests through", _read_wait(answer.headers)
    if code in _PASSING or reach(answer.document, "error", "is_transient") is True:
        return f"has a fault of its own (HTTP {answer.status})", None
    return None


def _find_next(page: Mapping[str, Any], shown: str) -> str | None:
    """The cursor of what follows a page; None: nothing does."""
    paging = page.get("paging")
    if not isinstance(paging, dict) or not paging.get("next"):
        return None
    after = reach(paging, "cursors", "after")
    if not isinstance(after, str) or not after:
        raise SourceError(f"{NAME} names what follows a page of {shown} in another form than Parcours knows.")
    return after


def _write_span(first: date, last: date) -> str:
    return json.dumps({"since": first.isoformat(), "until": last.isoformat()})


def _read_codes(document: Any) -> tuple[int | None, int | None]:
    found = (reach(document, "error", name) for name in ("code", "error_subcode"))
    code, subcode = (value if type(value) is int else None for value in found)
    return code, subcode


def _read_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds: the longest that one of Meta's headers tells, which it does in minutes or seconds."""
    name = "estimated_time_to_regain_access"
    usages = [each for of in _read_usages(headers.get("X-Business-Use-Case-Usage")) for each in of]
    waits = [60 * each[name] for each in usages if _tells(each, name)]
    account, name = _read_header(headers.get("X-Ad-Account-Usage")), "reset_time_duration"
    waits += [account[name]] if _tells(account, name) else []
    return float(max(waits)) if waits and max(waits) > 0 else None


def _read_usages(written: str | None) -> Iterator[list[Any]]:
    found = _read_header(written)
    yield from (each for each in found.values() if isinstance(each, list))


def _read_header(written: str | None) -> dict[str, Any]:
    try:
        found = json.loads(written or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _tells(of: Any, name: str) -> bool:
    return isinstance(of, dict) and type(of.get(name)) is int
