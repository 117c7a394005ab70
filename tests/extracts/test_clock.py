"""SQL that gives something else each time is known by what it calls, and not by words that only look like it."""

import pytest

from pipelines.extracts.clock import differs_each_time


@pytest.mark.parametrize(
    "sql",
    ["now()", "cast(CURRENT_DATE as date)", "a < localtimestamp", "age(a)", "(select max(today()) from other)",
     "select * from source where a < current_timestamp", "with x as (select random() as n) select n from x",
     "from source using sample 10%", "coalesce(a, uuid())"],
)  # fmt: skip
def test_the_clock_and_chance_are_found(sql: str) -> None:
    assert differs_each_time(sql)


@pytest.mark.parametrize(
    "sql", ["today", "'now()'", "age(a, b)", "x.uuid", "select now from source -- today()", "as_of()"]
)
def test_columns_and_texts_that_are_called_alike_are_none(sql: str) -> None:
    assert not differs_each_time(sql)
