"""What the campaigns of an account cost by day, removed ones among them.

Names and other attributes are those that a campaign has now, whatever the day. Compared with what the account itself
has by day; a row of which every figure is zero is in neither.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

from pipelines.config.ad_spend import SUMMED
from pipelines.config.pulls import Pull
from pipelines.pulls.connectors.google_ads.api import NAME, GoogleAdsApi
from pipelines.pulls.errors import TableError
from pipelines.pulls.system import SourceColumn
from pipelines.pulls.web.daily import DAY, DailyReport, Totals, read_amount, read_day, read_zone
from pipelines.pulls.web.rows import declare
from pipelines.pulls.web.shapes import reach

MICROS = Decimal(1_000_000)
COST = SourceColumn("cost", "decimal", pa.decimal128(24, 6))  # To the micro, as Google counts.

_FIELDS = {
    "date": ("segments", "date"),
    "campaign_id": ("campaign", "id"),
    "campaign_name": ("campaign", "name"),
    "campaign_status": ("campaign", "status"),
    "channel_type": ("campaign", "advertisingChannelType"),
    "final_url_suffix": ("campaign", "finalUrlSuffix"),
    "cost": ("metrics", "costMicros"),
    "impressions": ("metrics", "impressions"),
    "clicks": ("metrics", "clicks"),
}
"""Where each column lies in a row of an answer."""
_ASKED = (
    "segments.date, campaign.id, campaign.name, campaign.status, campaign.advertising_channel_type, "
    "campaign.final_url_suffix, metrics.cost_micros, metrics.impressions, metrics.clicks"
)


class Spend(DailyReport):
    """One row per day and campaign."""

    lacking = frozenset({"campaign_status", "channel_type", "final_url_suffix"})

    def __init__(self, api: GoogleAdsApi, account: Mapping[str, Any], pull: Pull, shown: str) -> None:
        self._api = api
        self._same = {"currency": account["currencyCode"], "account_time_zone": account["timeZone"]}
        zone = read_zone(account["timeZone"], NAME)
        columns = (
            *declare(date="date", campaign_id="integer", campaign_name="text", campaign_status="text"),
            *declare(channel_type="text", final_url_suffix="text"),
            COST,
            *declare(impressions="integer", clicks="integer", currency="text", account_time_zone="text"),
        )
        super().__init__(shown, columns, pull, api.moment, zone)

    def read_rows(self, first: date, last: date, most: int | None) -> Iterator[Mapping[str, Any]]:  # noqa: ARG002
        """A page is 10,000 rows, whatever is asked for."""
        query = f"SELECT {_ASKED} FROM campaign WHERE {_within(first, last)} ORDER BY segments.date, campaign.id"
        for row in self._api.read(query, self.shown):
            yield {**_flatten(row, self.shown), **self._same}

    def read_totals(self, first: date, last: date) -> Totals:
        asked = "segments.date, metrics.cost_micros, metrics.impressions, metrics.clicks"
        query = f"SELECT {asked} FROM customer WHERE {_within(first, last)}"
        return {
            read_day(reach(row, *_FIELDS[DAY]), NAME, self.shown): {
                name: _in_units(name, read_amount(reach(row, *_FIELDS[name]), NAME, self.shown)) for name in SUMMED
            }
            for row in self._api.read(query, self.shown)
        }


def _within(first: date, last: date) -> str:
    return f"segments.date BETWEEN '{first}' AND '{last}'"


def _flatten(row: Mapping[str, Any], shown: str) -> dict[str, Any]:
    """The columns that a row has: one that it lacks is not empty."""
    found = {}
    for name, (group, field) in _FIELDS.items():
        of = row.get(group)
        if isinstance(of, dict) and field in of:
            found[name] = _read_micros(of[field], shown) if name == "cost" else of[field]
    return found


def _read_micros(value: Any, shown: str) -> Decimal:
    """Micros in units."""
    if type(value) is int or (isinstance(value, str) and value.removeprefix("-").isdecimal()):
        return _in_units("cost", Decimal(value))
    raise TableError(
        f"the columns of {shown} have changed: cost was a whole number of micros, and is none. The API is another than "
        "Parcours knows: see whether there is a newer version of Parcours."
    )


def _in_units(name: str, value: Decimal) -> Decimal:
    return value / MICROS if name == "cost" else value
