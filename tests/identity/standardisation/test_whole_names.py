import polars as pl
import pytest

from pipelines.identity.standardisation.standardise import standardise
from pipelines.identity.standardisation.whole_names import count_unsplit


@pytest.fixture
def keys(row, gathered):
    """first_key and last_key of a record with these fields, as cleaned for a retailer in France."""

    def clean(**fields):
        records = standardise(gathered(row("1", email="a.b@free.fr", **fields)), "FR")
        return tuple(records.select("first_key", "last_key").row(0))

    return clean


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("Müller, Hans", "hans", "muller"),
        ("Hans Müller", "hans", "muller"),
        ("M. Jean-Pierre Martin", "jean pierre", "martin"),
        ("Anna van der Berg", "anna", "vanderberg"),
        ("van der Berg Anna", "anna", "vanderberg"),
        ("Dupont-Durand, Anne", "anne", "dupont durand"),
        ("MARTIN Jean", "jean", "martin"),
        ("Thomas MARTIN", "thomas", "martin"),
        ("MARTIN JEAN", "jean", "martin"),
        ("J. Martin", "j", "martin"),
        ("Rossi Giulia", "giulia", "rossi"),
        ("Γεώργιος Παππάς", "γεωργιος", "παππας"),
    ],
)
def test_a_whole_name_in_the_field_of_surnames_is_taken_apart(keys, written, first, last):
    assert keys(last_name=written) == (first, last)
    assert keys(first_name=written, last_name=written) == (first, last)


@pytest.mark.parametrize("user", ["zora.kovar", "kovar_zora", "zorakovar", "zkovar"])
def test_a_mailbox_of_both_words_tells_that_there_is_a_first_name(row, gathered, user):
    records = standardise(gathered(row("1", last_name="Zora Kovar", email=f"{user}@free.fr")), "FR")
    assert records.select("first_key", "last_key").row(0) == ("zora", "kovar")


@pytest.mark.parametrize(
    "fields",
    [
        {"last_name": "Dupont"},
        {"last_name": "Le Gall"},
        {"last_name": "Dupont-Durand"},
        {"last_name": "Famille Martin Durand"},
        {"last_name": "M. et Mme Martin Durand"},
        {"last_name": "Dupont née Martin"},
        {"last_name": "García Márquez", "country": "ES"},
        {"last_name": "Dupont Martin"},
        {"last_name": "Martin Dupont"},
        {"last_name": "Lefebvre Moreau"},
        {"last_name": "DUPONT MARTIN"},
        {"last_name": "SARL Martin et Fils"},
        {"last_name": "Boulangerie Dupont SAS"},
        {"last_name": "Sophie Coiffure"},
        {"last_name": "S.A.R.L. Anne Martin"},
        {"last_name": "Durand & Fils"},
        {"last_name": "Anna Müller GmbH & Co. KG"},
        {"last_name": "Hans Weber AG"},
        {"last_name": "Bäckerei Anna Schmidt"},
        {"last_name": "Giulia Rossi S.r.l."},
        {"last_name": "Fratelli Rossi Mario"},
        {"last_name": "Anna Peeters BV"},
        {"last_name": "Emily Watson Ltd"},
        {"last_name": "Taylor and Sons"},
        {"last_name": "Μαρία Παππά ΕΠΕ"},
    ],
)
def test_surnames_alone_give_no_first_name(keys, fields):
    first, last = keys(**fields)
    assert first is None
    assert last is not None


def test_what_nothing_tells_apart_is_counted_and_stays_a_surname_in_both_fields(row, gathered):
    rows = [row("1", last_name="Dupont Martin"), row("2", first_name="Anne", last_name="Dupont Martin")]
    rows += [row("3", first_name="Dupont Martin", last_name="Dupont Martin"), row("4", last_name="Dupont")]
    records = standardise(gathered(*rows), "FR")
    assert count_unsplit(records) == 2
    assert records["last_key"].to_list() == ["dupont martin"] * 3 + ["dupont"]
    assert records["first_key"].to_list() == [None, "anne", None, None]


def test_two_surnames_beside_a_first_name_stay_together(keys):
    assert keys(first_name="Anne", last_name="Dupont Durand") == ("anne", "dupont durand")


def test_a_whole_name_is_shown_as_it_was_written(row, gathered):
    records = standardise(gathered(row("1", last_name="Müller, Hans")), "FR")
    assert records.select("first_name", "last_name").row(0) == (None, "Müller, Hans")
    assert isinstance(records, pl.DataFrame)
