"""How what advertising costs is pulled and read, whichever API tells it: by day and campaign, restated and summed."""

from collections.abc import Mapping
from typing import Any

SUMMED = ("cost", "impressions", "clicks")
"""The columns of which the API has sums for the whole account."""

SPEND: Mapping[str, Any] = {
    "key": ["date", "campaign_id"],
    "cursor": "date",
    "overlap": "30d",
    "deletes": "none",
    "day": "date",
    "amounts": list(SUMMED),
}
"""The pull: figures of past days are restated, and forgotten after three years."""

_QUERY = """
select
  date,
  '{source}' as utm_source,
  '{medium}' as utm_medium,
  campaign as utm_campaign,
  sum(cost) as amount,
  currency,
  sum(impressions) as impressions,
  sum(clicks) as clicks
from (
  select
    *,
    last_value(campaign_name) over (
      partition by campaign_id order by date rows between unbounded preceding and unbounded following
    ) as campaign
  from source
)
group by all
"""


def map_spend(source: str, medium: str) -> Mapping[str, Any]:
    """The table `ad_spend` from the pull `spend`; ``source`` and ``medium`` are what links are usually tagged with.

    A campaign has the name of its latest day on all days, so that a new name does not part it from its past. Campaigns
    of one name are one.
    """
    return {"from": "spend", "query": _QUERY.format(source=source, medium=medium)}
