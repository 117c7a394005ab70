"""An account of Brevo in memory, which answers as its API v3 does: contacts by offset, their attributes, events.

Shapes and limits are those of Brevo's API reference.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs

Answer = tuple[int, dict[str, str], Any]
PARIS = timezone(timedelta(hours=1))
ATTRIBUTES = {
    "FIRSTNAME": "text",
    "LASTNAME": "text",
    "SMS": "text",
    "BIRTHDAY": "date",
    "ADDRESS": "text",
    "ZIPCODE": "text",
    "CITY": "text",
    "DOUBLE_OPT-IN": "category",
}
LONGEST_REPORT = timedelta(days=90)


@dataclass
class BrevoAccount:
    """``now`` is the account's clock."""

    token: str = "xkeysib-needle"
    now: datetime = datetime(2026, 1, 1, 8, tzinfo=UTC)
    attributes: dict[str, str] = field(default_factory=lambda: dict(ATTRIBUTES))
    contacts: dict[int, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    last_id: int = 0

    def add(self, email: str | None, *, is_refused: bool = False, **attributes: Any) -> int:
        self.last_id += 1
        self.contacts[self.last_id] = {
            "id": self.last_id,
            "email": email,
            "emailBlacklisted": is_refused,
            "smsBlacklisted": False,
            "createdAt": stamp(self.now),
            "modifiedAt": stamp(self.now),
            "listIds": [3],
            "listUnsubscribed": [3] if is_refused else None,
            "attributes": attributes,
        }
        return self.last_id

    def edit(self, number: int, *, attributes: Mapping[str, Any] | None = None, **values: Any) -> None:
        contact = self.contacts[number]
        contact |= {**values, "modifiedAt": stamp(self.now)}
        contact["attributes"] = {**contact["attributes"], **(attributes or {})}

    def delete(self, number: int) -> None:
        del self.contacts[number]

    def tell(self, email: str, event: str, moment: datetime, message: str = "<1@smtp>", **more: Any) -> None:
        """An event of a message."""
        shown = {"email": email, "event": event, "date": stamp(moment), "messageId": message, "subject": "Soldes"}
        self.events.append({**shown, "tag": "soldes", "from": "shop@example.fr", "templateId": 7, **more})

    def answer(self, method: str, path: str, query: str, headers: Mapping[str, str], body: Any) -> Answer:  # noqa: ARG002
        """Status, headers and JSON."""
        if headers.get("api-key") != self.token:
            return 401, {}, {"message": "Key not found", "code": "unauthorized"}
        asked = {name: values[-1] for name, values in parse_qs(query).items()}
        told = {"x-sib-ratelimit-limit": "10", "x-sib-ratelimit-remaining": "9", "x-sib-ratelimit-reset": "1"}
        match (method, path):
            case ("GET", "/v3/contacts/attributes"):
                return 200, told, {
                    "attributes": [
                        {"name": name, "category": "normal", "type": type_} for name, type_ in self.attributes.items()
                    ]
                }  # fmt: skip
            case ("GET", "/v3/contacts"):
                status, shown = self._list(asked)
            case ("GET", "/v3/smtp/statistics/events"):
                status, shown = self._report(asked)
            case _:
                status, shown = 404, {"message": "not found", "code": "document_not_found"}
        return status, told, shown

    def _list(self, asked: Mapping[str, str]) -> tuple[int, Any]:
        limit, offset = int(asked.get("limit", 50)), int(asked.get("offset", 0))
        if not 1 <= limit <= 1000:
            return 400, {"code": "out_of_range", "message": "limit exceeds max value"}
        found = sorted(self.contacts.values(), key=lambda each: each["id"], reverse=asked.get("sort") != "asc")
        if since := asked.get("modifiedSince"):
            moment = datetime.fromisoformat(since)
            found = [each for each in found if datetime.fromisoformat(each["modifiedAt"]) > moment]
        return 200, {"contacts": found[offset : offset + limit], "count": len(found)}

    def _report(self, asked: Mapping[str, str]) -> tuple[int, Any]:
        limit, offset = int(asked.get("limit", 2500)), int(asked.get("offset", 0))
        last = date.fromisoformat(asked["endDate"]) if "endDate" in asked else self.now.date()
        first = (
            date.fromisoformat(asked["startDate"]) if "startDate" in asked else last - timedelta(int(asked["days"]) - 1)
        )
        if limit > 5000 or last - first > LONGEST_REPORT or last > self.now.date():
            return 400, {"code": "invalid_parameter", "message": "invalid date range"}
        found = sorted(
            (
                each
                for each in self.events
                if first <= datetime.fromisoformat(each["date"]).astimezone(UTC).date() <= last
            ),
            key=lambda each: each["date"],
            reverse=asked.get("sort") != "asc",
        )
        page = found[offset : offset + limit]
        return 200, {"events": page} if page else {}


def stamp(moment: datetime) -> str:
    """As Brevo writes moments."""
    return moment.astimezone(PARIS).isoformat(timespec="milliseconds")


def too_many(seconds: int = 1) -> Answer:
    """The answer to one request too many: Brevo has no Retry-After."""
    told = {"x-sib-ratelimit-limit": "10", "x-sib-ratelimit-remaining": "0", "x-sib-ratelimit-reset": str(seconds)}
    return 429, told, {"code": "too_many_requests", "message": "The expected rate limit is exceeded."}
