import polars as pl
import pytest

from pipelines.errors import ConfigurationError
from pipelines.identity.standardisation.phones import read_phones


@pytest.mark.parametrize(
    ("given", "mobile", "landline"),
    [
        ("06 12 34 56 79", "+33612345679", None),
        ("+33 (0)6.12.34.56.79", "+33612345679", None),
        ("0033612345679", "+33612345679", None),
        ("612345679", "+33612345679", None),
        ("01 42 68 53 00", None, "+33142685300"),
        ("612345679.0", "+33612345679", None),
        ("470123459.0", None, "+33470123459"),
        ("612345679,0", "+33612345679", None),
        ("33612345679.0", "+33612345679", None),
        ("6.12345679E8", "+33612345679", None),
        ("6,12E+08", None, None),
        ("3,36E+10", None, None),
        ("'+33612345679", "+33612345679", None),
        ("33612345679", "+33612345679", None),
        ("00 33 (0) 6 12 34 56 79", "+33612345679", None),
        ("+33‑6‑12‑34‑56‑79", "+33612345679", None),
        ("\u202a06\u00a012\u202f34 56 79\u202c", "+33612345679", None),
        ("Tél : 01 42 68 53 00", None, "+33142685300"),
        ("01 42 68 53 00 (bureau)", None, "+33142685300"),
        ("01 42 68 53 00 poste 12", None, "+33142685300"),
        ("0142685300 ext. 4", None, "+33142685300"),
        ("0142685300x4", None, "+33142685300"),
        ("01 42 68 53 00/01", None, "+33142685300"),
        ("01/42/68/53/00", None, "+33142685300"),
        ("4915112345678", "+4915112345678", None),
        ("0692 12 34 56", "+262692123456", None),
        ("0590 12 34 56", None, "+590590123456"),
        ("+44 7400 123456", "+447400123456", None),
        ("0600000000", None, None),
        ("06 66 66 66 66", None, None),
        ("call me", None, None),
        ("123", None, None),
    ],
)
def test_a_phone_becomes_e164_as_a_mobile_or_a_landline(row, standardised, given, mobile, landline):
    found = standardised(row("1", phone=given)).row(0, named=True)
    assert (found["mobile_key"], found["landline_key"]) == (mobile, landline)
    assert found["phone"] == (mobile or landline)


@pytest.mark.parametrize(
    "placeholder",
    [
        "+1 000 000 0000", "+1 212 000 0000", "+1 555 555 5555", "+1 123 456 7890", "+1 987 654 3210",
        "+44 0000 000000", "+44 7000 000000", "+44 7777 777777",
        "+351 000 000 000", "+351 910 000 000", "+351 912 345 678",
        "+33 0 00 00 00 00", "06 00 00 00 00", "+33 1 23 45 67 89",
        "+262 000 000 000", "+262 690 00 00 00", "+262 612 345 678",
        "+212 600 000 000",
    ],
)  # fmt: skip
def test_a_placeholder_phone_of_any_country_is_no_number(row, standardised, placeholder):
    found = standardised(row("1", phone=placeholder)).row(0, named=True)
    assert (found["phone"], found["mobile_key"], found["landline_key"]) == (None, None, None)


@pytest.mark.parametrize(
    ("real", "e164"),
    [
        ("+1 201 234 5678", "+12012345678"),
        ("+44 20 7946 0018", "+442079460018"),
        ("+351 213 456 781", "+351213456781"),
        ("+33 6 12 34 56 79", "+33612345679"),
        ("+262 692 12 34 56", "+262692123456"),
    ],
)
def test_a_number_of_another_country_that_only_looks_regular_stays(row, standardised, real, e164):
    assert standardised(row("1", phone=real)).row(0, named=True)["phone"] == e164


def test_a_number_is_read_with_the_digits_behind_its_country_code():
    values = pl.Series(["+1 212 555 0123", "0612345679", "+351 912 345 671", "nothing"])
    found = dict(read_phones(values, "FR").select("value", "national").iter_rows())
    assert found == dict(zip(values, ["2125550123", "612345679", "912345671", None], strict=True))


def test_a_country_without_a_numbering_plan_is_refused_by_name():
    with pytest.raises(ConfigurationError, match="'XX'"):
        read_phones(pl.Series(["0612345679"]), "XX")


@pytest.mark.parametrize(
    "given",
    [
        "01 42 68 53 00 / 06 12 34 56 79", "01.42.68.53.00,06.12.34.56.79", "0142685300;0612345679",
        "01 42 68 53 00 ou 06 12 34 56 79", "0142685300 0612345679", "01 42 68 53 00\n06 12 34 56 79",
        "01/42/68/53/00 / 06/12/34/56/79", "06 12 34 56 79 | 01 42 68 53 00", "+33142685300 - +33612345679",
    ],
)  # fmt: skip
def test_two_numbers_in_one_field_are_both_read(row, standardised, given):
    found = standardised(row("1", phone=given)).row(0, named=True)
    assert (found["landline_key"], found["mobile_key"], found["mobile"]) == (
        "+33142685300",
        "+33612345679",
        "+33612345679",
    )


def test_a_second_number_does_not_replace_that_of_the_other_column(row, standardised):
    found = standardised(row("1", phone="01 42 68 53 00 / 06 12 34 56 79", mobile="07 55 11 96 22")).row(0, named=True)
    assert (found["mobile"], found["mobile_key"]) == ("+33755119622", "+33755119622")


def test_a_placeholder_beside_a_number_leaves_the_number(row, standardised):
    found = standardised(row("1", phone="0000000000 / 06 12 34 56 79")).row(0, named=True)
    assert (found["phone"], found["mobile_key"]) == ("+33612345679", "+33612345679")


@pytest.mark.parametrize(
    ("region", "given", "e164"),
    [
        ("DE", "030/12345678", "+493012345678"),
        ("DE", "+49 (0) 30 12345678", "+493012345678"),
        ("BE", "0475/12.34.56", "+32475123456"),
        ("GB", "020 7946 0018", "+442079460018"),
        ("US", "1-212-555-0123", "+12125550123"),
        ("US", "011 33 6 12 34 56 79", "+33612345679"),
        ("US", "(555) 123-4567", "+15551234567"),
        ("CH", "022 123 45 67", "+41221234567"),
        ("IT", "06 1234 5678", "+390612345678"),
        ("IT", "61234567", "+39061234567"),  # A spreadsheet took the zero, which Italians dial from abroad too.
        ("RE", "0692 12 34 56", "+262692123456"),
        ("DE", "+33 6 12 34 56 79", "+33612345679"),
        ("AQ", "0612345679", "+33612345679"),
        # Plans without a prefix in front of national numbers, and one of two digits.
        ("IT", "+33 6 12 34 56 79", "+33612345679"),
        ("IT", "0033 6 12 34 56 79", "+33612345679"),
        ("ES", "+372 5123 4567", "+37251234567"),
        ("ES", "00372 512 3456", "+3725123456"),
        ("LU", "+353 85 012 3456", "+353850123456"),
        ("DK", "+46 70 174 06 05", "+46701740605"),
        ("HU", "+36 06 20 123 4567", "+36201234567"),
        ("HU", "06 20 123 4567", "+36201234567"),
        # Only the retailer's country has such a number.
        ("BE", "06 12 34 56 79", "+33612345679"),
        ("US", "0612345679", "+33612345679"),
        ("ES", "0612345679", "+33612345679"),
        ("BE", "0470 12 34 56", "+32470123456"),
        ("US", "00 33 6 12 34 56 79", "+33612345679"),
        ("US", "0012345679", None),
        ("FR", "06 12 34 56 7", None),
    ],
)
def test_a_number_is_read_by_the_plan_of_its_own_country(region, given, e164):
    found = read_phones(pl.Series([given]), "FR", pl.Series([region]))
    assert found["e164"].to_list() == [e164]


def test_an_american_number_is_of_one_kind_whichever_country_its_record_names():
    numbers = pl.Series(["+1 212 555 0123"] * 2)
    assert read_phones(numbers, "FR", pl.Series(["FR", "US"]))["is_landline"].to_list() == [False, False]


@pytest.mark.parametrize("values", [[], [None], ["", " "]])
def test_no_numbers_give_no_number(values):
    assert read_phones(pl.Series(values, dtype=pl.String), "FR")["e164"].drop_nulls().is_empty()
