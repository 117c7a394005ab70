"""What amounts mean: other currencies, tips, gift cards, fractions of units, refunds beyond the order."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from pipelines.config.exchange_rates import DatedRate
from pipelines.config.home import Home
from pipelines.warehouse import dbt_project

RATES = {
    "CHF": (DatedRate.model_validate({"rate": "1.05"}),),
    "SEK": (
        DatedRate.model_validate({"from": date(2026, 1, 1), "rate": "0.09"}),
        DatedRate.model_validate({"from": date(2026, 2, 1), "rate": "0.088"}),
    ),
}


def web_order(number: str, total: float, **more: Any) -> dict[str, Any]:
    usual = {"source": "shop", "channel": "web", "fulfilment": "delivery", "status": "delivered"}
    times = {"ordered_at": "2026-02-10 10:00", "updated_at": "2026-02-10 10:00"}
    return usual | times | {"order_id": number, "account_id": "1", "total_amount": total} | more


def web_line(number: str, quantity: float, amount: float) -> dict[str, Any]:
    known = {"source": "shop", "order_id": number, "line_no": 1, "product_id": "P1", "quantity": quantity}
    return known | {"unit_price": 10, "discount_amount": 1, "line_amount": amount}


def web_return(number: str, amount: float) -> dict[str, Any]:
    known = {"source": "shop", "return_id": f"B{number}", "order_id": number, "quantity": 0.5}
    return known | {"refund_amount": amount, "returned_at": "2026-02-20 10:00", "returned_via": "post"}


def ticket(number: str, total: float, **more: Any) -> dict[str, Any]:
    known = {"source": "till", "ticket_id": number, "store_id": "S1", "sold_at": "2026-02-11 10:00"}
    return known | {"total_amount": total} | more


def ticket_line(number: str, line_no: int, quantity: float, amount: float) -> dict[str, Any]:
    known = {"source": "till", "ticket_id": number, "line_no": line_no, "product_id": "P1", "quantity": quantity}
    return known | {"unit_price": 10, "line_amount": amount}


WORLD = {
    "identity/records": [
        {"record_id": "shop:customers:1", "customer_id": "C1", "email": "ada@example.org"}
        | {"created_at": "2025-01-01 09:00", "updated_at": "2025-01-01 09:00"}
    ],
    "ecommerce/orders": [
        web_order("own", 100, currency=" eur "),
        web_order("francs", 33.33, currency="chf", gross_amount=40, tax_amount=2.77),
        web_order("kronor", 1000, currency="SEK", ordered_at="2026-01-31 22:59:59"),
        web_order("later_kronor", 1000, currency="SEK", ordered_at="2026-01-31 23:00"),
        web_order("gifts", 80, gift_card_amount=50, tip_amount=2.5),
        web_order("cancelled", 70, gift_card_amount=20, status="cancelled"),
    ],
    "ecommerce/order_lines": [web_line("own", 1.5, 100), web_line("francs", 0.335, 33.33), web_line("gifts", 2, 27.5)],
    "ecommerce/returns": [web_return("francs", 11.11), web_return("own", 140)],
    "pos/tickets": [
        ticket("metres", 12.35, tax_amount=2.06),
        ticket("tipped", 22, tip_amount=2),
        ticket("gift", 30, gift_card_amount=30),
        ticket("gift_for_return", 20, gift_card_amount=50),
        ticket("franc_exchange", -10.01, currency="CHF"),
    ],
    "pos/ticket_lines": [
        ticket_line("metres", 1, 2.375, 12.35),
        ticket_line("tipped", 1, 1, 20),
        ticket_line("gift_for_return", 1, -0.75, -30),
        ticket_line("franc_exchange", 1, 1, 10),
        ticket_line("franc_exchange", 2, -2, -20.01),
    ],
}


@pytest.fixture(scope="module")
def home(make_home: Callable[[Mapping[str, Any]], Home], retailer: Any, today: date) -> Home:
    """Built with every test of the marts: all sums reconcile to the cent."""
    home = make_home(WORLD)
    dbt_project.build(home, replace(retailer, exchange_rates=RATES), today)
    return home


def ask(home: Home, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(home.build_database, read_only=True) as connection:
        return connection.execute(query).fetchall()


def money(*amounts: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, amounts))


def test_amounts_of_another_currency_are_exchanged_at_the_rate_of_their_day(home: Home) -> None:
    told = ask(
        home,
        """select split_part(order_id, ':', 3), original_currency, original_total_amount, total_amount, currency
        from marts.orders where original_currency <> 'EUR' or order_id = 'shop:orders:own' order by 1""",
    )
    assert told == [
        ("franc_exchange", "CHF", *money("10.00", "10.50"), "EUR"),  # -10.51 paid out, 21.01 of it for what came back.
        ("francs", "CHF", *money("33.33", "35.00"), "EUR"),
        ("kronor", "SEK", *money("1000.00", "90.00"), "EUR"),
        ("later_kronor", "SEK", *money("1000.00", "88.00"), "EUR"),
        ("own", "EUR", *money("100.00", "100.00"), "EUR"),
    ]
    other = "select gross_amount, tax_amount from marts.orders where order_id = 'shop:orders:francs'"
    assert ask(home, other) == [money("42.00", "2.91")]


def test_lines_and_refunds_are_exchanged_like_their_order(home: Home) -> None:
    line = "select unit_price, discount_amount, line_amount from marts.order_lines where order_id like '%:francs'"
    assert ask(home, line) == [money("10.5000", "1.05", "35.00")]
    refunds = "select split_part(return_id, ':', 3), refund_amount from marts.returns order by 1"
    assert ask(home, refunds) == [
        ("Bfrancs", Decimal("11.67")),
        ("Bown", Decimal("140.00")),
        ("franc_exchange", Decimal("21.01")),
        ("gift_for_return", Decimal("30.00")),
    ]


def test_tips_and_gift_cards_are_paid_and_no_revenue(home: Home) -> None:
    told = ask(
        home,
        """select split_part(order_id, ':', 3), total_amount, revenue_amount, net_amount
        from marts.orders where coalesce(tip_amount, gift_card_amount) is not null order by 1""",
    )
    assert told == [
        ("cancelled", *money("70.00", "50.00", "0.00")),
        ("gift", *money("30.00", "0.00", "0.00")),
        ("gift_for_return", *money("50.00", "0.00", "0.00")),
        ("gifts", *money("80.00", "27.50", "27.50")),
        ("tipped", *money("22.00", "20.00", "20.00")),
    ]
    in_stores = "select sum(ordered_amount), sum(refund_amount) from marts.channel_performance where channel = 'store'"
    assert ask(home, in_stores) == [money("42.85", "51.01")]


def test_a_refund_beyond_its_order_leaves_less_than_nothing(home: Home) -> None:
    assert ask(home, "select net_amount from marts.orders where order_id like '%:own'") == [money("-40.00")]
    assert ask(home, "select revenue from marts.customer_360") == [money("188.83")]


def test_fractions_of_units_are_kept(home: Home) -> None:
    assert ask(home, "select sum(units), sum(returned_units) from marts.orders") == [money("8.210", "1.000")]
    units = "select sum(units) from marts.channel_performance where channel = 'store'"
    assert ask(home, units) == [money("4.375")]
    assert ask(home, "select return_rate from marts.customer_360")[0][0] == pytest.approx(1 / 3.835)


def test_an_amount_without_a_rate_is_summed_nowhere(
    make_home: Callable[[Mapping[str, Any]], Home], retailer: Any, today: date
) -> None:
    """The extracts refuse it; where it got into the lake, the build names the check that fails."""
    unrated = {
        "ecommerce/orders": [web_order("own", 10), web_order("yen", 9000, currency="JPY")],
        "ecommerce/order_lines": [web_line("yen", 1, 9000)],
        "ecommerce/returns": [web_return("yen", 4000)],
        "pos/tickets": [ticket("dollars", 50, currency="USD")],
        "pos/ticket_lines": [ticket_line("dollars", 1, 1, 50)],
    }
    home = make_home(unrated)
    with pytest.raises(dbt_project.WarehouseError, match="amounts_of_another_currency_have_a_rate"):
        dbt_project.build(home, retailer, today)
    dbt_project.build(home, retailer, today, tests=False)
    assert ask(home, "select sum(revenue) from marts.channel_performance") == [money("10.00")]
    assert ask(home, "select count(*) from marts.orders union all select count(*) from marts.order_lines") == [
        (1,),
        (0,),
    ]
    assert ask(home, "select count(*) from marts.returns") == [(0,)]
