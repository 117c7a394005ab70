"""Values of too many names: counted within a window, the same in any order, and never shown."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipelines.errors import ConfigurationError
from pipelines.identity.standardisation.attributes import declare_attributes, load_attributes
from pipelines.identity.standardisation.shared_values import (
    find_shared_values,
    max_names_in_window,
    withdraw_shared_values,
)
from pipelines.identity.standardisation.standardise import standardise

NAMES = ("Martin", "Bernard", "Thomas", "Petit", "Robert", "Durand", "Moreau", "Laurent", "Garcia", "Roux")
NUMBER = "04 78 37 11 22"
FIRST_DAY = date(2010, 1, 1)

Make = Callable[..., Any]


def spread(row: Make, days_between: int, names: tuple[str, ...] = NAMES[:7], **fields: Any) -> list[dict[str, Any]]:
    """One record a name, so many days apart."""
    begin = datetime.combine(FIRST_DAY, datetime.min.time())
    return [
        row(str(position), last_name=name, created_at=begin + timedelta(days=days_between * position), **fields)
        for position, name in enumerate(names)
    ]


@pytest.mark.parametrize(("days_between", "is_withdrawn"), [(30, True), (182, True), (183, False), (600, False)])
def test_a_phone_number_of_seven_names_is_withdrawn_only_within_its_window(
    row: Make, standardised: Make, days_between: int, is_withdrawn: bool
) -> None:
    found = standardised(*spread(row, days_between, phone=NUMBER))
    assert found["landline_key"].is_null().to_list() == [is_withdrawn] * 7
    assert found["phone"].null_count() == 0, "it stays on display"


def test_a_mailbox_gathers_its_names_over_all_time(row: Make, standardised: Make) -> None:
    found = standardised(*spread(row, 600, NAMES[:6], email="magasin@maison.fr"))
    assert found["email_key"].null_count() == 6
    assert standardised(*spread(row, 600, NAMES[:5], email="magasin@maison.fr"))["email_key"].null_count() == 0


def test_a_record_without_a_date_counts_in_every_window(row: Make, standardised: Make) -> None:
    apart = spread(row, 600, NAMES[:5], phone=NUMBER)
    undated = [row(f"u{name}", last_name=name, phone=NUMBER, updated_at=None) for name in NAMES[5:9]]
    assert standardised(*apart, *undated)["landline_key"].null_count() == 0, "four, and two in any three years"
    more = [row("u+", last_name="Fournier", phone=NUMBER, updated_at=None)]
    assert standardised(*apart, *undated, *more)["landline_key"].null_count() == 10


def test_the_day_is_that_of_the_last_change_where_nobody_noted_the_first(row: Make, standardised: Make) -> None:
    rows = [given | {"updated_at": given["created_at"], "created_at": None} for given in spread(row, 600, phone=NUMBER)]
    assert standardised(*rows)["landline_key"].null_count() == 0


@settings(deadline=None)
@given(
    used=st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from("mnopq"), st.none() | st.integers(0, 30)), max_size=25
    ),
    window=st.integers(1, 12),
)
def test_the_busiest_window_is_the_one_found_by_looking_at_all(
    used: list[tuple[str, str, int | None]], window: int
) -> None:
    frame = pl.DataFrame(
        [(value, name, None if day is None else FIRST_DAY + timedelta(days=day)) for value, name, day in used],
        schema={"value": pl.String, "name": pl.String, "day": pl.Date},
        orient="row",
    )
    expected = {}
    for value in sorted({value for value, _, _ in used}):
        expected[value] = max(
            len({name for v, name, day in used if v == value and (day is None or end - window < day <= end)})
            for end in range(31)
        )
    assert dict(max_names_in_window(frame, window).iter_rows()) == expected


def test_what_is_withdrawn_depends_neither_on_the_order_of_rows_nor_on_another_value(row: Make) -> None:
    rows = spread(row, 30, phone=NUMBER) + spread(row, 30, NAMES[:3], email="famille@free.fr", source="shop")
    gathered = pl.DataFrame(
        [{"last_key": r["last_name"].lower(), "created_at": r["created_at"], "updated_at": None,
          "landline_key": r.get("phone"), "email_key": r.get("email"), "record_id": r["record_id"]} for r in rows]
    ).with_columns(
        pl.lit(None, dtype=pl.Datetime).alias("updated_at"),
        pl.lit(None, dtype=pl.String).alias("mobile_key"),
        pl.lit(None, dtype=pl.String).alias("card_key"),
    )  # fmt: skip
    otherwise = gathered.sample(fraction=1, shuffle=True, seed=3)
    once, shuffled = (
        withdraw_shared_values(records, find_shared_values(records, load_attributes()))
        for records in (gathered, otherwise)
    )
    assert_frame_equal(once.sort("record_id"), shuffled.sort("record_id"))
    assert once["shared_values"].to_list() == ["landline"] * 7 + [None] * 3


def test_records_that_share_a_value_have_a_digest_in_common_that_does_not_show_it(
    row: Make, standardised: Make
) -> None:
    found = standardised(*spread(row, 30, phone=NUMBER, email="magasin@maison.fr"))
    [digests] = found["shared_digests"].unique()
    assert [part.split(":")[0] for part in digests.split(",")] == ["email", "landline"]
    assert {len(part.split(":")[1]) for part in digests.split(",")} == {64}
    assert "maison" not in digests
    assert "7837" not in digests


def test_without_a_limit_nothing_is_withdrawn(row: Make, gathered: Make) -> None:
    unlimited = {
        name: replace(attribute, shared_limit=None, shared_window_days=None, surge_limit=None)
        for name, attribute in load_attributes().items()
    }
    records = gathered(*spread(row, 1, phone=NUMBER))
    assert standardise(records, "FR", None, unlimited)["landline_key"].null_count() == 0


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ("{kind: contact, shared_window_days: 30}", "shared_window_days without shared_limit"),
        ("{kind: contact, shared_limit: 0}", "shared_limit must be a whole number, at least 1"),
        ("{kind: contact, shared_limit: 5, surge_limit: 5}", "surge_limit must be above shared_limit"),
        ("{kind: contact, shared_limit: 5, shared_window_days: true}", "shared_window_days must be a whole number"),
    ],
)
def test_limits_that_cannot_hold_are_refused_by_name(declared: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=f"email: {message}"):
        declare_attributes(f"email: {declared}")
