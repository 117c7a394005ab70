"""What Square has as tables: orders, customers, the catalogue and locations."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from pipelines.config.pulls import Pull
from pipelines.config.square import SquareConnector
from pipelines.pulls.connectors.square.api import ADDRESS, SquareApi
from pipelines.pulls.connectors.square.catalogue import Catalogue
from pipelines.pulls.connectors.square.customers import Customers
from pipelines.pulls.connectors.square.locations import Locations
from pipelines.pulls.connectors.square.orders import Orders
from pipelines.pulls.errors import MissingTableError, SourceError, TableError
from pipelines.pulls.web.client import Token, WebClient
from pipelines.pulls.web.system import IndependentTables
from pipelines.pulls.web.table import WebTable

SETTLED = timedelta(minutes=5)
"""How long ago what is pulled has happened: Square's searches find what is new some moments later."""


@contextmanager
def open_system(connector: SquareConnector, base: Path, scratch: Path) -> Iterator["SquareSystem"]:  # noqa: ARG001
    """The seller of the token, as its tills go on selling. Raises SourceError."""
    token = Token("Authorization", f"Bearer {connector.token.reveal()}")
    with closing(WebClient(connector.address or ADDRESS, "Square", token)) as client:
        yield SquareSystem(SquareApi(client, connector.version))


class SquareSystem(IndependentTables):
    """See :class:`pipelines.pulls.system.System`. Locations are asked for first: all else is of them."""

    def __init__(self, api: SquareApi) -> None:
        self._api = api
        try:
            self._locations = api.ask("GET", "locations", "locations", "table 'locations'", {})["locations"]
        except TableError as error:  # Of the source as a whole.
            raise SourceError(str(error)) from None
        if not self._locations:
            raise SourceError("Square lists no location of the seller, who has one at least.", is_passing=True)
        self._began = api.moment.replace(microsecond=0) - SETTLED

    def open_table(self, name: str, pull: Pull, shown: str) -> WebTable:
        """``orders``, ``customers``, ``catalog`` or ``locations``."""
        called = pull.from_ or name
        if pull.cursor and called != "orders":
            raise TableError(f"{shown}: all rows of it come every night, take `cursor` out.")
        match called:
            case "orders":
                return Orders(self._api, [each["id"] for each in self._locations], self._began, pull, shown)
            case "customers":
                return Customers(self._api, self._began, shown)
            case "catalog":
                return Catalogue(self._api, self._began, shown)
            case "locations":
                return Locations(self._locations, self._began, shown)
        raise MissingTableError(f"Square has no {shown}: name orders, customers, catalog or locations.")
