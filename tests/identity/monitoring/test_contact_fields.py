from datetime import date

from pipelines.identity.monitoring.contact_fields import judge_contact_fields
from pipelines.identity.standardisation.standardise import standardise


def test_a_phone_is_unreadable_only_where_its_records_own_country_has_no_such_number(row, gathered):
    rows = gathered(
        row("1", phone="030 12345678", country="Deutschland"),
        row("2", phone="030 12345678", country="Wonderland"),
        row("3", phone="06 12 34 56 79"),
        row("4", phone="0600000000", country="France"),
    )
    records = standardise(rows, "FR", date(2026, 2, 28))
    [told] = judge_contact_fields(rows.lazy(), records.lazy(), "FR").to_dicts()
    assert (told["column_name"], told["unreadable_count"], told["placeholder_count"]) == ("phone", 1, 1)
    assert told["example_record_id"] == "crm:contacts:2"


def test_a_line_of_postcode_and_city_in_place_of_a_street_is_no_lost_address(row, gathered):
    rows = gathered(row("1", address="75002 Paris"), row("2", address="n/a", postcode="75002", city="Paris"))
    records = standardise(rows, "FR", date(2026, 2, 28))
    [told] = judge_contact_fields(rows.lazy(), records.lazy(), "FR").to_dicts()
    assert (told["column_name"], told["placeholder_count"]) == ("address", 1)
    assert told["example_record_id"] == "crm:contacts:2"
