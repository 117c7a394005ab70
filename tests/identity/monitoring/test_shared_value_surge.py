"""Crowds: a value that identified published people, shared by dozens of names at once."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import polars as pl
import pytest

from pipelines.identity.monitoring.shared_value_surge import (
    describe_surges,
    find_surges,
    list_withdrawn_values,
)
from pipelines.identity.standardisation.attributes import load_attributes

Make = Callable[..., Any]
LETTERS = "bcdfghjklm"
SURNAMES = tuple(f"{first}a{second}ier" for first in LETTERS for second in LETTERS)
PUBLISHED = pl.Series(["crm:contacts:0"])
NOTHING = pl.DataFrame({"digest": []}, schema={"digest": pl.String})


def strangers(row: Make, count: int, **fields: Any) -> list[dict[str, Any]]:
    """One record a surname; the first, number 0, is the one that was published."""
    return [row(str(number), last_name=SURNAMES[number], **fields) for number in range(count)]


@pytest.mark.parametrize(
    ("fields", "attribute"),
    [
        ({"email": "jeanne@free.fr"}, "email"),
        ({"mobile": "06 12 34 56 79"}, "phone"),
        ({"phone": "04 78 37 11 22"}, "phone"),
        ({"loyalty_card_id": "C0012345"}, "loyalty_card_id"),
    ],
)
def test_a_published_value_of_more_names_than_the_limit_is_a_surge(
    row: Make, standardised: Make, fields: dict[str, str], attribute: str
) -> None:
    limit = load_attributes()[attribute].surge_limit
    assert limit is not None
    records = standardised(*strangers(row, limit + 1, **fields))
    [surge] = find_surges(records, load_attributes(), NOTHING, PUBLISHED)
    assert (surge.attribute, surge.names, surge.records) == (attribute, limit + 1, limit + 1)
    assert surge.record_ids[0] == "crm:contacts:0", "who had it before comes first"
    assert len(surge.record_ids) == limit + 1
    at_the_limit = standardised(*strangers(row, limit, **fields))
    assert find_surges(at_the_limit, load_attributes(), NOTHING, PUBLISHED) == []


def test_what_was_withdrawn_already_or_reached_nobody_published_stops_nothing(row: Make, standardised: Make) -> None:
    records = standardised(*strangers(row, 60, email="magasin@maison.fr"))
    assert find_surges(records, load_attributes(), list_withdrawn_values(records), PUBLISHED) == []
    assert find_surges(records, load_attributes(), NOTHING, pl.Series(["crm:contacts:999"])) == []
    assert len(find_surges(records, load_attributes())) == 1, "before any publication, every crowd is told"


def test_a_phone_number_of_sixty_names_over_a_century_is_no_surge(row: Make, standardised: Make) -> None:
    rows = strangers(row, 60, phone="04 78 37 11 22")
    for number, given in enumerate(rows):
        given["created_at"] = datetime.fromisoformat(f"{1920 + number}-01-01")
    assert find_surges(standardised(*rows), load_attributes(), NOTHING, PUBLISHED) == []


def test_the_message_says_where_the_records_are_and_names_neither_value_nor_record(
    row: Make, standardised: Make
) -> None:
    records = standardised(*strangers(row, 60, email="jeanne.dupuis@free.fr", mobile="06 12 34 56 79"))
    said = describe_surges(find_surges(records, load_attributes(), NOTHING, PUBLISHED))
    for expected in (
        "email: 60 names on 60 records",
        "phone: 60 names",
        "value_surges.parquet",
        "sources.yml",
    ):
        assert expected in said
    for secret in ("jeanne", "dupuis", "612345679", "34 56", "crm:contacts"):
        assert secret not in said
    assert list_withdrawn_values(records).columns == ["digest"]
    assert "free" not in str(list_withdrawn_values(records).rows())
