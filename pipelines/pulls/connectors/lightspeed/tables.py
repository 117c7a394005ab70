"""What Lightspeed has as tables: sales, customers, products and outlets."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pipelines.config.lightspeed import LightspeedConnector
from pipelines.config.pulls import Pull
from pipelines.pulls.connectors.lightspeed.api import LightspeedApi
from pipelines.pulls.connectors.lightspeed.master_data import Customers, Outlets, Products
from pipelines.pulls.connectors.lightspeed.sales import Sales
from pipelines.pulls.connectors.lightspeed.versions import VersionedTable
from pipelines.pulls.errors import MissingTableError, SourceError, TableError
from pipelines.pulls.web.client import Token, WebClient
from pipelines.pulls.web.shapes import reach
from pipelines.pulls.web.system import IndependentTables


@contextmanager
def open_system(connector: LightspeedConnector, base: Path, scratch: Path) -> Iterator["LightspeedSystem"]:  # noqa: ARG001
    """The account of the token, as its tills go on selling. Raises SourceError."""
    token = Token("Authorization", f"Bearer {connector.token.reveal()}")
    with closing(WebClient(connector.api, f"Lightspeed's account {connector.domain}", token)) as client:
        yield LightspeedSystem(LightspeedApi(client))


class LightspeedSystem(IndependentTables):
    """See :class:`pipelines.pulls.system.System`. The retailer is asked for first: discounts are of its product."""

    def __init__(self, api: LightspeedApi) -> None:
        self._api = api
        self._discount_product = _ask_discount_product(api)
        self._began = api.moment

    def open_table(self, name: str, pull: Pull, shown: str) -> VersionedTable:
        """``sales``, ``customers``, ``products`` or ``outlets``."""
        match pull.from_ or name:
            case "sales":
                return Sales(self._api, self._discount_product, self._began, pull, shown)
            case "customers":
                return Customers(self._api, pull, shown)
            case "products":
                return Products(self._api, pull, shown)
            case "outlets":
                return Outlets(self._api, pull, shown)
        raise MissingTableError(f"Lightspeed has no {shown}: name sales, customers, products or outlets.")


def _ask_discount_product(api: LightspeedApi) -> str:
    found = None
    try:
        found = reach(api.ask("retailer", "the retailer's account", {}), "data", "discount_product_id")
    except TableError as error:  # Of the source as a whole.
        raise SourceError(str(error)) from None
    if not isinstance(found, str):
        raise SourceError("Lightspeed does not say which product its discounts are of.")
    return found
