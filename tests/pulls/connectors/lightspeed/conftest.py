"""A retailer of Lightspeed with a fortnight of sales, as a source of kind `pos`."""

from collections.abc import Callable

import pytest

from pipelines.pulls.connectors.lightspeed import sales, versions
from tests.pulls.connectors.conftest import Crm
from tests.pulls.connectors.lightspeed.account import Retailer


@pytest.fixture
def tills(open_crm: Callable[..., Crm], monkeypatch: pytest.MonkeyPatch) -> Crm:
    """Eleven sales, six hours apart, of a member each; pages of four, and three days that are counted."""
    monkeypatch.setattr(versions, "PAGE", 4)
    monkeypatch.setattr(sales, "PAGE_OF_SEARCH", 3)
    monkeypatch.setattr(sales, "COUNTED_DAYS", 3)
    retailer = Retailer()
    retailer.offer("PSOAP", "Savon", "SAV-1", 12.0)
    for number in range(11):
        retailer.rest(hours=6)
        member = retailer.put(
            "customers", f"CUST{number:02d}", customer_code=f"C{number}", last_name=f"L{number}",
            email=f"p{number}@example.fr", first_name="Qzneedle",
        )  # fmt: skip
        retailer.sell(retailer.line("PSOAP", 10.0), at=("OUT1", "OUT2")[number % 2], customer_id=member)
    retailer.rest(hours=1)
    connector = {"type": "lightspeed", "domain": "moda", "token": "${CRM_SECRET}"}
    return open_crm(retailer, connector, "pos", CRM_SECRET=retailer.token)
