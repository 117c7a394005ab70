"""Values of the retailer's own, as sources.yml lists them: gone from what is compared and from what is shown."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import polars as pl
import pytest

from pipelines.identity.standardisation.attributes import load_attributes
from pipelines.identity.standardisation.placeholders import EXPECTED, with_own_values
from pipelines.identity.standardisation.standardise import RECORD_COLUMNS, standardise

Make = Callable[..., dict[str, Any]]


def clean(rows: Sequence[dict[str, Any]], placeholders: dict[str, Sequence[str]]) -> pl.DataFrame:
    gathered = pl.DataFrame([{name: row.get(name) for name in RECORD_COLUMNS} for row in rows], schema=RECORD_COLUMNS)
    attributes = with_own_values(load_attributes(), placeholders, "FR")
    return standardise(gathered, "FR", date(2026, 2, 28), attributes)


@pytest.mark.parametrize(
    ("attribute", "listed", "written", "shown", "key"),
    [
        ("email", "magasin@maison.fr", " Magasin+Lyon@MAISON.fr", "email", "email_key"),
        ("phone", "04 72 11 22 33", "+33 (0)4.72.11.22.33", "phone", "landline_key"),
        ("phone", "+33 6 12 34 56 79", "612345679", "phone", "mobile_key"),
        ("loyalty_card_id", "C-0001", "c 0001", "loyalty_card_id", "card_key"),
        ("first_name", "Boutique", "BOUTIQUE", "first_name", "first_key"),
        ("last_name", "Maison Garance", "maison garance", "last_name", "last_key"),
        ("address", "12 avenue du Général Leclerc", "12, Av. Gal Leclerc", "address", "street_key"),
        ("postcode", "69002", "69 002", "postcode", "postcode_key"),
        ("city", "Saint-Étienne", "ST ETIENNE CEDEX 2", "city", "city_key"),
        ("birth_date", "1985-01-01", date(1985, 1, 1), "birth_date", "birth_key"),
    ],
)
def test_a_value_of_the_retailers_own_is_none_however_it_is_written(
    row: Make, attribute: str, listed: str, written: object, shown: str, key: str
) -> None:
    rows = [row("1", **{shown: written})]
    before, after = clean(rows, {}), clean(rows, {attribute: [listed]})
    assert before.select(pl.col(shown, key).is_not_null()).row(0) == (True, True)
    assert after.select(pl.col(shown, key).is_null()).row(0) == (True, True)


def test_every_field_that_is_declared_may_have_values_of_the_retailers_own() -> None:
    assert set(EXPECTED) == set(load_attributes())


def test_a_number_of_the_retailers_own_is_none_in_the_other_column_too_and_other_numbers_stay(row: Make) -> None:
    found = clean([row("1", phone="06 11 22 33 44", mobile="04 72 11 22 33")], {"phone": ["0472112233"]}).row(
        0, named=True
    )
    assert (found["mobile"], found["landline_key"], found["mobile_key"]) == (None, None, "+33611223344")


def test_the_values_shipped_with_the_package_still_mean_none(row: Make) -> None:
    found = clean([row("1", first_name="Inconnu", email="noreply@free.fr")], {"first_name": ["Boutique"]})
    assert found.select("first_key", "email_key").row(0) == (None, None)
