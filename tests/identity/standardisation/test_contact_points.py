"""Further mailboxes and numbers: lists in a column, and those that a CRM keeps in a table."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.identity.decisions.merges import MERGED_SCHEMA, decide_by_systems
from pipelines.identity.decisions.read import no_decisions
from pipelines.identity.standardisation.contact_points import split_emails, split_phones
from pipelines.identity.standardisation.standardise import gather_records, scan_records, standardise
from pipelines.lake.tables import Lake

AS_OF = date(2026, 2, 28)
NOW = datetime.fromisoformat("2026-01-01")


def split(expression: pl.Expr, text: str | None) -> list[str | None]:
    frame = pl.DataFrame({"text": [text]}, schema={"text": pl.String})
    values: list[str | None] = frame.select(expression).item().to_list()
    return values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lea@free.fr; l.roux@cabinet.fr", ["lea@free.fr", "l.roux@cabinet.fr"]),
        ("lea@free.fr,l.roux@cabinet.fr", ["lea@free.fr", "l.roux@cabinet.fr"]),
        ('["lea@free.fr","l.roux@cabinet.fr"]', ["lea@free.fr", "l.roux@cabinet.fr"]),
        ("lea@free.fr / l.roux@cabinet.fr", ["lea@free.fr", "l.roux@cabinet.fr"]),
        ("{lea@free.fr,l.roux@cabinet.fr}", ["lea@free.fr", "l.roux@cabinet.fr"]),
        ("Léa <lea@free.fr>, <l.roux@cabinet.fr>", ["lea@free.fr", "l.roux@cabinet.fr"]),
        ("lea @free.fr", ["lea @free.fr"]),
        ("none", ["none"]),
        (None, [None]),
    ],
)
def test_a_list_of_addresses_is_taken_apart(text: str | None, expected: list[str | None]) -> None:
    assert split(split_emails(pl.col("text")), text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("06 12 34 56 78 / 01 40 00 00 05", ["06 12 34 56 78", "01 40 00 00 05"]),
        ("0612345678;0140000005", ["0612345678", "0140000005"]),
        ("0612345678 ou 01.40.00.00.05", ["0612345678", "01.40.00.00.05"]),
        ('["+33612345678", "+33140000005"]', ["+33612345678", "+33140000005"]),
        ("0612345678,0140000005", ["0612345678", "0140000005"]),
        ("{+33612345678,+33140000005,+33140000006}", ["+33612345678", "+33140000005", "+33140000006"]),
        ("['06 12 34 56 78','01 40 00 00 05']", ["06 12 34 56 78", "01 40 00 00 05"]),
        ("0140000005/06", ["0140000005/06"]),
        ("06/12/34/56/78", ["06/12/34/56/78"]),
        ("06, 12, 34, 56, 78", ["06, 12, 34, 56, 78"]),
        ("01 40 00 00 05 / poste 12", ["01 40 00 00 05 / poste 12"]),
        (None, [None]),
    ],
)
def test_a_list_of_numbers_is_taken_apart_and_one_number_is_not(text: str | None, expected: list[str | None]) -> None:
    assert split(split_phones(pl.col("text")), text) == expected


def write(lake: Lake, path: str, *rows: dict[str, Any]) -> None:
    frame = pl.DataFrame(list(rows)).with_columns(pl.lit(path.split("/")[0]).alias("source"))
    lake.write(*path.split("/"), frame.with_columns(pl.lit(NOW).alias("updated_at")))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path)
    row = {"contact_id": "9", "first_name": "Léa", "last_name": "Roux", "email": "lea@free.fr; L.Roux@cabinet.fr"}
    write(lake, "crm/contacts", row | {"mobile": "0612345079", "phone": None})
    points = [
        ("9", "email", "LEA@free.fr"), ("9", "email", "lea.roux@orange.fr"), ("9", "mobile", "07 44 81 20 93"),
        ("404", "email", "x@y.fr"),
    ]  # fmt: skip
    write(
        lake, "crm/contact_points", *({"contact_id": id_, "kind": kind, "value": value} for id_, kind, value in points)
    )
    return lake


def test_the_first_is_the_rows_own_and_each_further_one_a_record_with_its_names(lake: Lake) -> None:
    records = standardise(gather_records(lake, AS_OF), "FR", AS_OF)
    assert sorted(records.select("email_key", "mobile_key", "last_key").rows(), key=str) == [
        ("l.roux@cabinet.fr", None, "roux"), ("lea.roux@orange.fr", None, "roux"),
        ("lea@free.fr", "+33612345079", "roux"), (None, "+33744812093", "roux"),
    ]  # fmt: skip
    assert records["table_name"].value_counts(sort=True).rows() == [("contact_points", 3), ("contacts", 1)]
    assert not any("@" in id_ or "orange" in id_ for id_ in records["record_id"])


def test_a_further_point_is_one_person_with_its_row_unless_people_decided_otherwise(lake: Lake) -> None:
    present = scan_records(lake, AS_OF)
    none = pl.DataFrame(schema=MERGED_SCHEMA)
    links = decide_by_systems(none, present, no_decisions(), AS_OF)
    assert set(links["record_id_r"]) == {"crm:contacts:9"}
    assert links.height == 3
    no = {"verdict": "cannot_link", "record_id_l": links["record_id_l"][0], "record_id_r": "crm:contacts:9"}
    decided = pl.concat([no_decisions(), pl.DataFrame([no])], how="diagonal")
    assert decide_by_systems(none, present, decided, AS_OF).height == 2


def test_points_of_a_contact_that_was_merged_away_and_is_still_there_stay_with_it(lake: Lake) -> None:
    write(
        lake, "crm/contacts", {"contact_id": "9", "email": "a@free.fr;b@free.fr"}, {"contact_id": "12", "email": None}
    )
    merged = pl.DataFrame([("crm:contacts:9", "crm:contacts:12", "crm", None)], schema=MERGED_SCHEMA, orient="row")
    links = decide_by_systems(merged, scan_records(lake, AS_OF), no_decisions(), AS_OF)
    assert ("crm:contacts:12", "crm:contacts:9") in links.select("record_id_l", "record_id_r").rows()
    assert links.filter(pl.col("record_id_l").str.contains("contact_points"))["record_id_r"].unique().to_list() == [
        "crm:contacts:9"
    ]


def test_the_points_of_a_deleted_contact_are_gone_with_it(lake: Lake) -> None:
    write(lake, "crm/contacts", {"contact_id": "9", "email": "a@free.fr;b@free.fr", "deleted_at": NOW})
    assert gather_records(lake, AS_OF).is_empty()


def test_of_two_numbers_on_an_order_both_are_read(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    order = {"order_id": "1", "contact_phone": "06 31 24 58 79 / 01 40 20 50 05", "ordered_at": NOW, "updated_at": NOW}
    write(lake, "ecommerce/orders", order)
    [record] = standardise(gather_records(lake, AS_OF), "FR", AS_OF).to_dicts()
    assert (record["mobile_key"], record["landline_key"]) == ("+33631245879", "+33140205005")
