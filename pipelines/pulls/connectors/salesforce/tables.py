"""What Salesforce has as tables: its objects, deleted rows among them."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from pipelines.config.pulls import Pull
from pipelines.config.salesforce import SalesforceConnector
from pipelines.pulls.connectors.salesforce.api import SalesforceApi
from pipelines.pulls.connectors.salesforce.objects import Objects
from pipelines.pulls.web.client import WebClient
from pipelines.pulls.web.oauth import ClientCredentials
from pipelines.pulls.web.system import IndependentTables
from pipelines.pulls.web.table import WebTable


@contextmanager
def open_system(connector: SalesforceConnector, base: Path, scratch: Path) -> Iterator["SalesforceSystem"]:  # noqa: ARG001
    """The org, as it goes on changing. Raises SourceError, where it gives no token too.

    Beside a token Salesforce names the address of the org: the token goes to the one that was declared, and no other.
    """
    with closing(WebClient(connector.api, "Salesforce")) as giver:
        credentials = ClientCredentials(
            client=giver,
            path="/services/oauth2/token",
            client_id=connector.client_id.reveal(),
            client_secret=connector.client_secret.reveal(),
        )
        with closing(WebClient(connector.api, "Salesforce", credentials)) as client:
            yield SalesforceSystem(api := SalesforceApi(client), api.read_moment())


class SalesforceSystem(IndependentTables):
    """See :class:`pipelines.pulls.system.System`. ``began`` is when it was opened, by Salesforce's clock."""

    def __init__(self, api: SalesforceApi, began: datetime) -> None:
        self._api, self._began = api, began

    def open_table(self, name: str, pull: Pull, shown: str) -> WebTable:
        """An object by its name in the API; behind it ``:merged``, of its rows those that were merged away."""
        return Objects(self._api, pull.from_ or name, pull, shown, self._began)
