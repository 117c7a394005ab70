"""The tables of a shop, as a pull sees them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipelines.config.pulls import Pull
from pipelines.config.shopify import ShopifyConnector
from pipelines.name_lists import list_names
from pipelines.pulls.connectors.shopify import queries, rows
from pipelines.pulls.connectors.shopify.graphql import GraphqlClient
from pipelines.pulls.connectors.shopify.resources import KINDS, Resource
from pipelines.pulls.errors import IncompleteError, MissingTableError, SourceError, TableError
from pipelines.pulls.system import ROWS, Counted, Measures, Since
from pipelines.pulls.web.client import Authorisation, Token, WebClient
from pipelines.pulls.web.oauth import ClientCredentials
from pipelines.pulls.web.rows import read_moment
from pipelines.pulls.web.shapes import read_known
from pipelines.pulls.web.table import WebTable

HEADER = "X-Shopify-Access-Token"


@dataclass(frozen=True)
class Reading:
    """How a table is made of a list of the API; ``parent`` as in SourceTable, empty for the list itself."""

    kind: str
    read: Callable[[rows.Node], Iterator[dict[str, Any]]]
    parent: tuple[str, ...] = ()


TABLES = {
    "customers": Reading("customers", rows.read_customer),
    "customer_addresses": Reading("customers", rows.read_address, ("customer_id",)),
    "orders": Reading("orders", rows.read_order),
    "order_lines": Reading("orders", rows.read_lines, ("order_id",)),
    "refunds": Reading("orders", rows.read_refunds, ("order_id",)),
    "order_line_refunds": Reading("orders", rows.read_refund_lines, ("order_id",)),
    "refund_transactions": Reading("orders", rows.read_transactions, ("order_id",)),
    "products": Reading("products", rows.read_product),
}


@contextmanager
def open_system(connector: ShopifyConnector, base: Path, scratch: Path) -> Iterator["Shop"]:  # noqa: ARG001
    """The shop, which is asked who it is and what we may read. Raises SourceError."""
    address = connector.address or f"https://{connector.shop}"
    shown = f"Shopify's shop {connector.shop}"
    doorman = WebClient(address, shown)
    client = WebClient(address, shown, _authorise(connector, doorman))
    try:
        asked = GraphqlClient(client, f"/admin/api/{connector.version}/graphql.json")
        yield Shop(asked, scratch)
    finally:
        client.close()
        doorman.close()


def _authorise(connector: ShopifyConnector, doorman: WebClient) -> Authorisation:
    if connector.token is not None:
        return Token(HEADER, connector.token.reveal())
    assert connector.client_id is not None
    assert connector.client_secret is not None
    return ClientCredentials(
        client=doorman,
        path="/admin/oauth/access_token",
        client_id=connector.client_id.reveal(),
        client_secret=connector.client_secret.reveal(),
        as_headers=lambda token: {HEADER: token},
    )


class Shop:
    """See :class:`pipelines.pulls.system.System`."""

    def __init__(self, client: GraphqlClient, scratch: Path) -> None:
        self._client, self._scratch = client, scratch
        self._scopes = self._read_scopes()
        self._began = client.moment.replace(microsecond=0)
        self._resources: dict[str, Resource] = {}
        self._opened: set[str] = set()

    def _read_scopes(self) -> set[str]:
        try:
            data = self._client.query(queries.SHOP, {}, "the shop")
        except TableError as error:  # Of the source as a whole.
            raise SourceError(str(error)) from None
        try:
            return {scope["handle"] for scope in data["currentAppInstallation"]["accessScopes"]}
        except (KeyError, TypeError):
            pass
        raise SourceError(f"{self._client.shown} does not tell what the app may read.", is_passing=True)

    def open_table(self, name: str, pull: Pull, shown: str) -> "ShopTable":
        """A list that is opened once more is read once more, for all that is made of it."""
        called = pull.from_ or name
        reading = TABLES.get(called)
        if reading is None:
            raise MissingTableError(f"Shopify has no {shown} for us (it has: {list_names(list(TABLES))}).")
        kind = KINDS[reading.kind]
        lacking = [scope for scope in kind.scopes if not self._has(scope)]
        if lacking:
            raise TableError(
                f"{self._client.shown} does not let the app read all of {shown}: grant it the scope "
                f"{list_names(lacking)}."
            )
        if reading.kind not in self._resources or (name in self._opened and not reading.parent):
            self._resources[reading.kind] = Resource(self._client, kind, self._began, self._scratch)
        self._opened.add(name)
        return ShopTable(shown, called, reading, self._resources[reading.kind], self._began)

    def _has(self, scope: str) -> bool:
        return scope in self._scopes or scope.replace("read_", "write_", 1) in self._scopes

    def arrange(self, pulls: Mapping[str, Pull]) -> list[str]:
        """Whole before parts, which are proved by them."""
        names = {name: TABLES.get(pull.from_ or name) for name, pull in pulls.items()}
        return sorted(names, key=lambda name: (bool((reading := names[name]) and reading.parent), name))

    def separate(self, number: int) -> AbstractContextManager[None]:  # noqa: ARG002
        return nullcontext()


class ShopTable(WebTable):
    """One table; those of the same list share what was read of it."""

    def __init__(self, shown: str, name: str, reading: Reading, resource: Resource, began: datetime) -> None:
        super().__init__(shown, rows.COLUMNS[name], began)
        self._reading, self._resource = reading, resource
        self.parent = reading.parent
        self._since: datetime | None = None

    def fetch(self, since: datetime | None, most: int | None) -> Iterator[Mapping[str, Any]]:
        nodes = self._spool(since) if most is None else self._resource.look(most)
        for node in nodes:
            yield from self._read(node)

    def _spool(self, since: datetime | None) -> Iterator[rows.Node]:
        """What is a part is no better than its whole: it is short, or needs all rows, where that is or does."""
        if not self.parent and since is None and self._since is not None:
            self._resource.is_distrusted = True
        if self.parent and since is not None and self._resource.is_distrusted:
            raise IncompleteError(f"so were the {self._resource.shown} that its rows are parts of")
        self._since = since
        spool = self._resource.spool(since)
        if self.parent:
            self._resource.prove(since)
        return spool.read(is_latest=bool(self.parent))

    def _read(self, node: rows.Node) -> list[dict[str, Any]]:
        return read_known(lambda told: list(self._reading.read(told)), node, self.shown)

    def fetch_kept(self, names: Sequence[str], since: datetime) -> Iterator[Mapping[str, Any]]:
        [name] = names
        changed = {rows.read_id(gid) for gid in self._resource.spool(since).newest} if self.parent else set()
        for number in self._resource.list_ids():
            if number not in changed:
                yield {name: number}

    def count(self, measures: Measures, since: Since | None = None) -> Counted | None:
        """Of the list itself; parts have no count of their own."""
        if self.parent:
            return None
        counted = self._resource.count(read_moment(since.value) if since else None)
        if counted is None:
            return None
        before, after = counted
        at_first: dict[tuple[str | None, str], Decimal] = {(None, ROWS): Decimal(before)}
        at_last: dict[tuple[str | None, str], Decimal] = {(None, ROWS): Decimal(after)}
        if measures.day and since is None:
            # Days that came in this pull; what was deleted since they were read may have been of any of them.
            missing = max(before - after, 0)
            days = sorted(self._resource.spool(self._since).days)
            for day, count in self._resource.count_days(days).items():
                at_first[day, ROWS], at_last[day, ROWS] = Decimal(count + missing), Decimal(count)
        return Counted(at_first, at_last, is_complete=False)
