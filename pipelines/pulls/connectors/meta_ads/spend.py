"""What the campaigns of an account cost by day, archived and deleted ones among them.

Meta leaves deleted campaigns out of a report unless their status is asked for, and has their figures in those of the
account all the same, with which each day is compared. Every cost is rounded: half a cent may differ for each.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pipelines.config.ad_spend import SUMMED
from pipelines.config.pulls import Pull
from pipelines.pulls.connectors.meta_ads.api import NAME, MetaAdsApi
from pipelines.pulls.web.daily import DAY, DailyReport, Totals, read_amount, read_day, read_zone
from pipelines.pulls.web.rows import declare

DAYS_AT_ONCE = 30  # Of campaigns: reports over more take longer than Meta waits for.
TOTALS_AT_ONCE = 365
_WITHOUT_CENTS = frozenset({"CLP", "COP", "CRC", "HUF", "IDR", "ISK", "JPY", "KRW", "PYG", "TWD", "VND"})
"""Currencies that Meta tells in whole units (Marketing API, "Currency Codes")."""
_UNSEEN = 10  # Campaigns that may have cost something on a day that was not read tonight.

_FIELDS = {
    "date": "date_start",
    "campaign_id": "campaign_id",
    "campaign_name": "campaign_name",
    "cost": "spend",
    "impressions": "impressions",
    "clicks": "inline_link_clicks",
    "clicks_all": "clicks",
}
"""What Meta calls each column. Of its clicks those on links lead to the shop; the others are on names and hearts."""
_MAY_LACK = frozenset({"clicks"})
"""Meta leaves it out of a row where there are none."""
_STATUSES = '["ACTIVE","PAUSED","ARCHIVED","DELETED","IN_PROCESS","WITH_ISSUES"]'
_BY_CAMPAIGN = {
    "level": "campaign",
    "time_increment": "1",
    "fields": "campaign_id,campaign_name,spend,impressions,clicks,inline_link_clicks",
    "filtering": f'[{{"field":"campaign.effective_status","operator":"IN","value":{_STATUSES}}}]',
}
_BY_ACCOUNT = {"level": "account", "time_increment": "1", "fields": "spend,impressions,inline_link_clicks"}


class Spend(DailyReport):
    """One row per day and campaign."""

    def __init__(self, api: MetaAdsApi, account: Mapping[str, Any], pull: Pull, shown: str) -> None:
        self._api = api
        self._same = {"currency": account["currency"], "account_time_zone": account["timezone_name"]}
        zone = read_zone(account["timezone_name"], NAME)
        columns = (
            *declare(date="date", campaign_id="integer", campaign_name="text", cost="decimal", impressions="integer"),
            *declare(clicks="integer", clicks_all="integer", currency="text", account_time_zone="text"),
        )
        super().__init__(shown, columns, pull, api.moment, zone)

    def read_rows(self, first: date, last: date, most: int | None) -> Iterator[Mapping[str, Any]]:
        """For a look the latest days are enough."""
        begin = first if most is None else max(first, last - timedelta(days=DAYS_AT_ONCE - 1))
        for row in self._api.read(_BY_CAMPAIGN, begin, last, DAYS_AT_ONCE, self.shown):
            yield {**_flatten(row), **self._same}

    def read_totals(self, first: date, last: date) -> Totals:
        return {
            read_day(row.get(_FIELDS[DAY]), NAME, self.shown): {
                name: read_amount(_read(row, name), NAME, self.shown) for name in SUMMED
            }
            for row in self._api.read(_BY_ACCOUNT, first, last, TOTALS_AT_ONCE, self.shown)
        }

    def allow(self, name: str, rows: int | None) -> Decimal:
        if name != "cost":
            return Decimal(0)
        half = Decimal("0.5") if self._same["currency"] in _WITHOUT_CENTS else Decimal("0.005")
        return half * (1 + (_UNSEEN if rows is None else rows))


def _read(row: Mapping[str, Any], name: str) -> Any:
    return row.get(_FIELDS[name], 0 if name in _MAY_LACK else None)


def _flatten(row: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that a row has: one that it lacks is not empty."""
    return {name: _read(row, name) for name, field in _FIELDS.items() if field in row or name in _MAY_LACK}
