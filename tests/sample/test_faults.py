"""A retailer with the faults of real exports: what is wrong is listed, told by the extracts, and all that is wrong."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import phonenumbers
import polars as pl
import pytest

from pipelines.config.sources import load_sources
from pipelines.contracts import TABLES
from pipelines.extracts.conform import extract_table
from pipelines.lake.tables import Lake
from pipelines.sample.exports import DIALECTS, list_exported, write_exports
from pipelines.sample.fault_list import key_of
from pipelines.sample.faults import add_faults
from pipelines.sample.unreadable import TRANSLATED, TYPED
from pipelines.sample.world import AS_OF, World, generate

SEED = 23
# What is said of a fault: what becomes of the row, and under which count of the field report it is found.
ROWS_SENT_AWAY = {
    "implausible": "implausible_count",
    "later_than_as_of": "later_than_as_of_count",
    "currency_without_rate": "implausible_count",
}
VALUES_EMPTIED = {"unreadable": "unreadable_count", "implausible_value": "implausible_count"}


@pytest.fixture(scope="module")
def clean() -> World:
    return generate(800, 365, SEED)


@pytest.fixture(scope="module")
def faulty(clean: World) -> World:
    return add_faults(clean, SEED, list_exported())


@dataclass
class Night:
    """What the extracts of one retailer left and told."""

    lake: Lake
    told: Counter[tuple[str, str, str]]
    quarantine: pl.DataFrame


def extract(world: World, folder: Path) -> Night:
    write_exports(world, folder)
    sources, lake = load_sources(folder / "sources.yml"), Lake(folder / "lake")
    told: Counter[tuple[str, str, str]] = Counter()
    quarantine = []
    for table in TABLES:
        extract_table(sources, table, lake, AS_OF)
        quarantine.append(pl.read_parquet(lake.quarantine_path(table.kind, table.name)))
        for row in pl.read_parquet(lake.field_counts_path(table.kind, table.name)).iter_rows(named=True):
            for count in ("unreadable_count", "implausible_count", "later_than_as_of_count"):
                told[(row["table_name"], row["column_name"], count)] += row[count]
    return Night(lake, told, pl.concat(quarantine))


@pytest.fixture(scope="module")
def night(faulty: World, tmp_path_factory: pytest.TempPathFactory) -> Night:
    return extract(faulty, tmp_path_factory.mktemp("faulty"))


@pytest.fixture(scope="module")
def clean_night(clean: World, tmp_path_factory: pytest.TempPathFactory) -> Night:
    return extract(clean, tmp_path_factory.mktemp("clean"))


def test_every_kind_of_fault_is_there_and_the_same_seed_gives_the_same(clean: World, faulty: World) -> None:
    again = add_faults(clean, SEED, list_exported())
    assert again.faults.equals(faulty.faults)
    assert all(again.tables[name].equals(faulty.tables[name]) for name in faulty.tables)
    assert set(faulty.faults["kind"]) == {
        "erased", "staff_card", "merged_id", "other_country", "other_currency", *ROWS_SENT_AWAY, *VALUES_EMPTIED
    }  # fmt: skip
    assert not faulty.faults.equals(add_faults(clean, SEED + 1, list_exported()).faults)


def test_every_optional_column_that_is_more_than_text_has_an_unreadable_value(clean: World, faulty: World) -> None:
    expected = {
        (table.path, column.name)
        for table in TABLES
        for column in table.columns
        if (column.type != "text" or column.values)
        and not column.required
        and (table.path, column.name) in list_exported() - TRANSLATED
        and table.path not in TYPED
        and clean.tables[table.path][column.name].null_count() < clean.tables[table.path].height
    }
    unreadable = faulty.faults.filter(kind="unreadable")
    assert set(unreadable.select("table_name", "column_name").iter_rows()) == expected
    assert len(expected) > 20


def test_rows_without_a_fault_are_as_they_were(clean: World, faulty: World) -> None:
    for path, frame in clean.tables.items():
        keys = faulty.faults.filter(table_name=path)["key"].to_list()
        kept = faulty.tables[path].filter(~key_of(path).is_in(keys))
        assert kept.join(frame, on=frame.columns, how="anti", nulls_equal=True).height == 0
        assert frame.height - kept.height <= len(set(keys))


def test_each_fault_is_told_once_and_nothing_else_is(faulty: World, night: Night, clean_night: Night) -> None:
    """The times of a row that is sent away are all told; the first of them is the one that is listed."""
    expected: Counter[tuple[str, str, str]] = Counter()
    for fault in faulty.faults.iter_rows(named=True):
        count = (ROWS_SENT_AWAY | VALUES_EMPTIED).get(fault["kind"])
        if count:
            expected[(fault["table_name"], fault["column_name"], count)] += 1
    told = night.told - clean_night.told
    other_times = {("pos/tickets", "updated_at", "implausible_count")}
    assert {place: count for place, count in told.items() if place not in other_times} == expected


def test_the_rows_sent_away_are_those_that_are_listed(faulty: World, night: Night, clean_night: Night) -> None:
    expected = faulty.faults.filter(pl.col("kind").is_in(ROWS_SENT_AWAY)).select("table_name", "key").sort("table_name")
    found = night.quarantine.join(clean_night.quarantine, on=["table_name", "raw"], how="anti")
    keys = [
        (row["table_name"], json.loads(row["raw"])[next(iter(DIALECTS[row["table_name"]]))])
        for row in found.iter_rows(named=True)
    ]
    assert sorted(keys) == sorted(expected.iter_rows())


def test_the_lake_holds_the_retailer_without_what_cannot_be(faulty: World, night: Night) -> None:
    for path, frame in faulty.tables.items():
        faults = faulty.faults.filter(table_name=path)
        gone = faults.filter(pl.col("kind").is_in(ROWS_SENT_AWAY))["key"].to_list()
        expected = frame.filter(~key_of(path).is_in(gone))
        for fault in faults.filter(kind="implausible_value").iter_rows(named=True):
            emptied = pl.when(key_of(path) != fault["key"]).then(pl.col(fault["column_name"]))
            expected = expected.with_columns(emptied.alias(fault["column_name"]))
        kind, _, name = path.partition("/")
        found = night.lake.read(kind, name).drop("source")
        assert found.select(expected.columns).cast(dict(expected.schema)).equals(expected), path


def test_the_erased_are_nobody_in_the_truth(clean: World, faulty: World) -> None:
    strangers = faulty.truth.filter(pl.col("person_id").str.starts_with("E"))
    assert strangers["person_id"].is_unique().all()
    erased = faulty.faults.filter(kind="erased").select("table_name", "key").unique()
    assert strangers.height == erased.height >= 15
    assert faulty.truth.height == clean.truth.height
    names = faulty.tables["ecommerce/customers"].filter(pl.col("first_name") == "[deleted]")
    assert names["email"].n_unique() == 1
    assert names["phone"].null_count() == names.height >= 5


def test_merged_ids_lead_to_a_contact_and_are_none_themselves(faulty: World) -> None:
    contacts, merges = set(faulty.tables["crm/contacts"]["contact_id"]), faulty.tables["crm/merges"]
    assert merges.height >= 5
    assert contacts >= set(merges["surviving_contact_id"])
    assert not contacts & set(merges["old_contact_id"])
    events = faulty.tables["crm/campaign_events"].join(merges, left_on="contact_id", right_on="old_contact_id")
    assert events.height > 0
    assert (events["occurred_at"] < events["merged_at"]).all()


def test_the_right_number_of_a_customer_abroad_is_what_his_country_reads(faulty: World) -> None:
    abroad = faulty.faults.filter(pl.col("column_name") != "country", kind="other_country")
    assert abroad.height >= 3
    for fault in abroad.iter_rows(named=True):
        number = phonenumbers.parse(fault["written"], "BE")
        assert phonenumbers.is_valid_number(number)
        assert phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == fault["right_value"]


def test_the_staff_card_is_shown_by_strangers(faulty: World) -> None:
    lent = faulty.faults.filter(kind="staff_card")
    assert lent.filter(table_name="pos/members").height >= 7
    assert lent.filter(table_name="pos/tickets").height >= 30
