"""Rows of JSON as Arrow: each value is what its column is declared to be, or the table is told to have changed."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from pipelines.pulls.errors import TableError
from pipelines.pulls.system import Kind
from pipelines.pulls.web.rows import batch_rows, declare


def read(kind: Kind, *values: Any) -> tuple[list[Any], int]:
    emptied: Counter[str] = Counter()
    batches = list(batch_rows([{"a": value} for value in values], declare(a=kind), "table 'x'", emptied))
    return [row["a"] for batch in batches for row in batch.to_pylist()], emptied["a"]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("text", "é", "é"),
        ("text", 12, "12"),
        ("integer", "12", 12),
        ("decimal", "12.50", Decimal("12.5")),
        ("decimal", Decimal("0.10"), Decimal("0.1")),
        ("decimal", -3, Decimal(-3)),
        ("float", Decimal("0.5"), 0.5),
        ("boolean", False, False),
        ("text", None, None),
    ],
)
def test_values_are_read(kind: Kind, value: Any, expected: Any) -> None:
    assert read(kind, value) == ([expected], 0)


def test_moments_are_those_of_utc() -> None:
    found, _ = read("timestamptz", "2026-03-02T03:00:00+01:00", "2026-03-02T02:00:00Z", "2026-03-02T02:00:00.5")
    assert [each.isoformat() for each in found] == [
        "2026-03-02T02:00:00+00:00", "2026-03-02T02:00:00+00:00", "2026-03-02T02:00:00.500000+00:00",
    ]  # fmt: skip


def test_what_no_day_can_be_is_empty_and_counted() -> None:
    assert read("timestamptz", "0000-00-00T00:00:00Z", "2026-13-01", "") == ([None] * 3, 3)
    assert read("date", "2026-02-30") == ([None], 1)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", ["needle"]),
        ("text", True),
        ("integer", "needle"),
        ("integer", Decimal("1.5")),
        ("decimal", "needle"),
        ("decimal", "NaN"),
        ("decimal", "1.23456"),
        ("decimal", "99999999999999999999"),
        ("decimal", Decimal("1e-20000000")),
        ("decimal", "0e-20000000"),
        ("decimal", "1e999999999"),
        ("float", Decimal("1e400")),
        ("float", "9" * 400),
        ("integer", "9" * 5_000),
        ("boolean", "true"),
        ("timestamptz", 12),
        ("integer", 2**70),
    ],
)
def test_a_value_of_another_kind_stops_the_table_and_is_not_repeated(kind: Kind, value: Any) -> None:
    with pytest.raises(TableError) as raised:
        read(kind, value)
    assert "table 'x'" in str(raised.value)
    assert "needle" not in str(raised.value)
    assert raised.value.__context__ is None


def test_a_field_that_is_gone_stops_the_table_and_is_no_empty_one() -> None:
    columns = declare(id="integer", refused="boolean", note="text")
    rows = [{"id": 1, "refused": None}, {"id": 2}]
    with pytest.raises(TableError, match="refused no longer there"):
        list(batch_rows(rows, columns, "table 'x'", Counter(), lacking={"note"}))
    [batch] = batch_rows(rows, columns, "table 'x'", Counter(), lacking={"note", "refused"})
    assert batch.to_pylist()[1] == {"id": 2, "refused": None, "note": None}


def test_half_a_sign_that_no_text_can_hold_stops_nothing() -> None:
    assert read("text", "caf\ud83d", "\U0001f600") == (["caf\ufffd", "\U0001f600"], 0)
