"""Bulk operations: the same tables as by pages, and a file that lacks something is not believed."""

from collections.abc import Callable

import pytest

from tests.pulls.connectors.shopify.conftest import Shop, fill
from tests.pulls.connectors.shopify.server import ShopifyServer


@pytest.fixture(autouse=True)
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists of twenty rows are many."""
    monkeypatch.setattr("pipelines.pulls.connectors.shopify.bulk.LEAST", 20)


def test_all_rows_come_in_a_file_and_are_those_of_pages(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(shop.server)
    shop.server.add_refund(4, 400, lines=13)
    outcomes = shop.pull()
    assert {each.state for each in outcomes.values()} == {"taken"}, [each.message for each in outcomes.values()]
    assert (len(shop.server.files), set(shop.server.pages)) == (2, {"products"})
    assert outcomes["orders"].reconciled_by == "day"
    from_files = shop.read_all()
    monkeypatch.setattr("pipelines.pulls.connectors.shopify.bulk.LEAST", 1_000)
    shop.pull(full=True)
    for name, frame in shop.read_all().items():
        assert frame.equals(from_files[name]), name


def lose_a_line(server: ShopifyServer) -> None:
    server.bulk_lines_lost = 1


def lose_all(server: ShopifyServer) -> None:
    server.bulk_lines_lost = 10_000


def fail(server: ShopifyServer) -> None:
    server.bulk_status = "FAILED"


def be_busy(server: ShopifyServer) -> None:
    server.is_bulk_busy = True


def forbid(server: ShopifyServer) -> None:
    server.change_schema("bulkOperationRunQuery(", "bulkOperationRun(")


@pytest.mark.parametrize("fault", [lose_a_line, lose_all, fail, be_busy, forbid])
def test_a_file_that_is_not_whole_is_told_by_its_counts_and_pages_are_read(
    shop: Shop, fault: Callable[[ShopifyServer], None]
) -> None:
    fill(shop.server, orders=30)
    shop.more = {"tables": dict.fromkeys(("customers", "consents", "returns", "products"))}
    fault(shop.server)
    outcomes = shop.pull()
    assert {name: (each.state, each.rows) for name, each in outcomes.items()} == {
        "orders": ("taken", 30),
        "order_lines": ("taken", 60),
    }
    assert "orders" in shop.server.pages
    assert not list(shop.folder.rglob("*.jsonl"))
