"""An account of Google Ads in memory, which answers as its REST API does: tokens, and GAQL in pages.

Shapes, codes and limits are those of the reference of Google Ads API v26. It understands the queries that are asked of
it: campaigns and the account itself, by day.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

Answer = tuple[int, dict[str, str], Any]
PATH = r"/v26/customers/\d{10}/googleAds:search"
DAILY_FOR = timedelta(days=37 * 30)  # "Metrics with daily segmentation are only available for the last 37 months."


@dataclass
class GoogleAdsAccount:
    """``now`` is Google's clock. ``spent``: by day and campaign its micros, impressions and clicks."""

    now: datetime = datetime(2026, 3, 2, 2, tzinfo=UTC)
    zone: str = "Europe/Paris"
    currency: str = "EUR"
    is_manager: bool = False
    refresh_token: str = "1//needle-refresh"
    client_secret: str = "GOCSPX-needle"
    developer_token: str = "needle-developer"
    page: int = 10_000
    campaigns: dict[int, dict[str, Any]] = field(default_factory=dict)
    spent: dict[tuple[date, int], tuple[int, int, int]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    given: int = 0

    def add(self, number: int, name: str, **more: Any) -> int:
        usual = {"id": str(number), "name": name, "status": "ENABLED", "advertisingChannelType": "SEARCH"}
        self.campaigns[number] = {"resourceName": f"customers/1234567890/campaigns/{number}", **usual, **more}
        return number

    def spend(self, day: str, number: int, cost: float, impressions: int = 100, clicks: int = 10) -> None:
        """Cost in units of the account's currency."""
        self.spent[date.fromisoformat(day), number] = (round(cost * 1_000_000), impressions, clicks)

    def remove(self, number: int) -> None:
        self.campaigns[number]["status"] = "REMOVED"

    def answer(self, method: str, path: str, query: str, headers: Mapping[str, str], body: Any) -> Answer:  # noqa: ARG002
        """Status, headers and JSON."""
        if path == "/token":
            return self._give_token(parse_qs(body))
        if headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return refuse(401, "UNAUTHENTICATED", authenticationError="OAUTH_TOKEN_INVALID")
        if headers.get("developer-token") != self.developer_token:
            return refuse(401, "UNAUTHENTICATED", authenticationError="DEVELOPER_TOKEN_INVALID")
        if not re.fullmatch(PATH, path):
            return 404, {}, b"<html>Not Found"
        assert method == "POST"
        assert "pageSize" not in body
        return self._search(body["query"], body.get("pageToken"))

    def _give_token(self, asked: Mapping[str, list[str]]) -> Answer:
        wanted = {
            "grant_type": ["refresh_token"], "client_id": ["client-id"], "client_secret": [self.client_secret],
            "refresh_token": [self.refresh_token],
        }  # fmt: skip
        if asked != wanted:
            return 400, {}, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
        self.given += 1
        token = f"ya29.needle{self.given}"
        self.tokens.add(token)
        scope = "https://www.googleapis.com/auth/adwords"
        return 200, {}, {"access_token": token, "expires_in": 3599, "scope": scope, "token_type": "Bearer"}

    def _search(self, query: str, token: str | None) -> Answer:
        found = re.fullmatch(
            r"SELECT (.+) FROM (campaign|customer)(?: WHERE (.+?))?(?: ORDER BY .+?)?(?: LIMIT 1)?", query
        )
        assert found, query
        fields, of, where = found.groups()
        if where is None:
            rows = [{"customer": {
                "resourceName": "customers/1234567890", "id": "1234567890", "currencyCode": self.currency,
                "timeZone": self.zone, "manager": self.is_manager,
            }}]  # fmt: skip
        else:
            span = re.fullmatch(r"segments\.date BETWEEN '(.{10})' AND '(.{10})'", where)
            assert span, where
            first, last = map(date.fromisoformat, span.groups())
            today = self.now.astimezone(ZoneInfo(self.zone)).date()
            if first < today - DAILY_FOR:
                return refuse(400, "INVALID_ARGUMENT", dateRangeError="REQUESTED_DATE_GRANULARITY_NOT_SUPPORTED")
            if self.is_manager:
                return refuse(400, "INVALID_ARGUMENT", queryError="REQUESTED_METRICS_FOR_MANAGER")
            rows = list(self._list_campaigns(first, last) if of == "campaign" else self._list_days(first, last))
        start = int(token.removeprefix("CPage")) if token else 0
        document: dict[str, Any] = {"fieldMask": fields.replace(" ", "")}
        if rows:
            document |= {"totalResultsCount": str(len(rows)), "queryResourceConsumption": "7"}
        if page := rows[start : start + self.page]:
            document["results"] = page
        if start + self.page < len(rows):
            document["nextPageToken"] = f"CPage{start + self.page}"
        return 200, {}, document

    def _list_campaigns(self, first: date, last: date) -> Iterator[dict[str, Any]]:
        for (day, number), figures in sorted(self.spent.items()):
            if first <= day <= last and any(figures):
                campaign = self.campaigns[number]
                yield {"campaign": dict(campaign), "metrics": _write(figures), "segments": {"date": day.isoformat()}}

    def _list_days(self, first: date, last: date) -> Iterator[dict[str, Any]]:
        for day in sorted({day for day, _ in self.spent if first <= day <= last}):
            each = [figures for (on, _), figures in self.spent.items() if on == day]
            figures = tuple(map(sum, zip(*each, strict=True)))
            if any(figures):
                of = {"resourceName": "customers/1234567890"}
                yield {"customer": of, "metrics": _write(figures), "segments": {"date": day.isoformat()}}


def _write(figures: tuple[int, ...]) -> dict[str, str]:
    micros, impressions, clicks = map(str, figures)
    return {"clicks": clicks, "costMicros": micros, "impressions": impressions}


def refuse(status: int, name: str, **code: str) -> Answer:
    """The answer of a request that fails, with one code such as ``queryError``."""
    failure = {
        "@type": "type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure",
        "errors": [{"errorCode": code, "message": "Qzneedle"}],
        "requestId": "Qzneedle",
    }
    return status, {}, {"error": {"code": status, "message": "Qzneedle", "status": name, "details": [failure]}}


def too_many(seconds: int) -> Answer:
    """The answer to one request too many: how long to wait stands in it."""
    status, headers, document = refuse(429, "RESOURCE_EXHAUSTED", quotaError="RESOURCE_TEMPORARILY_EXHAUSTED")
    [fault] = document["error"]["details"][0]["errors"]
    fault["details"] = {"quotaErrorDetails": {"rateScope": "DEVELOPER", "retryDelay": f"{seconds}s"}}
    return status, headers, document
