"""What is told of a table's pull in plain values, and which table is told first."""

from decimal import Decimal
from typing import Any

import pytest

from pipelines.pulls.account import MOST, account_for, sort_accounts
from pipelines.pulls.changes import Changes
from pipelines.pulls.pull import Outcome
from pipelines.pulls.reconciliation import Reconciled


def count(day: str | None, measure: str, source: str, landed: str, is_taken: bool = True, **more: Any) -> Reconciled:
    return Reconciled(day, measure, Decimal(source), Decimal(landed), is_taken, **more)


def taken(*reconciled: Reconciled, name: str = "orders", **fields: Any) -> dict[str, Any]:
    return account_for(Outcome("shop", name, "taken", rows=3, reconciled=reconciled, **fields))


def test_both_sides_are_added_up_over_the_days_that_were_compared() -> None:
    account = taken(
        count("2026-01-01", "rows", "1", "1"), count("2026-01-01", "total", "10.50", "10.50"),
        count("2026-01-02", "rows", "2", "2"), count("2026-01-02", "total", "1.25", "1.20"), source_rows=3,
    )  # fmt: skip
    assert account["sums"] == [{"measure": "total", "source": "11.75", "landed": "11.70"}]
    assert (account["days"], account["is_counted"], account["differing"], account["beyond"]) == (2, True, 1, [])


def test_a_sum_of_floats_that_was_added_in_another_order_does_not_differ() -> None:
    assert taken(count(None, "rows", "3", "3"), count(None, "total", "0.3", "0.30000000000000004"))["differing"] == 0


def test_sums_by_day_of_a_source_that_counts_no_rows_are_counted_and_added_up() -> None:
    account = taken(
        count("2026-01-01", "cost", "10.50", "10.50", is_complete=False),
        count("2026-01-02", "cost", "1.25", "1.25", is_complete=False),
    )
    assert account["sums"] == [{"measure": "cost", "source": "11.75", "landed": "11.75"}]
    assert (account["days"], account["is_counted"], account["rows_in_source"]) == (2, True, None)


def test_of_what_differs_beyond_tolerance_rows_come_first_then_the_largest() -> None:
    wrong = [count(f"2026-01-{day:02d}", "total", "100", str(day), is_taken=False) for day in range(1, 9)]
    account = account_for(
        Outcome("shop", "orders", "not taken", reconciled=(*wrong, count("2026-01-09", "rows", "2", "1", False)))
    )
    assert [each["day"] for each in account["beyond"]] == ["2026-01-09", *(f"2026-01-{d:02d}" for d in range(1, MOST))]
    assert account["beyond_count"] == 9


def test_a_source_that_counts_nothing_is_told_apart_from_one_that_was_not_asked() -> None:
    assert taken()["is_counted"] is False
    assert account_for(Outcome("shop", "orders", "kept", message="away"))["is_counted"] is None


@pytest.mark.parametrize("reverse", [False, True])
def test_what_is_to_be_looked_at_comes_before_what_is_well(reverse: bool) -> None:
    agreed = (count(None, "rows", "3", "3"),)
    accounts = [
        account_for(
            Outcome("shop", "f", "not taken", reconciled=(count("2026-01-01", "rows", "2", "1", False),), message="no")
        ),
        account_for(Outcome("shop", "e", "not taken", message="no")),
        account_for(Outcome("shop", "d", "kept", message="no")),
        taken(*agreed, name="c", changes=Changes(("note",), (), ())),
        taken(count(None, "rows", "3", "2"), name="b2"),
        taken(name="b1"),
        taken(*agreed, name="a"),
    ]
    given = accounts[::-1] if reverse else accounts
    assert [each["table"] for each in sort_accounts(given)] == ["f", "e", "d", "c", "b2", "b1", "a"]
