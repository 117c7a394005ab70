"""What Meta Ads has as tables: what an account spends."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pipelines.config.meta_ads import MetaAdsConnector
from pipelines.config.pulls import Pull
from pipelines.pulls.connectors.meta_ads.api import ADDRESS, NAME, MetaAdsApi, judge
from pipelines.pulls.connectors.meta_ads.spend import Spend
from pipelines.pulls.errors import MissingTableError
from pipelines.pulls.web.client import Token, WebClient
from pipelines.pulls.web.system import IndependentTables
from pipelines.pulls.web.table import WebTable


@contextmanager
def open_system(connector: MetaAdsConnector, base: Path, scratch: Path) -> Iterator["MetaAdsSystem"]:  # noqa: ARG001
    """The account, as it goes on changing. Raises SourceError."""
    token = Token("Authorization", f"Bearer {connector.token.reveal()}")
    with closing(WebClient(connector.address or ADDRESS, NAME, token, judge=judge)) as client:
        yield MetaAdsSystem(MetaAdsApi(client, connector.account, connector.version))


class MetaAdsSystem(IndependentTables):
    """See :class:`pipelines.pulls.system.System`."""

    def __init__(self, api: MetaAdsApi) -> None:
        self._api = api

    def open_table(self, name: str, pull: Pull, shown: str) -> WebTable:
        """``spend``."""
        if (pull.from_ or name) == "spend":
            return Spend(self._api, self._api.read_account(shown), pull, shown)
        raise MissingTableError(f"{NAME} has no {shown}: name spend.")
