"""Requests to Google Ads: queries page by page, and what refusals mean."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

from pipelines.config.google_ads import VERSION
from pipelines.pulls.errors import SourceError, TableError
from pipelines.pulls.web.client import Answer, WebClient, explain
from pipelines.pulls.web.pages import Trail
from pipelines.pulls.web.shapes import reach, read_rows

ADDRESS = "https://googleads.googleapis.com"
TOKENS = "https://oauth2.googleapis.com"
NAME = "Google Ads"
_JUDGED = frozenset({200, 400, 401, 403, 404})
_OF_MANAGER = "is a manager account, which has no campaigns: name the account that has them"
_REFUSALS = {
    "DEVELOPER_TOKEN_INVALID": "does not know the `developer_token`: copy it from the API Center of a manager account",
    "DEVELOPER_TOKEN_NOT_APPROVED": "admits the `developer_token` to test accounts only: apply for basic access to it",
    "DEVELOPER_TOKEN_PROHIBITED": "does not admit the `developer_token` in the project of `client_id`: use a client of "
    "the project that it was used with first",
    "USER_PERMISSION_DENIED": "does not let the user of `refresh_token` read the account `customer`: grant the right; "
    "where it comes by a manager account, name that as `login_customer`",
    "NOT_ADS_USER": "knows no user of `refresh_token`: let somebody agree who may read the account `customer`",
    "CUSTOMER_NOT_ENABLED": "has closed the account `customer`, or never opened it",
    "CUSTOMER_NOT_FOUND": "has no account `customer`: check it",
    "INVALID_CUSTOMER_ID": "has no account `customer`: check it",
    "INVALID_LOGIN_CUSTOMER_ID": "has no account `login_customer`: check it",
    "REQUESTED_METRICS_FOR_MANAGER": f"says that `customer` {_OF_MANAGER}",
}
_PASSING = frozenset({"EXPIRED_PAGE_TOKEN", "INVALID_PAGE_TOKEN"})
_CHANGED = frozenset({"UNRECOGNIZED_FIELD", "PROHIBITED_FIELD_IN_SELECT_CLAUSE", "INVALID_FIELD_NAME"})


class GoogleAdsApi:
    """What is asked of an account. ``moment`` is Google's clock at its last answer."""

    def __init__(self, client: WebClient, customer: str, headers: Mapping[str, str], version: str = VERSION) -> None:
        self._client, self._headers, self._version = client, headers, version
        self._path = f"/{version}/customers/{customer}/googleAds:search"
        self.moment = datetime.now(UTC)

    def read_account(self, shown: str) -> Mapping[str, Any]:
        """The account itself. Raises SourceError where there is none that has campaigns, TableError."""
        query = "SELECT customer.id, customer.currency_code, customer.time_zone, customer.manager FROM customer LIMIT 1"
        for row in self.read(query, shown):
            account = row.get("customer")
            if isinstance(account, dict) and account.get("manager") is True:
                raise SourceError(f"`customer` of {NAME} {_OF_MANAGER}.")
            if isinstance(account, dict) and account.get("currencyCode") and account.get("timeZone"):
                return account
        raise SourceError(f"{NAME} does not say in which currency and time zone the account is.", is_passing=True)

    def read(self, query: str, shown: str) -> Iterator[dict[str, Any]]:
        """The rows of a query. Raises SourceError, TableError also where Google gives fewer than there are."""
        token: str | None = None
        trail = Trail(NAME, shown)
        expected, arrived, is_asked_again = 0, 0, False
        while True:
            page = self._ask(query, token, shown)
            rows = _list_rows(page, shown)
            if token is None:
                expected = _read_size(page, rows, shown)
            arrived += len(rows)
            yield from rows
            following = page.get("nextPageToken")
            if not rows and arrived < expected and not is_asked_again:
                is_asked_again = True  # The same page once more: that one in the middle is empty is no end.
                continue
            if not following:
                break
            token, is_asked_again = trail.follow(following), False
        if arrived < expected:
            raise TableError(
                f"a short pull of {shown}: {NAME} counts {expected:,} rows, {arrived:,} arrived. Nothing of it is "
                "taken; run again."
            )

    def _ask(self, query: str, token: str | None, shown: str) -> dict[str, Any]:
        asked: dict[str, Any] = {"query": query, "searchSettings": {"returnTotalResultsCount": True}}
        if token is not None:
            asked["pageToken"] = token
        answer = self._client.ask("POST", self._path, document=asked, headers=self._headers, expected=_JUDGED)
        self.moment = answer.moment
        if answer.status != 200:
            self._refuse(answer, shown)
        if not isinstance(answer.document, dict):
            raise SourceError(f"{NAME} answers with nothing of {shown}.", is_passing=True)
        return answer.document

    def _refuse(self, answer: Answer, shown: str) -> NoReturn:
        """By Google's code of the fault; its words may hold values."""
        codes = _list_codes(answer.document)
        for code, told in _REFUSALS.items():
            if code in codes:
                raise SourceError(f"{NAME} {told}.")
        if answer.status == 401:
            raise SourceError(f"{NAME} does not let us in: check `refresh_token` (HTTP 401).")
        if codes & _PASSING:
            raise SourceError(f"{NAME} has forgotten where a list of {shown} goes on.", is_passing=True)
        if answer.status == 404 or "UNSUPPORTED_VERSION" in codes:
            raise SourceError(
                f"{NAME} has no version {self._version} of its API any more, or no such address: set `version` to a "
                "newer one, or see whether there is a newer version of Parcours."
            )
        if codes & _CHANGED:
            raise TableError(
                f"the columns of {shown} have changed: this version of the API lacks one. Set `version` to one that "
                "has them, or see whether there is a newer version of Parcours."
            )
        if answer.status == 403:
            raise SourceError(f"{NAME} does not let us read the account (HTTP 403): check `customer` and who may.")
        raise TableError(f"{NAME} refuses what is asked of {shown} (HTTP {answer.status}).")


def judge(answer: Answer) -> tuple[str, float | None] | None:
    """How long a limit lasts stands in the answer itself."""
    if answer.status != 429:
        return None
    waits = [
        _read_seconds(reach(fault, "details", "quotaErrorDetails", "retryDelay")) for fault in _faults(answer.document)
    ]
    asked = _read_seconds(answer.headers.get("Retry-After"))
    return explain(429), max((each for each in (*waits, asked) if each is not None), default=None)


def _list_rows(page: Mapping[str, Any], shown: str) -> list[dict[str, Any]]:
    """An answer leaves out a list that is empty, and what was asked for it does not."""
    if "results" not in page and isinstance(page.get("fieldMask"), str):
        return []
    return read_rows(page, "results", NAME, shown)


def _read_size(page: Mapping[str, Any], rows: list[Any], shown: str) -> int:
    """How many rows a query has in all; an answer leaves out a number that is zero."""
    size = page.get("totalResultsCount", None if rows else 0)
    if isinstance(size, bool) or not re.fullmatch(r"[0-9]{1,15}", str(size)):
        raise SourceError(f"{NAME} does not say how many rows a query of {shown} has.", is_passing=True)
    return int(str(size))


def _faults(document: Any) -> Iterator[dict[str, Any]]:
    details = reach(document, "error", "details")
    for detail in details if isinstance(details, list) else []:
        errors = detail.get("errors") if isinstance(detail, dict) else None
        yield from (each for each in errors if isinstance(each, dict)) if isinstance(errors, list) else ()


def _list_codes(document: Any) -> set[str]:
    found = set()
    for fault in _faults(document):
        code = fault.get("errorCode")
        found |= {value for value in code.values() if isinstance(value, str)} if isinstance(code, dict) else set()
    return found


def _read_seconds(written: Any) -> float | None:
    """As protocol buffers write a time that passes, ``3600s``, or a header does."""
    found = re.fullmatch(r"([0-9]{1,7}(?:\.[0-9]+)?)s?", written) if isinstance(written, str) else None
    return float(found[1]) if found else None
