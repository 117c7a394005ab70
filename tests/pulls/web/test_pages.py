"""Pages that say which one follows: never one that was gone to before."""

from typing import Any

import pytest

from pipelines.pulls.errors import SourceError
from pipelines.pulls.web.pages import Trail


def test_pages_are_gone_to_once_each() -> None:
    trail = Trail("The shop", "orders")
    assert [trail.follow(place) for place in ("b", "c", "")] == ["b", "c", ""]


@pytest.mark.parametrize("place", ["Qzneedle", None, 7, {"after": "c"}])
def test_a_page_that_was_gone_to_or_is_none_is_told_without_its_name(place: Any) -> None:
    trail = Trail("The shop", "orders")
    trail.follow("Qzneedle")
    with pytest.raises(SourceError) as raised:
        trail.follow(place)
    assert str(raised.value) == "The shop leads from page to page of orders in a circle."
    assert raised.value.is_passing
