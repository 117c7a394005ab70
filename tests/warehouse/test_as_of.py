"""A lake that was written for a later day: the marts of an earlier one know nothing of what came after."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import duckdb
import pytest

from pipelines.config.home import Home
from pipelines.warehouse import dbt_project

WORLD = {
    "identity/records": [
        {"record_id": "till:members:1", "customer_id": "C1", "first_name": "Ada", "loyalty_card_id": "L1"}
        | {"created_at": "2025-06-01 09:00", "updated_at": "2026-03-20 09:00", "deleted_at": "2026-03-20 09:00"},
        {"record_id": "shop:customers:1", "customer_id": "C1", "first_name": "Adah", "email": "ada@example.org"}
        | {"created_at": "2026-03-20 09:00", "updated_at": "2026-03-20 09:00"},
        {"record_id": "till:members:2", "customer_id": "C2", "first_name": "Ben", "loyalty_card_id": "L2"}
        | {"created_at": "2026-03-02 23:00", "updated_at": "2026-03-02 23:00"},  # Midnight in Paris: the next day.
        {"record_id": "till:members:3", "customer_id": "C3", "first_name": "Cleo", "loyalty_card_id": "L3"}
        | {"created_at": "2026-03-02 22:59:59", "updated_at": "2026-03-02 22:59:59"},
        {"record_id": "shop:customers:4", "customer_id": "C4", "first_name": "Dan", "email": "dan@example.org"}
        | {"created_at": "2026-03-09 09:00", "updated_at": "2026-03-09 09:00"},
    ],
    "ecommerce/orders": [
        {"source": "shop", "order_id": "W1", "account_id": "1", "channel": "web", "fulfilment": "delivery"}
        | {"status": "delivered", "ordered_at": "2026-03-01 10:00", "fulfilled_at": "2026-03-04 10:00"}
        | {"total_amount": 30, "updated_at": "2026-03-04 10:00"},
        {"source": "shop", "order_id": "W2", "account_id": "4", "channel": "web", "fulfilment": "delivery"}
        | {
            "status": "delivered",
            "ordered_at": "2026-02-20 10:00",
            "total_amount": 20,
            "updated_at": "2026-03-09 10:00",
        },
    ],
    "pos/tickets": [
        {"source": "till", "ticket_id": "T1", "store_id": "S1", "loyalty_card_id": "L2", "sold_at": "2026-03-03 10:00"}
        | {"total_amount": 10},
    ],
    "crm/loyalty_movements": [
        {"source": "crm", "movement_id": "M1", "loyalty_card_id": "L1", "points": 5, "kind": "earned"}
        | {"channel": "store", "occurred_at": "1931-01-01"},
    ],
}


@pytest.fixture(scope="module")
def home(make_home: Callable[[Mapping[str, Any]], Home], retailer: Any, today: date) -> Home:
    """Built with every test of the marts: none of them fails."""
    home = make_home(WORLD)
    dbt_project.build(home, retailer, today)
    return home


def ask(home: Home, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(home.build_database, read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_nobody_who_came_later_stands_in_a_mart(home: Home) -> None:
    """C4's account is from after as_of and its order from before: somebody had ordered."""
    assert ask(home, "select customer_id, tenure_days from marts.customer_360 order by 1") == [
        ("C1", 274),
        ("C3", 0),
        ("C4", 10),
    ]
    assert {id_ for (id_,) in ask(home, "select customer_id from marts.customer_id_map")} == {"C1", "C3", "C4"}


def test_what_happened_to_a_record_later_has_not_happened(home: Home) -> None:
    told = ask(home, "select first_name, email from marts.customer_360 where customer_id = 'C1'")
    assert told == [("Ada", None)]
    assert ask(home, "select distinct is_deleted from marts.customer_contact_points") == [(False,)]


def test_an_order_that_was_handed_over_later_is_still_under_way(home: Home) -> None:
    assert ask(home, "select order_id, fulfilled_at from marts.orders order by 1") == [
        ("shop:orders:W1", None),
        ("shop:orders:W2", None),
    ]
    stage = "select journey_stage from marts.customer_360 where customer_id = 'C1'"
    assert ask(home, stage) == [("purchase",)]


def test_points_of_a_century_ago_are_carried_to_this_month(home: Home) -> None:
    told = ask(home, "select min(month), max(month), count(*) from marts.loyalty_ledger")
    assert told == [(date(1931, 1, 1), date(2026, 3, 1), 1143)]
