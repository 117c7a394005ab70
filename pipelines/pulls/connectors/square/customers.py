"""Square's customers, all of them every night: a hundred a request, and Square tells of none that was deleted.

Square counts those that have a name, a mailbox or a number. The others, of whom a till knows a card alone, come as
well; no count proves that.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from pipelines.pulls.connectors.square.api import SquareApi
from pipelines.pulls.errors import SourceError
from pipelines.pulls.system import ROWS, Counted, Measures, Since
from pipelines.pulls.web.rows import declare
from pipelines.pulls.web.shapes import reach
from pipelines.pulls.web.table import WebTable

PAGE = 100
READINGS = 2
PUBLIC = ("given_name", "family_name", "company_name", "email_address", "phone_number")
ADDRESS = ("address_line_1", "address_line_2", "postal_code", "locality", "country")
COLUMNS = declare(
    id="text", given_name="text", family_name="text", company_name="text", email_address="text", phone_number="text",
    birthday="text", reference_id="text", creation_source="text", email_unsubscribed="boolean",
    address_line_1="text", address_line_2="text", postal_code="text", locality="text", country="text",
    created_at="timestamptz", updated_at="timestamptz",
)  # fmt: skip


class Customers(WebTable):
    """One row per customer profile."""

    lacking = frozenset(column.name for column in COLUMNS) - {"id", "created_at", "updated_at"}

    def __init__(self, api: SquareApi, began: datetime, shown: str) -> None:
        super().__init__(shown, COLUMNS, began)
        self._api = api
        self._before = self._after = self._unknown = 0

    def fetch(self, since: datetime | None, most: int | None) -> Iterator[Mapping[str, Any]]:  # noqa: ARG002
        """By age, so that new ones come last. Where some were deleted meanwhile, or too few came, all once more: the
        pages behind a row that goes may begin behind one that nobody has seen. What comes twice is one."""
        if most is None:
            self._before = self._count()
        known, unknown = set[str](), set[str]()
        for _ in range(READINGS):
            least = self._before if most is not None else self._count()
            for page in self._api.read_pages("GET", "customers", "customers", self.shown, _asked(most)):
                for customer in page:
                    (known if any(customer.get(name) for name in PUBLIC) else unknown).add(customer["id"])
                    yield _flatten(customer)
            if most is not None:
                return
            self._after = self._count()
            if self._after >= least and len(known) >= least:
                break
        self._unknown = len(unknown - known)

    def _count(self) -> int:
        found = self._api.ask("GET", "customers", "customers", self.shown, {"count": "true", "limit": 1})
        count = found.get("count", 0 if not found["customers"] else None)
        if not isinstance(count, int):
            raise SourceError(f"Square does not say how many there are of {self.shown}.", is_passing=True)
        return count

    def count(self, measures: Measures, since: Since | None = None) -> Counted:  # noqa: ARG002
        """Those that Square counts, and beside them the others that came."""
        place = (None, ROWS)
        before, after = (Decimal(count + self._unknown) for count in (self._before, self._after))
        return Counted({place: before}, {place: after}, is_complete=False)


def _asked(most: int | None) -> dict[str, Any]:
    limit = PAGE if most is None else max(1, min(PAGE, most))
    return {"limit": limit, "sort_field": "CREATED_AT", "sort_order": "ASC"}


def _flatten(customer: Mapping[str, Any]) -> dict[str, Any]:
    address = {name: reach(customer, "address", name) for name in ADDRESS}
    return {**customer, **address, "email_unsubscribed": reach(customer, "preferences", "email_unsubscribed")}
