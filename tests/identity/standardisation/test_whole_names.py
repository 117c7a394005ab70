import polars as pl
import pytest

from pipelines.identity.standardisation.standardise import standardise


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
    ],
)
def test_a_whole_name_in_the_field_of_surnames_is_taken_apart(keys, written, first, last):
    assert keys(last_name=written) == (first, last)
    assert keys(first_name=written, last_name=written) == (first, last)


def test_a_surname_in_front_is_left_for_the_comparison_in_both_orders(keys):
    assert keys(last_name="MARTIN JEAN") == ("martin", "jean")


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
    ],
)
def test_surnames_alone_give_no_first_name(keys, fields):
    first, _ = keys(**fields)
    assert first is None


def test_two_surnames_beside_a_first_name_stay_together(keys):
    assert keys(first_name="Anne", last_name="Dupont Durand") == ("anne", "dupont durand")


def test_a_whole_name_is_shown_as_it_was_written(row, gathered):
    records = standardise(gathered(row("1", last_name="Müller, Hans")), "FR")
    assert records.select("first_name", "last_name").row(0) == (None, "Müller, Hans")
    assert isinstance(records, pl.DataFrame)
