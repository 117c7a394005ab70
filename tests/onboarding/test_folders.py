"""Folders as retailers keep them: several files of one export, several shops, all formats, and things that are none."""

import io
import json
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.cli.main import main
from pipelines.errors import ConfigurationError
from pipelines.onboarding.initialise import draft_from_folder

ORDERS = "N° commande;Client;Date commande;Total TTC\n"


def orders(first: int) -> str:
    return ORDERS + "".join(f"{first + n};{n};2026-01-{n:02} 11:00;{n},50\n" for n in range(10, 20))


@pytest.mark.parametrize("place", ["sftp://host/out", "s3://bucket/till", "gs://bucket"])
def test_a_place_on_another_machine_is_told_the_way_it_goes(place: str) -> None:
    with pytest.raises(ConfigurationError, match="is on another machine, and files are looked at in a folder"):
        draft_from_folder(Path(place), None)


def test_files_that_differ_by_month_or_number_are_one_export(onboarding: Any) -> None:
    for number, name in enumerate(("2026-01", "2026-02", "2025-12")):
        onboarding.write(f"commandes-{name}.csv", orders(100 * number))
    assert 'from: "commandes-*.csv"' in onboarding.init()
    assert len(onboarding.rows("ecommerce/orders", "order_id")) == 30


def test_a_pattern_finds_no_file_of_another_export(onboarding: Any) -> None:
    onboarding.write("commandes_1.csv", orders(0))
    onboarding.write("commandes_2.csv", orders(100))
    onboarding.write("commandes_lignes.csv", "N° commande;Article;Quantité;Prix unitaire\n10;A;1;10,50\n")
    onboarding.init()
    assert len(onboarding.rows("ecommerce/orders", "order_id")) == 20
    assert onboarding.rows("ecommerce/order_lines", "order_id", "line_amount") == [("10", Decimal("10.50"))]


def test_two_shops_of_one_folder_are_two_sources(onboarding: Any) -> None:
    for shop in ("fr", "be"):
        onboarding.write(f"commandes_{shop}.csv", orders(0))
        onboarding.write(
            f"clients_{shop}.csv", "Id client;Nom;Prénom;Email\n10;A;B;a@exemple.fr\n11;C;D;c@exemple.fr\n"
        )
    onboarding.init()
    sources = {source.name: set(source.tables) for source in onboarding.load().sources}
    assert {name: tables - {"products"} for name, tables in sources.items()} == {
        "shop_be": {"customers", "orders"},
        "shop_fr": {"customers", "orders"},
    }
    assert len(onboarding.rows("ecommerce/orders", "order_id")) == 20


def test_shops_in_folders_of_their_own_are_named_after_them(onboarding: Any) -> None:
    for shop in ("boutique-fr", "boutique-be"):
        onboarding.write(f"{shop}/commandes.csv", orders(0))
    onboarding.init()
    assert [source.name for source in onboarding.load().sources] == ["boutique_be", "boutique_fr"]


@pytest.mark.parametrize("encoding", ["cp1252", "cp850", "mac-roman", "utf-16", "utf-8-sig"])
def test_the_encoding_is_told_from_the_bytes(onboarding: Any, encoding: str) -> None:
    text = (
        "Id client;Prénom;Nom;E-mail;Modifié le\n1;Hélène;Gérôme;a@exemple.fr;2026-01-13\n"
        "2;Zoë;Façonnier;b@exemple.fr;2026-01-14\n"
    )
    onboarding.write("contacts.csv", text, encoding)
    onboarding.init()
    assert onboarding.rows("crm/contacts", "first_name", "last_name") == [("Hélène", "Gérôme"), ("Zoë", "Façonnier")]


def test_archives_json_and_parquet_are_looked_into(onboarding: Any) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("export/commandes.csv", orders(0))
        archive.writestr("export/lignes_commandes.csv", "N° commande;Article;Quantité;Prix unitaire\n10;A;1;10,50\n")
    onboarding.write("shop.zip", packed.getvalue())
    contacts = [
        {"contactId": "1", "firstName": "A", "lastName": "B", "email": "a@exemple.fr", "updatedAt": "2026-01-13"}
    ]
    onboarding.write("crm/contacts.json", json.dumps({"data": contacts}))
    (onboarding.folder / "till").mkdir()
    tickets = {"ticket_id": ["1"], "store_id": ["L"], "sold_at": ["2026-01-13 10:00"], "total_amount": [5.5]}
    pl.DataFrame(tickets).write_parquet(onboarding.folder / "till" / "tickets.parquet")
    onboarding.init()
    assert len(onboarding.rows("ecommerce/orders", "order_id")) == 10
    assert onboarding.rows("ecommerce/order_lines", "order_id") == [("10",)]
    assert onboarding.rows("crm/contacts", "contact_id", "first_name") == [("1", "A")]
    assert onboarding.rows("pos/tickets", "ticket_id", "total_amount") == [("1", Decimal("5.50"))]


def test_what_is_not_recognised_is_listed_with_those_of_its_columns_that_are_known_to_be_names(onboarding: Any) -> None:
    onboarding.write("commandes.csv", orders(0))
    onboarding.write("planning équipes.csv", "Date;Vendeur;Marie Dupont\n1;A;35\n")
    onboarding.write("vide.csv", "")
    onboarding.write("abîmé.xlsx", b"no workbook")
    onboarding.write("notes.docx", b"x")
    text = onboarding.init()
    for told in ("planning équipes.csv", "Date, Vendeur, et 1 autre", "vide.csv", "abîmé.xlsx", "notes.docx"):
        assert told in text
    assert "Dupont" not in text
    assert "Traceback" not in onboarding.said


def test_carts_that_were_left_are_no_orders(onboarding: Any) -> None:
    onboarding.write("commandes.csv", orders(0))
    onboarding.write("paniers abandonnés.csv", orders(500))
    onboarding.init()
    assert len(onboarding.rows("ecommerce/orders", "order_id")) == 10


def test_a_file_that_is_there_is_not_overwritten(onboarding: Any, tmp_path: Path) -> None:
    onboarding.write("commandes.csv", orders(0))
    onboarding.write("sources.yml", "mine")
    assert onboarding.init(expect=2) == "mine"
    assert "--force" in onboarding.said
    onboarding.init("--out", tmp_path / "other" / "mine.yml")
    assert (tmp_path / "other" / "mine.yml").exists()
    assert onboarding.file.read_text() == "mine"
    assert "sources:" in onboarding.init("--force")


def test_a_file_elsewhere_finds_the_exports(onboarding: Any, tmp_path: Path) -> None:
    onboarding.write("web/commandes.csv", orders(0))
    onboarding.file = tmp_path / "home" / "sources.yml"
    onboarding.init("--out", onboarding.file)
    assert len(onboarding.rows("ecommerce/orders", "order_id")) == 10


@pytest.mark.parametrize("folder", ["nothing", "missing"])
def test_a_folder_without_exports_is_told(onboarding: Any, folder: str) -> None:
    if folder == "missing":
        onboarding.folder.rmdir()
    assert onboarding.init(expect=2) == ""
    assert str(onboarding.folder) in onboarding.said


def test_names_that_yaml_and_sql_take_amiss_are_quoted(onboarding: Any) -> None:
    onboarding.write(
        "commandes.csv",
        '"N° commande: ""web""";"Date #commande";"Total TTC (\'€\')";select\n'
        "1;13/01/2026;5,00;x\n2;14/01/2026;6,00;y\n",
    )
    onboarding.write("a [1]*.csv", "x;y\n1;2\n")
    onboarding.init()
    assert onboarding.rows("ecommerce/orders", "order_id", "total_amount") == [
        ("1", Decimal("5.00")),
        ("2", Decimal("6.00")),
    ]


@pytest.mark.parametrize(("language", "said"), [("fr", "Ensuite"), ("en", "Next")])
def test_comments_and_summary_are_in_the_language_asked_for(onboarding: Any, language: str, said: str) -> None:
    onboarding.write("commandes.csv", orders(0))
    onboarding.init("--lang", language)
    assert said in onboarding.said
    assert onboarding.load().language == language
    assert onboarding.load().country == "FR", "that is told from the headers, whoever reads the comments"


def test_country_currency_and_zone_are_told_from_values(onboarding: Any) -> None:
    onboarding.write(
        "customers.csv",
        "Customer ID,First name,Last name,Email,Phone,Postcode,Updated at\n"
        "1,A,B,a@example.co.uk,+44 20 7946 0958,SW1A 1AA,2026-01-13\n"
        "2,C,D,c@example.co.uk,07911 123456,M1 1AE,2026-01-14\n",
    )
    onboarding.write(
        "orders.csv", "Order ID,Customer ID,Order date,Total\n1,1,2026-01-13,£5.00\n2,2,2026-01-14,£6.00\n"
    )
    onboarding.init()
    sources = onboarding.load()
    assert (sources.country, sources.currency, sources.timezone, sources.language) == (
        "GB",
        "GBP",
        "Europe/London",
        "en",
    )


def test_a_country_that_only_the_query_of_a_preset_reads_goes_before_numbers(onboarding: Any) -> None:
    """Numbers such as these are of Italy too, and with their random digits rather of Italy."""
    header = (
        "Numéro de commande;Statut de la commande;Date de commande;Code du pays (Facturation);E-mail (Facturation);"
        "Téléphone (Facturation);Nom de l'article;Quantité;Prix de l'article;Montant total de la commande"
    )
    rows = [f"{n};Terminée;02/01/2026 10:0{n};BE;a{n}@exemple.fr;069{n}123456;Vase;1;5,00;5,00" for n in range(9)]
    onboarding.write("export boutique.csv", "\n".join([header, *rows]) + "\n")
    assert "preset: woocommerce_order_export_csv" in onboarding.init()
    assert onboarding.load().country == "BE"


def test_numbers_that_hold_in_two_countries_are_of_the_one_whose_language_the_headers_are_in(onboarding: Any) -> None:
    """One in ten has digits that France has not given out, and Italy has."""
    rows = [f"{n};N;P;06{'99' if n % 10 == 0 else '12'}3456{n:02};2026-01-13" for n in range(30)]
    onboarding.write("clients.csv", "\n".join(["N° client;Nom;Prénom;Portable;Modifié le", *rows]) + "\n")
    onboarding.init()
    assert onboarding.load().country == "FR"


def test_a_relative_folder_has_the_same_exports(onboarding: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    header = ["N° client", "Nom", "Prénom", "Email", "Modifié le"]
    rows = [[n, "N", "P", f"a{n}@exemple.fr", "2026-01-13"] for n in range(9)]
    onboarding.write_workbook("clients.xlsx", {"Clients": [header, *rows]})
    monkeypatch.chdir(onboarding.folder.parent)
    assert main(["init", onboarding.folder.name]) == 0
    assert len(onboarding.rows("crm/contacts", "contact_id")) == 9


def test_a_home_among_the_exports_is_no_export(onboarding: Any) -> None:
    people = "N° client;Nom;Prénom;Email;Modifié le\n1;A;B;a@exemple.fr;2026-01-13\n2;C;D;c@exemple.fr;2026-01-14\n"
    onboarding.write("clients.csv", people)
    onboarding.write("chez-nous/run.lock", "")
    onboarding.write("chez-nous/lake/crm/contacts.csv", people)
    text = onboarding.init()
    assert "chez-nous" not in text + onboarding.said
    assert [source.tables["contacts"].from_ for source in onboarding.load().sources] == ["clients.csv"]
