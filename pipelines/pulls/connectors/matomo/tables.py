"""What Matomo has as tables: visits with their actions."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

from pipelines.config.matomo import MatomoConnector
from pipelines.config.pulls import Pull
from pipelines.pulls.connectors.matomo.api import InBody, MatomoApi
from pipelines.pulls.connectors.matomo.visits import Visits
from pipelines.pulls.errors import MissingTableError
from pipelines.pulls.web.client import WebClient
from pipelines.pulls.web.system import IndependentTables


@contextmanager
def open_system(connector: MatomoConnector, base: Path, scratch: Path) -> Iterator["MatomoSystem"]:  # noqa: ARG001
    """The site, as it goes on changing. Raises SourceError."""
    with closing(WebClient(connector.address, "Matomo", InBody())) as client:
        yield MatomoSystem(MatomoApi(client, connector.site, connector.token.reveal()), connector.first_day)


class MatomoSystem(IndependentTables):
    """See :class:`pipelines.pulls.system.System`."""

    def __init__(self, api: MatomoApi, first_day: date | None) -> None:
        self._api, self._first_day = api, first_day

    def open_table(self, name: str, pull: Pull, shown: str) -> Visits:
        """``visits``."""
        if (pull.from_ or name) != "visits":
            raise MissingTableError(f"Matomo has no {shown}: name visits.")
        return Visits(self._api, pull, self._first_day, shown)
