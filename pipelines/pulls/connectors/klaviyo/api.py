"""Requests to Klaviyo, and what its refusals mean."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pipelines.pulls.errors import SourceError, TableError
from pipelines.pulls.web.client import Answer, WebClient
from pipelines.pulls.web.shapes import read_rows

ADDRESS = "https://a.klaviyo.com"
REVISION = "2026-07-15"
"""The state of the API that is asked for: Klaviyo answers as of it for two years."""

_HEADERS = {"revision": REVISION, "Accept": "application/vnd.api+json"}
_JUDGED = frozenset({200, 400, 403, 410})


class KlaviyoApi:
    """``moment`` is Klaviyo's clock at its last answer."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self.moment = datetime.now(UTC)

    def list(self, path: str, shown: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """A page of a list: `data`, each with an `id`, and `links`; ``shown`` is what messages call what is listed.

        Raises SourceError, TableError.
        """
        answer = self._client.ask("GET", f"/api/{path}", params=params, headers=_HEADERS, expected=_JUDGED)
        self._judge(answer, shown)
        read_rows(answer.document, "data", "Klaviyo", shown, needed="id")
        found: dict[str, Any] = answer.document
        return found

    def query(self, path: str, shown: str, attributes: Mapping[str, Any]) -> Any:
        """What a query of the kind ``path`` is without its s answers. Raises SourceError, TableError."""
        asked = {"data": {"type": path.removesuffix("s"), "attributes": dict(attributes)}}
        headers = {**_HEADERS, "Content-Type": "application/vnd.api+json"}
        answer = self._client.ask("POST", f"/api/{path}", document=asked, headers=headers, expected=_JUDGED)
        self._judge(answer, shown)
        return answer.document

    def _judge(self, answer: Answer, shown: str) -> None:
        self.moment = answer.moment
        if answer.status == 403:
            raise TableError(
                f"{shown} may not be read with this key: it needs the scopes profiles:read, events:read and "
                "metrics:read."
            )
        if answer.status == 410:
            raise SourceError(
                f"Klaviyo no longer answers as of {REVISION} (HTTP 410): see whether there is a newer version of "
                "Parcours."
            )
        if answer.status != 200:  # Of a key that it does not know, Klaviyo says 401 or 400.
            raise TableError(
                f"Klaviyo refuses what is asked of {shown} (HTTP {answer.status}): check `token`, and see whether "
                "there is a newer version of Parcours."
            )
