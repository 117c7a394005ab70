"""What sales are to, of and in: customers, products and outlets. Lightspeed counts none of them."""

from typing import Any

from pipelines.config.pulls import Pull
from pipelines.pulls.connectors.lightspeed.api import LightspeedApi
from pipelines.pulls.connectors.lightspeed.versions import VersionedTable
from pipelines.pulls.web.rows import declare
from pipelines.pulls.web.shapes import reach


class Customers(VersionedTable):
    """One row per customer, WALKIN among them: the customer of sales to nobody."""

    needed = frozenset({"customer_code", "first_name", "last_name", "email", "phone", "mobile", "deleted_at"})

    def __init__(self, api: LightspeedApi, pull: Pull, shown: str) -> None:
        columns = declare(
            id="text", customer_code="text", first_name="text", last_name="text", email="text", phone="text",
            mobile="text", date_of_birth="text", company_name="text", physical_address_1="text",
            physical_address_2="text", physical_postcode="text", physical_city="text", physical_country_id="text",
            do_not_email="boolean", created_at="timestamptz", updated_at="timestamptz", deleted_at="timestamptz",
            version="integer",
        )  # fmt: skip
        super().__init__(api, "customers", pull, shown, columns)


class Products(VersionedTable):
    """One row per product, a variant a product of its own."""

    needed = frozenset({"name", "sku", "deleted_at"})

    def __init__(self, api: LightspeedApi, pull: Pull, shown: str) -> None:
        columns = declare(
            id="text", name="text", variant_name="text", handle="text", sku="text", category="text",
            subcategory="text", brand="text", price_including_tax="float", price_excluding_tax="float",
            active="boolean", created_at="timestamptz", updated_at="timestamptz", deleted_at="timestamptz",
            version="integer",
        )  # fmt: skip
        super().__init__(api, "products", pull, shown, columns)

    def read(self, row: dict[str, Any]) -> dict[str, Any]:
        path = reach(row, "product_category", "category_path")
        names = [each.get("name") for each in path if isinstance(each, dict)] if isinstance(path, list) else []
        category = names or [reach(row, "product_category", "name") or reach(row, "type", "name")]
        return {
            **row,
            "category": category[0],
            "subcategory": category[1] if len(category) > 1 else None,
            "brand": reach(row, "brand", "name"),
        }


class Outlets(VersionedTable):
    """One row per outlet."""

    needed = frozenset({"name", "deleted_at"})

    def __init__(self, api: LightspeedApi, pull: Pull, shown: str) -> None:
        columns = declare(
            id="text", name="text", physical_address_1="text", physical_postcode="text", physical_city="text",
            physical_country_id="text", deleted_at="timestamptz", version="integer",
        )  # fmt: skip
        super().__init__(api, "outlets", pull, shown, columns)
