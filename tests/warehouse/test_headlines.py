"""The headlines of a few people, one of whom falls apart on more evidence and two of whom are one on less."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from pipelines.config.home import Home
from pipelines.warehouse import dbt_project

Told = dict[str, tuple[Decimal | None, int | None, float | None]]
Tell = Callable[[str, str], Told]


@pytest.fixture(scope="module")
def headlines_home(make_home: Callable[[Mapping[str, Any]], Home], retailer: Any, today: date) -> Home:
    world = yaml.safe_load(Path(__file__).with_name("headlines_world.yml").read_text(encoding="utf-8"))
    home = make_home(world)
    dbt_project.build(home, retailer, today, select=["+kpis"])
    return home


@pytest.fixture(scope="module")
def tell(headlines_home: Home) -> Iterator[Tell]:
    """The headlines of a month under a threshold: numerator, denominator, value."""
    with duckdb.connect(headlines_home.build_database, read_only=True) as connection:

        def told(month: str, threshold: str) -> Told:
            rows = connection.execute(
                """select headline, numerator, denominator, value from marts.kpis
                where month = ? and identity_threshold = ?""",
                [month, threshold],
            ).fetchall()
            return {headline: (numerator, denominator, value) for headline, numerator, denominator, value in rows}

        yield told


NOT_OF_IDENTITY: Told = {
    "conversion_online": (Decimal(1), 4, 0.25),
    "conversion_store": (Decimal(1), 8, 0.125),
    "average_basket": (Decimal("125.01"), 4, 31.25),
    "nps": (Decimal(0), 5, 0.0),  # Every answer counts, whoever gave it.
}


def test_the_default_headlines_are_those_of_todays_customers(tell: Tell) -> None:
    assert tell("2026-02-01", "default") == NOT_OF_IDENTITY | {
        "customers": (Decimal(3), None, 3.0),
        "active_customers": (Decimal(3), None, 3.0),
        "new_customers": (Decimal(1), None, 1.0),
        "repeat_rate": (Decimal(0), 3, 0.0),
        "omnichannel_share": (Decimal(0), 3, 0.0),
        "retention_rate": (Decimal(2), 2, 1.0),
        "revenue_per_active_customer": (Decimal("95.01"), 3, 31.67),
    }


def test_a_customer_who_takes_more_evidence_counts_as_two(tell: Tell) -> None:
    assert tell("2026-02-01", "strict") == NOT_OF_IDENTITY | {
        "customers": (Decimal(4), None, 4.0),
        "active_customers": (Decimal(3), None, 3.0),  # Ada's account has ordered nothing since January 2025.
        "new_customers": (Decimal(1), None, 1.0),
        "repeat_rate": (Decimal(0), 3, 0.0),
        "omnichannel_share": (Decimal(0), 3, 0.0),
        "retention_rate": (Decimal(2), 3, 2 / 3),
        "revenue_per_active_customer": (Decimal("95.01"), 3, 31.67),
    }
    january = tell("2025-01-01", "default"), tell("2025-01-01", "strict")
    assert [told["omnichannel_share"] for told in january] == [(Decimal(1), 1, 1.0), (Decimal(0), 2, 0.0)]
    assert [told["repeat_rate"] for told in january] == [(Decimal(1), 1, 1.0), (Decimal(0), 2, 0.0)]
    assert [told["revenue_per_active_customer"][2] for told in january] == [140.0, 70.0]


def test_two_customers_who_take_less_evidence_count_as_one(tell: Tell) -> None:
    assert tell("2026-02-01", "loose") == NOT_OF_IDENTITY | {
        "customers": (Decimal(2), None, 2.0),
        "active_customers": (Decimal(2), None, 2.0),
        "new_customers": (Decimal(0), None, 0.0),
        "repeat_rate": (Decimal(1), 2, 0.5),
        "omnichannel_share": (Decimal(1), 2, 0.5),
        "retention_rate": (Decimal(2), 2, 1.0),
        "revenue_per_active_customer": (Decimal("95.01"), 2, 47.51),
    }


def test_a_month_counts_who_is_known_by_its_end_and_says_whether_it_is_over(headlines_home: Home) -> None:
    with duckdb.connect(headlines_home.build_database, read_only=True) as connection:
        rows = connection.execute(
            """select month, value, is_complete from marts.kpis
            where headline = 'customers' and identity_threshold = 'default'
            and month in ('2025-01-01', '2025-02-01', '2025-03-01', '2026-03-01') order by month"""
        ).fetchall()
    assert rows == [
        (date(2025, 1, 1), 1.0, True),
        (date(2025, 2, 1), 2.0, True),
        (date(2025, 3, 1), 3.0, True),
        (date(2026, 3, 1), 3.0, False),
    ]


def test_a_headline_that_does_not_depend_on_identity_says_so(headlines_home: Home) -> None:
    with duckdb.connect(headlines_home.build_database, read_only=True) as connection:
        rows = connection.execute(
            "select distinct headline from marts.kpis where not depends_on_identity order by headline"
        ).fetchall()
    assert [headline for (headline,) in rows] == sorted(NOT_OF_IDENTITY)


def test_a_rate_whose_months_are_not_all_known_has_no_value(headlines_home: Home) -> None:
    """Orders begin in mid-January 2024, so the first whole month is February; March 2026 is not over."""
    with duckdb.connect(headlines_home.build_database, read_only=True) as connection:
        rows = connection.execute(
            """select headline, month, denominator > 0, value is not null, is_window_whole from marts.kpis
            where identity_threshold = 'default'
            and (headline in ('repeat_rate', 'omnichannel_share', 'revenue_per_active_customer')
                and month in ('2025-01-01', '2026-03-01')
                or headline = 'retention_rate' and month in ('2026-01-01', '2026-02-01', '2026-03-01')
                or headline = 'active_customers' and month in ('2024-12-01', '2025-01-01'))
            order by headline, month"""
        ).fetchall()
    assert rows == [
        ("active_customers", date(2024, 12, 1), None, True, False),
        ("active_customers", date(2025, 1, 1), None, True, True),
        ("omnichannel_share", date(2025, 1, 1), True, True, True),
        ("omnichannel_share", date(2026, 3, 1), True, False, False),
        ("repeat_rate", date(2025, 1, 1), True, True, True),
        ("repeat_rate", date(2026, 3, 1), True, False, False),
        ("retention_rate", date(2026, 1, 1), True, True, True),
        ("retention_rate", date(2026, 2, 1), True, True, True),
        ("retention_rate", date(2026, 3, 1), True, False, False),
        ("revenue_per_active_customer", date(2025, 1, 1), True, True, True),
        ("revenue_per_active_customer", date(2026, 3, 1), True, False, False),
    ]
