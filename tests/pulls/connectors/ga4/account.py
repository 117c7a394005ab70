"""BigQuery in memory, with the dataset of a GA4 property, which answers as its REST API v2 does; and Google's tokens.

Cells have no names, whole numbers are texts, tables are listed and rows are read page by page.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qs

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

Answer = tuple[int, dict[str, str], Any]
PROJECT, DATASET = "shop-1234", "analytics_77"
EMAIL = "parcours@shop-1234.iam.example.com"


def column(name: str, type_: str = "STRING", *fields: dict[str, Any], mode: str = "NULLABLE") -> dict[str, Any]:
    return {"name": name, "type": type_, "mode": mode, **({"fields": list(fields)} if fields else {})}


VALUE = column("value", "RECORD", column("string_value"), column("int_value", "INTEGER"))
SCHEMA = [
    column("event_date"),
    column("event_timestamp", "INTEGER"),
    column("event_name"),
    column("event_params", "RECORD", column("key"), VALUE, mode="REPEATED"),
    column("user_id"),
    column("user_pseudo_id"),
    column("user_properties", "RECORD", column("key"), VALUE, mode="REPEATED"),
    column("device", "RECORD", column("category"), column("advertising_id")),
    column("geo", "RECORD", column("city")),
    column("platform"),
    column("ecommerce", "RECORD", column("transaction_id"), column("purchase_revenue", "FLOAT")),
    column("items", "RECORD", column("item_id"), column("item_name"), column("item_list_id"), mode="REPEATED"),
    column("collected_traffic_source", "RECORD", column("manual_source"), column("manual_medium"), column("gclid")),
]


@dataclass
class Table:
    modified: datetime
    rows: list[dict[str, Any]] = field(default_factory=list)
    schema: list[dict[str, Any]] = field(default_factory=lambda: list(SCHEMA))


@cache
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def key_file() -> str:
    """The key of a service account, as Google's console gives it."""
    pem = private_key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    told = {"type": "service_account", "project_id": PROJECT, "private_key_id": "1", "private_key": pem.decode()}
    return json.dumps({**told, "client_email": EMAIL, "token_uri": "https://elsewhere.example.com/token"})


@dataclass
class BigQuery:
    """``now`` is the clock, ``page`` how many rows or tables a page has at the most."""

    now: datetime = datetime(2026, 1, 10, 12, tzinfo=UTC)
    tables: dict[str, Table] = field(default_factory=dict)
    token: str = "ya29.needle"
    page: int = 4
    is_key_known: bool = True
    may_read: bool = True

    def write(self, day: date, *rows: dict[str, Any]) -> Table:
        """Rows beside those that the table of a day has already."""
        table = self.tables.setdefault(f"events_{day:%Y%m%d}", Table(self.now))
        table.rows += [{"event_date": f"{day:%Y%m%d}", **row} for row in rows]
        table.modified = self.now
        return table

    def answer(self, method: str, path: str, query: str, headers: Mapping[str, str], body: Any) -> Answer:
        if (method, path) == ("POST", "/token"):
            return self._give_token({name: values[-1] for name, values in parse_qs(body).items()})
        if headers.get("Authorization") != f"Bearer {self.token}":
            return 401, {}, fault(401, "authError")
        tables = f"/bigquery/v2/projects/{PROJECT}/datasets/{DATASET}/tables"
        if method != "GET" or not path.startswith(tables):
            return 404, {}, fault(404, "notFound")
        if not self.may_read:
            return 403, {}, fault(403, "accessDenied")
        asked = {name: values[-1] for name, values in parse_qs(query).items()}
        parts = path.removeprefix(tables).strip("/").split("/")
        if parts == [""]:
            return 200, {}, self._list(asked)
        if parts[0] not in self.tables:
            return 404, {}, fault(404, "notFound")
        table = self.tables[parts[0]]
        return 200, {}, self._list_rows(table, asked) if parts[1:] == ["data"] else _describe(table)

    def _give_token(self, asked: Mapping[str, str]) -> Answer:
        head, claims, signature = asked["assertion"].split(".")
        private_key().public_key().verify(
            _decode(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256()
        )
        told = json.loads(_decode(claims))
        assert told["iss"] == EMAIL
        assert told["aud"] == "https://oauth2.googleapis.com/token"
        assert told["scope"] == "https://www.googleapis.com/auth/bigquery.readonly"
        if not self.is_key_known:
            return 400, {}, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
        return 200, {}, {"access_token": self.token, "expires_in": 3599, "token_type": "Bearer"}

    def _list(self, asked: Mapping[str, str]) -> dict[str, Any]:
        names = sorted(self.tables)
        first = int(asked.get("pageToken", "0"))
        page = names[first : first + min(self.page, int(asked["maxResults"]))]
        following = first + len(page)
        return {
            "kind": "bigquery#tableList",
            "totalItems": len(names),
            **({"nextPageToken": str(following)} if following < len(names) else {}),
            **({"tables": [_refer(name) for name in page]} if page else {}),
        }

    def _list_rows(self, table: Table, asked: Mapping[str, str]) -> dict[str, Any]:
        chosen = set(asked["selectedFields"].split(","))
        fields = [each for each in table.schema if each["name"] in chosen]
        assert chosen == {each["name"] for each in fields}
        first = int(asked.get("pageToken", "0"))
        page = table.rows[first : first + min(self.page, int(asked["maxResults"]))]
        following = first + len(page)
        return {
            "kind": "bigquery#tableDataList",
            "totalRows": str(len(table.rows)),
            **({"pageToken": str(following)} if following < len(table.rows) else {}),
            **(
                {"rows": [{"f": [_write(row.get(each["name"]), each) for each in fields]} for row in page]}
                if page
                else {}
            ),
        }


def _refer(name: str) -> dict[str, Any]:
    return {
        "id": f"{PROJECT}:{DATASET}.{name}",
        "tableReference": {"projectId": PROJECT, "datasetId": DATASET, "tableId": name},
        "type": "TABLE",
    }


def _describe(table: Table) -> dict[str, Any]:
    return {
        "numRows": str(len(table.rows)),
        "lastModifiedTime": str(int(table.modified.timestamp() * 1_000)),
        "schema": {"fields": table.schema},
    }


def _write(value: Any, of: Mapping[str, Any]) -> dict[str, Any]:
    """A cell: of what is repeated a list of cells."""
    if of["mode"] == "REPEATED":
        return {"v": [_write(each, {**of, "mode": "NULLABLE"}) for each in value or []]}
    if value is None:
        return {"v": None}
    if of["type"] == "RECORD":
        return {"v": {"f": [_write(value.get(each["name"]), each) for each in of["fields"]]}}
    return {"v": str(value)}


def _decode(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def fault(status: int, reason: str) -> dict[str, Any]:
    return {"error": {"code": status, "message": "Qzneedle", "errors": [{"reason": reason, "message": "Qzneedle"}]}}
