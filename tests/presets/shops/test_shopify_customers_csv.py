"""Shopify's CSV of customers, of today and of years ago, and what they answered about marketing."""

from typing import Any

import pytest

from pipelines.presets.recognise import recognise

PRESET = "shopify_customers_csv"
NEW = (
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Address1,"
    "Default Address Address2,Default Address City,Default Address Province Code,Default Address Country Code,"
    "Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Note,Tax Exempt,"
    "Tags"
)
OLD = (
    "First Name,Last Name,Email,Company,Address1,Address2,City,Province,Province Code,Country,Country Code,Zip,Phone,"
    "Accepts Marketing,Total Spent,Total Orders,Tags,Note,Tax Exempt"
)
ROWS = """
'7210448301122,Ann,de la Tour,Ann@example.com,yes,,3 rue du Bac,,Paris,,FR,'75007,'+33612345678,,yes,132.70,1,"likes
blue, hates red",no,vip
'7210448301123,Bo,,bo@example.com,no,,,,,,,,,'+33698765432,no,0.00,0,,no,
'7210448301124,,,,no,,,,,,,,,'+33698765499,yes,0.00,0,,no,
"""
ORDERS = """Name,Email,Created at
#1,ann@example.com,2025-11-01 10:00:00 +0100
#1,ann@example.com,
#9,ANN@example.com,2026-03-01 10:00:00 +0100
"""


def test_customers_have_their_numbers_and_the_dates_of_their_orders(exported: Any, pick: Any) -> None:
    exported.write("customers_export.csv", NEW + ROWS)
    exported.write("orders_export_1.csv", ORDERS)
    beside = {"with": {"orders": "orders_export*.csv"}}
    customers = exported.read(PRESET, "customers", "customers_export*.csv", **beside)
    assert pick(customers, "account_id", "first_name", "last_name", "email", "phone", "country") == [
        ("7210448301122", "Ann", "de la Tour", "Ann@example.com", "+33612345678", "FR"),
        ("7210448301123", "Bo", None, "bo@example.com", "+33698765432", None),
        ("7210448301124", None, None, None, "+33698765499", None),
    ]
    assert pick(customers[:1], "address", "postcode", "city") == [("3 rue du Bac", "75007", "Paris")]
    assert [(str(row["created_at"]), str(row["updated_at"])) for row in customers] == [
        ("2025-11-01 09:00:00", "2026-03-01 09:00:00"),
        ("None", "2026-06-29 22:00:00"),  # Midnight in Paris on the day of the run.
        ("None", "2026-06-29 22:00:00"),
    ]


def test_answers_are_those_of_mailboxes_and_numbers_that_are_there_without_a_proof(exported: Any, pick: Any) -> None:
    exported.write("customers_export.csv", NEW + ROWS)
    consents = exported.read(PRESET, "consents", "customers_export*.csv")
    assert pick(consents, "account_id", "channel", "purpose", "status", "proof") == [
        ("7210448301122", "email", "marketing", "granted", None),
        ("7210448301122", "sms", "marketing", "granted", None),
        ("7210448301123", "email", "marketing", "denied", None),
        ("7210448301123", "sms", "marketing", "denied", None),
        ("7210448301124", "sms", "marketing", "granted", None),
    ]
    assert {str(row["recorded_at"]) for row in consents} == {"2026-06-29 22:00:00"}


def test_an_export_of_before_2022_has_no_numbers_and_goes_by_mailboxes(exported: Any, pick: Any) -> None:
    exported.write(
        "customers_export.csv",
        OLD + "\nAnn,Tour,Ann@example.com,,3 rue du Bac,,Paris,,,France,FR,75007,,yes,132.70,1,,,no\n",
    )
    customers = exported.read(PRESET, "customers", "customers_export*.csv")
    assert pick(customers, "account_id", "address", "postcode", "country") == [
        ("ann@example.com", "3 rue du Bac", "75007", "FR")
    ]


@pytest.mark.parametrize("header", [NEW, OLD])
def test_it_is_recognised_before_all_others(header: str) -> None:
    first = recognise(header.split(","))[0]
    assert (first.preset.name, first.is_certain) == (PRESET, True)
