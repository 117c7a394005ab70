"""Requests to HubSpot, and what its refusals mean."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from pipelines.pulls.errors import MissingTableError, TableError
from pipelines.pulls.web.client import WebClient
from pipelines.pulls.web.pages import Trail
from pipelines.pulls.web.shapes import reach, read_rows

ADDRESS = "https://api.hubapi.com"
PACE = 0.25  # Seconds between two searches: HubSpot answers five a second, of all apps of an account together.


class HubspotApi:
    """``moment`` is HubSpot's clock at its last answer."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self._next_search = 0.0
        self.moment = datetime.now(UTC)

    def list(
        self,
        method: str,
        path: str,
        shown: str,
        *,
        params: Mapping[str, Any] | None = None,
        document: Any = None,
        name: str = "results",
        needed: str = "id",
    ) -> dict[str, Any]:
        """What a request answers that lists ``name``, each with ``needed``; ``shown`` is what messages call them.

        Raises SourceError, TableError where the token may not read it, MissingTableError where there is no such object.
        """
        if path.endswith("/search"):
            self._keep_pace()
        answer = self._client.ask(
            method, quote(path), params=params, document=document, expected=frozenset({200, 207, 400, 403, 404})
        )
        self.moment = answer.moment
        if answer.status == 404:
            raise MissingTableError(f"HubSpot has no {shown}. Check its name.")
        if answer.status == 403:
            raise TableError(f"{shown} may not be read with this token: grant its private app the scope to.")
        if answer.status == 400:
            raise TableError(f"HubSpot refuses what is asked of {shown}.")
        is_number = name == "results" and needed != "name"
        read_rows(answer.document, name, "HubSpot", shown, needed=needed, is_number=is_number)
        found: dict[str, Any] = answer.document
        return found

    def _keep_pace(self) -> None:
        time.sleep(max(0.0, self._next_search - time.monotonic()))
        self._next_search = time.monotonic() + PACE


def next_page(found: Mapping[str, Any]) -> str | None:
    """The token of the next page; None where there is none."""
    after = reach(found, "paging", "next", "after")
    return None if after is None else str(after)


def follow(found: Mapping[str, Any], trail: Trail) -> str | None:
    """The token of the next page, which ``trail`` leads to; None where there is none. Raises SourceError."""
    after = next_page(found)
    return None if after is None else trail.follow(after)
