"""Completed orders: sales, refunds and exchanges, as they are once they are closed.

Square says of no search how many it finds. What is proved: the orders of the latest days, and on a full pull all of
them, are searched for a second time, each day by itself, as bare entries and not as orders; and every order that a
payment or refund of these days names has come. Neither sees an order that both searches lose and nobody paid for.

A closed order is never opened again, deleted, or closed at another time. All of those that were closed by the moment
at which the pull began, in that order, are therefore a list that does not move while its pages are read. The list of
those that changed may: it is searched twice, and what the second search alone finds is asked for by its id.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from pipelines.config.pulls import Pull
from pipelines.pulls.connectors.square.api import SquareApi, write_moment
from pipelines.pulls.connectors.square.order_rows import COLUMNS, read_order
from pipelines.pulls.connectors.square.payments import list_paid_orders
from pipelines.pulls.errors import IncompleteError, TableError
from pipelines.pulls.system import ROWS, Counted, Measures, Since
from pipelines.pulls.web.rows import read_moment
from pipelines.pulls.web.shapes import read_known
from pipelines.pulls.web.table import WebTable

PAGE = 500
PAGE_OF_ENTRIES = 1_000
LOCATIONS = 10  # Of one search.
RETRIEVED = 100
COUNTED_DAYS = 14
"""The latest days, of UTC, that are proved every night."""

CURSOR, DAY = "updated_at", "closed_at"


class Orders(WebTable):
    """One row per completed order."""

    def __init__(self, api: SquareApi, locations: Sequence[str], began: datetime, pull: Pull, shown: str) -> None:
        if pull.cursor not in (None, CURSOR):
            raise TableError(f"the cursor of {shown} must be {CURSOR}.")
        if pull.day not in (None, DAY):
            raise TableError(f"the day of {shown} must be {DAY}.")
        super().__init__(shown, COLUMNS, began)
        self._api, self._locations = api, locations
        self._is_whole = True

    def fetch(self, since: datetime | None, most: int | None) -> Iterator[Mapping[str, Any]]:
        self._is_whole = since is None
        seen = set[str]()
        asked = {"limit": PAGE if most is None else min(PAGE, most)}
        for page in self._ask_pages(self._times_of(since), asked, "orders", "id"):
            for order in page:
                if self._is_closed(order):
                    seen.add(order["id"])
                    yield read_known(read_order, order, self.shown)
        if most is None:
            for order in self._find_others(since, seen):
                yield read_known(read_order, order, self.shown)

    def _times_of(self, since: datetime | None) -> dict[str, dict[str, str]]:
        last = write_moment(self.began)
        return {"closed_at": {"end_at": last}} if since is None else _between("updated_at", since, self.began)

    def _ask_pages(
        self, times: Mapping[str, Any], asked: Mapping[str, Any], name: str, needed: str
    ) -> Iterator[list[dict[str, Any]]]:
        [stamp] = times
        query = {
            "filter": {"state_filter": {"states": ["COMPLETED"]}, "date_time_filter": times},
            "sort": {"sort_field": stamp.upper(), "sort_order": "ASC"},
        }
        for some in _split(self._locations, LOCATIONS):
            document = {"location_ids": some, "query": query, **asked}
            yield from self._api.read_pages("POST", "orders/search", name, self.shown, document, needed=needed)

    def _is_closed(self, order: Mapping[str, Any]) -> bool:
        """Whether it is in what is pulled tonight: completed by the time that the pull began."""
        if order.get("state") != "COMPLETED":
            return False
        return self._read_stamp(order, DAY, "closed") <= self.began

    def _read_stamp(self, order: Mapping[str, Any], name: str, what: str) -> datetime:
        moment = read_moment(order[name]) if isinstance(order.get(name), str) else None
        if moment is None:
            raise TableError(f"{self.shown} has completed orders that do not say when they were {what}.")
        return moment

    def _find_others(self, since: datetime | None, seen: set[str]) -> Iterator[dict[str, Any]]:
        """Orders that the search passed over because they were edited meanwhile, or others before them were.

        Raises an error where a payment names one that it should have found, or that Square does not give.
        """
        again = set() if since is None else self._list_ids(self._times_of(since))
        named = (again | self._list_paid(since)) - seen
        lost, missing = 0, set(named)
        for order in self._retrieve(sorted(named)):
            missing.discard(order["id"])
            if not self._is_closed(order):
                continue  # Paid and open yet.
            changed = self._read_stamp(order, CURSOR, "changed")
            if since is not None and changed < since:
                continue  # Of a refund the sale, of which nothing changed.
            if since is not None and (order["id"] in again or changed > self.began):
                yield order
            else:
                lost += 1
        if missing and since is not None:
            raise IncompleteError(f"searches and payments name {len(missing):,} orders that Square does not give")
        lost += len(missing)
        if lost and since is not None:
            raise IncompleteError(f"payments name {lost:,} orders that Square's search did not find")
        if lost:
            raise TableError(
                f"a short pull of {self.shown}: payments name {lost:,} orders that Square's search did not find. "
                "Nothing of it is taken; run again."
            )

    def _list_paid(self, since: datetime | None) -> set[str]:
        oldest = self.began - timedelta(days=COUNTED_DAYS)
        first = max(since or oldest, oldest)
        return set(list_paid_orders(self._api, self._locations, first, self.began, self.shown))

    def _retrieve(self, ids: Sequence[str]) -> Iterator[dict[str, Any]]:
        for some in _split(ids, RETRIEVED):
            asked = {"order_ids": some}
            yield from self._api.ask("POST", "orders/batch-retrieve", "orders", self.shown, asked)["orders"]

    def count(self, measures: Measures, since: Since | None = None) -> Counted | None:
        """Of the latest days, and all of them where all were pulled. Nothing moves: before and after are the same."""
        if since is not None:
            return None
        counts: dict[tuple[str | None, str], int] = {}
        if self._is_whole:
            counts[None, ROWS] = len(self._list_ids(self._times_of(None)))
        for back in range(COUNTED_DAYS if measures.day else 0):
            first = datetime.combine(self.began.date() - timedelta(days=back), time(), UTC)
            last = min(first + timedelta(days=1) - timedelta(milliseconds=1), self.began)
            counts[first.date().isoformat(), ROWS] = len(self._list_ids(_between("closed_at", first, last)))
        told = {place: Decimal(count) for place, count in counts.items()}
        return Counted(told, is_complete=False) if told else None

    def _list_ids(self, times: Mapping[str, Any]) -> set[str]:
        """By a search of its own, of bare entries."""
        asked = {"limit": PAGE_OF_ENTRIES, "return_entries": True}
        pages = self._ask_pages(times, asked, "order_entries", "order_id")
        return {entry["order_id"] for page in pages for entry in page}


def _between(stamp: str, first: datetime, last: datetime) -> dict[str, dict[str, str]]:
    """Both included."""
    return {stamp: {"start_at": write_moment(first), "end_at": write_moment(last)}}


def _split(values: Sequence[str], most: int) -> Iterator[list[str]]:
    for start in range(0, len(values), most):
        yield list(values[start : start + most])
