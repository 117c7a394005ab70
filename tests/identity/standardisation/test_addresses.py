import polars as pl
import pytest

from pipelines.identity.standardisation.addresses import street_key


def key(text, country):
    return pl.select(street_key(pl.lit(text), country)).item()


@pytest.mark.parametrize(
    ("country", "short", "written_out"),
    [
        ("FR", "12B, Av. du Gal. Leclerc", "12 bis avenue Général Leclerc"),
        (None, "3 pl. St-Jean", "3 place Saint Jean"),
        ("US", "123 Main St", "123 Main Street"), ("US", "4 Oak Dr Apt 5", "4 Oak Drive, Apartment 5"),
        ("US", "1 N Elm Ave", "1 North Elm Avenue"), ("GB", "9 St James's St", "9 Saint James's Street"),
        ("AU", "2 Harbour Pde", "2 Harbour Parade"),
        ("DE", "Hauptstr. 5", "Hauptstraße 5"), ("DE", "Haupt Str. 5", "Hauptstraße 5"),
        ("AT", "Karl-Marx-Str. 1", "Karl-Marx-Straße 1"), ("CH", "Bahnhofstr. 1", "Bahnhofstrasse 1"),
        ("CH", "12 av. de la Gare", "12 avenue de la Gare"), ("NL", "Kerkstr. 1", "Kerkstraat 1"),
        ("BE", "Nieuwstr. 7", "Nieuwstraat 7"), ("ES", "C/ Mayor 5", "Calle Mayor, 5"),
        ("ES", "Avda. de la Paz 3", "Avenida de la Paz, 3"), ("IT", "P.za Dante 2", "Piazza Dante, 2"),
        ("IT", "V.le Roma 1", "Viale Roma 1"), ("PT", "R. Augusta 1", "Rua Augusta, 1"),
    ],
)  # fmt: skip
def test_a_street_in_short_and_in_full_are_one_in_the_words_of_its_country(country, short, written_out):
    assert key(short, country) == key(written_out, country) is not None


def test_a_saint_of_an_english_street_is_no_street():
    assert key("12 St James St", "GB") == "12 saint james street"
    assert key("St John St", "US") == "saint john street"
