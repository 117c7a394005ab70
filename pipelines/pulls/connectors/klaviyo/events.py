"""What became of the messages that Klaviyo sent: nobody changes it, and new events come at the end.

Each kind of event is a metric with an id of the account's own, known by its name. Metric by metric, all that happened
until the pull began is read by time, so that the list does not move while its pages are.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pipelines.config.pulls import Pull
from pipelines.pulls.connectors.klaviyo.api import KlaviyoApi
from pipelines.pulls.connectors.klaviyo.counts import count_days
from pipelines.pulls.connectors.klaviyo.listing import Listing
from pipelines.pulls.errors import MissingTableError, TableError
from pipelines.pulls.system import Counted, Counts, Measures, Since
from pipelines.pulls.web.rows import as_text, declare, tell_gone
from pipelines.pulls.web.shapes import reach
from pipelines.pulls.web.table import WebTable

PAGE = 1_000
COUNTED_DAYS = 14  # Each metric is a request, before and after: Klaviyo answers sixty a minute.
"""The latest whole days that events are counted by."""
CURSOR = "datetime"
OWNER = "klaviyo"
METRICS = frozenset(
    {
        "Received Email", "Opened Email", "Clicked Email", "Bounced Email", "Dropped Email", "Marked Email as Spam",
        "Unsubscribed from Email Marketing", "Unsubscribed",
        "Received SMS", "Clicked SMS", "Failed to Deliver SMS", "Unsubscribed from SMS Marketing",
        "Unsubscribed from SMS",
    }
)  # fmt: skip
"""Those of messages, by the names that Klaviyo gives them today and gave them before."""
_PROPERTIES = {
    "message_id": "$message",
    "flow_id": "$flow",
    "campaign_name": "Campaign Name",
    "bounce_type": "Bounce Type",
}
_BY_MACHINES = ("machine_open", "apple_privacy_open", "bot_click")


class Events(WebTable):
    """One row per event of a message. ``is_machine``: a mailbox or a scanner opened or clicked, not a person."""

    def __init__(self, api: KlaviyoApi, pull: Pull, shown: str) -> None:
        if pull.cursor not in (None, CURSOR):
            raise TableError(f"the cursor of {shown} must be {CURSOR}.")
        self._api = api
        self._metrics = _list_metrics(api, shown)
        if not self._metrics:
            raise MissingTableError(
                f"Klaviyo has no {shown}: none of its metrics is of messages. Where the account has sent none yet, "
                "leave `campaign_events` out until it has."
            )
        columns = declare(
            id="text", datetime="timestamptz", metric="text", profile_id="text", message_id="text", flow_id="text",
            campaign_name="text", bounce_type="text", is_machine="boolean",
        )  # fmt: skip
        super().__init__(shown, columns, api.moment)
        self._before: Counts = {}

    def fetch(self, since: datetime | None, most: int | None) -> Iterator[Mapping[str, Any]]:
        if most is None:
            self._before = self._count()
        named = nameless = 0
        for metric, name in self._metrics.items():
            listing = self._list(metric, since)
            rows = listing.read_whole(listing.find_last()) if most is None else listing.read(most)
            for event in rows:
                if reach(event, "relationships", "metric", "data", "id") != metric:
                    raise TableError(f"Klaviyo gives of {self.shown} others than those that were asked for.")
                is_named = "data" in (reach(event, "relationships", "profile") or {})
                named, nameless = named + is_named, nameless + (not is_named)
                yield _flatten(event, name)
        if nameless > 1 and not named:  # One of somebody who was deleted may: that all do, is no chance.
            raise tell_gone("profile_id", self.shown)

    def count(self, measures: Measures, since: Since | None = None) -> Counted | None:
        """Events of the latest days: how many there ever were, or have come since, Klaviyo does not count."""
        if since is not None or measures.day is None:
            return None
        return Counted(self._before, self._count(), is_complete=False)

    def _count(self) -> Counts:
        return count_days(self._api, self._metrics, self._list_days(), self.shown)

    def _list_days(self) -> list[date]:
        today = self.began.astimezone(UTC).date()
        return [today - timedelta(days=days) for days in range(COUNTED_DAYS, 0, -1)]

    def _list(self, metric: str, since: datetime | None) -> Listing:
        bounds = [f'equals(metric_id,"{metric}")', f"less-or-equal(datetime,{_write(self.began)})"]
        if since is not None:
            bounds.append(f"greater-or-equal(datetime,{_write(since)})")
        return Listing(self._api, "events", self.shown, "datetime", PAGE, {"filter": ",".join(bounds)})


def _list_metrics(api: KlaviyoApi, shown: str) -> dict[str, str]:
    """The name of each metric of messages, by its id. Others of these names are somebody else's."""
    names = {name.lower(): name for name in METRICS}
    found = {}
    for metric in Listing(api, "metrics", shown).read():
        name = names.get(str(reach(metric, "attributes", "name")).strip().lower())
        if name and str(reach(metric, "attributes", "integration", "name")).lower() == OWNER:
            found[metric["id"]] = name
    return dict(sorted(found.items(), key=lambda each: (each[1], each[0])))


def _write(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _flatten(event: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What is not in an answer is not in the row either: its column is missed."""
    given, profile = reach(event, "attributes"), reach(event, "relationships", "profile")
    attributes = given if isinstance(given, Mapping) else {}
    row: dict[str, Any] = {"id": event["id"], "metric": name}
    if CURSOR in attributes:
        row[CURSOR] = attributes[CURSOR]
    if isinstance(profile, Mapping):
        row["profile_id"] = reach(profile, "data", "id")
    if "event_properties" in attributes:
        row |= _flatten_properties(attributes["event_properties"] or {})
    return row


def _flatten_properties(told: Any) -> dict[str, Any]:
    """Klaviyo's own mark of what machines do was written in several ways."""
    if not isinstance(told, Mapping):
        return {}
    marks = [value for key, value in told.items() if key.lower().replace(" ", "_") in _BY_MACHINES]
    return {
        **{column: as_text(told.get(name)) for column, name in _PROPERTIES.items()},
        "is_machine": any(str(value).lower() == "true" for value in marks),
    }
