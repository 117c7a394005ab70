"""Who is nobody: people erased or never named, in the words of any shop, and not who only sounds like them."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines import contracts
from pipelines.errors import ConfigurationError
from pipelines.identity.standardisation.attributes import declare_attributes, load_attributes
from pipelines.identity.standardisation.nobody_words import NobodyWords, mailbox_pattern, read_words, text_pattern
from pipelines.identity.standardisation.standardise import standardise_records
from pipelines.lake.tables import Lake

Make = Callable[..., Any]
AS_OF = date(2026, 2, 28)

ORDER = {
    "contact_first_name": "Léa", "contact_last_name": "Roussin", "contact_email": "lea.roussin@free.fr",
    "contact_phone": "0610826401", "contact_address": "13 rue de Berri", "contact_postcode": "75008",
    "contact_city": "Paris",
}  # fmt: skip


def write_table(lake: Lake, kind: str, name: str, *rows: dict[str, Any]) -> None:
    schema = {"source": pl.String} | {
        column.name: pl.String
        for column in contracts.table(kind, name).columns  # type: ignore[arg-type]
    }
    lake.write(kind, name, pl.DataFrame([{"source": "shop"} | row for row in rows], schema=schema))


def recognised(folder: Path, kind: str, name: str, *rows: dict[str, Any]) -> pl.DataFrame:
    """``identity/records`` of the rows of one table."""
    lake = Lake(folder)
    write_table(lake, kind, name, *rows)
    return standardise_records(lake, "FR", AS_OF)


def erased_order(number: int, text: str, email: str, phone: str = "0000000000") -> dict[str, Any]:
    fields = ("first_name", "last_name", "address", "postcode", "city")
    return {
        "order_id": str(number), "contact_email": email, "contact_phone": phone,
        **{f"contact_{field}": text for field in fields},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("[deleted]", "deleted@site.invalid"),
        ("REDACTED", "redacted@redacted.example.com"),
        ("supprimé", "supprime-4711@boutique.fr"),
        ("Client supprimé", "client-supprime@boutique.fr"),
        ("Données anonymisées (RGPD)", "anonymise@rgpd.boutique.fr"),
        ("Utilisateur effacé", "effacé"),
        ("Anonymous", "anonymous@psgdpr.com"),
        ("GELÖSCHT", "geloescht@laden.de"),
        ("gelöschter Kunde 12", "[gelöscht]"),
        ("DSGVO", "customer_123@anonymisiert.laden.de"),
        ("eliminado", "eliminado+77@tienda.es"),
        ("Usuario borrado", "usuario.borrado@tienda.es"),
        ("Cliente cancellato", "cancellato@negozio.it"),
        ("verwijderd", "verwijderd@winkel.nl"),
        ("usunięto", "usunieto@sklep.pl"),
        ("удалено", "noreply@shop.ru"),
        ("削除済み", "deleted-3@shop.jp"),
        ("삭제됨", "none@none.com"),
        ("[șters]", "x@x.invalid"),
        ("XXXXX", "xxxx@xxxx.fr"),
        ("****", "***@***"),
        ("Anonymous 4f3a", "anonymous.c4711@shop.de"),
        ("[Anonymisé]", "rgpd-cli12@boutique.fr"),
        ("ANON-8837", "anon-8837@anon.shop.com"),
        ("Ehemaliger Kunde", "ehemaliger.kunde@laden.de"),
        ("Löschung DSGVO", "loeschung-77@laden.de"),
        ("Datos suprimidos", "datos@suprimidos.es"),
        ("Dati cancellati", "dati-cancellati@negozio.it"),
        ("{{ customer.name }}", "{{ customer.email }}"),
        ("5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8", "d41d8cd98f00b204e9800998ecf8427e@x.fr"),
        ("hævet", "hævet@butik.dk"),  # In no list: one text in every field was written over what stood there.
        ("udlignet", "udlignet-9@butik.dk"),
    ],
)
def test_an_erased_order_is_anonymous_whatever_the_shop_writes_over_it(tmp_path: Path, text: str, email: str) -> None:
    erased = (erased_order(number, text, email) for number in range(3))
    found = recognised(tmp_path, "ecommerce", "orders", *erased, {"order_id": "9", **ORDER})
    assert found["record_id"].to_list() == ["shop:orders:9"]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("Anonyma", "Dubois"),
        ("Effie", "Gelos"),
        ("Delphine", "Delete"),
        ("Anon", "Chaiyasit"),
        ("Rodo", "Marini"),
        ("Guillaume", "Sters"),
        ("Anna", "Kunde"),
        ("Paul", "Passant"),
        ("Martin", "Martin"),
    ],
)
def test_people_with_names_that_sound_like_nobodys_stay(tmp_path: Path, first: str, last: str) -> None:
    named = ORDER | {"contact_first_name": first, "contact_last_name": last}
    found = recognised(tmp_path, "ecommerce", "orders", {"order_id": "1", **named})
    assert found.select("first_name", "last_name").rows() == [(first, last)]
    assert found["last_key"].null_count() == 0


@pytest.mark.parametrize(
    ("email", "is_kept"),
    [
        ("anonyma@free.fr", True),
        ("dj2.anonymous.fan@free.fr", True),
        ("anonymous-b@free.fr", True),
        ("anonymous.band@gmail.com", True),
        ("sarah.deleted@free.fr", True),
        ("jean@rgpd.fr", True),
        ("marie@inconnu-production.fr", True),
        ("casino.reply@free.fr", True),
        ("jean@testud.fr", True),
        ("jean@exemplaire.fr", True),
        ("7xk2pqv9lmw3zr4@marketplace.amazon.fr", True),
        ("rgpd@boutique.fr", False),
        ("jean@rgpd.boutique.fr", False),
        ("deleted_user_12@boutique.fr", False),
        ("user-deleted-12@boutique.fr", False),
        ("x@deleted-users.boutique.fr", False),
        ("jean@example.org", False),
        ("jean@mail.example.co.uk", False),
        ("jean@exemple.fr", False),
        ("jean@boutique.test", False),
        ("jean@boutique.invalid", False),
        ("no-reply@ebay.fr", False),
        ("amazon_noreply@boutique.fr", False),
        ("NoReply+77@cdiscount.com", False),
        ("ne-pas-repondre@cdiscount.com", False),
        ("nicht-antworten@laden.de", False),
        ("no-responder@tienda.es", False),
        ("123@users.noreply.github.com", False),
    ],
)
def test_a_mailbox_that_nobody_reads_is_none(row: Make, standardised: Make, email: str, is_kept: bool) -> None:
    found = standardised(row("1", email=email)).row(0, named=True)
    assert (found["email"] is not None, found["email_key"] is not None) == (is_kept, is_kept)


def test_of_a_person_who_is_partly_erased_the_rest_stays(tmp_path: Path) -> None:
    partly = ORDER | {"contact_first_name": "[deleted]", "contact_last_name": "[deleted]", "contact_city": "Paris"}
    [found] = recognised(tmp_path, "ecommerce", "orders", {"order_id": "1", **partly}).to_dicts()
    assert (found["first_name"], found["last_name"]) == (None, None)
    assert (found["email"], found["mobile_key"], found["city"]) == ("lea.roussin@free.fr", "+33610826401", "Paris")


def test_two_words_that_say_nobody_together_are_no_name(row: Make, standardised: Make) -> None:
    found = standardised(
        row("1", first_name="Vente", last_name="Comptoir", birth_date="1980-05-17"),
        row("2", first_name="Compte", last_name="SUPPRIMÉ", birth_date="1980-05-17"),
        row("3", first_name="Comptoir", last_name="Vente", birth_date="1980-05-17"),
        row("4", first_name="削除済み", last_name="ユーザー", birth_date="1980-05-17"),
        row("5", first_name="Compte", last_name="clôturé", birth_date="1980-05-17"),
    )
    assert found.select(pl.col("first_name", "last_name", "first_key", "last_key").count()).row(0) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("kind", "name", "key"),
    [("crm", "contacts", "contact_id"), ("ecommerce", "customers", "account_id"), ("pos", "members", "member_id")],
)
def test_a_register_vouches_for_who_is_known_by_a_number_but_not_for_who_was_erased(
    tmp_path: Path, kind: str, name: str, key: str
) -> None:
    found = recognised(
        tmp_path, kind, name,
        {key: "erased", "first_name": "Supprimé", "last_name": "Supprimé", "email": "supprime@boutique.fr"},
        {key: "walk-in", "last_name": "CLIENT DE PASSAGE"},
        {key: "number", "first_name": None},
        {key: "empty", "first_name": "NULL", "last_name": "-", "email": ""},
        {key: "unreadable", "email": "chez moi"},
        {key: "carded", "last_name": "Anonyme", "loyalty_card_id": "C0012345"},
        {key: "reached", "last_name": "Anonyme", "phone": "0610826401"},
    )  # fmt: skip
    kept = {record.rsplit(":", 1)[1] for record in found["record_id"]}
    assert kept == {"number", "empty", "unreadable", "carded", "reached"}


def test_a_receipt_of_a_mailbox_that_counts_for_nothing_is_anonymous(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    names = ("Martin", "Bernard", "Thomas", "Petit", "Robert", "Durand")
    members = ({"member_id": name, "last_name": name, "email": "magasin@maison.fr"} for name in names)
    write_table(lake, "pos", "members", *members)
    write_table(
        lake, "pos", "tickets",
        {"ticket_id": "1", "receipt_email": "magasin@maison.fr"},
        {"ticket_id": "2", "receipt_email": "noreply@maison.fr"},
        {"ticket_id": "3", "receipt_email": "lea.roussin@free.fr"},
    )  # fmt: skip
    found = standardise_records(lake, "FR", AS_OF).filter(pl.col("table_name") == "tickets")
    assert found["record_id"].to_list() == ["shop:tickets:3"]


@pytest.mark.parametrize(
    ("first", "last", "street", "city"),
    [
        ("Léa", "Anon", "4 rue de la Clôture", "Paris"),
        ("Lourdes", "Paris", "Paris", "Lyon"),
        ("Paris", "Paris", "1 rue Paris", "Paris Cedex"),
        ("Léa", "Lille", None, "Lille"),
    ],
)
def test_a_name_that_is_a_place_too_is_not_taken_for_a_text_written_over_everything(
    row: Make, standardised: Make, first: str, last: str, street: str | None, city: str
) -> None:
    found = standardised(row("1", first_name=first, last_name=last, address=street, city=city)).row(0, named=True)
    assert (found["first_name"], found["last_name"], found["city"]) == (first, last, city)
    assert found["address"] == street


def test_the_words_of_every_language_are_compared_without_accents_and_capitals() -> None:
    words = read_words({"says": {"fr": ["Effacé"], "ko": ["삭제됨"]}, "about": {"fr": ["Œuvre"]}})
    assert words.about == ("oeuvre",)
    assert set(words.says) >= {"efface"}
    texts = pl.Series(["efface", "oeuvre efface 3", "oeuvre", "", "12", "effacee"])
    assert texts.str.contains(text_pattern(words)).to_list() == [True, True, False, False, False, False]


def test_a_mailbox_is_judged_by_whole_words() -> None:
    pattern = mailbox_pattern(NobodyWords(("gdpr", "deleted"), ("user", "a")))
    users = pl.Series(
        ["deleted@a.fr", "deleteda@a.fr", "deleteduser7@a.fr", "undeleted@a.fr", "a@deleted.fr", "a@gdpr.fr"]
    )
    assert users.str.contains(pattern).to_list() == [True, False, True, False, True, False]


def test_every_field_that_tells_who_somebody_is_knows_the_words_of_nobody() -> None:
    fields = ("first_name", "last_name", "email", "address", "city", "postcode", "loyalty_card_id")
    for attribute in map(load_attributes().__getitem__, fields):
        assert attribute.mark_pattern is not None
        written = "deleted@boutique.fr" if attribute.name == "email" else "deleted"
        assert pl.Series([written]).str.contains(attribute.placeholder_pattern or "").all()


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ("email: {kind: contact, nobody_words: mail}", "email: nobody_words must be one of text, mailbox"),
        ("email: {kind: contact, nobody_words: mailbox}", "email: nobody_words without words"),
    ],
)
def test_words_of_nobody_that_cannot_be_are_refused_by_name(declared: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        declare_attributes(declared)
