"""What HubSpot has as tables: the objects of its CRM, and whose contacts tickets are."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pipelines.config.hubspot import HubspotConnector
from pipelines.config.pulls import Pull
from pipelines.pulls.connectors.hubspot.api import ADDRESS, HubspotApi
from pipelines.pulls.connectors.hubspot.email_events import EmailEvents
from pipelines.pulls.connectors.hubspot.objects import Objects
from pipelines.pulls.connectors.hubspot.ticket_contacts import TicketContacts
from pipelines.pulls.web.client import Token, WebClient
from pipelines.pulls.web.system import IndependentTables
from pipelines.pulls.web.table import WebTable


@contextmanager
def open_system(connector: HubspotConnector, base: Path, scratch: Path) -> Iterator["HubspotSystem"]:  # noqa: ARG001
    """The account of the token, as it goes on changing. Raises SourceError."""
    token = Token("Authorization", f"Bearer {connector.token.reveal()}")
    with closing(WebClient(connector.address or ADDRESS, "HubSpot", token)) as client:
        yield HubspotSystem(HubspotApi(client))


class HubspotSystem(IndependentTables):
    """See :class:`pipelines.pulls.system.System`."""

    def __init__(self, api: HubspotApi) -> None:
        self._api = api

    def open_table(self, name: str, pull: Pull, shown: str) -> WebTable:
        """An object of the CRM by its name in the API, ``ticket_contact`` or ``email_events``."""
        match pull.from_ or name:
            case "ticket_contact":
                return TicketContacts(self._api, shown)
            case "email_events":
                return EmailEvents(self._api, pull, shown)
            case kind:
                return Objects(self._api, kind, pull, shown)
