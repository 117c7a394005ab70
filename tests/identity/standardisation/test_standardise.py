from datetime import date, datetime

import polars as pl
import pytest

from pipelines import contracts
from pipelines.errors import ConfigurationError
from pipelines.identity.standardisation.attributes import declare_attributes
from pipelines.identity.standardisation.standardise import MATCH_COLUMNS, RECORD_COLUMNS, gather_records, standardise
from pipelines.lake.tables import Lake


@pytest.mark.parametrize(
    ("given", "shown", "key"),
    [
        ("jean-pierre", "Jean-Pierre", "jean pierre"),
        ("JEAN PIERRE", "Jean Pierre", "jean pierre"),
        ("M. Jean", "Jean", "jean"),
        ("Mme. Hélène", "Hélène", "helene"),
        ("M", "M", "m"),
        ("  Zoé ", "Zoé", "zoe"),
        ("Inconnu", None, None),
        ("12", None, None),
        ("", None, None),
    ],
)
def test_first_names_are_shown_as_printed_and_compared_bare(row, standardised, given, shown, key):
    found = standardised(row("1", first_name=given)).row(0, named=True)
    assert (found["first_name"], found["first_key"]) == (shown, key)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Le Gall", "LEGALL"),
        ("de La Tour", "La Tour"),
        ("d'Estaing", "Estaing"),
        ("Mme Durand", "durand"),
        ("Durand née Martin", "Durand-Martin"),
        ("Lefèvre", "LEFEVRE"),
        ("Œuvrard", "oeuvrard"),
        ("van der Berg", "Vanderberg"),
    ],
)
def test_two_spellings_of_a_surname_are_compared_as_one(row, standardised, one, other):
    keys = standardised(row("1", last_name=one), row("2", last_name=other))["last_key"]
    assert keys[0] == keys[1] is not None


def test_the_honorific_in_a_name_tells_the_civility(row, standardised):
    found = standardised(row("1", first_name="Mme Anne"), row("2", civility="Monsieur"), row("3", civility="?"))
    assert found["civility"].to_list() == ["f", "m", None]


@pytest.mark.parametrize(
    "given",
    [
        "M. et Mme Durand", "M ET MME DURAND", "Mr & Mrs Durand", "Mr&Mrs Durand", "Herr und Frau Durand",
        "Sr. y Sra. Durand", "M./Mme Durand", "Monsieur Madame Durand", "Dr. et Mme Durand", "Famille Durand",
        "Sig. e Sig.ra Durand", "Madame, Monsieur Durand", "De heer en mevrouw Durand", "Senhor e Senhora Durand",
        "Messieurs Durand", "Mesdames DURAND",
    ],
)  # fmt: skip
def test_the_title_of_two_people_is_no_name_and_of_no_gender(row, standardised, given):
    found = standardised(row("1", last_name=given)).row(0, named=True)
    assert (found["last_name"], found["last_key"], found["civility"]) == ("Durand", "durand", None)


@pytest.mark.parametrize("given", ["M. et Mme", "Mr & Mrs", "Monsieur et Madame", "M./Mme"])
def test_the_title_of_two_people_in_place_of_a_first_name_is_none(row, standardised, given):
    found = standardised(row("1", first_name=given, last_name="Durand", civility=given)).row(0, named=True)
    assert (found["first_name"], found["first_key"], found["civility"]) == (None, None, None)


@pytest.mark.parametrize(
    ("given", "civility"),
    [("Madame", "f"), ("MLLE", "f"), ("M.", "m"), ("Mr", "m"), ("Herr", "m"), ("Señora", "f"), ("Mme.", "f"),
     ("Famille", None), ("Familie", None), ("Eheleute", None), ("Docteur", None)],
)  # fmt: skip
def test_a_mere_title_in_place_of_a_first_name_is_none(row, standardised, given, civility):
    found = standardised(row("1", first_name=given, last_name="Durand")).row(0, named=True)
    assert (found["first_name"], found["first_key"], found["civility"]) == (None, None, civility)
    assert (found["last_name"], found["last_key"]) == ("Durand", "durand")


@pytest.mark.parametrize("given", ["M", "Me", "Dr", "Miss", "Ms", "Sir", "Sig", "F"])
def test_initials_and_short_names_that_are_titles_too_stay(row, standardised, given):
    found = standardised(row("1", first_name=given, last_name="Durand")).row(0, named=True)
    assert (found["first_name"], found["civility"]) == (given, None)


def test_an_initial_behind_a_title_is_no_second_title(row, standardised):
    found = standardised(row("1", first_name="Mme M.")).row(0, named=True)
    assert (found["first_key"], found["civility"]) == ("m", "f")


@pytest.mark.parametrize(
    ("given", "shown", "key"),
    [
        ("Null", "Null", None), ("Sans", "Sans", None), ("SANS", "Sans", None), ("Na", "Na", None),
        ("Test", "Test", None), ("PASSAGE", "Passage", None), ("Guest", "Guest", None), ("TEST", None, None),
        ("Nee", "Nee", "nee"), ("Ep", "Ep", "ep"), ("Usage", "Usage", "usage"),
        ("NULL", None, None), ("null", None, None), ("Inconnu", None, None),
    ],
)  # fmt: skip
def test_a_surname_that_also_says_none_is_shown_beside_a_first_name(row, standardised, given, shown, key):
    found = standardised(row("1", first_name="Jenny", last_name=given), row("2", last_name=given))
    assert found.select("last_name", "last_key").row(0) == (shown, key)
    assert found["last_name"][1] == (shown if key else None)


@pytest.mark.parametrize(
    ("given", "clean", "key"),
    [
        (" J.Dupont+Shop@GMAIL.com ", "j.dupont+shop@gmail.com", "jdupont@gmail.com"),
        ("j.dupont@orange.fr", "j.dupont@orange.fr", "j.dupont@orange.fr"),
        ("<a.b@free.fr>", "a.b@free.fr", "a.b@free.fr"),
        ("nothing", None, None),
        ("a@b", None, None),
        ("pasdemail@magasin.fr", None, None),
    ],
)
def test_an_email_is_cleaned_and_reduced_to_its_mailbox(row, standardised, given, clean, key):
    found = standardised(row("1", email=given)).row(0, named=True)
    assert (found["email"], found["email_key"]) == (clean, key)


def test_an_unknown_key_in_the_attributes_is_refused_by_name():
    with pytest.raises(ConfigurationError, match=r"email: unknown key limit"):
        declare_attributes("email: {kind: contact, limit: 3}")
    with pytest.raises(ConfigurationError, match="kind must be one of"):
        declare_attributes("email: {kind: shared}")


@pytest.mark.parametrize(
    ("given", "shown", "key"),
    [
        ("1980-05-17", date(1980, 5, 17), "1980-05-17"),
        ("1900-01-01", None, None),
        ("2031-05-17", None, None),
        ("1880-05-17", None, "1880-05-17"),
    ],
)
def test_a_birth_date_that_cannot_be_is_not_shown(row, standardised, given, shown, key):
    found = standardised(row("1", birth_date=given)).row(0, named=True)
    assert (found["birth_date"], found["birth_key"]) == (shown, key)


def test_abbreviated_and_full_addresses_are_compared_as_one(row, standardised):
    found = standardised(
        row("1", address="12B, Av. du Gal. Leclerc", postcode="1000", city="ST-ETIENNE CEDEX 2"),
        row("2", address="12 bis avenue Général Leclerc", postcode="01000", city="Saint Étienne"),
    )
    for column in ("street_key", "postcode_key", "city_key"):
        assert found[column][0] == found[column][1] is not None


def test_a_value_that_many_names_share_stops_counting_but_stays_on_display(row, standardised):
    names = ("Martin", "Bernard", "Thomas", "Petit", "Robert", "Durand")
    tablet = [row(str(n), last_name=name, email="boutique@maison.fr") for n, name in enumerate(names)]
    family = [row(f"f{n}", last_name="Moreau", email="moreau@free.fr") for n in range(9)]
    found = standardised(*tablet, *family)
    shared = found.filter(pl.col("email") == "boutique@maison.fr")
    assert shared["email_key"].null_count() == 6
    assert shared["shared_values"].unique().to_list() == ["email"]
    assert found.filter(pl.col("email") == "moreau@free.fr")["email_key"].null_count() == 0


def test_records_come_from_the_five_tables_and_only_where_they_bear_an_identity(tmp_path):
    lake = Lake(tmp_path)
    at = datetime.fromisoformat("2026-01-05")
    lake.write(
        "crm",
        "contacts",
        pl.DataFrame(
            {
                "source": ["crm", "crm"],
                "contact_id": ["1", "2"],
                "deleted_at": [None, datetime.fromisoformat("2026-01-31")],
            }
        ),
    )
    lake.write("ecommerce", "customers", pl.DataFrame({"source": ["shop"], "account_id": ["1"]}))
    unsaid = ("contact_first_name", "contact_last_name", "contact_phone", "contact_address")
    lake.write(
        "ecommerce",
        "orders",
        pl.DataFrame(
            {
                "source": ["shop"] * 2,
                "order_id": ["1", "2"],
                "account_id": [None, "1"],
                "contact_email": ["a@b.fr", "c@d.fr"],
                **{name: pl.Series([None, None], dtype=pl.String) for name in unsaid},
                "ordered_at": [at, at],
            }
        ),
    )
    lake.write("pos", "members", pl.DataFrame({"source": ["till"], "member_id": ["1"]}))
    lake.write(
        "pos",
        "tickets",
        pl.DataFrame(
            {
                "source": ["till"] * 3,
                "ticket_id": ["1", "2", "3"],
                "loyalty_card_id": [None, "C1", None],
                "receipt_email": ["a@b.fr", "a@b.fr", None],
                "sold_at": [at] * 3,
            }
        ),
    )
    everyone = ["crm:contacts:1", "shop:customers:1", "shop:orders:1", "till:members:1", "till:tickets:1"]
    assert sorted(gather_records(lake, date(2026, 1, 31))["record_id"]) == everyone
    before = gather_records(lake, date(2026, 1, 30))
    assert "crm:contacts:2" in before["record_id"].to_list()
    guest = before.filter(pl.col("record_id") == "shop:orders:1").row(0, named=True)
    assert (guest["email"], guest["created_at"]) == ("a@b.fr", at)  # fmt: skip


def test_the_content_hash_is_of_what_is_compared_and_of_nothing_else(row, standardised):
    found = standardised(
        row("1", first_name="Zoé", last_name="Petit"),
        row("2", first_name="ZOE", last_name="petit", updated_at=datetime.fromisoformat("2026-02-01")),
        row("3", first_name="Zoé", last_name="Petite"),
    )["content_hash"]
    assert found[0] == found[1] != found[2]


def test_no_records_give_no_rows_and_every_column():
    nothing = standardise(pl.DataFrame(schema=RECORD_COLUMNS), "FR")
    assert nothing.height == 0
    added = {"shared_values", "shared_digests", "content_hash", "is_decided"}
    assert set(nothing.columns) == {*RECORD_COLUMNS, *MATCH_COLUMNS, *added}


def test_a_guest_order_that_names_nobody_is_no_record_of_a_person(tmp_path):
    lake = Lake(tmp_path)
    orders_told = (
        {"contact_email": "a.martin@free.fr"},
        {"contact_postcode": "69001", "contact_city": "Lyon"},
        {"contact_email": " "},
    )
    orders = pl.DataFrame(
        [{"source": "shop", "order_id": f"W{number}", **contact} for number, contact in enumerate(orders_told)],
        schema={
            "source": pl.String,
            **{column.name: pl.String for column in contracts.table("ecommerce", "orders").columns},
        },
    )
    lake.write("ecommerce", "orders", orders)
    assert gather_records(lake)["record_id"].to_list() == ["shop:orders:W0"]
