"""What Google Ads has as tables: what an account spends."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pipelines.config.google_ads import GoogleAdsConnector
from pipelines.config.pulls import Pull
from pipelines.pulls.connectors.google_ads.api import ADDRESS, NAME, TOKENS, GoogleAdsApi, judge
from pipelines.pulls.connectors.google_ads.spend import Spend
from pipelines.pulls.errors import MissingTableError
from pipelines.pulls.web.client import WebClient
from pipelines.pulls.web.oauth import RefreshToken
from pipelines.pulls.web.system import IndependentTables
from pipelines.pulls.web.table import WebTable


@contextmanager
def open_system(connector: GoogleAdsConnector, base: Path, scratch: Path) -> Iterator["GoogleAdsSystem"]:  # noqa: ARG001
    """The account, as it goes on changing. Raises SourceError, where Google gives no token too.

    An `address` stands for both of Google's: that of the API, and that which gives tokens.
    """
    headers = {"developer-token": connector.developer_token.reveal()}
    if connector.login_customer is not None:
        headers["login-customer-id"] = connector.login_customer
    with closing(WebClient(connector.address or TOKENS, NAME)) as giver:
        authorisation = RefreshToken(
            client=giver,
            path="/token",
            client_id=connector.client_id.reveal(),
            client_secret=connector.client_secret.reveal(),
            refresh_token=connector.refresh_token.reveal(),
        )
        with closing(WebClient(connector.address or ADDRESS, NAME, authorisation, judge=judge)) as client:
            yield GoogleAdsSystem(GoogleAdsApi(client, connector.customer, headers, connector.version))


class GoogleAdsSystem(IndependentTables):
    """See :class:`pipelines.pulls.system.System`."""

    def __init__(self, api: GoogleAdsApi) -> None:
        self._api = api

    def open_table(self, name: str, pull: Pull, shown: str) -> WebTable:
        """``spend``."""
        if (pull.from_ or name) == "spend":
            return Spend(self._api, self._api.read_account(shown), pull, shown)
        raise MissingTableError(f"{NAME} has no {shown}: name spend.")
