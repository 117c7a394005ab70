"""An ad account of Meta in memory, which answers as the Marketing API does: its time zone, insights by day in pages.

Shapes, codes and limits are those of the reference of Marketing API v26.0. A page says what follows it twice: by a
cursor, and by an address that holds the token.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

Answer = tuple[int, dict[str, str], Any]
LONGEST_AGO = timedelta(days=37 * 30)  # "The start date of the time range cannot be beyond 37 months."
ELSEWHERE = "https://elsewhere.example/v26.0/act_1234567890/insights?access_token=EAAneedle&after="


@dataclass
class MetaAdsAccount:
    """``now`` is Meta's clock. ``spent``: by day and campaign its cents, impressions and clicks.

    ``most_days``: how many days of a report are put together in time. ``rounding``: cents that the account's figures of
    a day differ by from the sum of those of its campaigns.
    """

    now: datetime = datetime(2026, 3, 2, 2, tzinfo=UTC)
    zone: str = "Europe/Paris"
    currency: str = "EUR"
    token: str = "EAAneedle"
    page: int = 500
    most_days: int = 400
    rounding: int = 0
    campaigns: dict[int, dict[str, Any]] = field(default_factory=dict)
    spent: dict[tuple[date, int], tuple[float, int, int]] = field(default_factory=dict)

    def add(self, number: int, name: str, status: str = "ACTIVE") -> int:
        self.campaigns[number] = {"name": name, "status": status}
        return number

    def remove(self, number: int) -> None:
        self.campaigns[number]["status"] = "DELETED"

    def spend(self, day: str, number: int, cost: float, impressions: int = 100, clicks: int = 10) -> None:
        """Cost in units of the account's currency."""
        self.spent[date.fromisoformat(day), number] = (cost, impressions, clicks)

    def answer(self, method: str, path: str, query: str, headers: Mapping[str, str], body: Any) -> Answer:  # noqa: ARG002
        """Status, headers and JSON."""
        assert method == "GET"
        assert "access_token" not in query
        if headers.get("Authorization") != f"Bearer {self.token}":
            return refuse(190, 463)
        asked = {name: values[-1] for name, values in parse_qs(query).items()}
        _, version, account, *edge = path.split("/")
        if version != "v26.0":
            return refuse(2635)
        if not account.startswith("act_"):
            return refuse(100, 33)
        if not edge:
            told = {"account_id": account[4:], "currency": self.currency, "timezone_name": self.zone, "id": account}
            return 200, {}, told
        return self._report(asked)

    def _report(self, asked: Mapping[str, str]) -> Answer:
        span = json.loads(asked["time_range"])
        first, last = date.fromisoformat(span["since"]), date.fromisoformat(span["until"])
        assert (asked["time_increment"], asked["limit"]) == ("1", "500")
        if first < self.now.astimezone(ZoneInfo(self.zone)).date() - LONGEST_AGO:
            return refuse(3018)
        if (last - first).days >= self.most_days:
            return refuse(100, 1504018)
        days = [key for key in sorted(self.spent) if first <= key[0] <= last]
        if asked["level"] == "campaign":
            filters = json.loads(asked["filtering"])
            rows = list(self._list_campaigns(days, asked["fields"].split(","), filters))
        else:
            rows = list(self._list_days(days, asked["fields"].split(",")))
        start = int(asked.get("after", "0"))
        document: dict[str, Any] = {"data": rows[start : start + self.page]}
        if document["data"]:
            document["paging"] = {"cursors": {"before": str(start), "after": str(start + self.page)}}
        if start + self.page < len(rows):
            document["paging"]["next"] = f"{ELSEWHERE}{start + self.page}"
        return 200, {"X-Business-Use-Case-Usage": usage(0)}, document

    def _list_campaigns(
        self, days: list[tuple[date, int]], fields: list[str], filters: list[dict[str, Any]]
    ) -> Iterator[dict[str, Any]]:
        [statuses] = [each["value"] for each in filters if each["field"] == "campaign.effective_status"]
        for day, number in days:
            campaign, figures = self.campaigns[number], self.spent[day, number]
            if any(figures) and campaign["status"] in statuses:
                whose = {"campaign_id": str(number), "campaign_name": campaign["name"]}
                yield _write(day, {**whose, **_figures(*figures)}, fields)

    def _list_days(self, days: list[tuple[date, int]], fields: list[str]) -> Iterator[dict[str, Any]]:
        for day in sorted({day for day, _ in days}):
            each = [self.spent[key] for key in days if key[0] == day]
            cost, impressions, clicks = (sum(values) for values in zip(*each, strict=True))
            if cost or impressions or clicks:
                yield _write(day, _figures(cost + self.rounding / 100, int(impressions), int(clicks)), fields)


def _figures(cost: float, impressions: int, clicks: int) -> dict[str, str]:
    """Where nobody clicked on a link, Meta says nothing of it."""
    told = {"spend": f"{cost + 1e-9:.2f}", "impressions": str(impressions), "clicks": str(3 * clicks)}
    return told | ({"inline_link_clicks": str(clicks)} if clicks else {})


def _write(day: date, told: Mapping[str, str], fields: list[str]) -> dict[str, Any]:
    shown = {name: value for name, value in told.items() if name in fields}
    return {**shown, "date_start": day.isoformat(), "date_stop": day.isoformat()}


def refuse(code: int, subcode: int | None = None, status: int = 400, message: str = "Qzneedle") -> Answer:
    """The answer of a request that fails."""
    error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "Qzneedle"}
    return status, {}, {"error": error | ({"error_subcode": subcode} if subcode else {})}


def usage(minutes: int) -> str:
    """The header that says how much was asked, and after how many minutes more may be."""
    told = {"type": "ads_insights", "call_count": 100 if minutes else 7, "total_cputime": 20, "total_time": 20}
    return json.dumps({"1234567890": [{**told, "estimated_time_to_regain_access": minutes}]})


def too_many(seconds: int) -> Answer:
    """The answer to one request too many: a limit, for all that its status says, with its minutes in a header."""
    status, _, document = refuse(80000, 2446079)
    return status, {"X-Business-Use-Case-Usage": usage(seconds // 60)}, document
