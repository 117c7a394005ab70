"""Tables of HubSpot and Salesforce as a connector lands them, and Square's exports as met in the field."""

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).parents[4] / "shared"

pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the reference data do not stand beside the project (../shared)"
)


@pytest.mark.parametrize(
    ("file", "preset", "table", "rows"),
    [
        ("data/formats/hubspot/contact_data.csv", "hubspot_contact_landed", "contacts", 22),
        ("data/formats/hubspot/contact_data.csv", "hubspot_contact_landed", "merges", 3),
        ("data/formats/hubspot/ticket_data.csv", "hubspot_ticket_landed", "interactions", 25),
        ("data/formats/salesforce/sf_contact_data.csv", "salesforce_contact_landed", "contacts", 4),
        ("data/formats/salesforce/sf_contact_history_data.csv", "salesforce_contact_history_landed", "contacts", 4),
        ("cases/square/in/customers.csv", "square_customers", "members", 2),
        ("cases/square/in/items-2026-01.csv", "square_items", "ticket_lines", 5),
    ],
)
def test_a_reference_file_is_recognised_and_read_whole(
    export: Any, recognised: Any, file: str, preset: str, table: str, rows: int
) -> None:
    with (SHARED / file).open(encoding="utf-8-sig", newline="") as lines:
        assert recognised("\x1f".join(next(csv.reader(lines))), "\x1f") == preset
    export.head = {**export.head, "currency": "USD"}
    export.write(Path(file).name, (SHARED / file).read_bytes())
    extracted = export.extract(preset, table, Path(file).name)
    assert (extracted.rows_kept, extracted.rows_rejected) == (rows, 0)


def test_the_campaign_events_of_reference_are_those_that_the_contract_has(export: Any) -> None:
    folder = SHARED / "data/formats/hubspot"
    for name in ("email_event_data.csv", "contact_data.csv"):
        export.write(name, (folder / name).read_bytes())
    beside = {"contacts": "contact_data.csv"}
    rows = export.rows("hubspot_email_events", "campaign_events", "email_event*", "event", **{"with": beside})
    with (folder / "email_event_data.csv").open(encoding="utf-8") as lines:
        told = [row["type"] for row in csv.DictReader(lines) if row["filtered_event"].lower() != "true"]
    assert len(rows) == sum(kind in ("SENT", "DELIVERED", "OPEN", "CLICK", "BOUNCE") for kind in told) > 50


def test_the_square_case_has_its_fraction_its_return_and_its_missing_date(export: Any) -> None:
    export.head = {**export.head, "currency": "USD"}
    for name in ("items-2026-01.csv", "customers.csv"):
        export.write(name, (SHARED / "cases/square/in" / name).read_bytes())
    lines = export.rows("square_items", "ticket_lines", "items*", "ticket_id", "quantity", "line_amount")
    assert ("tx2AAA", Decimal("1.5"), Decimal("15.00")) in lines
    assert ("tx3AAA", Decimal("-1"), Decimal("-8.00")) in lines
    members = export.rows("square_customers", "members", "customers*", "member_id", "birth_date")
    assert members == [("CUST1", date(1990, 4, 12)), ("CUST2", None)]
