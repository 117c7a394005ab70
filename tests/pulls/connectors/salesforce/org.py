"""An org of Salesforce in memory, which answers as its REST API does: tokens, describe, SOQL in pages.

Shapes and limits are those of Salesforce's REST API and SOQL references. It understands the SOQL that is asked of it:
fields or counts of one object, conditions joined by AND, groups by day, an order.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote

Answer = tuple[int, dict[str, str], Any]
MOST_GROUPS = 2_000
"""Rows of a query that groups: there is no next page of those."""

_SHARED = {"Id": "id", "IsDeleted": "boolean", "CreatedDate": "datetime", "SystemModstamp": "datetime"}
FIELDS = {
    "Contact": {
        **_SHARED,
        "MasterRecordId": "reference",
        "LastName": "string",
        "FirstName": "string",
        "Salutation": "picklist",
        "Email": "email",
        "Phone": "phone",
        "MobilePhone": "phone",
        "HomePhone": "phone",
        "OtherPhone": "phone",
        "Birthdate": "date",
        "MailingStreet": "textarea",
        "MailingPostalCode": "string",
        "MailingCity": "string",
        "MailingCountry": "string",
        "MailingAddress": "address",
        "HasOptedOutOfEmail": "boolean",
        "DoNotCall": "boolean",
        "IndividualId": "reference",
    },
    "Case": {
        **_SHARED,
        "CaseNumber": "string",
        "ContactId": "reference",
        "Origin": "picklist",
        "Type": "picklist",
        "Reason": "picklist",
        "Status": "picklist",
        "IsClosed": "boolean",
        "ClosedDate": "datetime",
        "Subject": "string",
        "Description": "textarea",
    },
    "ContactPointTypeConsent": {
        **_SHARED,
        "PartyId": "reference",
        "ContactPointType": "picklist",
        "PrivacyConsentStatus": "picklist",
        "CaptureDate": "datetime",
        "EffectiveFrom": "datetime",
        "Name": "string",
    },
}
PREFIXES = {"Contact": "003", "Case": "500", "ContactPointTypeConsent": "0ZX"}


@dataclass
class SalesforceOrg:
    """``now`` is the org's clock. ``page``: rows of one answer. Fields in ``hidden`` may not be read by this user."""

    client_id: str = "client-id"
    client_secret: str = "salesforce-secret-needle"
    now: datetime = datetime(2026, 1, 1, 8, tzinfo=UTC)
    fields: dict[str, dict[str, str]] = field(default_factory=lambda: {name: dict(of) for name, of in FIELDS.items()})
    rows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: {name: {} for name in FIELDS})
    page: int = 2_000
    most_groups: int = MOST_GROUPS
    tokens: set[str] = field(default_factory=set)
    cursors: dict[str, tuple[str, list[dict[str, Any]], int]] = field(default_factory=dict)
    count: int = 0

    def add(self, name: str = "Contact", **values: Any) -> str:
        self.count += 1
        number = long_id(f"{PREFIXES[name]}Ab0000{self.count:06d}")
        defaults = {"Id": number, "IsDeleted": False, "CreatedDate": self.now, "SystemModstamp": self.now}
        self.rows[name][number] = {**defaults, **values}
        return number

    def edit(self, name: str, number: str, **values: Any) -> None:
        self.rows[name][number] |= {"SystemModstamp": self.now, **values}

    def delete(self, name: str, number: str) -> None:
        """Into the recycle bin."""
        self.edit(name, number, IsDeleted=True)

    def purge(self, name: str, number: str) -> None:
        """Out of the recycle bin, for good."""
        del self.rows[name][number]

    def merge(self, master: str, other: str) -> None:
        """``other`` goes to the recycle bin, its cases to ``master``."""
        self.edit("Contact", other, IsDeleted=True, MasterRecordId=master)
        self.edit("Contact", master)
        for number, row in self.rows["Case"].items():
            if row.get("ContactId") == other:
                self.edit("Case", number, ContactId=master)

    def expire_tokens(self) -> None:
        self.tokens.clear()

    def answer(self, method: str, path: str, query: str, headers: Mapping[str, str], body: Any) -> Answer:
        """Status, headers and JSON."""
        if (method, path) == ("POST", "/services/oauth2/token"):
            return self._give_token(body)
        if headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return 401, {}, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
        told = {"Sforce-Limit-Info": "api-usage=18/15000"}
        found = re.fullmatch(r"/services/data/v\d+\.0/(.*?)/?", path)
        assert found, path
        assert method == "GET", method
        match found[1].split("/"):
            case [""]:
                status, shown = 200, {"sobjects": "/services/data/v60.0/sobjects"}
            case ["sobjects", name, "describe"]:
                status, shown = self._describe(name)
            case ["query" | "queryAll" as how]:
                status, shown = self._query(unquote(parse_qs(query)["q"][0]), everything=how == "queryAll")
            case ["query" | "queryAll", cursor]:
                status, shown = self._go_on(cursor)
            case _:
                status, shown = 404, [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]
        return status, told, shown

    def _give_token(self, body: Any) -> Answer:
        asked = parse_qs(body if isinstance(body, str) else "")
        if asked.get("grant_type") != ["client_credentials"]:
            return 400, {}, {"error": "unsupported_grant_type", "error_description": "grant type not supported"}
        if (asked.get("client_id"), asked.get("client_secret")) != ([self.client_id], [self.client_secret]):
            return 400, {}, {"error": "invalid_client", "error_description": "invalid client credentials"}
        self.count += 1
        token = f"00Dneedle!{self.count}"
        self.tokens.add(token)
        return 200, {}, {
            "access_token": token,
            "instance_url": "https://elsewhere.my.salesforce.com",
            "token_type": "Bearer",
            "issued_at": "1767254400000",
        }  # fmt: skip

    def _describe(self, name: str) -> tuple[int, Any]:
        if name not in self.fields:
            return 404, [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]
        fields = [{"name": one, "type": type_, "nillable": True} for one, type_ in self.fields[name].items()]
        return 200, {"name": name, "queryable": True, "fields": fields}

    def _query(self, soql: str, *, everything: bool) -> tuple[int, Any]:
        asked = re.fullmatch(
            r"SELECT (?P<what>.+?) FROM (?P<name>\w+)(?: WHERE (?P<where>.+?))?"
            r"(?: GROUP BY (?P<group>.+?))?(?: ORDER BY (?P<order>.+?))?(?: LIMIT (?P<limit>\d+))?",
            " ".join(soql.split()),
        )
        if asked is None:
            return 400, [{"errorCode": "MALFORMED_QUERY", "message": "unexpected token"}]
        name = asked["name"]
        if name not in self.fields:
            return 400, [{"errorCode": "INVALID_TYPE", "message": f"sObject type '{name}' is not supported."}]
        rows = [row for row in self.rows[name].values() if everything or not row["IsDeleted"]]
        for condition in asked["where"].split(" AND ") if asked["where"] else ():
            fits = self._read_condition(name, condition)
            if fits is None:
                return 400, [{"errorCode": "INVALID_FIELD", "message": f"No such column in '{condition}'"}]
            rows = [row for row in rows if fits(row)]
        if asked["what"] == "COUNT()":
            return 200, {"totalSize": len(rows), "done": True, "records": []}
        if asked["group"]:
            return self._count_days(asked["what"], rows)
        wanted = [each.strip() for each in asked["what"].split(",")]
        lacking = [each for each in wanted if each not in self.fields[name]]
        if lacking:
            return 400, [{"errorCode": "INVALID_FIELD", "message": f"No such column '{lacking[0]}' on '{name}'"}]
        for column in reversed(asked["order"].split(",") if asked["order"] else []):
            name_of, _, direction = column.strip().partition(" ")
            rows.sort(key=lambda row: str(row.get(name_of)), reverse=direction == "DESC")
        rows = rows[: int(asked["limit"])] if asked["limit"] else rows
        attributes = {"type": name}
        shown = [{"attributes": attributes, **{each: _write(row.get(each)) for each in wanted}} for row in rows]
        return self._give_page("01gNEXT", shown, 0)

    def _read_condition(self, name: str, condition: str) -> Callable[[dict[str, Any]], bool] | None:
        found = re.fullmatch(r"(\w+) (>=|<=|>|<|=|!=) ('?)([^']*)'?", condition.strip())
        assert found, condition
        column, operator, quote, text = found.groups()
        if column not in self.fields[name]:
            return None
        value: Any = text
        if not quote:
            value = {"true": True, "false": False, "null": None}.get(text.lower(), text)
            if isinstance(value, str):
                value = datetime.fromisoformat(value)
        compare: dict[str, Callable[[Any], bool]] = {
            "=": lambda mine: bool(mine == value),
            "!=": lambda mine: bool(mine != value),
            ">=": lambda mine: mine is not None and bool(mine >= value),
            "<=": lambda mine: mine is not None and bool(mine <= value),
            ">": lambda mine: mine is not None and bool(mine > value),
            "<": lambda mine: mine is not None and bool(mine < value),
        }
        return lambda row: compare[operator](row.get(column))

    def _count_days(self, what: str, rows: list[dict[str, Any]]) -> tuple[int, Any]:
        found = re.fullmatch(r"DAY_ONLY\((\w+)\) (\w+), COUNT\(Id\) (\w+)", what)
        assert found, what
        column, day, count = found.groups()
        days = Counter(row[column].astimezone(UTC).date() if row.get(column) else None for row in rows)
        if len(days) > self.most_groups:
            return 400, [{"errorCode": "EXCEEDED_ID_LIMIT", "message": "Aggregate query does not support queryMore()"}]
        records = [
            {"attributes": {"type": "AggregateResult"}, day: _write(each), count: number}
            for each, number in sorted(days.items(), key=lambda one: str(one[0]))
        ]
        return 200, {"totalSize": len(records), "done": True, "records": records}

    def _give_page(self, cursor: str, rows: list[dict[str, Any]], start: int) -> tuple[int, Any]:
        page = rows[start : start + self.page]
        shown: dict[str, Any] = {"totalSize": len(rows), "done": start + self.page >= len(rows), "records": page}
        if not shown["done"]:
            self.count += 1
            following = f"{cursor}{self.count}-{start + self.page}"
            self.cursors[following] = (cursor, rows, start + self.page)
            shown["nextRecordsUrl"] = f"/services/data/v60.0/query/{following}"
        return 200, shown

    def _go_on(self, cursor: str) -> tuple[int, Any]:
        if cursor not in self.cursors:
            return 400, [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}]
        return self._give_page(*self.cursors[cursor])


def long_id(short: str) -> str:
    """Fifteen characters as the eighteen that say which of them are capitals."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    parts = [short[start : start + 5] for start in (0, 5, 10)]
    return short + "".join(digits[sum(1 << place for place, one in enumerate(part) if one.isupper())] for part in parts)


def limit_exceeded() -> Answer:
    """The answer where the requests of the day are used up."""
    return 403, {}, [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]


def _write(value: Any) -> Any:
    if isinstance(value, datetime):
        return (value + timedelta()).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
    return value.isoformat() if isinstance(value, date) else value
