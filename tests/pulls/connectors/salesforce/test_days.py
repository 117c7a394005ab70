"""Days of which rows are counted by one query: all of them, each in one."""

from datetime import date, timedelta

import pytest

from pipelines.pulls.connectors.salesforce.objects import DAYS_AT_ONCE, divide_days


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 1, 1), date(2026, 1, 1)),
        (date(2020, 1, 1), date(2026, 1, 1)),
        (date(9990, 1, 1), date.max),
        (date.max, date.max),
        (date.max - timedelta(days=DAYS_AT_ONCE), date.max),
        (date.max - timedelta(days=DAYS_AT_ONCE - 1), date.max),
    ],
)
def test_each_day_is_in_one_span_up_to_the_last_that_can_be(first: date, last: date) -> None:
    spans = list(divide_days(first, last))
    assert spans[0][0] == first
    assert [end for _, end in spans[:-1]] == [begin for begin, _ in spans[1:]]
    begin, end = spans[-1]
    assert begin <= last
    assert end is None or end > last
    assert all(end is None or (end - begin).days == DAYS_AT_ONCE for begin, end in spans)
