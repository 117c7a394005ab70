"""Ids that a system merged away: what they stand for, and what follows for the records that are still there."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.identity.decisions.merges import decide_by_systems, find_merged_records, resolve_merges
from pipelines.identity.decisions.read import no_decisions
from pipelines.lake.tables import Lake

AS_OF = date(2026, 2, 28)
SCHEMA = {"source": pl.String, "old_contact_id": pl.String, "surviving_contact_id": pl.String}


def merges(*rows: tuple[str, str] | tuple[str, str, str], source: str = "crm") -> pl.DataFrame:
    full = [(source, old, into, datetime.fromisoformat(when[0]) if when else None) for old, into, *when in rows]
    return pl.DataFrame(full, schema=SCHEMA | {"merged_at": pl.Datetime("us")}, orient="row")


def survivors(frame: pl.DataFrame) -> dict[str, str]:
    return dict(resolve_merges(frame).select("old_id", "surviving_id").iter_rows())


def test_a_chain_leads_to_its_end() -> None:
    assert survivors(merges(("a", "b"), ("b", "c"), ("d", "b"))) == {"a": "c", "b": "c", "d": "c"}


def test_a_merge_into_itself_is_none() -> None:
    assert survivors(merges(("a", "a"), ("b", "a"))) == {"b": "a"}


@pytest.mark.parametrize("turned", [False, True])
def test_of_merges_in_a_circle_the_latest_counts(turned: bool) -> None:
    circle = merges(("a", "b", "2024-01-01"), ("b", "c", "2024-06-01"), ("c", "a", "2025-01-01"))
    assert survivors(circle.reverse() if turned else circle) == {"b": "a", "c": "a"}


def test_of_two_merges_of_one_id_the_latest_counts_and_one_without_a_date_last() -> None:
    assert survivors(merges(("a", "b", "2024-01-01"), ("a", "c", "2025-01-01"), ("a", "d"))) == {"a": "c"}


def test_the_same_id_of_two_sources_is_two() -> None:
    both = pl.concat([merges(("1", "2")), merges(("1", "3"), source="other")])
    assert resolve_merges(both).select("source", "old_id", "surviving_id").rows() == [
        ("crm", "1", "2"), ("other", "1", "3"),
    ]  # fmt: skip


def write(lake: Lake, path: str, **columns: list[Any]) -> None:
    lake.write(*path.split("/"), pl.DataFrame(columns))


def test_a_crms_merges_are_of_its_contacts(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.write("crm", "merges", merges(("1", "2", "2026-02-28T22:00")))
    write(lake, "crm/contacts", source=["crm"], contact_id=["2"])
    assert find_merged_records(lake).select("record_id", "surviving_record_id").rows() == [
        ("crm:contacts:1", "crm:contacts:2")
    ]


def test_merges_without_contacts_are_of_the_one_shop_that_has_the_surviving_account(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.write("crm", "merges", merges(("11", "12"), ("13", "14"), ("15", "404"), source="shopify_merges"))
    write(lake, "ecommerce/customers", source=["shop", "shop", "web"], account_id=["12", "14", "14"])
    assert find_merged_records(lake).select("record_id", "surviving_record_id").rows() == [
        ("shop:customers:11", "shop:customers:12")
    ]


def test_without_merges_there_is_none(tmp_path: Path) -> None:
    assert find_merged_records(Lake(tmp_path)).is_empty()


def records(*ids: str) -> pl.LazyFrame:
    named = dict.fromkeys(("source", "kind", "table_name", "source_key"), "x")
    return pl.LazyFrame([{"record_id": id_, **named} for id_ in ids])


def decide(merged: dict[str, str], present: list[str], *decisions: tuple[str, str, str]) -> list[tuple[str, str]]:
    frame = pl.DataFrame(
        [(old, new, "crm", None) for old, new in merged.items()],
        schema={"record_id": pl.String, "surviving_record_id": pl.String, "source": pl.String}
        | {"merged_at": pl.Datetime("us")},
        orient="row",
    )
    human = no_decisions()
    if decisions:
        named = pl.DataFrame(list(decisions), schema=["verdict", "record_id_l", "record_id_r"], orient="row")
        human = pl.concat([human, named], how="diagonal")
    found = decide_by_systems(frame, records(*present), human, AS_OF)
    assert found["verdict"].to_list() == ["must_link"] * found.height
    return found.select("record_id_l", "record_id_r").rows()  # type: ignore[return-value]


def test_a_merged_record_that_is_still_there_is_one_person_with_what_is_left() -> None:
    assert decide({"a": "z", "b": "z", "c": "y"}, ["a", "z", "c"]) == [("a", "z")]


def test_records_merged_into_one_that_is_gone_are_one_person() -> None:
    assert decide({"a": "z", "b": "z"}, ["a", "b"]) == [("a", "b")]


def test_a_no_of_people_outranks_a_merge_directly_and_by_a_chain() -> None:
    assert decide({"a": "z"}, ["a", "z"], ("cannot_link", "a", "z")) == []
    chain = (("must_link", "a", "m"), ("cannot_link", "m", "z"))
    assert decide({"a": "z", "b": "z"}, ["a", "b", "z"], *chain) == [("b", "z")]


def test_two_merges_never_join_what_people_keep_apart() -> None:
    assert decide({"a": "z", "b": "z"}, ["a", "b", "z"], ("cannot_link", "a", "b")) == [("a", "z")]
