"""What the API lists of all that was created before the pull began, read once for all tables that are made of it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from pipelines.pulls.connectors.shopify import queries
from pipelines.pulls.connectors.shopify.graphql import GraphqlClient, TooCostlyError, follow, read_page
from pipelines.pulls.connectors.shopify.rows import Node, read_id
from pipelines.pulls.errors import SourceError, TableError
from pipelines.pulls.web.rows import read_moment

IDS = 250  # A page of ids: the most that the API gives.
PARTS = 100
COUNTS = 40  # Filters by which one query counts.


@dataclass(frozen=True)
class Kind:
    """A list of the API: ``root`` is its field, ``count`` the one that counts it, ``first`` how many a page has."""

    root: str
    count: str
    query: str
    first: int
    scopes: tuple[str, ...]


KINDS = {
    "customers": Kind("customers", "customersCount", queries.CUSTOMERS, 100, ("read_customers",)),
    "orders": Kind("orders", "ordersCount", queries.ORDERS, 25, ("read_orders", "read_all_orders", "read_products")),
    "products": Kind("products", "productsCount", queries.PRODUCTS, 100, ("read_products",)),
}


@dataclass
class Spool:
    """The nodes of one list as they came, a line each; ``newest`` is where the latest version of each stands."""

    path: Path
    newest: dict[str, tuple[str, int]] = field(default_factory=dict)
    days: set[str] = field(default_factory=set)

    def read(self, *, is_latest: bool) -> Iterator[Node]:
        """The nodes, or of each that came more than once the latest version."""
        with self.path.open(encoding="utf-8") as file:
            for number, line in enumerate(file):
                node = json.loads(line)
                if not is_latest or self.newest[node["id"]][1] == number:
                    yield node


class Resource:
    """One list of the API during one pull, which ``began`` at a moment of the API's clock."""

    def __init__(self, client: GraphqlClient, kind: Kind, began: datetime, scratch: Path) -> None:
        self._client, self._kind, self._began, self._scratch = client, kind, began, scratch
        self._spools: dict[datetime | None, Spool | TableError] = {}
        self._before: dict[datetime | None, int | None] = {}
        self._after: dict[datetime | None, int | None] = {}
        self._ids: list[str] | None = None
        self.is_distrusted = False

    @property
    def shown(self) -> str:
        return self._kind.root

    def spool(self, since: datetime | None) -> Spool:
        """All nodes, or those that changed ``since``, read once."""
        if since not in self._spools:
            for each in (None, since):
                self._before.setdefault(each, self._count_once(each))
            try:
                self._spools[since] = self._fill(since)
            except TableError as error:  # The next table that is made of it is not to read it all again.
                self._spools[since] = error
        spool = self._spools[since]
        if isinstance(spool, TableError):
            raise TableError(str(spool))
        return spool

    def _fill(self, since: datetime | None) -> Spool:
        self._after.pop(since, None)
        spool = Spool(self._scratch / f"{self._kind.root}-{len(self._spools)}.jsonl")
        with spool.path.open("w", encoding="utf-8") as file:
            for number, node in enumerate(self._read(since)):
                self._note(spool, node, number)
                file.write(json.dumps(node, default=str) + "\n")
        return spool

    def prove(self, since: datetime | None) -> None:
        """Raises TableError where other nodes came than the API counts: what is made of them is then short too."""
        found, counted = len(self.spool(since).newest), self.count(since)
        if counted and not min(counted) <= found <= max(counted):
            raise TableError(
                f"a short pull of {self.shown}: the source counts {max(counted):,}, {found:,} arrived. Nothing of it "
                "is taken; run again."
            )

    def count(self, since: datetime | None) -> tuple[int, int] | None:
        """How many the API has of what is asked, before it was read and after; None where it does not know exactly."""
        if since not in self._after:
            self._after[since] = self._count_once(since)
        before, after = self._before.get(since), self._after[since]
        return None if before is None or after is None else (before, after)

    def look(self, most: int) -> Iterator[Node]:
        """The first nodes, about ``most``."""
        yield from islice(self._read(None, min(most, self._kind.first)), most)

    def _note(self, spool: Spool, node: Node, number: int) -> None:
        stamp, created = node.get("updatedAt"), read_moment(node.get("createdAt"))
        if not isinstance(node.get("id"), str) or not isinstance(stamp, str) or created is None:
            raise TableError(f"{self._client.shown} tells {self.shown} without an id or without when they changed.")
        spool.days.add(created.date().isoformat())
        if node["id"] not in spool.newest or spool.newest[node["id"]][0] <= stamp:
            spool.newest[node["id"]] = (stamp, number)

    def _read(self, since: datetime | None, first: int | None = None) -> Iterator[dict[str, Any]]:
        kind, asked = self._kind, {"filter": self._filter(since)}
        for page in follow(self._client, kind.query, asked, (kind.root,), self.shown, first=first or kind.first):
            for node in page:
                if not isinstance(node, dict):
                    raise SourceError(f"{self._client.shown} answers with half of a page.", is_passing=True)
                if kind.root == "orders":
                    self._drain(node)
                yield node

    def _drain(self, order: dict[str, Any]) -> None:
        """The lines and refunds behind the first page of each."""
        self._drain_one(order, "lineItems", queries.LINES_OF_ORDER, ("order", "lineItems"))
        for refund in order["refunds"]:
            self._drain_one(refund, "refundLineItems", queries.LINES_OF_REFUND, ("refund", "refundLineItems"))
            self._drain_one(refund, "transactions", queries.TRANSACTIONS_OF_REFUND, ("refund", "transactions"))
        units, counted = (
            sum(line["quantity"] for line in order["lineItems"]["nodes"]),
            order["subtotalLineItemsQuantity"],
        )
        if units < counted:
            raise TableError(
                f"a short pull of order_lines: an order counts {counted} units, {units} arrived. Nothing of it is "
                "taken; run again."
            )

    def _drain_one(self, whole: dict[str, Any], part: str, query: str, path: tuple[str, ...]) -> None:
        nodes, after = read_page(self._client, whole, (part,))
        if after is not None:
            asked = {"id": whole["id"]}
            for page in follow(self._client, query, asked, path, self.shown, after=after, first=PARTS):
                nodes += page
        # Pages of parts shift, too, where an order is edited between them.
        whole[part]["nodes"] = list({node["id"] or number: node for number, node in enumerate(nodes)}.values())

    def list_ids(self) -> Iterator[str]:
        """Of all that there are."""
        if self._ids is None:
            query, asked = queries.list_ids(self._kind.root), {"filter": self._filter(None)}
            pages = follow(self._client, query, asked, (self._kind.root,), self.shown, first=IDS)
            self._ids = [read_id(node["id"]) for page in pages for node in page]
        return iter(self._ids)

    def _count_once(self, since: datetime | None) -> int | None:
        return self._count([self._filter(since)])[0]

    def count_days(self, days: Sequence[str]) -> dict[str, int]:
        """How many the API has by the day on which they were created, of those days that it counts exactly."""
        filters = [self._filter(None, date.fromisoformat(day)) for day in days]
        return {day: count for day, count in zip(days, self._count(filters), strict=True) if count is not None}

    def _count(self, filters: Sequence[str]) -> list[int | None]:
        counts: list[int | None] = []
        size = COUNTS
        while len(counts) < len(filters):
            some = list(filters[len(counts) : len(counts) + size])
            try:
                data = self._client.query(queries.count_by(self._kind.count, some), {}, self.shown)
            except TooCostlyError:
                if size == 1:
                    raise TableError(f"{self._client.shown} has no points to count {self.shown}.") from None
                size //= 2
                continue
            counts += [_read_count(data.get(f"c{number}")) for number in range(len(some))]
        return counts

    def _filter(self, since: datetime | None, day: date | None = None) -> str:
        """A search: what was created by the time that the pull began, perhaps on one day, perhaps changed since."""
        parts = [f"created_at:<='{_write(self._began)}'"]
        if day:
            begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
            parts += [f"created_at:>='{_write(begin)}'", f"created_at:<'{_write(begin + timedelta(days=1))}'"]
        if since:
            parts.append(f"updated_at:>='{_write(since)}'")
        return " AND ".join(parts)


def _write(moment: datetime) -> str:
    """In whole seconds, as the search takes them; those of a second that has begun are in it."""
    return moment.astimezone(UTC).replace(microsecond=0).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read_count(count: Any) -> int | None:
    if not isinstance(count, dict) or count.get("precision") != "EXACT":
        return None
    number = count.get("count")
    return number if isinstance(number, int) and not isinstance(number, bool) else None
