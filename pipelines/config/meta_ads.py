"""What `sources.yml` says of Meta Ads (Facebook, Instagram): the account, and a token that may read it."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator

from pipelines.config.ad_spend import SPEND, SUMMED, map_spend
from pipelines.config.connectors import Secret
from pipelines.config.field_types import matching
from pipelines.config.web import WebConnector, WebSource
from pipelines.name_lists import shorten

VERSION = "v26.0"
"""Of the Graph API: Meta has each for about two years, for advertising for about one."""


def _read_account(written: object) -> str:
    number = str(written).removeprefix("act_")
    if isinstance(written, bool) or not re.fullmatch(r"[0-9]{5,20}", number):
        raise ValueError(f"'{shorten(str(written))}' is no ad account: write its number, such as act_1234567890")
    return number


class MetaAdsConnector(WebConnector):
    """``account``: the ad account, by its number; ``token``: that of a system user with the permission `ads_read`."""

    account: Annotated[str, BeforeValidator(_read_account)]
    token: Secret
    version: Annotated[
        str, matching(r"v[0-9]{2,3}\.[0-9]", f"is no version of the API: write one such as {VERSION}")
    ] = VERSION


class MetaAdsSource(WebSource):
    """An ad account of Meta."""

    brought_tables: ClassVar[Mapping[str, Mapping[str, Any]]] = {"ad_spend": map_spend("facebook", "paid_social")}
    brought_pulls: ClassVar[Mapping[str, Mapping[str, Any]]] = {"spend": SPEND}
    summed: ClassVar[tuple[str, ...]] = SUMMED

    connector: MetaAdsConnector
