import polars as pl
import pytest

from pipelines.identity.standardisation.countries import country_codes, read_countries, read_country_names


@pytest.mark.parametrize(
    ("code", "written"),
    [
        ("FR", ["FR", "fr", "France", "FRANCE ", "FRA", "250", "250.0", "F", "Frankreich", "Francia", "FR - France",
                "France (FR)", "FR-75", "fr_FR", "France métropolitaine", "🇫🇷", "Франция"]),
        ("DE", ["DE", "Deutschland", "Allemagne", "Germany", "Alemania", "D", "DEU", "276", "BRD"]),
        ("GB", ["UK", "GB", "U.K.", "United Kingdom", "Royaume-Uni", "Great Britain", "England", "Angleterre", "826"]),
        ("CH", ["CH", "Suisse", "Schweiz", "Svizzera", "Switzerland", "CHE", "de-CH", "Suisse / Schweiz"]),
        ("US", ["US", "USA", "U.S.A.", "Etats-Unis", "États-Unis d’Amérique", "United States of America", "EE.UU."]),
        ("BE", ["Belgique", "België", "Belgique / België", "56", "056", "B"]),
        ("NL", ["Pays-Bas", "The Netherlands", "Holland", "Nederland"]),
        ("CI", ["Côte d'Ivoire", "Cote d’Ivoire", "Ivory Coast"]),
        ("JP", ["日本", "Japon"]), ("MA", ["المغرب", "Maroc"]), ("GR", ["Ελλάδα", "EL", "Grèce"]),
        ("NO", ["NO", "Norge"]),
        ("CA", ["fr-CA", "Canada"]), ("RE", ["La Réunion", "Réunion", "REU"]),
    ],
)  # fmt: skip
def test_a_country_is_read_in_any_language_and_as_any_code(code, written):
    assert read_countries(written) == dict.fromkeys(written, code)


@pytest.mark.parametrize(
    "text", ["Wonderland", "Paris", "EU", "Europe", "DOM-TOM", "-", "999", "000", "France/Belgique", ""]
)
def test_what_is_no_country_or_two_is_not_read(text):
    assert read_countries([text]) == {}


def test_at_the_end_of_an_address_a_code_of_two_letters_may_be_a_state():
    assert read_country_names(["IL", "CA", "DE", "UK", "Germany", "Berlin"]) == {"UK": "GB", "Germany": "DE"}


def test_a_column_is_read_row_by_row():
    given = pl.Series(["Suisse", None, "?", "Suisse"])
    assert country_codes(given).to_list() == ["CH", None, None, "CH"]
    assert country_codes(pl.Series([], dtype=pl.String)).to_list() == []
    assert country_codes(pl.Series([None], dtype=pl.String)).to_list() == [None]
