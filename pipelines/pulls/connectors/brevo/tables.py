"""What Brevo has as tables: contacts with their attributes, and events of transactional e-mails."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pipelines.config.brevo import BrevoConnector
from pipelines.config.pulls import Pull
from pipelines.pulls.connectors.brevo.api import ADDRESS, BrevoApi
from pipelines.pulls.connectors.brevo.contacts import Contacts
from pipelines.pulls.connectors.brevo.events import Events
from pipelines.pulls.errors import MissingTableError, TableError
from pipelines.pulls.web.client import Token, WebClient
from pipelines.pulls.web.system import IndependentTables
from pipelines.pulls.web.table import WebTable


@contextmanager
def open_system(connector: BrevoConnector, base: Path, scratch: Path) -> Iterator["BrevoSystem"]:  # noqa: ARG001
    """The account of the key, as it goes on changing. Raises SourceError."""
    token = Token("api-key", connector.token.reveal())
    address = connector.address or ADDRESS
    with closing(WebClient(address, "Brevo", token, wait_header="x-sib-ratelimit-reset")) as client:
        yield BrevoSystem(BrevoApi(client))


class BrevoSystem(IndependentTables):
    """See :class:`pipelines.pulls.system.System`."""

    def __init__(self, api: BrevoApi) -> None:
        self._api = api

    def open_table(self, name: str, pull: Pull, shown: str) -> WebTable:
        """``contacts`` or ``events``."""
        match pull.from_ or name:
            case "contacts" if pull.cursor:
                raise TableError(f"{shown}: all contacts come every night, take `cursor` out.")
            case "contacts":
                return Contacts(self._api, shown)
            case "events":
                return Events(self._api, pull, shown)
        raise MissingTableError(f"Brevo has no {shown}: name contacts or events.")
