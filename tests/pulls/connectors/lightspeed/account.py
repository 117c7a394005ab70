"""A retailer of Lightspeed X-Series in memory, who answers as its API 2.0 does: lists by versions, and a search.

Shapes are those of Lightspeed's API reference and of answers in public code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

Answer = tuple[int, dict[str, str], Any]
DISCOUNT = "0698ab21-dddd"
GIFT_CARD = "0698ab21-gggg"
WALK_IN = "0698ab21-wwww"
TAX = 0.2
EMPTY = {
    "customers": ("email", "phone", "mobile", "date_of_birth", "company_name", "physical_city", "physical_postcode"),
    "products": ("sku", "variant_name", "product_category", "brand"),
}
"""What is there, and null, where nobody gave it."""


@dataclass
class Retailer:
    """``now`` is the clock; ``lists`` have a row per id, and ``version`` the highest that there is."""

    token: str = "lsxs_pt_needle"
    now: datetime = datetime(2026, 1, 20, 8, tzinfo=UTC)
    version: int = 28_900_000_000
    lists: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: {name: {} for name in ("sales", "customers", "products", "outlets")}
    )

    def __post_init__(self) -> None:
        self.put("products", DISCOUNT, name="Discount", handle="vend-discount", sku="vend-discount")
        self.put("products", GIFT_CARD, name="Gift Card", sku="vend-internal-gift-card")
        self.put("outlets", "OUT1", name="Lyon", physical_city="Lyon", physical_postcode="69003")
        self.put("outlets", "OUT2", name="Nice", physical_city="Nice", physical_postcode="06000")
        self.put("customers", WALK_IN, customer_code="WALKIN", first_name="", last_name="")

    # What happens in the shop.

    def put(self, table: str, number: str, /, **values: Any) -> str:
        """A row, or a new version of it."""
        self.version += 7
        empty = {"id": number, "created_at": self.stamp, "deleted_at": None, **dict.fromkeys(EMPTY.get(table, ()))}
        before = self.lists[table].get(number, empty)
        self.lists[table][number] = {**before, "updated_at": self.stamp, **values, "version": self.version}
        return number

    def delete(self, name: str, number: str) -> None:
        self.put(name, number, deleted_at=self.stamp)

    def offer(self, number: str, name: str, sku: str | None, price: float, **more: Any) -> None:
        self.put(
            "products", number, name=name, sku=sku, handle=name.lower(), price_including_tax=price,
            product_category={"id": "c", "name": "Savons", "category_path": [{"name": "Soin"}, {"name": "Savons"}]},
            brand={"id": "b", "name": "Atelier Nord"}, **more,
        )  # fmt: skip

    def sell(self, *lines: dict[str, Any], status: str = "CLOSED", at: str = "OUT1", **more: Any) -> str:
        number = f"SALE{len(self.lists['sales']) + 1:04d}"
        net, tax = (sum(each[name] for each in lines) for name in ("price_total", "tax_total"))
        sale = {
            "outlet_id": at, "register_id": "R1", "user_id": "U1", "customer_id": WALK_IN, "source": "USER",
            "status": status, "return_for": None, "sale_date": self.stamp, "note": "",
            "line_items": [{**each, "id": f"{number}-{place}", "sequence": place} for place, each in enumerate(lines)],
            "payments": [{"id": f"P{number}", "name": "Cash", "amount": round(net + tax, 2)}],
            "total_price": round(net, 5), "total_tax": round(tax, 5), "total_loyalty": 0,
        }  # fmt: skip
        return self.put("sales", number, **{**sale, **more})

    def line(
        self, product: str, price: float, quantity: float = 1, *, discount: float = 0, **more: Any
    ) -> dict[str, Any]:
        """A line whose ``price`` of one, after its discount, is without tax."""
        return {
            "product_id": product, "quantity": quantity, "price": price, "price_total": round(price * quantity, 5),
            "tax": round(price * TAX, 5), "tax_total": round(price * quantity * TAX, 5), "discount": discount,
            "discount_total": round(discount * quantity, 5), "cost": 1, "status": "CONFIRMED", "note": None,
            "return_reason": None, "is_return": quantity < 0, **more,
        }  # fmt: skip

    @property
    def stamp(self) -> str:
        return self.now.isoformat(timespec="seconds")

    def rest(self, **time: float) -> None:
        self.now += timedelta(**time)

    # What the API answers.

    def answer(self, method: str, path: str, query: str, headers: Mapping[str, str], body: Any) -> Answer:  # noqa: ARG002
        if headers.get("Authorization") != f"Bearer {self.token}":
            return 401, {}, {"error": "Qzneedle"}
        asked = {name: values[-1] for name, values in parse_qs(query).items()}
        name = path.removeprefix("/api/2.0/")
        if name == "retailer":
            return 200, {}, {"data": {"id": "RET", "domain_prefix": "moda", "discount_product_id": DISCOUNT}}
        if name == "search" and asked.get("type") == "sales":
            return self._search(asked)
        if name not in self.lists:
            return 404, {}, {"error": "Qzneedle"}
        after, limit = int(asked.get("after", 0)), int(asked.get("page_size", 50))
        found = sorted(
            (each for each in self.lists[name].values() if each["version"] > after), key=lambda each: each["version"]
        )
        if name != "sales" and asked.get("deleted") != "true":
            found = [each for each in found if each["deleted_at"] is None]
        page = found[:limit]
        versions = [each["version"] for each in page]
        told = {"min": min(versions), "max": max(versions)} if page else {"min": None, "max": None}
        return 200, {}, {"data": page, "version": told}

    def _search(self, asked: Mapping[str, str]) -> Answer:
        first, last = (datetime.fromisoformat(asked[name]) for name in ("date_from", "date_to"))
        found = [
            each
            for each in self.lists["sales"].values()
            if first <= datetime.fromisoformat(each["sale_date"]) <= last
            and each["status"].endswith("CLOSED")
            and each["deleted_at"] is None
        ]
        offset, limit = int(asked.get("offset", 0)), int(asked.get("page_size", 50))
        return 200, {}, {"data": found[offset : offset + limit]}


def too_many(seconds: int = 1) -> Answer:
    return 429, {"Retry-After": str(seconds)}, {"error": "Qzneedle"}
