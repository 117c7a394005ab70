"""Requests to Square, its pages, and what its refusals mean."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from pipelines.pulls.errors import TableError
from pipelines.pulls.web.client import WebClient
from pipelines.pulls.web.pages import Trail
from pipelines.pulls.web.shapes import read_rows

ADDRESS = "https://connect.squareup.com"
BESIDE_ROWS = frozenset({"cursor", "count", "latest_time"})
"""What an answer may hold that lists nothing: Square leaves an empty list out."""


class SquareApi:
    """``moment`` is Square's clock at its last answer."""

    def __init__(self, client: WebClient, version: str) -> None:
        self._client, self._version = client, version
        self.moment = datetime.now(UTC)

    def read_pages(
        self,
        method: str,
        path: str,
        name: str,
        shown: str,
        asked: Mapping[str, Any] | None = None,
        *,
        needed: str = "id",
    ) -> Iterator[list[dict[str, Any]]]:
        """The pages of a list, each row with ``needed``, until Square names no further one. An empty one is no end.

        Raises SourceError, TableError.
        """
        place: dict[str, str] = {}
        trail = Trail("Square", shown)
        while True:
            found = self.ask(method, path, name, shown, {**(asked or {}), **place}, needed=needed)
            yield found[name]
            cursor = found.get("cursor")
            if not cursor:
                return
            place = {"cursor": trail.follow(cursor)}

    def ask(
        self, method: str, path: str, name: str, shown: str, asked: Mapping[str, Any], *, needed: str = "id"
    ) -> dict[str, Any]:
        """What one request answers that lists ``name``; ``shown`` is what messages call it."""
        answer = self._client.ask(
            method,
            f"/v2/{path}",
            params=asked if method == "GET" else None,
            document=asked if method == "POST" else None,
            headers={"Square-Version": self._version},
            expected=frozenset({200, 400, 403, 404}),
        )
        self.moment = answer.moment
        if answer.status == 403:
            raise TableError(
                f"{shown} may not be read with this token: give its application the permissions that "
                "docs/connectors.md lists."
            )
        if answer.status != 200:
            raise TableError(f"Square refuses what is asked of {shown} (HTTP {answer.status}).")
        found = answer.document
        if isinstance(found, dict) and found.keys() <= BESIDE_ROWS:
            found = {**found, name: []}
        read_rows(found, name, "Square", shown, needed=needed)
        listed: dict[str, Any] = found
        return listed


def write_moment(moment: datetime) -> str:
    """As Square writes moments and takes them, to the millisecond."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
