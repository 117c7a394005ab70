"""The field report: what the extracts counted, and what cleaning emptied of it."""

from typing import Any

import polars as pl
import pytest

from pipelines.extracts.field_counts import SCHEMA as COUNTED
from pipelines.identity.monitoring.contact_fields import SCHEMA as CLEANED
from pipelines.identity.monitoring.field_report import SCHEMA, find_noteworthy, merge_contact_fields, tell_example

WHERE = {"source": "crm", "table_name": "crm/contacts"}


def count(column: str, **counts: Any) -> dict[str, Any]:
    none = dict.fromkeys((name for name in COUNTED if name.endswith("_count")), 0)
    return {**WHERE, "column_name": column, **none, "row_count": 10, "filled_count": 10, **counts}


def merge(counted: list[dict[str, Any]], *cleaned: dict[str, Any]) -> pl.DataFrame:
    return merge_contact_fields(pl.DataFrame(counted, schema=COUNTED), pl.DataFrame(cleaned, schema=CLEANED))


def test_what_cleaning_emptied_is_no_longer_filled() -> None:
    phone = WHERE | {"column_name": "phone", "unreadable_count": 3, "placeholder_count": 2, "shared_count": 1}
    told = merge([count("phone"), count("city")], phone | {"reason": "is not a phone number"})
    assert told.schema == SCHEMA
    city, phones = told.rows(named=True)
    assert (phones["filled_count"], phones["unreadable_count"], phones["placeholder_count"]) == (5, 3, 2)
    assert (phones["shared_count"], phones["reason"]) == (1, "is not a phone number")
    assert (city["filled_count"], city["placeholder_count"], city["reason"]) == (10, 0, None)


def test_empty_columns_and_those_with_bad_values_are_noteworthy_the_worst_first() -> None:
    counted = [
        count("phone", implausible_count=1),
        count("city", unreadable_count=9, filled_count=1),
        count("address", filled_count=0),
        count("email", later_than_as_of_count=4),
        count("mobile", row_count=0, filled_count=0),
    ]
    assert find_noteworthy(merge(counted))["column_name"].to_list() == ["city", "phone", "address"]


@pytest.mark.parametrize(
    ("file", "line", "record", "told"),
    [
        ("a.csv", 7, None, "a.csv:7"),
        ("a.csv", None, None, "a.csv"),
        (None, None, "crm:contacts:1", ""),
        (None, None, None, ""),
    ],
)
def test_an_example_is_told_by_its_line_and_never_by_the_id_of_its_record(
    file: str | None, line: int | None, record: str | None, told: str
) -> None:
    assert tell_example({"example_file": file, "example_line": line, "example_record_id": record}) == told
