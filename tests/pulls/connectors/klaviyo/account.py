"""An account of Klaviyo in memory, which answers as its API of 2026-07-15 does: cursors, filters, sparse fields.

Shapes and limits are those of Klaviyo's OpenAPI documents.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode
from zoneinfo import ZoneInfo

Answer = tuple[int, dict[str, str], Any]
REVISION = "2026-07-15"
METRICS = {
    "MRcv01": "Received Email",
    "MOpn02": "Opened Email",
    "MClk03": "Clicked Email",
    "MBnc04": "Bounced Email",
    "MUns05": "Unsubscribed from Email Marketing",
    "MSpm06": "Marked Email as Spam",
    "MSms07": "Received SMS",
    "MOrd08": "Placed Order",
}
_PLACES = ("address1", "address2", "city", "country", "latitude", "longitude", "region", "zip", "timezone", "ip")
_SORTS = {"profiles": {"id", "created", "updated", "email"}, "events": {"datetime", "timestamp"}, "metrics": set()}
_MOST = {"profiles": 100, "events": 1000}


@dataclass
class KlaviyoAccount:
    """``now`` is the account's clock; ``most_metrics`` how many metrics a page has."""

    token: str = "pk_needle"
    now: datetime = datetime(2026, 1, 1, 8, tzinfo=UTC)
    profiles: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    metrics: dict[str, tuple[str, Any]] = field(
        default_factory=lambda: {id_: (name, {"name": "Klaviyo"}) for id_, name in METRICS.items()}
    )
    most_metrics: int = 200
    last_id: int = 0

    def add(self, email: str | None, *, properties: Mapping[str, Any] | None = None, **attributes: Any) -> str:
        """A profile that never said anything of marketing."""
        self.last_id += 1
        id_ = f"01K{self.last_id:023d}"
        self.profiles[id_] = {
            "email": email,
            "phone_number": None,
            "external_id": None,
            "first_name": None,
            "last_name": None,
            "organization": None,
            "locale": None,
            "title": None,
            "image": None,
            "created": stamp(self.now),
            "updated": stamp(self.now),
            "last_event_date": None,
            "location": dict.fromkeys(_PLACES),
            "properties": dict(properties or {}),
            "subscriptions": {
                "email": {"marketing": _never("email", double_optin=None, suppression=[], list_suppressions=[])},
                "sms": {"marketing": _never("sms"), "transactional": None},
                "mobile_push": None,
                "whatsapp": None,
            },
        }
        self.profiles[id_] |= attributes
        return id_

    def edit(self, id_: str, **attributes: Any) -> None:
        self.profiles[id_] |= {**attributes, "updated": stamp(self.now)}

    def answer_marketing(self, id_: str, channel: str, consent: str, **more: Any) -> None:
        """What a profile said, or what was done about it, now."""
        said = {"consent": consent, "consent_timestamp": stamp(self.now), "last_updated": stamp(self.now), **more}
        marketing = self.profiles[id_]["subscriptions"][channel]["marketing"]
        marketing |= {**said, f"can_receive_{channel}_marketing": consent == "SUBSCRIBED"}
        self.edit(id_)

    def delete(self, id_: str) -> None:
        """Its events stay, and are nobody's."""
        del self.profiles[id_]
        for event in self.events.values():
            if event["profile"] == id_:
                event["profile"] = None

    def tell(self, metric: str, profile: str | None, moment: datetime, **properties: Any) -> str:
        """An event of a message."""
        id_ = f"4evt{len(self.events):04d}"
        told = {"Recipient Email Address": "Qzneedle@example.fr", "Subject": "Soldes", "$event_id": id_}
        shown = {"$message": "01MSG", "Campaign Name": "Soldes d'hiver", **told, **properties}
        self.events[id_] = {
            "metric": metric,
            "profile": profile,
            "datetime": moment.isoformat(timespec="seconds", sep=" ").replace(" ", "T"),
            "event_properties": {name: value for name, value in shown.items() if value is not None},
        }
        return id_

    def answer(self, method: str, path: str, query: str, headers: Mapping[str, str], body: Any) -> Answer:
        """Status, headers and JSON."""
        told = {"RateLimit-Limit": "75", "RateLimit-Remaining": "74", "RateLimit-Reset": "1"}
        if headers.get("Authorization") != f"Klaviyo-API-Key {self.token}":
            return 401, told, _refusal(401, "not_authenticated", "Incorrect authentication credentials.")
        if headers.get("revision") != REVISION:
            return 400, told, _refusal(400, "invalid", "revision")
        asked = {name: values[-1] for name, values in parse_qs(query).items()}
        try:
            match (method, path):
                case ("GET", "/api/profiles"):
                    return 200, told, self._list("profiles", asked, self._show_profile, self.profiles)
                case ("GET", "/api/events"):
                    return 200, told, self._list("events", asked, self._show_event, self.events)
                case ("GET", "/api/metrics"):
                    return 200, told, self._list("metrics", asked, self._show_metric, self.metrics)
                case ("POST", "/api/metric-aggregates"):
                    return 200, told, self._aggregate(body["data"])
        except ValueError as error:
            return 400, told, _refusal(400, "invalid", str(error))
        return 404, told, _refusal(404, "not_found", path)

    def _list(
        self,
        kind: str,
        asked: Mapping[str, str],
        show: Callable[[str, Any, Mapping[str, str]], dict[str, Any]],
        rows: Mapping[str, Any],
    ) -> dict[str, Any]:
        sort = asked.get("sort", "")
        order, size = sort.removeprefix("-"), int(asked.get("page[size]", 20))
        if order and order not in _SORTS[kind]:
            raise ValueError("sort")
        if kind == "metrics":
            if "page[size]" in asked:
                raise ValueError("page[size]")
            size = self.most_metrics
        elif not 1 <= size <= _MOST[kind]:
            raise ValueError("page[size]")
        conditions = _read_filter(asked.get("filter", ""))
        found = [id_ for id_ in rows if all(_holds(self._value(kind, id_, name), *rest) for name, *rest in conditions)]
        place = {id_: (str(self._value(kind, id_, order or "id")), id_) for id_ in found}
        found.sort(key=place.__getitem__, reverse=sort.startswith("-"))
        if cursor := asked.get("page[cursor]"):
            after = tuple(urlsafe_b64decode(cursor).decode().split("::"))
            found = [id_ for id_ in found if (place[id_] < after if sort.startswith("-") else place[id_] > after)]
        page, left = found[:size], found[size:]
        following = None
        if left:
            last = urlsafe_b64encode("::".join(place[page[-1]]).encode()).decode()
            following = f"https://a.klaviyo.com/api/{kind}/?{urlencode({**asked, 'page[cursor]': last})}"
        return {
            "data": [show(id_, rows[id_], asked) for id_ in page],
            "links": {"self": f"https://a.klaviyo.com/api/{kind}/", "next": following, "prev": None},
        }

    def _value(self, kind: str, id_: str, name: str) -> Any:
        if name == "id":
            return id_
        if kind == "events":
            event = self.events[id_]
            return event["metric"] if name == "metric_id" else datetime.fromisoformat(event["datetime"])
        return self.profiles[id_][name]

    def _show_profile(self, id_: str, profile: Mapping[str, Any], asked: Mapping[str, str]) -> dict[str, Any]:
        attributes = dict(profile)
        if asked.get("additional-fields[profile]") != "subscriptions":
            del attributes["subscriptions"]
        if fields := asked.get("fields[profile]"):
            wanted = fields.split(",")
            places = {name.removeprefix("location.") for name in wanted if name.startswith("location.")}
            if places and attributes["location"]:
                attributes["location"] = {key: each for key, each in profile["location"].items() if key in places}
            wanted += ["location"] if places else []
            attributes = {name: value for name, value in attributes.items() if name in wanted}
        links = {"self": f"https://a.klaviyo.com/api/profiles/{id_}/"}
        return {"type": "profile", "id": id_, "attributes": attributes, "relationships": {}, "links": links}

    def _show_event(self, id_: str, event: Mapping[str, Any], asked: Mapping[str, str]) -> dict[str, Any]:  # noqa: ARG002
        moment = datetime.fromisoformat(event["datetime"])
        profile = {"type": "profile", "id": event["profile"]} if event["profile"] else None
        return {
            "type": "event",
            "id": id_,
            "attributes": {
                "timestamp": int(moment.timestamp()),
                "event_properties": event["event_properties"],
                "datetime": event["datetime"],
                "uuid": f"uuid-{id_}",
            },
            "relationships": {
                "profile": {"data": profile, "links": {}},
                "metric": {"data": {"type": "metric", "id": event["metric"]}, "links": {}},
            },
            "links": {"self": f"https://a.klaviyo.com/api/events/{id_}/"},
        }

    def _show_metric(self, id_: str, metric: tuple[str, Any], asked: Mapping[str, str]) -> dict[str, Any]:  # noqa: ARG002
        attributes = {"name": metric[0], "created": None, "updated": None, "integration": metric[1]}
        return {"type": "metric", "id": id_, "attributes": attributes, "links": {}}

    def _aggregate(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        attributes = asked["attributes"]
        zone = ZoneInfo(attributes.get("timezone", "UTC"))
        bounds = dict(re.fullmatch(r"(.+)\(datetime,(.+)\)", each).groups() for each in attributes["filter"])  # type: ignore[union-attr]
        first, last = (
            datetime.fromisoformat(bounds[each]).replace(tzinfo=zone) for each in ("greater-or-equal", "less-than")
        )
        if asked["type"] != "metric-aggregate" or attributes["metric_id"] not in self.metrics:
            raise ValueError("metric_id")
        days = [first + timedelta(days=number) for number in range((last - first).days)]
        counts = [self._count(attributes["metric_id"], day, day + timedelta(days=1)) for day in days]
        found = {"dates": [day.isoformat() for day in days], "data": [{"dimensions": [], "measurements": {}}]}
        found["data"][0]["measurements"] = {"count": [float(count) for count in counts]}  # type: ignore[call-overload]
        return {"data": {"type": "metric-aggregate", "id": "17", "attributes": found, "links": {}}}

    def _count(self, metric: str, first: datetime, last: datetime) -> int:
        moments = (
            datetime.fromisoformat(each["datetime"]) for each in self.events.values() if each["metric"] == metric
        )
        return sum(first <= moment < last for moment in moments)


def _never(channel: str, **more: Any) -> dict[str, Any]:
    said = dict.fromkeys(("consent_timestamp", "last_updated", "method", "method_detail"))
    return {f"can_receive_{channel}_marketing": channel == "email", "consent": "NEVER_SUBSCRIBED", **said, **more}


def _read_filter(written: str) -> list[tuple[str, str, Any]]:
    """Name, operator and value of each condition."""
    found = re.findall(r"([a-z-]+)\((\w+),(\[[^\]]*\]|[^)]*)\)", written)
    if ",".join(f"{operator}({name},{value})" for operator, name, value in found) != written:
        raise ValueError("filter")
    return [(name, operator, value) for operator, name, value in found]


def _holds(value: Any, operator: str, written: str) -> bool:
    match operator:
        case "any":
            return value in re.findall(r'"([^"]*)"', written)
        case "equals":
            return bool(f'"{value}"' == written)
        case "less-or-equal":
            return bool(value <= datetime.fromisoformat(written))
        case "greater-or-equal":
            return bool(value >= datetime.fromisoformat(written))
    raise ValueError("filter")


def _refusal(status: int, code: str, detail: str) -> dict[str, Any]:
    return {"errors": [{"id": "1", "status": status, "code": code, "title": "Qzneedle", "detail": detail}]}


def stamp(moment: datetime) -> str:
    """As Klaviyo writes moments of profiles."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def too_many(seconds: int = 1) -> Answer:
    """The answer to one request too many."""
    return 429, {"Retry-After": str(seconds)}, _refusal(429, "throttled", "Request was throttled.")
