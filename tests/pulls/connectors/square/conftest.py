"""A seller with two days of tickets, as a source of kind `pos`."""

from collections.abc import Callable

import pytest

from pipelines.pulls.connectors.square import orders
from tests.pulls.connectors.conftest import Crm
from tests.pulls.connectors.square.account import SquareSeller
from tests.pulls.connectors.systems import SQUARE


@pytest.fixture
def tills(open_crm: Callable[..., Crm], monkeypatch: pytest.MonkeyPatch) -> Crm:
    """Twelve sales, four hours apart, of a member each; pages of four, and three days that are counted."""
    monkeypatch.setattr(orders, "PAGE", 4)
    monkeypatch.setattr(orders, "PAGE_OF_ENTRIES", 5)
    monkeypatch.setattr(orders, "COUNTED_DAYS", 3)
    seller = SquareSeller()
    seller.offer("Vsoap", "soap", sku="SAV-1", price=890)
    for number in range(12):
        seller.rest(hours=4)
        member = seller.add(family_name=f"L{number}", email_address=f"p{number}@example.fr")
        seller.sell(seller.line("soap", 890), at=("L1", "L2")[number % 2], customer_id=member)
    seller.rest(hours=1)
    return open_crm(seller, SQUARE.connector, "pos", **SQUARE.secrets(seller))
