"""A Matomo in memory, which answers as its Reporting API does: visits by their last action, reports by the day.

Shapes are those of Matomo 5; what it does with dates, pages and refusals is what its plugins Live, VisitsSummary and
SitesManager do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

Answer = tuple[int, dict[str, str], Any]
MOST_ACTIONS = 500


@dataclass
class MatomoAccount:
    """``now`` is the server's clock. ``reports``: what the reports of a day say where that is not what there is."""

    token: str = "0123456789abcdef0123456789abcdef"
    site: int = 3
    timezone: str = "Europe/Paris"
    now: datetime = datetime(2026, 1, 1, 8, tzinfo=UTC)
    visits: dict[int, dict[str, Any]] = field(default_factory=dict)
    reports: dict[date, tuple[int, int]] = field(default_factory=dict)
    is_log_on: bool = True
    last_id: int = 500

    def add(self, visitor: str, *actions: dict[str, Any], ended: datetime | None = None, **more: Any) -> int:
        """A visit that ended at ``ended``, by default now, of ``actions``, by default one page."""
        self.last_id += 1
        moment = int((ended or self.now).timestamp())
        listed = [
            {"type": "action", "url": "https://shop.example.fr/", "icon": None, "timestamp": moment, **action}
            for action in actions or ({},)
        ]
        self.visits[self.last_id] = {
            "idSite": self.site,
            "idVisit": self.last_id,
            "visitIp": "192.0.2.0",
            "visitorId": visitor,
            "userId": None,
            "lastActionTimestamp": moment,
            "serverTimestamp": moment,
            "deviceType": "Smartphone",
            "referrerType": "direct",
            "referrerName": "",
            "referrerUrl": "",
            "siteCurrencySymbol": False,
            "actions": len(actions or [{}]),
            "actionDetails": listed,
            **more,
        }
        return self.last_id

    def day_of(self, visit: Mapping[str, Any]) -> date:
        return datetime.fromtimestamp(visit["lastActionTimestamp"], UTC).astimezone(ZoneInfo(self.timezone)).date()

    def answer(self, method: str, path: str, query: str, headers: Mapping[str, str], body: Any) -> Answer:  # noqa: ARG002
        """Status, headers and JSON."""
        asked = {name: values[-1] for name, values in parse_qs(body).items()}
        if (method, path, query) != ("POST", "/index.php", "") or asked.get("format") != "JSON":
            return 404, {}, b"<html>"
        if asked.get("token_auth") != self.token:
            return 401, {}, error("Unable to authenticate with the provided token. It is either invalid or expired.")
        if asked.get("idSite") != str(self.site):
            return 401, {}, error("You can't access this resource as it requires 'view' access for the website id = 4.")
        match asked["method"]:
            case "SitesManager.getSiteFromId":
                return 200, {}, {"idsite": self.site, "name": "Boutique", "timezone": self.timezone, "currency": "EUR"}
            case "VisitsSummary.get" if asked["period"] == "day":
                first, last = map(date.fromisoformat, asked["date"].split(","))
                days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
                return 200, {}, {day.isoformat(): self._report(day) for day in days}
            case "Live.getLastVisitsDetails" if self.is_log_on:
                return 200, {}, self._list(asked)
            case "Live.getLastVisitsDetails":
                return (
                    200,
                    {},
                    error("Visits log is deactivated in website settings. A user with at least admin access"),
                )
        return 200, {}, error("The method 'needle' does not exist")

    def _report(self, day: date) -> dict[str, Any] | list[Any]:
        """PHP writes an object without anything in it as a list."""
        actions_of = [visit.get("actions", 1) for visit in self.visits.values() if self.day_of(visit) == day]
        visits, actions = self.reports.get(day, (len(actions_of), sum(actions_of)))
        return {"nb_visits": visits, "nb_actions": actions, "bounce_rate": "50%"} if visits else []

    def _list(self, asked: Mapping[str, str]) -> list[dict[str, Any]]:
        """Those of a day and of its last midnight, whose second belongs to the next; the latest first, or the first."""
        found = list(self.visits.values())
        if "date" in asked:
            assert asked["period"] == "day"
            begin = datetime.combine(date.fromisoformat(asked["date"]), datetime.min.time(), ZoneInfo(self.timezone))
            end = begin + timedelta(days=1)
            found = [each for each in found if begin.timestamp() <= each["lastActionTimestamp"] <= end.timestamp()]
        if "minTimestamp" in asked:
            found = [each for each in found if each["lastActionTimestamp"] > int(asked["minTimestamp"])]
        is_rising = asked.get("filter_sort_order") == "asc"
        found.sort(key=lambda each: (each["lastActionTimestamp"], each["idVisit"]), reverse=not is_rising)
        page = found[: int(asked.get("filter_limit", 10))]
        return [_show(visit, has_actions="doNotFetchActions" not in asked) for visit in page]


def _show(visit: dict[str, Any], *, has_actions: bool) -> dict[str, Any]:
    actions = visit["actionDetails"]
    if not has_actions:
        return {**visit, "actionDetails": []}
    if not isinstance(actions, list) or len(actions) <= MOST_ACTIONS:
        return visit
    cut = {"truncatedActionsCount": len(actions) - MOST_ACTIONS}
    return {**visit, **cut, "actionDetails": actions[:MOST_ACTIONS]}


def error(message: str) -> dict[str, str]:
    return {"result": "error", "message": message}
