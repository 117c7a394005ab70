"""Ids of Salesforce in one length."""

from typing import Any

import pytest

from pipelines.pulls.connectors.salesforce.ids import lengthen_id


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("0015000000Gv7qJ", "0015000000Gv7qJAAR"),
        ("0033700000JmrFP", "0033700000JmrFPAAZ"),
        ("0033700000JmrFPAAZ", "0033700000JmrFPAAZ"),
        ("001-0000000AbcD", "001-0000000AbcD"),
        (None, None),
        (7, 7),
    ],
)
def test_fifteen_characters_say_in_three_more_which_are_capitals(short: Any, long: Any) -> None:
    assert lengthen_id(short) == long
