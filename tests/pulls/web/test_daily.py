"""What an account has in all, looked at before it is reckoned with."""

from decimal import Decimal
from typing import Any

import pytest

from pipelines.pulls.errors import SourceError
from pipelines.pulls.web.daily import read_amount


@pytest.mark.parametrize(("value", "amount"), [("12.50", "12.5"), ("-3", "-3"), (7, "7"), (Decimal("0.01"), "0.01")])
def test_an_amount_is_a_number_or_a_text_of_one(value: Any, amount: str) -> None:
    assert read_amount(value, "The API", "spend") == Decimal(amount)


@pytest.mark.parametrize(
    "value", [None, "", "Qzneedle", "1e3", True, [1], Decimal("1E+9999999"), "9" * 2_000_000, Decimal("1E-9999999")]
)
def test_what_no_sum_can_be_is_told_without_its_value(value: Any) -> None:
    with pytest.raises(SourceError) as raised:
        read_amount(value, "The API", "spend")
    assert str(raised.value) == "The API sums spend in what is no number."
