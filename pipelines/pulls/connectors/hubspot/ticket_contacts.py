"""Whose contacts HubSpot's tickets are: one row per ticket and contact.

An association may change without its ticket being stamped, as where two contacts are merged: all of them come every
night, a hundred tickets a request. How many associations there are HubSpot does not count; how many tickets, it does.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pipelines.pulls.connectors.hubspot.api import HubspotApi, follow
from pipelines.pulls.connectors.hubspot.search import Search
from pipelines.pulls.errors import TableError
from pipelines.pulls.web.pages import Trail
from pipelines.pulls.web.rows import declare
from pipelines.pulls.web.shapes import reach, read_rows
from pipelines.pulls.web.table import WebTable

PAGE = 100
PAGE_OF_ONE = 500
READINGS = 2


class TicketContacts(WebTable):
    """See :class:`pipelines.pulls.web.table.WebTable`."""

    def __init__(self, api: HubspotApi, shown: str) -> None:
        self._api, self._search = api, Search(api, "tickets", shown)
        self._fence = self._search.find_fence()
        super().__init__(shown, declare(ticket_id="integer", contact_id="integer"), self._fence.began)

    def fetch(self, since: datetime | None, most: int | None) -> Iterator[Mapping[str, Any]]:  # noqa: ARG002
        """All of them; where tickets are missing among them, all once more: what comes twice is one."""
        for _ in range(READINGS):
            before, seen = self._search.count(self._fence) if most is None else 0, set[str]()
            yield from self._read(seen)
            if most is not None:
                return
            least, highest = sorted((before, self._search.count(self._fence)))
            if least <= len(seen) <= highest:
                return
        raise TableError(
            f"a short pull of {self.shown}: HubSpot counts {least:,} tickets, {len(seen):,} arrived. Nothing of it is "
            "taken; run again."
        )

    def _read(self, seen: set[str]) -> Iterator[dict[str, Any]]:
        """The associations of all tickets, whose ids are added to ``seen``."""
        asked = {"limit": PAGE, "properties": "hs_object_id", "associations": "contacts"}
        after, trail = None, Trail("HubSpot", self.shown)
        while True:
            params = {**asked, **({"after": after} if after else {})}
            found = self._api.list("GET", "/crm/v3/objects/tickets", self.shown, params=params)
            for ticket in found["results"]:
                if int(ticket["id"]) <= self._fence.newest:
                    seen.add(ticket["id"])
                    yield from self._list_contacts(ticket)
            after = follow(found, trail)
            if after is None:
                break

    def _list_contacts(self, ticket: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """A ticket comes with its first hundred contacts; the others are asked for."""
        found = reach(ticket, "associations", "contacts")
        if found is None:
            return
        for each in read_rows(found, "results", "HubSpot", self.shown, needed="id", is_number=True):
            yield {"ticket_id": ticket["id"], "contact_id": each["id"]}
        trail = Trail("HubSpot", self.shown)
        after = follow(found, trail)
        while after is not None:
            path = f"/crm/v4/objects/tickets/{ticket['id']}/associations/contacts"
            asked = {"limit": PAGE_OF_ONE, "after": after}
            found = self._api.list("GET", path, self.shown, params=asked, needed="toObjectId")
            for each in found["results"]:
                yield {"ticket_id": ticket["id"], "contact_id": each["toObjectId"]}
            after = follow(found, trail)
