"""Requests to Brevo, and what its refusals mean."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pipelines.pulls.errors import TableError
from pipelines.pulls.web.client import WebClient
from pipelines.pulls.web.shapes import read_rows

ADDRESS = "https://api.brevo.com"


class BrevoApi:
    """``moment`` is Brevo's clock at its last answer."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self.moment = datetime.now(UTC)

    def list(
        self, path: str, name: str, shown: str, params: Mapping[str, Any] | None = None, *, needed: str
    ) -> dict[str, Any]:
        """What a request answers that lists ``name``, each with ``needed``; ``shown`` is what messages call it.

        A list that has nothing in it may be left out of the answer. Raises SourceError, TableError.
        """
        answer = self._client.ask("GET", f"/v3/{path}", params=params, expected=frozenset({200, 400, 403, 404}))
        self.moment = answer.moment
        if answer.status == 403:
            raise TableError(f"{shown} may not be read with this key: its account has no right to.")
        if answer.status != 200:
            raise TableError(f"Brevo refuses what is asked of {shown} (HTTP {answer.status}).")
        found = answer.document
        if found == {} or (isinstance(found, dict) and "count" in found):
            found = {name: [], **found}
        read_rows(found, name, "Brevo", shown, needed=needed, is_number=needed == "id")
        listed: dict[str, Any] = found
        return listed
