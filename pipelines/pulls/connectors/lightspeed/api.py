"""Requests to Lightspeed, and what its refusals mean."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pipelines.pulls.errors import TableError
from pipelines.pulls.web.client import WebClient
from pipelines.pulls.web.shapes import read_rows


class LightspeedApi:
    """``moment`` is Lightspeed's clock at its last answer."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self.moment = datetime.now(UTC)

    def list(self, path: str, shown: str, params: Mapping[str, Any], *, needed: str = "id") -> list[dict[str, Any]]:
        """What a request lists, each with ``needed``; ``shown`` is what messages call it.

        Raises SourceError, TableError.
        """
        found = self.ask(path, shown, params)
        return read_rows(found, "data", "Lightspeed", shown, needed=needed, is_number=needed == "version")

    def ask(self, path: str, shown: str, params: Mapping[str, Any]) -> Any:
        """The document that answers a request."""
        answer = self._client.ask("GET", f"/api/2.0/{path}", params=params, expected=frozenset({200, 400, 403, 404}))
        self.moment = answer.moment
        if answer.status == 403:
            raise TableError(f"{shown} may not be read with this token: give its user the right to.")
        if answer.status != 200:
            raise TableError(f"Lightspeed refuses what is asked of {shown} (HTTP {answer.status}).")
        return answer.document
