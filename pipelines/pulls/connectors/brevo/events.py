"""Events of the transactional e-mails that Brevo sent: nobody changes them, and new ones come at the end.

Brevo counts none of them, and gives them no id: it is made of what tells them apart.
"""

import hashlib
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pipelines.config.pulls import Pull
from pipelines.pulls.connectors.brevo.api import BrevoApi
from pipelines.pulls.errors import SourceError, TableError
from pipelines.pulls.web.rows import declare
from pipelines.pulls.web.table import WebTable

PAGE = 2_500
LONGEST_REPORT = timedelta(days=90)
CURSOR = "date"
PAGES_REMEMBERED = 3
MOST_IDLE = 20  # Pages one after another that bring nothing new.

_TELLING = ("messageId", "email", "event", "date", "link", "ip")


class Events(WebTable):
    """One row per event of a message."""

    def __init__(self, api: BrevoApi, pull: Pull, shown: str) -> None:
        if pull.cursor not in (None, CURSOR):
            raise TableError(f"the cursor of {shown} must be {CURSOR}.")
        columns = declare(id="text", email="text", event="text", date="timestamptz", templateId="text", tag="text")
        api.list("smtp/statistics/events", "events", shown, {"limit": 1, "days": 1}, needed="event")
        self._api = api
        super().__init__(shown, columns, api.moment)
        self.lacking = {"templateId", "tag"}

    def fetch(self, since: datetime | None, most: int | None) -> Iterator[Mapping[str, Any]]:
        """Of the last 90 days at most: a report is of no more. The oldest first, so that what is added moves nothing.

        Nothing says how many there are: that a page is empty is believed the second time.
        """
        oldest = self.began - LONGEST_REPORT
        first = max(since or oldest, oldest)
        asked = {
            "startDate": first.astimezone(UTC).date().isoformat(),
            "endDate": self.began.astimezone(UTC).date().isoformat(),
            "sort": "asc",
            "limit": PAGE if most is None else min(PAGE, most),
        }
        offset, empty, idle = 0, 0, 0
        recent: deque[frozenset[str]] = deque(maxlen=PAGES_REMEMBERED)
        while empty < 2:
            place = {**asked, "offset": offset}
            found = self._api.list("smtp/statistics/events", "events", self.shown, place, needed="event")
            names = [_name(event) for event in found["events"]]
            for event, name in zip(found["events"], names, strict=True):
                yield {**event, "id": name}
            idle = idle + 1 if names and frozenset().union(*recent).issuperset(names) else 0
            if idle > MOST_IDLE:
                raise SourceError(f"Brevo tells the same of {self.shown} again and again.", is_passing=True)
            recent.append(frozenset(names))
            offset, empty = offset + len(found["events"]), 0 if found["events"] else empty + 1


def _name(event: Mapping[str, Any]) -> str:
    """The digest of what tells an event from every other."""
    told = "\x1f".join(str(event.get(name) or "") for name in _TELLING)
    return hashlib.sha256(told.encode(errors="surrogatepass")).hexdigest()[:32]
