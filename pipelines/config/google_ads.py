"""What `sources.yml` says of Google Ads: the account, and who lets us read what it spends."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator

from pipelines.config.ad_spend import SPEND, SUMMED, map_spend
from pipelines.config.connectors import Secret
from pipelines.config.environment_text import FromEnvironment
from pipelines.config.field_types import matching
from pipelines.config.web import WebConnector, WebSource
from pipelines.name_lists import shorten

VERSION = "v26"
"""Of the API: Google has each for about a year."""


def _read_customer(written: object) -> str:
    number = str(written).replace("-", "")
    if isinstance(written, bool) or not re.fullmatch(r"[0-9]{10}", number):
        raise ValueError(f"'{shorten(str(written))}' is no account of Google Ads: write its ten digits, 123-456-7890")
    return number


Customer = Annotated[str, BeforeValidator(_read_customer)]


class GoogleAdsConnector(WebConnector):
    """``customer``: the account that has the campaigns; ``login_customer``: the manager account that leads to it.

    ``developer_token``: that of the API Center; ``client_id``, ``client_secret``: of an OAuth client;
    ``refresh_token``: what a user who may read the account has agreed to for that client.
    """

    customer: Customer
    login_customer: Customer | None = None
    developer_token: Secret
    client_id: FromEnvironment
    client_secret: Secret
    refresh_token: Secret
    version: Annotated[str, matching(r"v[0-9]{2,3}", f"is no version of the API: write one such as {VERSION}")] = (
        VERSION
    )


class GoogleAdsSource(WebSource):
    """An account of Google Ads."""

    brought_tables: ClassVar[Mapping[str, Mapping[str, Any]]] = {"ad_spend": map_spend("google", "cpc")}
    brought_pulls: ClassVar[Mapping[str, Mapping[str, Any]]] = {"spend": SPEND}
    summed: ClassVar[tuple[str, ...]] = SUMMED

    connector: GoogleAdsConnector
