"""What GA4's export has as tables: events."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

from pipelines.config.ga4 import Ga4Connector
from pipelines.config.pulls import Pull
from pipelines.pulls.connectors.ga4.api import ADDRESS, BigQueryApi
from pipelines.pulls.connectors.ga4.events import Events
from pipelines.pulls.connectors.ga4.service_account import GIVER, PATH, ServiceAccount, read_key
from pipelines.pulls.errors import MissingTableError
from pipelines.pulls.web.client import WebClient
from pipelines.pulls.web.system import IndependentTables
from pipelines.pulls.web.table import WebTable


@contextmanager
def open_system(connector: Ga4Connector, base: Path, scratch: Path) -> Iterator["Ga4System"]:  # noqa: ARG001
    """The dataset, as it goes on changing. Raises SourceError.

    The key's file names an address that gives tokens, too: the assertion goes to Google's, or to the one declared.
    """
    email, signer = read_key(connector.credentials.resolve_path(base), str(connector.credentials))
    with closing(WebClient(connector.address or GIVER, "Google")) as giver:
        account = ServiceAccount(
            client=giver,
            path=PATH,
            email=email,
            signer=signer,
        )
        with closing(WebClient(connector.address or ADDRESS, "BigQuery", account)) as client:
            yield Ga4System(BigQueryApi(client, connector.project, connector.dataset), connector.first_day)


class Ga4System(IndependentTables):
    """See :class:`pipelines.pulls.system.System`."""

    def __init__(self, api: BigQueryApi, first_day: date | None) -> None:
        self._api, self._first_day = api, first_day

    def open_table(self, name: str, pull: Pull, shown: str) -> WebTable:
        """``events``."""
        if (pull.from_ or name) != "events":
            raise MissingTableError(f"GA4's export has no {shown}: name events.")
        return Events(self._api, pull, self._first_day, shown)
