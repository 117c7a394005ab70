"""Visits of one site, a day at a time, up to yesterday in the time zone of the site.

Today is left to the next night: its visits go on, and Matomo has not counted them. What Matomo counts of a day that is
over may be behind what it has, since reports are made anew some hours after visits came late. So more visits than it
counts are no fault, and told; fewer are a short pull.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pipelines.config.pulls import Pull
from pipelines.pulls.connectors.matomo.api import Counts as DayCounts
from pipelines.pulls.connectors.matomo.api import MatomoApi
from pipelines.pulls.connectors.matomo.day import moment_of, read_day
from pipelines.pulls.errors import SourceError, TableError
from pipelines.pulls.system import ROWS, Counted, Counts, Kind, Measures, Since
from pipelines.pulls.web.rows import as_json, declare
from pipelines.pulls.web.table import WebTable

CURSOR, DAY, ACTIONS, CUT = "lastActionTimestamp", "day", "actions", "truncatedActionsCount"
DAYS_LOOKED_AT = 7  # For a look at the first rows.

_COLUMNS: dict[str, Kind] = {
    "idVisit": "integer",
    DAY: "date",
    CURSOR: "timestamptz",
    "visitorId": "text",
    "userId": "text",
    "deviceType": "text",
    "referrerType": "text",
    "referrerName": "text",
    "referrerUrl": "text",
    "campaignName": "text",
    "campaignSource": "text",
    "campaignMedium": "text",
    ACTIONS: "integer",
    CUT: "integer",
    "actionDetails": "text",
}
_OF_PLUGINS = frozenset({"campaignName", "campaignSource", "campaignMedium", CUT})
"""What a visit has only where the plugin Marketing Campaigns Reporting is, or where it has too many actions."""
_OF_ACTIONS = (
    "type", "timestamp", "url", "pageTitle", "siteSearchKeyword", "siteSearchCategory", "siteSearchCount",
    "eventCategory", "eventAction", "eventName", "eventValue", "goalName", "revenue", "productViewSku",
    "productViewName", "productViewPrice", "orderId", "itemDetails",
)  # fmt: skip
"""What comes of an action: the rest is icons, and the same in words."""


class Visits(WebTable):
    """One row per visit; ``actionDetails`` are its actions, as JSON. Fields that the pull names besides are texts."""

    def __init__(self, api: MatomoApi, pull: Pull, first_day: date | None, shown: str) -> None:
        if pull.cursor not in (None, CURSOR) or pull.day != DAY:
            raise TableError(f"{shown}: the cursor must be {CURSOR}, and the day {DAY}.")
        self._api, self._first_day = api, first_day
        self._zone = api.read_time_zone(shown)
        kinds: dict[str, Kind] = {**dict.fromkeys(pull.columns, "text"), **_COLUMNS}
        super().__init__(shown, declare(**kinds), api.moment)
        self.lacking = _OF_PLUGINS
        self._last = self.began.astimezone(self._zone).date() - timedelta(days=1)
        self._oldest = self._find_oldest()
        self._asked_from = self._first
        self._least: dict[date, DayCounts] = {}
        self._arrived = 0
        self._cut: dict[str, int] = {}

    def _find_oldest(self) -> date | None:
        """The day of the first visit that Matomo still has."""
        found = self._api.list_visits(self.shown, filter_limit=1, doNotFetchActions=1)
        return moment_of(found[0], self.shown).astimezone(self._zone).date() if found else None

    @property
    def _first(self) -> date:
        """The first day that is asked for. Of a site without visits it is the last one, whose count proves that."""
        oldest = min(self._oldest or self._last, self._last)
        return max(self._first_day or oldest, oldest)

    def fetch(self, since: datetime | None, most: int | None) -> Iterator[Mapping[str, Any]]:
        if most is not None:
            yield from self._look(most)
            return
        first = max(self._first, since.astimezone(self._zone).date()) if since else self._first
        self._asked_from = first
        self._least, counted = self._count_from(first)
        for day, of_day in counted.items():
            came = set()
            for visit in read_day(self._api, day, self._zone, self.shown, expected=of_day.visits):
                came.add(str(visit["idVisit"]))
                yield self._flatten(visit, day)
            self._arrived += len(came)

    def _look(self, most: int) -> Iterator[Mapping[str, Any]]:
        """Some of the latest visits."""
        for back in range(DAYS_LOOKED_AT):
            day = self._last - timedelta(days=back)
            for visit in read_day(self._api, day, self._zone, self.shown, expected=0, limit=most):
                yield self._flatten(visit, day)

    def count(self, measures: Measures, since: Since | None = None) -> Counted:
        """Visits and their actions by day; of those since a moment, how many visits came at the least."""
        if since is None:
            least, counted = self._count_from(self._first)
            return Counted(_as_counts({**least, **self._least}, measures), _as_counts(counted, measures), may_lag=True)
        sides = (self._least, self._count_from(self._asked_from)[0])
        least_of_all = min(sum(day.visits for day in side.values()) for side in sides)
        place = (None, ROWS)
        came = max(least_of_all, self._arrived)
        return Counted({place: Decimal(least_of_all)}, {place: Decimal(came)}, is_complete=False)

    def _count_from(self, first: date) -> tuple[dict[date, DayCounts], dict[date, DayCounts]]:
        """What must have come of each day at the least, and what its report says.

        Of the oldest day there is Matomo may have forgotten a part, as it forgets by days of UTC: where there were
        visits the day before, none must come of it.
        """
        counted = self._api.count_days(first - timedelta(days=1), self._last, self.shown)
        day_before = counted.pop(first - timedelta(days=1), DayCounts(0, 0))
        is_cut = day_before.visits > 0 and first == self._oldest
        return {**counted, first: DayCounts(0, 0)} if is_cut else counted, counted

    def tell(self) -> Iterator[str]:
        if self._cut:
            yield (
                f"of {len(self._cut):,} visits Matomo lists the first actions only, {sum(self._cut.values()):,} are "
                "left out: `visitor_log_maximum_actions_per_visit` in its config.ini.php says how many it lists"
            )

    def _flatten(self, visit: dict[str, Any], day: date) -> dict[str, Any]:
        """PHP's false is nothing."""
        row = {name: None if value is False or value == "" else value for name, value in visit.items()}
        actions = visit.get("actionDetails")
        if not isinstance(actions, list) or not all(isinstance(action, dict) for action in actions):
            raise SourceError(
                f"Matomo lists {self.shown} in another shape than Parcours knows: `actionDetails` is no list."
            )
        cut = str(row.get(CUT) or "")
        if cut.isdecimal():
            self._cut[str(visit["idVisit"])] = int(cut)
        kept = [{name: action[name] for name in _OF_ACTIONS if name in action} for action in actions]
        moment = moment_of(visit, self.shown).isoformat()
        own = {DAY: day.isoformat(), CURSOR: moment, "actionDetails": as_json(kept)}
        others = {name: as_json(value) for name, value in row.items() if isinstance(value, dict | list)}
        return {**row, **others, **own}


def _as_counts(days: Mapping[date, DayCounts], measures: Measures) -> Counts:
    return {
        (day.isoformat(), name): Decimal(counted.actions if name == ACTIONS else counted.visits)
        for day, counted in days.items()
        for name in measures.names
    }
