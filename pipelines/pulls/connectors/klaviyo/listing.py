"""A list of Klaviyo's, read to its end.

Each page names the place where the next one begins: behind the last row, whatever was added or deleted before it. How
long a list is Klaviyo does not say. So its last rows are asked for first, from the other end, and the list is whole
only where it arrives at them: a page too few is told, though not a row that is missing on its way.

Of the link to the next page only the place is taken: the key goes to the address that was declared and no other.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pipelines.pulls.connectors.klaviyo.api import KlaviyoApi
from pipelines.pulls.errors import SourceError, TableError
from pipelines.pulls.web.pages import Trail
from pipelines.pulls.web.shapes import reach

AWAITED = 100  # As many as any list gives at once.
MOST_IDLE = 20  # Pages one after another that bring nothing new.


@dataclass(frozen=True)
class Listing:
    """The list at ``path`` that ``params`` ask for, in ``order``, ``page`` rows at a time where that can be chosen.

    ``whole`` is asked beside them where more than ids is wanted. ``has_ids``: rows can be asked for by their id.
    """

    api: KlaviyoApi
    path: str
    shown: str
    order: str | None = None
    page: int | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    whole: Mapping[str, Any] = field(default_factory=dict)
    has_ids: bool = False

    def find_last(self) -> frozenset[str]:
        """The ids of its last rows."""
        asked = {**self.params, "sort": f"-{self.order}", "page[size]": AWAITED}
        return frozenset(row["id"] for row in self.api.list(self.path, self.shown, asked)["data"])

    def read_whole(self, last: frozenset[str]) -> Iterator[dict[str, Any]]:
        """All rows. Raises TableError where some of ``last`` did not come and are still there."""
        awaited = set(last)
        for row in self.read():
            awaited.discard(row["id"])
            yield row
        if awaited and self._find(awaited):
            raise TableError(
                f"a short pull of {self.shown}: the last that Klaviyo has did not arrive. Nothing of it is taken; run "
                "again."
            )

    def read(self, most: int | None = None) -> Iterator[dict[str, Any]]:
        """Rows as they come until no page follows; an empty one is asked for once more. ``most`` may be enough."""
        size = self.page if most is None or self.page is None else min(self.page, most)
        fixed = {"sort": self.order, "page[size]": size}
        asked = {**self.params, **self.whole, **{name: value for name, value in fixed.items() if value is not None}}
        place: dict[str, str] = {}
        trail, known = Trail("Klaviyo", self.shown), frozenset[str]()
        idle, is_second = 0, False
        while True:
            found = self.api.list(self.path, self.shown, {**asked, **place})
            yield from found["data"]
            following = self._find_next(found)
            if following is None:
                return
            ids = frozenset(row["id"] for row in found["data"])
            idle, known = (idle + 1 if ids <= known else 0), ids or known
            if idle > MOST_IDLE:
                raise SourceError(f"Klaviyo gives page after page of {self.shown} with nothing new.", is_passing=True)
            is_second = not ids and not is_second
            if is_second:
                continue
            place = {"page[cursor]": trail.follow(following)}

    def _find(self, ids: set[str]) -> bool:
        """Whether some of ``ids`` are listed now."""
        if not self.has_ids:
            return not self.find_last().isdisjoint(ids)
        named = ",".join(f'"{each}"' for each in sorted(ids))
        asked = {**self.params, "filter": f"any(id,[{named}])", "page[size]": AWAITED}
        return bool(self.api.list(self.path, self.shown, asked)["data"])

    def _find_next(self, found: Mapping[str, Any]) -> str | None:
        """The place of the next page; None where there is none."""
        link = reach(found, "links", "next")
        if link is None:
            return None
        cursors: list[str] = []
        if isinstance(link, str):
            with suppress(ValueError):  # No address at all.
                cursors = parse_qs(urlsplit(link).query).get("page[cursor]", [])
        if len(cursors) != 1:
            raise SourceError(f"Klaviyo says that more follows of {self.shown}, and not where.", is_passing=True)
        return cursors[0]
