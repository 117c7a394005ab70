"""What Klaviyo has as tables: profiles with their consents, and events of messages."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pipelines.config.klaviyo import KlaviyoConnector
from pipelines.config.pulls import Pull
from pipelines.pulls.connectors.klaviyo.api import ADDRESS, KlaviyoApi
from pipelines.pulls.connectors.klaviyo.events import Events
from pipelines.pulls.connectors.klaviyo.profiles import Profiles
from pipelines.pulls.errors import MissingTableError, TableError
from pipelines.pulls.web.client import Token, WebClient
from pipelines.pulls.web.system import IndependentTables
from pipelines.pulls.web.table import WebTable


@contextmanager
def open_system(connector: KlaviyoConnector, base: Path, scratch: Path) -> Iterator["KlaviyoSystem"]:  # noqa: ARG001
    """The account of the key, as it goes on changing. Raises SourceError."""
    token = Token("Authorization", f"Klaviyo-API-Key {connector.token.reveal()}")
    with closing(WebClient(connector.address or ADDRESS, "Klaviyo", token)) as client:
        yield KlaviyoSystem(KlaviyoApi(client))


class KlaviyoSystem(IndependentTables):
    """See :class:`pipelines.pulls.system.System`."""

    def __init__(self, api: KlaviyoApi) -> None:
        self._api = api

    def open_table(self, name: str, pull: Pull, shown: str) -> WebTable:
        """``profiles`` or ``events``."""
        match pull.from_ or name:
            case "profiles" if pull.cursor:
                raise TableError(f"{shown}: all profiles come every night, take `cursor` out.")
            case "profiles":
                return Profiles(self._api, shown)
            case "events":
                return Events(self._api, pull, shown)
        raise MissingTableError(f"Klaviyo has no {shown}: name profiles or events.")
