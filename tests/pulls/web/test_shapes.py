"""What an answer is made of, before it is believed."""

from decimal import Decimal
from typing import Any

import pytest

from pipelines.pulls.errors import SourceError, TableError
from pipelines.pulls.web.shapes import reach, read_count, read_known, read_rows


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (None, "answers with no list"),
        ([], "answers with no list"),
        ({"rows": {"id": 1}}, "answers with no list"),
        ({"rows": [None]}, "another shape"),
        ({"rows": [{"id": 1}, {"name": "Qzneedle"}]}, "`id` is missing"),
        ({"rows": [{"id": "Qzneedle"}]}, "`id` is missing"),
        ({"rows": [{"id": True}]}, "`id` is missing"),
        ({"rows": [{"id": "9" * 5_000}]}, "`id` is missing"),
    ],
)
def test_a_list_of_another_shape_is_told_without_a_value(document: Any, told: str) -> None:
    with pytest.raises(SourceError, match=told) as raised:
        read_rows(document, "rows", "The API", "contacts", needed="id", is_number=True)
    assert "Qzneedle" not in str(raised.value)


def test_rows_are_given_as_they_are() -> None:
    rows = [{"id": "7"}, {"id": 8, "more": None}]
    assert read_rows({"rows": rows}, "rows", "The API", "contacts", needed="id", is_number=True) == rows


def test_what_lies_within_is_reached_or_nothing() -> None:
    assert reach({"paging": {"next": {"after": "7"}}}, "paging", "next", "after") == "7"
    assert reach({"paging": [1]}, "paging", "next") is None
    assert reach(None, "paging") is None


@pytest.mark.parametrize(("value", "count"), [(3, 3), ("3", 3), (Decimal("3.0"), 3), ("0", 0), (10**15, 10**15)])
def test_a_count_is_one_whichever_way_it_is_written(value: Any, count: int) -> None:
    assert read_count(value) == count


@pytest.mark.parametrize(
    "value", [None, True, "", "three", "nan", -1, "2.5", 10**400, "9" * 5_000, Decimal("1e999999999"), [1]]
)
def test_what_is_no_number_of_rows_is_no_count(value: Any) -> None:
    assert read_count(value) is None


@pytest.mark.parametrize("told", [{}, {"price": None}, [], None, {"price": "Qzneedle"}])
def test_what_has_another_form_is_told_without_its_values(told: object) -> None:
    def read(found: Any) -> Decimal:
        return Decimal(found["price"]) + 1

    assert read_known(read, {"price": "2"}, "orders") == 3
    with pytest.raises(TableError, match="orders comes in another form than this version of the API has") as raised:
        read_known(read, told, "orders")
    assert raised.value.__context__ is None
