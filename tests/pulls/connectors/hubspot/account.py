"""An account of HubSpot in memory, which answers as its API does: objects, search, associations, e-mail events.

Shapes and limits are those of HubSpot's API reference (CRM objects and search v3, associations v4, e-mail events v1).
"""

import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

MOST_RESULTS = 10_000
"""Of one search: beyond, it answers 400."""
PROPERTIES = {
    "contacts": {
        "hs_object_id": "number",
        "email": "string",
        "createdate": "datetime",
        "lastmodifieddate": "datetime",
        "firstname": "string",
        "lastname": "string",
        "salutation": "string",
        "phone": "string",
        "mobilephone": "string",
        "date_of_birth": "string",
        "address": "string",
        "zip": "string",
        "city": "string",
        "country": "string",
        "hs_merged_object_ids": "enumeration",
        "hs_calculated_merged_vids": "enumeration",
        "hs_additional_emails": "enumeration",
        "hs_email_optout": "bool",
    },
    "tickets": {
        "hs_object_id": "number",
        "createdate": "datetime",
        "hs_lastmodifieddate": "datetime",
        "closed_date": "datetime",
        "subject": "string",
        "content": "string",
        "source_type": "enumeration",
        "hs_ticket_category": "enumeration",
    },
}
MODIFIED = {"contacts": "lastmodifieddate", "tickets": "hs_lastmodifieddate"}
Answer = tuple[int, dict[str, str], Any]


@dataclass
class Record:
    id: int
    properties: dict[str, str]
    archived_at: datetime | None = None


@dataclass
class HubspotAccount:
    """``now`` is the account's clock. What is in ``unindexed`` is not found by searches yet. ``most_results``: of one
    search."""

    token: str = "hubspot-token-needle"
    now: datetime = datetime(2026, 1, 1, 8, tzinfo=UTC)
    objects: dict[str, dict[int, Record]] = field(default_factory=lambda: {kind: {} for kind in PROPERTIES})
    properties: dict[str, dict[str, str]] = field(
        default_factory=lambda: {kind: dict(types) for kind, types in PROPERTIES.items()}
    )
    merged: dict[int, int] = field(default_factory=dict)
    contacts_of: dict[int, list[int]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    own_properties: set[str] = field(default_factory=set)
    unindexed: set[int] = field(default_factory=set)
    scopes: set[str] = field(default_factory=lambda: {"contacts", "tickets", "email"})
    most_results: int = MOST_RESULTS
    last_id: int = 100

    def add(self, kind: str = "contacts", **properties: str) -> int:
        self.last_id += 1
        created = properties.pop("createdate", stamp(self.now))
        record = Record(self.last_id, {"hs_object_id": str(self.last_id), "createdate": created, **properties})
        self.objects[kind][self.last_id] = record
        self._touch(kind, record)
        return self.last_id

    def edit(self, kind: str, number: int, **properties: str) -> None:
        record = self.objects[kind][number]
        record.properties |= properties
        self._touch(kind, record)

    def archive(self, kind: str, number: int) -> None:
        self.objects[kind][number].archived_at = self.now

    def erase(self, kind: str, number: int) -> None:
        """As a deletion for privacy does: nothing is left."""
        del self.objects[kind][number]

    def merge(self, primary: int, other: int) -> int:
        """Both into a new contact, as HubSpot does since 2025: either old id leads to it."""
        kept, gone = (self.objects["contacts"].pop(number) for number in (primary, other))
        mails = [gone.properties["email"]] if gone.properties.get("email") else []
        olds = [
            *(old for each in (kept, gone) for old in _split(each.properties.get("hs_merged_object_ids"))),
            str(primary),
            str(other),
        ]
        properties = {key: value for key, value in kept.properties.items() if key != "hs_object_id"}
        properties["hs_merged_object_ids"] = ";".join(olds)
        properties["hs_additional_emails"] = ";".join([*_split(properties.get("hs_additional_emails")), *mails])
        survivor = self.add("contacts", **properties)
        for old in olds:
            self.merged[int(old)] = survivor
        for ticket, contacts in self.contacts_of.items():
            self.contacts_of[ticket] = [self.merged.get(contact, contact) for contact in contacts]
        return survivor

    def associate(self, ticket: int, *contacts: int) -> None:
        self.contacts_of[ticket] = list(contacts)
        self._touch("tickets", self.objects["tickets"][ticket])

    def _touch(self, kind: str, record: Record) -> None:
        record.properties[MODIFIED[kind]] = stamp(self.now)

    def answer(self, method: str, path: str, query: str, headers: Mapping[str, str], body: Any) -> Answer:
        """Status, headers and JSON."""
        if headers.get("Authorization") != f"Bearer {self.token}":
            return _fault(401, "INVALID_AUTHENTICATION", "Authentication credentials not found.")
        asked = {name: values[-1] for name, values in parse_qs(query).items()}
        match (method, path.strip("/").split("/")):
            case ("GET", ["crm", "v3", "properties", kind]):
                return self._within(kind, lambda: self._list_properties(kind))
            case ("GET", ["crm", "v3", "objects", kind]):
                return self._within(kind, lambda: self._list(kind, asked))
            case ("POST", ["crm", "v3", "objects", kind, "search"]):
                return self._within(kind, lambda: self._search(kind, body))
            case ("POST", ["crm", "v4", "associations", "tickets", "contacts", "batch", "read"]):
                return self._within("tickets", lambda: self._associations(body))
            case ("GET", ["email", "public", "v1", "events"]):
                return self._within("email", lambda: self._events(asked))
        return 404, {}, {"status": "error", "message": "not found"}

    def _within(self, scope: str, answer: Any) -> Answer:
        if scope not in {*self.properties, "email"}:
            return (
                404,
                {},
                {"status": "error", "message": "Unable to infer object type", "category": "OBJECT_NOT_FOUND"},
            )
        if scope not in self.scopes:
            return _fault(403, "MISSING_SCOPES", "This app hasn't been granted all required scopes.")
        found: Answer = answer()
        return found

    def _list_properties(self, kind: str) -> Answer:
        results = [
            {
                "name": name,
                "type": type_,
                "fieldType": "text",
                "archived": False,
                "hubspotDefined": name not in self.own_properties,
            }
            for name, type_ in self.properties[kind].items()
        ]
        return 200, {}, {"results": results}

    def _list(self, kind: str, asked: Mapping[str, str]) -> Answer:
        limit, after = int(asked.get("limit", 10)), int(asked.get("after", 0))
        if not 1 <= limit <= 100:
            return _fault(400, "VALIDATION_ERROR", "limit must be at most 100")
        is_archived = asked.get("archived") == "true"
        live = [
            record
            for number, record in sorted(self.objects[kind].items())
            if number > after and (record.archived_at is not None) == is_archived
        ]
        wanted = asked.get("properties", "").split(",")
        results = [self._show(kind, record, wanted) for record in live[:limit]]
        if asked.get("associations") == "contacts" and kind == "tickets":
            for shown in results:
                contacts = self.contacts_of.get(int(shown["id"]), [])
                if contacts:
                    found = [{"id": str(contact), "type": "ticket_to_contact"} for contact in contacts]
                    shown["associations"] = {"contacts": {"results": found}}
        return 200, _limits(), {"results": results, **_next(str(live[limit - 1].id) if len(live) > limit else None)}

    def _search(self, kind: str, body: Mapping[str, Any]) -> Answer:
        limit, after = int(body.get("limit", 10)), int(body.get("after") or 0)
        if limit > 200 or after + limit > self.most_results:
            return _fault(400, "VALIDATION_ERROR", "There was a problem with the request.")
        groups = [group["filters"] for group in body.get("filterGroups", [])]
        if len(groups) > 5 or any(len(filters) > 6 for filters in groups):
            return _fault(400, "VALIDATION_ERROR", "too many filters")
        found = [
            record
            for number, record in self.objects[kind].items()
            if record.archived_at is None
            and number not in self.unindexed
            and (not groups or any(all(self._fits(kind, record, one) for one in filters) for filters in groups))
        ]
        for sort in reversed(body.get("sorts") or [{"propertyName": "createdate", "direction": "ASCENDING"}]):
            name, is_descending = sort["propertyName"], sort.get("direction") == "DESCENDING"
            found.sort(key=lambda each: self._comparable(kind, name, each.properties.get(name)), reverse=is_descending)
        page = found[after : after + limit]
        results = [self._show(kind, record, body.get("properties") or []) for record in page]
        further = str(after + limit) if len(found) > after + limit else None
        return 200, {}, {"total": len(found), "results": results, **_next(further)}

    def _fits(self, kind: str, record: Record, one: Mapping[str, Any]) -> bool:
        name = one["propertyName"]
        value = record.properties.get(name)
        if value in (None, ""):
            return False
        mine = self._comparable(kind, name, value)
        if one["operator"] == "HAS_PROPERTY":
            return True
        other = self._comparable(kind, name, one["value"])
        if one["operator"] == "BETWEEN":
            return bool(other <= mine <= self._comparable(kind, name, one["highValue"]))
        return bool(
            {"EQ": operator.eq, "GT": operator.gt, "GTE": operator.ge, "LTE": operator.le}[one["operator"]](mine, other)
        )

    def _comparable(self, kind: str, name: str, value: str | None) -> Any:
        type_ = self.properties[kind].get(name, "string")
        if type_ == "number":
            return float(value or 0)
        if type_ == "datetime":
            if value and value.isdigit():
                return int(value)
            return round(datetime.fromisoformat(value).timestamp() * 1000) if value else 0
        return value or ""

    def _show(self, kind: str, record: Record, wanted: Iterable[str]) -> dict[str, Any]:
        defaults = {"hs_object_id", "createdate", MODIFIED[kind]}
        names = [name for name in self.properties[kind] if name in defaults or name in set(wanted)]
        shown = {
            "id": str(record.id),
            "properties": {name: record.properties.get(name) for name in names},
            "createdAt": record.properties["createdate"],
            "updatedAt": record.properties[MODIFIED[kind]],
            "archived": record.archived_at is not None,
        }
        return shown if record.archived_at is None else {**shown, "archivedAt": stamp(record.archived_at)}

    def _associations(self, body: Mapping[str, Any]) -> Answer:
        asked = [int(one["id"]) for one in body["inputs"]]
        if len(asked) > 1000:
            return _fault(400, "VALIDATION_ERROR", "at most 1000 inputs")
        types = [{"category": "HUBSPOT_DEFINED", "typeId": 16, "label": None}]
        results = [
            {
                "from": {"id": str(ticket)},
                "to": [{"toObjectId": contact, "associationTypes": types} for contact in self.contacts_of[ticket]],
            }
            for ticket in asked
            if self.contacts_of.get(ticket)
        ]
        lacking = [ticket for ticket in asked if not self.contacts_of.get(ticket)]
        errors = [
            {
                "status": "error",
                "category": "OBJECT_NOT_FOUND",
                "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                "message": f"No contact is associated with ticket {ticket}.",
                "context": {"fromObjectId": [str(ticket)]},
            }
            for ticket in lacking
        ]
        shown = {"status": "COMPLETE", "results": results}
        return (207, _limits(), {**shown, "numErrors": len(errors), "errors": errors}) if lacking else (200, {}, shown)

    def _events(self, asked: Mapping[str, str]) -> Answer:
        limit, offset = int(asked.get("limit", 10)), int(asked.get("offset") or 0)
        least, most = int(asked.get("startTimestamp", 0)), int(asked.get("endTimestamp", 10**15))
        found = sorted(
            (each for each in self.events if least <= each["created"] <= most),
            key=lambda each: (-each["created"], each["id"]),
        )
        page = found[offset : offset + limit]
        has_more = len(found) > offset + limit
        return 200, _limits(), {"hasMore": has_more, "offset": str(offset + limit), "events": page}


def stamp(moment: datetime) -> str:
    """As HubSpot writes moments."""
    return (moment + timedelta()).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def too_many(policy: str = "TEN_SECONDLY_ROLLING", seconds: int | None = 1) -> Answer:
    """The answer to one request too many."""
    headers = {} if seconds is None else {"Retry-After": str(seconds)}
    body = {"status": "error", "message": "You have reached your limit.", "errorType": "RATE_LIMIT"}
    return 429, headers, {**body, "policyName": policy, "correlationId": "c033cdaa"}


def _fault(status: int, category: str, message: str) -> Answer:
    return status, {}, {"status": "error", "message": message, "category": category, "correlationId": "c033cdaa"}


def _next(after: str | None) -> dict[str, Any]:
    return (
        {}
        if after is None
        else {"paging": {"next": {"after": after, "link": f"https://api.hubapi.com/?after={after}"}}}
    )


def _limits() -> dict[str, str]:
    return {"X-HubSpot-RateLimit-Remaining": "90", "X-HubSpot-RateLimit-Interval-Milliseconds": "10000"}


def _split(text: str | None) -> list[str]:
    return [part for part in (text or "").split(";") if part]
