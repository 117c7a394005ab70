"""Brevo's contacts, all of them every night: a thousand a request, and Brevo tells of none that was deleted.

Pages are places in a list that goes on changing: where a contact is deleted, all behind it move up, and the next page
would begin behind some that nobody has seen. Each page therefore begins at the last contact of the one before; where it
holds nothing that was just seen, the list has moved, and what lies before is read again.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from pipelines.pulls.connectors.brevo.api import BrevoApi
from pipelines.pulls.errors import SourceError
from pipelines.pulls.system import ROWS, Counted, Kind, Measures, Since, SourceColumn
from pipelines.pulls.web.rows import as_text, declare, tell_gone
from pipelines.pulls.web.table import WebTable

PAGE = 1_000
PAGES_REMEMBERED = 3
MOST_IDLE = 20  # Pages one after another that bring nobody.
PREFIX = "attribute_"

_COLUMNS: dict[str, Kind] = {
    "id": "integer",
    "email": "text",
    "emailBlacklisted": "boolean",
    "smsBlacklisted": "boolean",
    "createdAt": "timestamptz",
    "modifiedAt": "timestamptz",
}


class Contacts(WebTable):
    """One row per contact, its attributes behind ``attribute_``."""

    def __init__(self, api: BrevoApi, shown: str) -> None:
        self._api = api
        columns = self._list_columns(shown)
        super().__init__(shown, columns, api.moment)
        self._counted: list[int] = []
        self._added: set[int] = set()
        self.lacking = {column.name for column in columns if column.name.startswith(PREFIX)} | {"email"}

    def _list_columns(self, shown: str) -> list[SourceColumn]:
        """What every contact has, and the account's attributes; those of whole lists are no contact's."""
        listed = self._api.list("contacts/attributes", "attributes", shown, needed="name")["attributes"]
        names = sorted(PREFIX + each["name"] for each in listed if each.get("category") not in ("global", "calculated"))
        kinds: dict[str, Kind] = {**_COLUMNS, **dict.fromkeys(names, "text")}
        return list(declare(**kinds))

    def fetch(self, since: datetime | None, most: int | None) -> Iterator[Mapping[str, Any]]:  # noqa: ARG002
        mails = others = 0
        newest = max((each["id"] for each in self._ask(0, 1, "desc", [])), default=0)
        for contact in self._read_pages(PAGE if most is None else max(2, min(PAGE, most))):
            if contact["id"] > newest:
                self._added.add(contact["id"])
            mails, others = mails + ("email" in contact), others + ("email" not in contact)
            yield _flatten(contact)
        if others > 1 and not mails:  # Somebody who is known by a phone alone has none; that nobody has, is no chance.
            raise tell_gone("email", self.shown)

    def _read_pages(self, limit: int) -> Iterator[dict[str, Any]]:
        """Pages that overlap by a contact: some come again, and none is passed over."""
        offset, idle = 0, 0
        recent: deque[frozenset[int]] = deque(maxlen=PAGES_REMEMBERED)
        while idle < MOST_IDLE:
            page = self._ask(offset, limit, "asc", self._counted)
            ids, known = frozenset(each["id"] for each in page), frozenset[int]().union(*recent)
            if offset > 0 and not ids & known:
                offset, idle = max(0, offset - limit // 2), idle + 1
                continue
            yield from page
            idle = 0 if ids - known else idle + 1
            end = offset + len(ids)  # A contact may stand twice on a page.
            if end >= self._counted[-1]:
                return
            recent.append(ids)
            offset = max(0, end - 1)
        raise SourceError(
            f"a short pull of {self.shown}: Brevo counts more than it lists, or its list moves faster than it can be "
            "read.",
            is_passing=True,
        )

    def _ask(self, offset: int, limit: int, order: str, counted: list[int]) -> list[dict[str, Any]]:
        """A page; how many contacts there are is added to ``counted``."""
        asked = {"limit": limit, "offset": offset, "sort": order}
        found = self._api.list("contacts", "contacts", self.shown, asked, needed="id")
        if not isinstance(found.get("count"), int):
            raise SourceError(f"Brevo does not say how many there are of {self.shown}.", is_passing=True)
        counted.append(found["count"])
        return [{**each, "id": int(each["id"])} for each in found["contacts"]]

    def count(self, measures: Measures, since: Since | None = None) -> Counted:  # noqa: ARG002
        """All contacts, as every page told; those that were added meanwhile may be among the rows."""
        self._ask(0, 1, "desc", self._counted)
        least, most = min(self._counted), self._counted[0] + len(self._added)
        return Counted({(None, ROWS): Decimal(least)}, {(None, ROWS): Decimal(most)}, is_complete=False)


def _flatten(contact: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes hold whatever their type is: all of them come as texts."""
    attributes = contact.get("attributes")
    told = attributes.items() if isinstance(attributes, dict) else ()
    return {**contact, **{PREFIX + name: as_text(value) for name, value in told}}
