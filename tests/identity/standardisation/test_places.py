import polars as pl
import pytest

from pipelines import contracts
from pipelines.identity.standardisation.standardise import standardise_records
from pipelines.lake.tables import Lake


@pytest.mark.parametrize(
    ("country", "shown"),
    [
        ("Allemagne", "DE"), ("FRANCE", "FR"), ("250", "FR"), (" Wonderland ", "Wonderland"), ("", None), ("N/A", None),
        ("NA", None), ("NC", None), ("inconnu", None), (None, None),
    ],
)  # fmt: skip
def test_a_country_is_shown_as_its_code_where_it_can_be_read(row, standardised, country, shown):
    assert standardised(row("1", country=country))["country"].item() == shown


@pytest.mark.parametrize(
    ("country", "phone", "e164", "postcode", "postcode_key"),
    [
        ("Deutschland", "030 12345678", "+493012345678", "1067", "01067"),
        ("CH", "079 123 45 67", "+41791234567", "1204", "1204"),
        ("Belgique", "0475 12 34 56", "+32475123456", "1000", "1000"),
        ("UK", "020 7946 0018", "+442079460018", "SW1A 2AA", "SW1A2AA"),
        ("United States", "(212) 555-0123", "+12125550123", "2134-1000", "02134"),
        ("España", "612 345 679", "+34612345679", "8001", "08001"),
        (None, "06 12 34 56 79", "+33612345679", "1000", "01000"),
        # Nobody can read this country: a number that the retailer's has is taken, a zero is not made up.
        ("Wonderland", "06 12 34 56 79", "+33612345679", "1000", "1000"),
        ("Wonderland", "030 12345678", None, "1000", "1000"),
        ("Wonderland", "+49 30 12345678", "+493012345678", "1000", "1000"),
    ],
)
def test_a_record_is_read_by_its_own_country(row, standardised, country, phone, e164, postcode, postcode_key):
    found = standardised(row("1", country=country, phone=phone, postcode=postcode)).row(0, named=True)
    assert (found["phone"], found["postcode_key"]) == (e164, postcode_key)


def test_one_number_in_two_countries_is_two_numbers(row, standardised):
    found = standardised(row("1", phone="0612345679"), row("2", phone="0612345679", country="Nederland"))
    assert found["mobile_key"].to_list() == ["+33612345679", "+31612345679"]


def test_the_country_that_an_address_names_decides_how_its_phone_is_read(row, standardised):
    found = standardised(row("1", address="Hauptstr. 5, 10115 Berlin, Germany", phone="030 12345678"))
    assert found.select("country", "landline_key", "postcode").row(0) == ("DE", "+493012345678", "10115")


def test_a_guest_order_is_read_by_the_country_it_is_sent_to(tmp_path):
    contact = {"contact_last_name": "Meier", "contact_phone": "079 123 45 67", "contact_postcode": "1204"}
    orders = pl.DataFrame(
        [{"source": "shop", "order_id": "W1", "contact_country": "Suisse", **contact}],
        schema={
            "source": pl.String,
            **{column.name: pl.String for column in contracts.table("ecommerce", "orders").columns},
        },
    )
    lake = Lake(tmp_path)
    lake.write("ecommerce", "orders", orders)
    found = standardise_records(lake, "FR").row(0, named=True)
    assert (found["country"], found["phone"], found["postcode_key"]) == ("CH", "+41791234567", "1204")
