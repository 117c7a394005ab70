"""HubSpot's search, read to its end.

A search ends at 10,000 results, and finds what was changed a moment ago only later. Records are therefore read by
ascending ids, each request for those beyond the last one, so that no search goes deep; what it did not find yet lies
within the overlap of the next pull. Records that are newer than the pull are not asked for: while it runs they can only
leave what is there, and counts from before and after bound it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pipelines.pulls.connectors.hubspot.api import HubspotApi, next_page
from pipelines.pulls.errors import SourceError

PAGE = 200
MOST_EMPTY = 20  # Pages one after another that hold nothing and say that more follow.

Filter = dict[str, Any]


@dataclass(frozen=True)
class Fence:
    """What bounds a pull: the newest id that there was, and the moment it began by HubSpot's clock."""

    newest: int
    began: datetime


@dataclass(frozen=True)
class Search:
    """Searches for objects of one ``kind``; ``shown`` is what messages call them."""

    api: HubspotApi
    kind: str
    shown: str

    def find_fence(self) -> Fence:
        """How it is now."""
        found = self._ask([], ["hs_object_id"], direction="DESCENDING", limit=1)
        return Fence(max((int(each["id"]) for each in found["results"]), default=0), self.api.moment)

    def read(self, fence: Fence, filters: Sequence[Filter], properties: Sequence[str]) -> Iterator[dict[str, Any]]:
        """The records that ``filters`` let through, by ascending ids."""
        last, after, empty = 0, None, 0
        while True:
            found = self._ask(_within(fence, last, filters), properties, after=after)
            yield from found["results"]
            following = next_page(found)
            if following is None:
                return
            if found["results"]:
                highest = max(int(each["id"]) for each in found["results"])
                if highest <= last:
                    raise SourceError(f"HubSpot leads from page to page of {self.shown} in a circle.", is_passing=True)
                last, after, empty = highest, None, 0
            else:  # The same page once more, before what is said to follow it.
                after, empty = (following if empty else None), empty + 1
            if empty > MOST_EMPTY:
                raise SourceError(f"HubSpot gives nothing but empty pages of {self.shown}.", is_passing=True)

    def count(self, fence: Fence, filters: Sequence[Filter] = ()) -> int:
        """How many records ``filters`` let through."""
        found = self._ask(_within(fence, 0, filters), ["hs_object_id"], limit=1)
        if not isinstance(found.get("total"), int):
            raise SourceError(f"HubSpot does not say how many there are of {self.shown}.", is_passing=True)
        return int(found["total"])

    def _ask(
        self,
        filters: Sequence[Filter],
        properties: Sequence[str],
        *,
        direction: str = "ASCENDING",
        limit: int | None = None,
        after: str | None = None,
    ) -> dict[str, Any]:
        asked = {
            "filterGroups": [{"filters": list(filters)}] if filters else [],
            "sorts": [{"propertyName": "hs_object_id", "direction": direction}],
            "properties": list(properties),
            "limit": limit or PAGE,
            **({"after": after} if after else {}),
        }
        return self.api.list("POST", f"/crm/v3/objects/{self.kind}/search", self.shown, document=asked)


def _within(fence: Fence, last: int, filters: Sequence[Filter]) -> list[Filter]:
    return [
        {"propertyName": "hs_object_id", "operator": "GT", "value": str(last)},
        {"propertyName": "hs_object_id", "operator": "LTE", "value": str(fence.newest)},
        *filters,
    ]


def between(name: str, first: datetime, last: datetime) -> Filter:
    """Records whose moment ``name`` lies in between, both included."""
    return {
        "propertyName": name,
        "operator": "BETWEEN",
        "value": str(milliseconds_of(first)),
        "highValue": str(milliseconds_of(last)),
    }


def since_then(name: str, first: datetime) -> Filter:
    """Records whose moment ``name`` is ``first`` or later."""
    return {"propertyName": name, "operator": "GTE", "value": str(milliseconds_of(first))}


def on_day(name: str, day: date) -> Filter:
    """Records whose moment ``name`` lies on a day of UTC."""
    first = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return between(name, first, first + timedelta(days=1) - timedelta(milliseconds=1))


def milliseconds_of(moment: datetime) -> int:
    """A moment as HubSpot is told it, since 1970."""
    return int(moment.timestamp() * 1000)
