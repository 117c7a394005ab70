"""Requests to Salesforce: queries page by page, and what refusals mean."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NoReturn
from urllib.parse import quote

from pipelines.pulls.errors import MissingTableError, SourceError, TableError
from pipelines.pulls.web.client import Answer, WebClient
from pipelines.pulls.web.pages import Trail
from pipelines.pulls.web.shapes import read_rows

VERSION = "v60.0"
LONGEST_QUERY = 12_000  # Characters; an address of more than 16,384 is refused.
_JUDGED = frozenset({200, 400, 403, 404})
_MISSING = frozenset({"NOT_FOUND", "INVALID_TYPE"})
_PASSING = frozenset({"INVALID_QUERY_LOCATOR", "QUERY_TIMEOUT", "SERVER_UNAVAILABLE", "UNABLE_TO_LOCK_ROW"})


class SalesforceApi:
    """What is asked of an org."""

    def __init__(self, client: WebClient) -> None:
        self._client = client

    def read_moment(self) -> datetime:
        """Salesforce's clock."""
        return self._client.ask("GET", f"/services/data/{VERSION}/").moment

    def list_fields(self, name: str, shown: str) -> dict[str, str]:
        """The fields of an object that this user may read, with their types.

        Raises SourceError, MissingTableError where this user sees no such object.
        """
        found = self._ask(f"/services/data/{VERSION}/sobjects/{quote(name, safe='')}/describe", shown)
        fields = read_rows(found, "fields", "Salesforce", shown, needed="name")
        return {str(each["name"]): str(each.get("type")) for each in fields}

    def count(self, soql: str, shown: str) -> int:
        """How many rows a query has. Raises SourceError, TableError."""
        return self._read_size(self._query(soql, shown), shown)

    def read(self, soql: str, shown: str) -> Iterator[dict[str, Any]]:
        """The rows of a query. Raises SourceError, TableError also where Salesforce gives fewer than there are."""
        found = self._query(soql, shown)
        expected, arrived, empty = self._read_size(found, shown), 0, 0
        place: str | None = None
        trail = Trail("Salesforce", shown)
        while True:
            records = read_rows(found, "records", "Salesforce", shown)
            following = found.get("nextRecordsUrl")
            arrived += len(records)
            yield from records
            if following is None:
                break
            if not isinstance(following, str) or not following.startswith("/services/data/"):
                raise SourceError(f"Salesforce names a next page of {shown} that is none of its API's.")
            if records or place is None or empty:
                place, empty = trail.follow(following), 0
            else:  # The same page once more, before what is said to follow it.
                empty += 1
            found = self._ask(place, shown)
        if arrived < expected or found.get("done") is not True:
            raise TableError(
                f"a short pull of {shown}: Salesforce's query has {expected:,} rows, {arrived:,} arrived. Nothing of "
                "it is taken; run again."
            )

    def _query(self, soql: str, shown: str) -> dict[str, Any]:
        """Deleted rows included, those in the recycle bin."""
        if len(quote(soql)) > LONGEST_QUERY:
            raise TableError(f"{shown} has more fields than one query may name: choose some with `columns`.")
        return self._ask(f"/services/data/{VERSION}/queryAll", shown, {"q": soql})

    def _ask(self, path: str, shown: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        answer = self._client.ask("GET", path, params=params, expected=_JUDGED)
        if answer.status != 200:
            _refuse(answer, shown)
        if not isinstance(answer.document, dict):
            raise SourceError(f"Salesforce answers with nothing of {shown}.", is_passing=True)
        return answer.document

    def _read_size(self, found: Mapping[str, Any], shown: str) -> int:
        size = found.get("totalSize")
        if not isinstance(size, int):
            raise SourceError(f"Salesforce does not say how many rows a query of {shown} has.", is_passing=True)
        return size


def _refuse(answer: Answer, shown: str) -> NoReturn:
    """By Salesforce's code of the fault; its words may hold values."""
    told = answer.document[0] if isinstance(answer.document, list) and answer.document else {}
    code = told.get("errorCode") if isinstance(told, dict) else None
    if code == "REQUEST_LIMIT_EXCEEDED":
        raise SourceError(
            "Salesforce lets no more requests through: the org has used up those of its last 24 hours. See Setup > "
            "Company Information."
        )
    if code in _PASSING:
        raise SourceError(f"Salesforce broke off while {shown} was read ({code}).", is_passing=True)
    if code in _MISSING:
        raise MissingTableError(f"Salesforce has no {shown} that this user sees. Check its name and the user's rights.")
    if code == "INVALID_FIELD":
        raise TableError(f"{shown} has no field of a name that its pull speaks of, or none that this user may read.")
    if answer.status == 403:
        raise TableError(f"{shown} may not be read by this user: grant it the right to.")
    raise TableError(f"Salesforce refuses what is asked of {shown} (HTTP {answer.status}).")
