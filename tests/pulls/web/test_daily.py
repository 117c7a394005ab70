"""What an API sums by the day, before it is believed."""

from decimal import Decimal
from typing import Any

import pytest

from pipelines.pulls.errors import SourceError
from pipelines.pulls.web.daily import read_amount


@pytest.mark.parametrize(("value", "amount"), [(3, "3"), ("-0.50", "-0.5"), (Decimal("1.25"), "1.25")])
def test_an_amount_is_one_whichever_way_it_is_written(value: Any, amount: str) -> None:
    assert read_amount(value, "The API", "spend") == Decimal(amount)


@pytest.mark.parametrize("value", [None, True, "", "Qzneedle", "1e5", Decimal("1e999999999"), Decimal("1e-999999999")])
def test_what_is_no_amount_or_beyond_all_bounds_is_told(value: Any) -> None:
    with pytest.raises(SourceError, match="The API sums spend in what is no number"):
        read_amount(value, "The API", "spend")
