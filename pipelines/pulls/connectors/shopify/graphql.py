"""Queries to the Admin API: as fast as the shop's bucket of points refills, and any error in an answer is one."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.pulls.errors import SourceError, TableError
from pipelines.pulls.web import client as web
from pipelines.pulls.web.client import WebClient

TRIES = 12  # Of a query for which there are no points: other apps of the shop draw from the same bucket.
LONGEST_PAUSE = 60.0
RESTORED = 50.0  # Points a second, where an answer does not say how many.


class TooCostlyError(Exception):
    """A query costs more points than one may: it must ask for fewer rows."""


@dataclass(frozen=True)
class Points:
    """What a query cost, how many points are left after it, and how many come back a second."""

    cost: float
    available: float
    restored: float


class GraphqlClient:
    """The Admin API of one shop, at ``path``. ``moment`` is the shop's clock at the last answer."""

    def __init__(self, client: WebClient, path: str) -> None:
        self._client, self._path = client, path
        self._points: Points | None = None
        self._costs: dict[str, float] = {}
        self.moment: datetime

    @property
    def shown(self) -> str:
        return self._client.shown

    def download(self, url: str, path: Path, most: int) -> None:
        """See :meth:`pipelines.pulls.web.client.WebClient.download`."""
        self._client.download(url, path, most)

    def query(self, text: str, variables: Mapping[str, Any], shown: str) -> dict[str, Any]:
        """The data that answers ``text``; ``shown`` is what is asked for, in messages.

        Raises TooCostlyError, SourceError, and TableError where the query itself is refused.
        """
        for _ in range(TRIES):
            self._await_points(text)
            answer = self._client.ask("POST", self._path, document={"query": text, "variables": dict(variables)})
            self.moment = answer.moment
            document = answer.document if isinstance(answer.document, dict) else {}
            self._points = _read_points(document)
            if self._points:
                self._costs[text] = self._points.cost
            errors = document.get("errors")
            codes = _list_codes(errors)
            if "THROTTLED" in codes:
                if not self._points:
                    web.sleep(1.0)
                continue
            if "MAX_COST_EXCEEDED" in codes:
                raise TooCostlyError
            if errors:
                self._refuse(errors, codes, text, shown)
            if _is_ignored(document):
                raise TableError(f"{self.shown} does not understand what is asked of {shown}, and would tell all rows.")
            data = document.get("data")
            if not isinstance(data, dict):
                raise SourceError(f"{self.shown} answers in another form than GraphQL's.", is_passing=True)
            return data
        raise SourceError(
            f"{self.shown} has no points left for us, as often as we ask: other apps use them up.", is_passing=True
        )

    def _await_points(self, text: str) -> None:
        """Waits until there are points for what ``text`` has cost before, or the last query did."""
        if self._points:
            lacking = self._costs.get(text, self._points.cost) - self._points.available
            if lacking > 0:
                web.sleep(min(max(lacking / self._points.restored, 1.0), LONGEST_PAUSE))

    def _refuse(self, errors: Any, codes: set[str], text: str, shown: str) -> None:
        if "ACCESS_DENIED" in codes:
            raise TableError(
                f"{self.shown} does not let the app read {shown}: grant it the scopes that docs/connectors.md lists, "
                "and access to protected customer data."
            )
        if codes & {"SHOP_INACTIVE"}:
            raise SourceError(f"{self.shown} is closed or its account is not paid for.")
        if codes & {"INTERNAL_SERVER_ERROR", "TIMEOUT"}:
            raise SourceError(f"{self.shown} has a fault of its own.", is_passing=True)
        fields = _list_fields(errors, text)
        if fields:
            raise TableError(
                f"the columns of {shown} have changed: {', '.join(fields)} no longer there in this version of the API. "
                "Set `version` to one that has them, or see whether there is a newer version of Parcours."
            )
        raise TableError(f"{self.shown} refuses what is asked of {shown}.")


def _list_codes(errors: Any) -> set[str]:
    """The codes of errors. None of them is repeated in a message, nor is anything else that an error says."""
    found = set()
    for error in errors if isinstance(errors, list) else []:
        extensions = error.get("extensions") if isinstance(error, dict) else None
        code = extensions.get("code") if isinstance(extensions, dict) else None
        if isinstance(code, str):
            found.add(code)
    return found


def _is_ignored(document: Mapping[str, Any]) -> bool:
    """Whether a part of a search was left out, of which the API only warns."""
    extensions = document.get("extensions")
    searches = extensions.get("search") if isinstance(extensions, dict) else None
    return isinstance(searches, list) and any(isinstance(each, dict) and each.get("warnings") for each in searches)


def _list_fields(errors: Any, text: str) -> list[str]:
    """The fields that are told to be unknown: those names only that stand in our own query."""
    own = set(re.findall(r"[A-Za-z_]\w*", text))
    found = []
    for error in errors if isinstance(errors, list) else []:
        extensions = error.get("extensions") if isinstance(error, dict) else None
        if isinstance(extensions, dict) and extensions.get("code") in ("undefinedField", "argumentNotAccepted"):
            name = extensions.get("fieldName") or extensions.get("argumentName")
            found += [str(name)] if name in own else []
    return sorted(set(found))


def _read_points(document: Mapping[str, Any]) -> Points | None:
    try:
        cost = document["extensions"]["cost"]
        status = cost["throttleStatus"]
        restored = float(status["restoreRate"])
        return Points(
            float(cost["requestedQueryCost"]),
            float(status["currentlyAvailable"]),
            restored if restored > 0 else RESTORED,
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def follow(
    client: GraphqlClient,
    text: str,
    variables: Mapping[str, Any],
    path: tuple[str, ...],
    shown: str,
    after: str | None = None,
    first: int = 100,
) -> Iterator[list[Any]]:
    """The pages of the connection at ``path`` of the data, until it says that there are no more.

    A page without rows is no end. Pages get smaller where they cost too much.
    """
    size, seen = first, {after}
    while True:
        try:
            data = client.query(text, {**variables, "first": size, "after": after}, shown)
        except TooCostlyError:
            if size == 1:
                raise TableError(f"{client.shown} has no points for a single row of {shown}.") from None
            size = max(1, size // 2)
            continue
        nodes, after = read_page(client, data, path)
        yield nodes
        if after is None:
            return
        if after in seen:
            raise SourceError(f"{client.shown} leads from page to page in a circle.", is_passing=True)
        seen.add(after)


def read_page(client: GraphqlClient, data: Any, path: tuple[str, ...]) -> tuple[list[Any], str | None]:
    """The rows of a connection, and the cursor of the page behind it; None where it is the last."""
    try:
        for name in path:
            data = data[name]
        nodes, info = data["nodes"], data["pageInfo"]
        has_next, cursor = info["hasNextPage"], info["endCursor"]
    except (KeyError, TypeError):
        nodes, has_next, cursor = None, True, None
    if not isinstance(nodes, list) or (has_next and not isinstance(cursor, str)):
        raise SourceError(f"{client.shown} answers with half of a page.", is_passing=True)
    return nodes, cursor if has_next else None
