"""Events of the marketing e-mails that HubSpot sent: nobody changes them, and none is deleted.

What is asked for ends at the moment at which the pull began, so that the list does not move while its pages are read.
HubSpot does not count it.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from pipelines.config.pulls import Pull
from pipelines.pulls.connectors.hubspot.api import HubspotApi
from pipelines.pulls.connectors.hubspot.search import milliseconds_of
from pipelines.pulls.errors import SourceError, TableError
from pipelines.pulls.web.rows import declare
from pipelines.pulls.web.table import WebTable

PAGE = 1_000
PATH = "/email/public/v1/events"
CURSOR = "created"


class EmailEvents(WebTable):
    """One row per event of a message; ids are not unique by themselves, but are with ``created``."""

    def __init__(self, api: HubspotApi, pull: Pull, shown: str) -> None:
        if pull.cursor not in (None, CURSOR):
            raise TableError(f"the cursor of {shown} must be {CURSOR}.")
        api.list("GET", PATH, shown, params={"limit": 1}, name="events")
        columns = declare(
            id="text", created="timestamptz", type="text", recipient="text", email_campaign_id="text",
            filtered_event="boolean", portal_subscription_status="text",
        )  # fmt: skip
        super().__init__(shown, columns, api.moment)
        self._api = api

    def fetch(self, since: datetime | None, most: int | None) -> Iterator[Mapping[str, Any]]:
        asked = {"limit": PAGE if most is None else min(PAGE, most), "endTimestamp": milliseconds_of(self.began)}
        if since is not None:
            asked["startTimestamp"] = milliseconds_of(since)
        places: set[str] = set()
        place: dict[str, str] = {}
        while True:
            found = self._api.list("GET", PATH, self.shown, params={**asked, **place}, name="events")
            yield from map(_flatten, found["events"])
            following = str(found.get("offset") or "")
            if not found.get("hasMore"):
                return
            if not following or following in places:
                raise SourceError(f"HubSpot says that more follows of {self.shown}, and not where.", is_passing=True)
            places.add(following)
            place = {"offset": following}


def _read_milliseconds(number: int) -> str:
    """As a moment in ISO; empty where there is none so far away."""
    try:
        return datetime.fromtimestamp(number / 1000, UTC).isoformat()
    except (OverflowError, ValueError, OSError):
        return ""


def _flatten(event: Mapping[str, Any]) -> dict[str, Any]:
    created = event.get("created")
    if isinstance(created, int) and not isinstance(created, bool):  # Milliseconds.
        created = _read_milliseconds(created)
    always = {name: event[name] for name in ("id", "created", "type", "recipient") if name in event}
    return {
        **always,
        **({"created": created} if "created" in event else {}),
        "email_campaign_id": event.get("emailCampaignId"),
        "filtered_event": event.get("filteredEvent"),
        "portal_subscription_status": event.get("portalSubscriptionStatus"),
    }
