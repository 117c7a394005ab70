"""Counts of both sides, set against each other."""

from decimal import Decimal

from pipelines.pulls.reconciliation import compare, count_rows
from pipelines.pulls.system import ROWS, Counted, Measures


def test_a_day_that_is_counted_beside_all_days_is_not_counted_twice() -> None:
    landed = {("2026-01-01", ROWS): Decimal(2), ("2026-01-02", ROWS): Decimal(3)}
    in_part = {("2026-01-02", ROWS): Decimal(3)}
    in_all = Counted({(None, ROWS): Decimal(5), **in_part}, is_complete=False)
    assert count_rows(compare(Measures(), in_all, landed, 0)) == 5
    assert count_rows(compare(Measures(), Counted(in_part, is_complete=False), landed, 0)) is None
    assert count_rows(compare(Measures(), Counted(landed), landed, 0)) == 5
