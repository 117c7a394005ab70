"""Systems that tell what advertising costs, as tests see them: an account, and what its API may do wrong."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.pulls.connectors.api_server import Answer, Asked, Change, change_pages
from tests.pulls.connectors.google_ads import account as google
from tests.pulls.connectors.google_ads.account import GoogleAdsAccount
from tests.pulls.connectors.meta_ads import account as meta
from tests.pulls.connectors.meta_ads.account import MetaAdsAccount


@dataclass(frozen=True)
class AdKit:
    """One system. ``rows``: under which key its pages hold them; ``is_page``: whether a request asks for campaigns.

    ``following`` is what names a next page, ``read`` a part of the path of all that is asked but for tokens.
    """

    name: str
    open: Callable[[], Any]
    connector: dict[str, Any]
    secrets: Callable[[Any], dict[str, str]]
    rows: str
    following: str
    read: str
    is_page: Callable[[Asked], bool]
    too_many: Callable[[int], Answer]
    key: str
    """Of `sources.yml`, to check where a credential is refused."""

    def change_pages(self, change: Callable[[int, dict[str, Any]], dict[str, Any]]) -> Change:
        """What becomes of the pages of campaigns, numbered from 1."""
        return change_pages(self.is_page, change)


GOOGLE_ADS = AdKit(
    "google_ads",
    GoogleAdsAccount,
    {
        "type": "google_ads", "customer": "123-456-7890", "developer_token": "${ADS_DEVELOPER}",
        "client_id": "client-id", "client_secret": "${ADS_CLIENT}", "refresh_token": "${ADS_SECRET}",
    },
    lambda account: {
        "ADS_DEVELOPER": account.developer_token,
        "ADS_CLIENT": account.client_secret,
        "ADS_SECRET": account.refresh_token,
    },
    "results",
    "nextPageToken",
    "googleAds:search",
    lambda asked: asked.path.endswith(":search") and "FROM campaign" in asked.body["query"],
    google.too_many,
    "`refresh_token`",
)  # fmt: skip
META_ADS = AdKit(
    "meta_ads",
    MetaAdsAccount,
    {"type": "meta_ads", "account": "act_1234567890", "token": "${ADS_SECRET}"},
    lambda account: {"ADS_SECRET": account.token},
    "data",
    "paging",
    "/act_",
    lambda asked: asked.path.endswith("/insights") and "level=campaign" in asked.query,
    meta.too_many,
    "`token`",
)
AD_KITS = {kit.name: kit for kit in (GOOGLE_ADS, META_ADS)}
