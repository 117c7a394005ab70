import pytest

from pipelines.identity.standardisation.address_lines import read_places


def read(line, country, is_assumed=False):
    place = read_places([(line, country, is_assumed)]).get((line, country, is_assumed))
    return place and (place.street, place.postcode, place.city, place.country)


@pytest.mark.parametrize(
    ("country", "line", "street", "postcode", "city"),
    [
        ("FR", "12 rue de la Paix, 75002 Paris", "12 rue de la Paix", "75002", "Paris"),
        ("FR", "12 rue de la Paix 75002 PARIS", "12 rue de la Paix", "75002", "PARIS"),
        ("FR", "12, rue de la Paix\n75002 Paris", "12, rue de la Paix", "75002", "Paris"),
        ("FR", "12 rue de la Paix, 75002, Paris", "12 rue de la Paix", "75002", "Paris"),
        ("FR", "12 rue de la Paix, Paris 75002", "12 rue de la Paix", "75002", "Paris"),
        ("FR", "Bât. B\r\n3 rue du Lac\r\nBP 905\r\n74000 Annecy Cedex 9", "Bât. B, 3 rue du Lac, BP 905", "74000",
         "Annecy Cedex 9"),
        ("FR", "3 cours Lafayette, 69003 Lyon 3e", "3 cours Lafayette", "69003", "Lyon 3e"),
        ("FR", "Le Bourg 23000 Guéret", "Le Bourg", "23000", "Guéret"),
        ("FR", "12 rue de la Paix 75002", "12 rue de la Paix", "75002", None),
        ("FR", "75002 Paris", None, "75002", "Paris"),
        ("DE", "Hauptstr. 5, 10115 Berlin", "Hauptstr. 5", "10115", "Berlin"),
        ("BE", "Rue de la Loi 16, 1000 Bruxelles", "Rue de la Loi 16", "1000", "Bruxelles"),
        ("BE", "Rue de la Loi 16 1000 Bruxelles", "Rue de la Loi 16", "1000", "Bruxelles"),
        ("CH", "Bahnhofstrasse 1; 8001 Zürich", "Bahnhofstrasse 1", "8001", "Zürich"),
        ("LU", "1 rue du Fort L-1234 Luxembourg", "1 rue du Fort", "1234", "Luxembourg"),
        ("NL", "Damrak 1, 1012 LG Amsterdam", "Damrak 1", "1012 LG", "Amsterdam"),
        ("SE", "Drottninggatan 1, 111 51 Stockholm", "Drottninggatan 1", "111 51", "Stockholm"),
        ("PL", "ul. Prosta 1, 00-001 Warszawa", "ul. Prosta 1", "00-001", "Warszawa"),
        ("IT", "Via Roma 1, 00184 Roma (RM)", "Via Roma 1", "00184", "Roma"),
        ("ES", "Calle Mayor 5, 28013 Madrid", "Calle Mayor 5", "28013", "Madrid"),
        ("GB", "10 Downing Street, London SW1A 2AA", "10 Downing Street", "SW1A 2AA", "London"),
        ("GB", "Flat 2, 10 High Street, Oxford, Oxfordshire, ox1 4aa", "Flat 2, 10 High Street", "OX1 4AA", "Oxford"),
        ("GB", "10 Downing Street London SW1A 2AA", "10 Downing Street London", "SW1A 2AA", None),
        ("US", "123 Main St, Springfield, IL 62701", "123 Main St", "62701", "Springfield"),
        ("US", "1515 Adela Ln Las Vegas NV 89111-1234", "1515 Adela Ln", "89111-1234", "Las Vegas"),
        ("CA", "100 Queen St W, Toronto, ON M5H 2N2", "100 Queen St W", "M5H 2N2", "Toronto"),
        ("AU", "1 Pitt St, Sydney NSW 2000", "1 Pitt St", "2000", "Sydney"),
    ],
)  # fmt: skip
def test_an_address_in_one_line_is_taken_apart(country, line, street, postcode, city):
    assert read(line, country) == (street, postcode, city, None)


@pytest.mark.parametrize(
    ("country", "line"),
    [
        ("FR", "12 rue de la Paix"),
        ("FR", "1 allée du 8 mai 1945"),
        ("FR", "12 rue du Lac, BP 12345"),
        ("FR", "12 rue du Lac, CS 12345 Rennes Cedex"),
        ("BE", "Rue du 8 mai 1945"),
        ("BE", "Chaussée de Mons 1423 Anderlecht"),
        ("DE", "10115 Berlin, Hauptstr. 5"),
        ("FR", "12 rue de la Paix, 75002 Paris, Deutschland"),
        ("GB", "12 High Street, Leeds"),
        ("JP", "東京都千代田区千代田1-1"),
    ],
)
def test_what_is_not_sure_to_be_a_postcode_stays_in_the_street(country, line):
    assert read(line, country) is None


def test_a_country_at_the_end_of_a_line_decides_how_it_is_read():
    assert read("Hauptstr. 5, 10115 Berlin, Germany", "FR", True) == ("Hauptstr. 5", "10115", "Berlin", "DE")
    assert read("5 rue du Rhône, 1204 Genève, Suisse", None, True) == ("5 rue du Rhône", "1204", "Genève", "CH")
    assert read("5 rue du Rhône, 1204 Genève, Suisse", "CH") == ("5 rue du Rhône", "1204", "Genève", "CH")


def test_a_postcode_of_letters_or_a_state_shows_the_country_that_a_record_does_not_name():
    assert read("10 Downing Street, London SW1A 2AA", "FR", True) == ("10 Downing Street", "SW1A 2AA", "London", None)
    assert read("123 Main St, Springfield, IL 62701", "FR", True) == ("123 Main St", "62701", "Springfield", None)
    assert read("10 Downing Street, London SW1A 2AA", "FR") is None


def test_parts_fill_empty_columns_and_never_contradict_them(row, standardised):
    line = "12 rue de la Paix, 75002 Paris"
    found = standardised(
        row("1", address=line),
        row("2", address=line, postcode="75002", city="PARIS"),
        row("3", address=line, postcode="69001", city="Lyon"),
        row("4", address="Hauptstr. 5\n1067 Dresden\nAllemagne", postcode=""),
        row("5", address="75002 Paris"),
    ).select("address", "postcode", "city", "country")
    assert found.rows() == [
        ("12 rue de la Paix", "75002", "Paris", None),
        ("12 rue de la Paix", "75002", "Paris", None),
        (line, "69001", "Lyon", None),
        ("Hauptstr. 5 1067 Dresden Allemagne", None, None, None),
        (None, "75002", "Paris", None),
    ]


def test_one_address_in_one_line_and_in_three_columns_is_compared_as_one(row, standardised):
    found = standardised(
        row("1", address="12 avenue Foch, 54000 Nancy"),
        row("2", address="12, av. Foch", postcode="54000", city="NANCY"),
    ).select("street_key", "postcode_key", "city_key")
    assert found.row(0) == found.row(1)
