"""Sales of all kinds: closed, on account, parked, voided; returns and exchanges.

Lightspeed does not count them. Its search, which is another list than the one that is pulled, is asked for the closed
sales of each of the latest days that are over, before the first page and after the last: that many must be landed.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from pipelines.config.pulls import Pull
from pipelines.pulls.connectors.lightspeed.api import LightspeedApi
from pipelines.pulls.connectors.lightspeed.sale_rows import COLUMNS, read_sale
from pipelines.pulls.connectors.lightspeed.versions import VersionedTable
from pipelines.pulls.errors import SourceError, TableError
from pipelines.pulls.system import ROWS, Counted, Counts, Measures, Since, SourceColumn
from pipelines.pulls.web.shapes import read_known

DAY = "closed_at"
COUNTED_DAYS = 14
"""The latest days, of UTC, that are counted. Today is not: its sales go on while they are read."""
PAGE_OF_SEARCH = 200


class Sales(VersionedTable):
    """One row per sale."""

    asked: Mapping[str, str] = {}

    def __init__(self, api: LightspeedApi, discount_product: str, began: datetime, pull: Pull, shown: str) -> None:
        if pull.day not in (None, DAY):
            raise TableError(f"the day of {shown} must be {DAY}.")
        super().__init__(api, "sales", pull, shown, COLUMNS)
        self._discount_product = discount_product
        self._days = [began.date() - timedelta(days=back) for back in range(1, COUNTED_DAYS + 1)] if pull.day else []
        self._before: Counts = {}

    def stream(
        self, columns: Sequence[SourceColumn], since: Since | None = None, most: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        if most is None:
            self._before = self._count_days()
        yield from super().stream(columns, since, most)

    def read(self, row: dict[str, Any]) -> dict[str, Any]:
        return read_known(lambda told: read_sale(told, self._discount_product), row, self.shown)

    def count(self, measures: Measures, since: Since | None = None) -> Counted | None:
        """Closed sales of the latest days; of those that changed, Lightspeed counts none."""
        if since is not None or not measures.day:
            return None
        return Counted(self._before, self._count_days(), is_complete=False)

    def _count_days(self) -> Counts:
        found: dict[tuple[str | None, str], Decimal] = {}
        for day in self._days:
            first = datetime.combine(day, time(), UTC)
            last = first + timedelta(days=1) - timedelta(seconds=1)
            found[day.isoformat(), ROWS] = Decimal(self._count_between(first, last))
        return found

    def _count_between(self, first: datetime, last: datetime) -> int:
        """By pages that are places in a list: one that comes short is no end of it."""
        asked = {
            "type": "sales",
            "state": "closed",
            "date_from": first.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "date_to": last.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "page_size": PAGE_OF_SEARCH,
        }
        ids, seen, offset, is_stale = set[str](), set[str](), 0, False
        while page := self._api.list("search", self.shown, {**asked, "offset": offset}):
            was_stale, is_stale = is_stale, seen.issuperset(str(sale["id"]) for sale in page)
            if was_stale and is_stale:  # One such page is of a sale that moved the others on.
                told = f"Lightspeed leads from page to page of a search of {self.shown} in a circle."
                raise SourceError(told, is_passing=True)
            seen.update(str(sale["id"]) for sale in page)
            ids.update(str(sale["id"]) for sale in page if sale.get("deleted_at") is None)
            offset += len(page)
        return len(ids)
