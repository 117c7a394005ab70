"""Sessions are numbered by visitor: a number that two visitors have is two sessions."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import duckdb
import pytest

from pipelines.config.home import Home
from pipelines.warehouse import dbt_project


def event(number: str, visitor: str, session: str, kind: str = "product_view", **more: Any) -> dict[str, Any]:
    known = {"source": "shop", "event_id": number, "visitor_id": visitor, "session_id": session, "event": kind}
    return known | {"occurred_at": "2026-02-10 10:00", "channel": "web", "device": "mobile", "product_id": "P1"} | more


def order(number: str, account: str, session: str | None) -> dict[str, Any]:
    known = {"source": "shop", "order_id": number, "account_id": account, "session_id": session, "channel": "web"}
    times = {"ordered_at": "2026-02-10 10:30", "updated_at": "2026-02-10 10:30"}
    return known | times | {"fulfilment": "delivery", "status": "paid", "total_amount": 10}


def account(number: str) -> dict[str, Any]:
    known = {"record_id": f"shop:customers:{number}", "customer_id": f"C{number}"}
    return known | {"created_at": "2026-01-01", "updated_at": "2026-01-01"}


@pytest.fixture(scope="module")
def home(make_home: Callable[[Mapping[str, Any]], Home], retailer: Any, today: date) -> Home:
    """The numbers 7 and 8 are those of two visitors each, and only one of these reports its order."""
    world = {
        "identity/records": [account("1"), account("2"), account("3")],
        "ecommerce/web_events": [
            event("e1", "va", "7", account_id="1"),
            event("e2", "va", "7", "purchase", order_id="W1"),
            event("e3", "vb", "7", utm_source="google", utm_medium="cpc"),
            event("e4", "vc", "8", account_id="2"),
            event("e5", "vd", "8"),
            event("e6", "ve:1", "9", account_id="3"),
            event("e7", "ve", "1:9"),
        ],
        "ecommerce/orders": [
            order("W1", "1", "7"),
            order("W2", "2", "8"),
            order("W3", "3", "9"),
            order("W4", "3", None),
        ],
    }
    home = make_home(world)
    dbt_project.build(home, retailer, today, select=["+channel_performance", "+customer_touchpoints", "+orders"])
    return home


def ask(home: Home, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(home.build_database, read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_two_visitors_with_one_session_number_are_two_sessions(home: Home) -> None:
    assert ask(home, "select sum(visits) from marts.channel_performance where channel = 'web'") == [(6,)]
    of_known = "select touch_id, customer_id from marts.customer_touchpoints where touch_kind like '%visit' order by 1"
    assert ask(home, of_known) == [
        ("shop:sessions:7:va", "C1"),
        ("shop:sessions:8:vc", "C2"),
        ("shop:sessions:9:ve:1", "C3"),
    ]


def test_an_order_is_of_the_visit_that_reports_it_and_of_none_where_two_could_be_meant(home: Home) -> None:
    assert ask(home, "select order_id, session_id from marts.orders order by 1") == [
        ("shop:orders:W1", "shop:sessions:7:va"),
        ("shop:orders:W2", None),
        ("shop:orders:W3", "shop:sessions:9:ve:1"),
        ("shop:orders:W4", None),
    ]
