"""A seller of Square in memory, who answers as its API v2 does: orders by searches, payments, customers, the catalogue.

Shapes and limits are those of Square's API reference.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from pipelines.pulls.connectors.square.api import write_moment

Answer = tuple[int, dict[str, str], Any]
PUBLIC = ("given_name", "family_name", "company_name", "email_address", "phone_number")
LONG_AGO = "1970-01-01T00:00:00.000Z"
FAR_AWAY = "2999-01-01T00:00:00.000Z"


@dataclass
class SquareSeller:
    """``now`` is the clock; ``page`` the most rows of any page."""

    token: str = "EAAA-needle"
    now: datetime = datetime(2026, 1, 20, 8, tzinfo=UTC)
    page: int = 1_000
    currency: str = "EUR"
    locations: list[dict[str, Any]] = field(default_factory=lambda: [location("L1", "Lyon"), location("L2", "Nice")])
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    payments: list[dict[str, Any]] = field(default_factory=list)
    refunds: list[dict[str, Any]] = field(default_factory=list)
    customers: dict[str, dict[str, Any]] = field(default_factory=dict)
    catalog: dict[str, dict[str, Any]] = field(default_factory=dict)

    # What happens in the shop.

    def add(self, **profile: Any) -> str:
        number = f"CUST{len(self.customers) + 1:03d}"
        self.customers[number] = {
            "id": number, "created_at": self.stamp, "updated_at": self.stamp, "creation_source": "THIRD_PARTY",
            "preferences": {"email_unsubscribed": False}, "version": 1, **profile,
        }  # fmt: skip
        return number

    def sell(self, *lines: dict[str, Any], at: str = "L1", paid: bool = True, **more: Any) -> str:
        """A sale that is closed at once."""
        tip = more.pop("tip", 0)
        number = f"ORDER{len(self.orders) + 1:04d}"
        order = {
            "id": number, "location_id": at, "state": "COMPLETED", "version": 4, "source": {"name": "Square POS"},
            "created_at": self.stamp, "updated_at": self.stamp, "closed_at": self.stamp,
            **({"line_items": list(lines)} if lines else {}),
            **self._sum(lines, tip),
            **more,
        }  # fmt: skip
        total = order["total_money"]["amount"]
        if paid:
            order["tenders"] = [
                {"id": f"T{number}", "location_id": at, "type": "CARD", "amount_money": self.money(total),
                 "tip_money": self.money(tip), "payment_id": f"P{number}", **each}
                for each in more.get("tenders", [{}])
            ]  # fmt: skip
            self.payments.append(
                {"id": f"P{number}", "order_id": number, "location_id": at, "status": "COMPLETED",
                 "created_at": self.stamp, "updated_at": self.stamp, "total_money": self.money(total)}
            )  # fmt: skip
        self.orders[number] = order
        return number

    def take_back(
        self, source: str, *lines: dict[str, Any], bought: tuple[dict[str, Any], ...] = (), **more: Any
    ) -> str:
        """A refund of lines, an order of its own; with what is ``bought`` instead, an exchange."""
        at = self.orders[source]["location_id"]
        tip = more.pop("tip", 0)
        back = {name.removeprefix("total_"): value for name, value in self._sum(lines, tip).items()} | {
            "total_money": self._sum(lines, tip)["total_money"]
        }
        number = self.sell(
            *bought, at=at, paid=False,
            returns=[{"uid": "r1", "source_order_id": source, "return_line_items": [turned(each) for each in lines]}],
            return_amounts=back, **more,
        )  # fmt: skip
        owed = back["total_money"]["amount"] - self.orders[number]["total_money"]["amount"]
        if owed > 0:
            refund = {"id": f"R{number}", "order_id": number, "location_id": at, "status": "COMPLETED",
                      "created_at": self.stamp, "updated_at": self.stamp, "amount_money": self.money(owed)}  # fmt: skip
            self.refunds.append(refund)
            self.orders[number]["refunds"] = [
                {"id": f"R{number}", "location_id": at, "reason": "too small", "amount_money": self.money(owed),
                 "status": "APPROVED", "tender_id": f"T{source}"}
            ]  # fmt: skip
        return number

    def edit(self, number: str, **values: Any) -> None:
        self.orders[number] |= {**values, "updated_at": self.stamp}

    def offer(self, number: str, item: str, *, sku: str | None = None, price: int | None = None, **more: Any) -> None:
        """A variation of an item of a category of the item's name."""
        self.catalog[f"C{item}"] = {"type": "CATEGORY", "id": f"C{item}", "category_data": {"name": f"All {item}"}}
        self.catalog[f"I{item}"] = {
            "type": "ITEM", "id": f"I{item}", "updated_at": self.stamp,
            "item_data": {"name": item, "categories": [{"id": f"C{item}"}]},
        }  # fmt: skip
        self.catalog[number] = {
            "type": "ITEM_VARIATION", "id": number, "updated_at": self.stamp, "is_deleted": False,
            "item_variation_data": {
                "item_id": f"I{item}", "name": more.get("name", "Regular"), "pricing_type": "FIXED_PRICING",
                **({"sku": sku} if sku else {}),
                **({"price_money": self.money(price)} if price is not None else {}),
            },
            **{key: value for key, value in more.items() if key != "name"},
        }  # fmt: skip

    @property
    def stamp(self) -> str:
        return write_moment(self.now)

    def rest(self, **time: float) -> None:
        self.now += timedelta(**time)

    def money(self, amount: int) -> dict[str, Any]:
        return {"amount": amount, "currency": self.currency}

    def line(self, name: str, amount: int, quantity: str = "1", **more: Any) -> dict[str, Any]:
        """A line of goods whose price has its tax; ``amount`` is after all discounts."""
        discount = more.pop("discount", 0)
        gross = more.pop("gross", amount + discount)
        return {
            "uid": f"u{name}", "catalog_object_id": f"V{name}", "name": name, "quantity": quantity, "item_type": "ITEM",
            "variation_name": "Regular", "base_price_money": self.money(gross), "gross_sales_money": self.money(gross),
            "total_tax_money": self.money(more.pop("tax", 0)), "total_discount_money": self.money(discount),
            "total_money": self.money(amount), **more,
        }  # fmt: skip

    def _sum(self, lines: tuple[dict[str, Any], ...], tip: int) -> dict[str, Any]:
        def added(name: str) -> int:
            return sum(each[name]["amount"] for each in lines)

        return {
            "total_money": self.money(added("total_money") + tip),
            "total_tax_money": self.money(added("total_tax_money")),
            "total_discount_money": self.money(added("total_discount_money")),
            "total_tip_money": self.money(tip),
            "total_service_charge_money": self.money(0),
        }

    # What the API answers.

    def answer(self, method: str, path: str, query: str, headers: Mapping[str, str], body: Any) -> Answer:
        if headers.get("Authorization") != f"Bearer {self.token}":
            return 401, {}, problem("AUTHENTICATION_ERROR", "UNAUTHORIZED")
        if not headers.get("Square-Version"):
            return 400, {}, problem("INVALID_REQUEST_ERROR", "BAD_REQUEST")
        asked = {name: values[-1] for name, values in parse_qs(query).items()} if method == "GET" else body
        match method, path:
            case "GET", "/v2/locations":
                return 200, {}, {"locations": self.locations}
            case "POST", "/v2/orders/search":
                return self._search(asked)
            case "POST", "/v2/orders/batch-retrieve":
                found = [self.orders[number] for number in asked["order_ids"] if number in self.orders]
                return 200, {}, {"orders": found} if found else {}
            case "GET", "/v2/customers":
                return self._list_customers(asked)
            case "GET", "/v2/payments":
                return self._list_moneys("payments", self.payments, asked)
            case "GET", "/v2/refunds":
                return self._list_moneys("refunds", self.refunds, asked)
            case "POST", "/v2/catalog/search":
                found = [each for each in self.catalog.values() if each["type"] in asked["object_types"]]
                status, more, page = self._page("objects", found, asked, 1_000)
                return status, more, {**page, "latest_time": self.stamp}
        return 404, {}, problem("INVALID_REQUEST_ERROR", "NOT_FOUND")

    def _search(self, asked: Mapping[str, Any]) -> Answer:
        query = asked["query"]
        [(stamp, times)] = query["filter"]["date_time_filter"].items()
        if query["sort"]["sort_field"] != stamp.upper() or not 1 <= len(asked["location_ids"]) <= 10:
            return 400, {}, problem("INVALID_REQUEST_ERROR", "BAD_REQUEST")
        first, last = times.get("start_at", LONG_AGO), times.get("end_at", FAR_AWAY)
        found = sorted(
            (
                order
                for order in self.orders.values()
                if order["location_id"] in asked["location_ids"]
                and order["state"] in query["filter"]["state_filter"]["states"]
                and first <= order.get(stamp, LONG_AGO) <= last
            ),
            key=lambda order: (order[stamp], order["id"]),
            reverse=query["sort"].get("sort_order") != "ASC",
        )
        if asked.get("return_entries"):
            entries = [
                {"order_id": each["id"], "version": each["version"], "location_id": each["location_id"]}
                for each in found
            ]
            return self._page("order_entries", entries, asked, 1_000)
        return self._page("orders", found, asked, 1_000)

    def _list_customers(self, asked: Mapping[str, Any]) -> Answer:
        found = sorted(self.customers.values(), key=lambda each: (each["created_at"], each["id"]))
        status, headers, document = self._page("customers", found, asked, 100)
        if asked.get("count") == "true":
            document["count"] = sum(any(each.get(name) for name in PUBLIC) for each in found)
        return status, headers, document

    def _list_moneys(self, name: str, all_of_them: list[dict[str, Any]], asked: Mapping[str, Any]) -> Answer:
        found = [
            each
            for each in all_of_them
            if each["location_id"] == asked["location_id"]
            and asked["begin_time"] <= each["created_at"] <= asked["end_time"]
        ]
        return self._page(name, found, asked, 100)

    def _page(self, name: str, found: list[dict[str, Any]], asked: Mapping[str, Any], most: int) -> Answer:
        limit = int(asked.get("limit", most))
        if not 1 <= limit <= most:
            return 400, {}, problem("INVALID_REQUEST_ERROR", "VALUE_TOO_HIGH")
        limit = min(limit, self.page)
        start = int(json.loads(b64decode(asked["cursor"]))["from"]) if asked.get("cursor") else 0
        page, end = found[start : start + limit], start + limit
        following = {"cursor": b64encode(json.dumps({"from": end}).encode()).decode()} if end < len(found) else {}
        return 200, {}, {**({name: page} if page else {}), **following}


def location(number: str, name: str) -> dict[str, Any]:
    return {
        "id": number,
        "name": name,
        "address": {"address_line_1": "1 rue Longue", "locality": name, "postal_code": "69003", "country": "FR"},
        "coordinates": {"latitude": 45.76, "longitude": 4.85},
        "status": "ACTIVE",
        "created_at": "2020-01-01T08:00:00.000Z",
    }


def turned(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line as it comes back."""
    told = {**line, "source_line_item_uid": line["uid"], "gross_return_money": line["gross_sales_money"]}
    return {name: value for name, value in told.items() if name != "gross_sales_money"}


def problem(category: str, code: str) -> dict[str, Any]:
    return {"errors": [{"category": category, "code": code, "detail": "Qzneedle"}]}


def too_many(seconds: int = 1) -> Answer:
    return 429, {"Retry-After": str(seconds)}, problem("RATE_LIMIT_ERROR", "RATE_LIMITED")
