"""What Square's catalogue sells: the variations of its items, those that were deleted too, since tickets name them.

All of it every night. Square does not count it.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pipelines.pulls.connectors.square.api import SquareApi
from pipelines.pulls.connectors.square.money import read_money
from pipelines.pulls.errors import TableError
from pipelines.pulls.web.rows import declare
from pipelines.pulls.web.shapes import reach, read_known
from pipelines.pulls.web.table import WebTable

PAGE = 1_000
COLUMNS = declare(
    id="text", item_id="text", item_name="text", variation_name="text", sku="text", category="text", price="decimal",
    currency="text", is_deleted="boolean", updated_at="timestamptz",
)  # fmt: skip


class Catalogue(WebTable):
    """One row per variation of an item."""

    def __init__(self, api: SquareApi, began: datetime, shown: str) -> None:
        super().__init__(shown, COLUMNS, began)
        self._api = api

    def fetch(self, since: datetime | None, most: int | None) -> Iterator[Mapping[str, Any]]:  # noqa: ARG002
        asked = {
            "object_types": ["ITEM", "ITEM_VARIATION", "CATEGORY"],
            "include_deleted_objects": True,
            "limit": PAGE,
        }
        found: dict[str, dict[str, Mapping[str, Any]]] = {"ITEM": {}, "ITEM_VARIATION": {}, "CATEGORY": {}}
        for page in self._api.read_pages("POST", "catalog/search", "objects", self.shown, asked):
            for each in page:
                if each.get("type") not in list(found):  # It may be of any kind.
                    raise TableError(f"{self.shown} has objects of a type that was not asked for.")
                found[each["type"]][each["id"]] = each
        for variation in found["ITEM_VARIATION"].values():
            yield read_known(lambda told: _flatten(told, found["ITEM"], found["CATEGORY"]), variation, self.shown)


def _flatten(
    variation: Mapping[str, Any], items: Mapping[str, Mapping[str, Any]], categories: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Raises KeyError, TypeError, AttributeError where it has another shape."""
    told = variation["item_variation_data"]
    item = reach(items.get(told["item_id"]), "item_data") or {}
    price = told.get("price_money")  # Of a variable price there is none.
    return {
        "id": variation["id"],
        "item_id": told["item_id"],
        "item_name": item.get("name"),
        "variation_name": told.get("name"),
        "sku": told.get("sku") or None,
        "category": reach(categories.get(_category_of(item)), "category_data", "name"),
        "price": None if price is None else read_money(price),
        "currency": None if price is None else price["currency"],
        "is_deleted": variation.get("is_deleted", False),
        "updated_at": variation["updated_at"],
    }


def _category_of(item: Mapping[str, Any]) -> str:
    """The one that reports go by, else the first that it is in, else that of items of former years."""
    listed = item.get("categories") or [{}]
    found = reach(item, "reporting_category", "id") or listed[0].get("id") or item.get("category_id")
    return found if isinstance(found, str) else ""
