"""Exports of people: of a CRM, a shop or a till, in workbooks and in text."""

from datetime import date, datetime
from typing import Any

moment = datetime.fromisoformat  # Of a workbook, which knows no zones.

HEADER = (
    "N° client;Civilité;Nom;Prénom;Date de naissance;Adresse;Complément d'adresse;Code postal;Ville;Portable;Tél. fixe;"
    "E-mail;Carte fidélité;Créé le;Modifié le;Optin email;Optin SMS"
)
HELENE = [1001, "Mme", "DUPONT", "Hélène", date(1961, 5, 17), "3 rue de la Paix", "Bât. B", 69001, "Lyon"]
HELENE += ["06 12 34 56 78", "04 72 11 22 33", "helene.dupont@exemple.fr", 250100000001, moment("2020-01-02 10:00")]
HELENE += [moment("2026-01-05 09:30"), "oui", "non"]
PAUL = [1002, "M.", "MARTIN", "Paul", None, None, None, 75011, "Paris", "+33 7 12 34 56 78", None]
PAUL += ["paul.martin@exemple.fr", None, moment("2021-03-04 11:00"), moment("2026-01-06 09:30"), "non", None]
NUMBERS = range(10, 20)
PEOPLE = [["Fichier clients au 01/02/2026"], [None], HEADER.split(";"), HELENE, PAUL]


def test_a_workbook_of_contacts_is_read_column_by_column(onboarding: Any) -> None:
    onboarding.write_workbook("Clients CRM.xlsx", {"Clients": PEOPLE, "Notes": [["Lire", "avant"], ["a", "b"]]})
    onboarding.init()
    names = ("contact_id", "last_name", "birth_date", "address", "postcode", "updated_at")
    assert onboarding.rows("crm/contacts", *names) == [
        ("1001", "DUPONT", date(1961, 5, 17), "3 rue de la Paix Bât. B", "69001", "2026-01-05 08:30:00"),
        ("1002", "MARTIN", None, None, "75011", "2026-01-06 08:30:00"),
    ]
    assert onboarding.rows("crm/contacts", "mobile", "phone", "loyalty_card_id") == [
        ("06 12 34 56 78", "04 72 11 22 33", "250100000001"),
        ("+33 7 12 34 56 78", None, None),
    ]


def test_opt_ins_by_channel_become_consents_and_silence_does_not(onboarding: Any) -> None:
    onboarding.write_workbook("Clients CRM.xlsx", {"Clients": PEOPLE})
    onboarding.init()
    assert onboarding.rows("crm/consents", "contact_id", "channel", "status") == [
        ("1001", "email", "granted"),
        ("1001", "sms", "denied"),
        ("1002", "email", "denied"),
    ]


def test_no_value_of_a_file_is_copied(onboarding: Any) -> None:
    """Neither into the file nor to the terminal; also not of a file whose first line is no header."""
    onboarding.write_workbook("Clients CRM.xlsx", {"Clients": PEOPLE})
    onboarding.write(
        "liste.csv", "1001;DUPONT;helene.dupont@exemple.fr;0612345678\n1002;MARTIN;p@exemple.fr;0712345678\n"
    )
    text = onboarding.init()
    for value in (
        "DUPONT",
        "Hélène",
        "exemple.fr",
        "rue de la Paix",
        "12 34 56",
        "0612345678",
        "250100000001",
        "1961",
        "69001",
    ):
        assert value not in text + onboarding.said
    assert "liste.csv" in text


def test_columns_without_telling_headers_are_known_by_their_values(onboarding: Any) -> None:
    rows = "".join(f"{n};Nom{n};Prénom{n};x{n}@exemple.fr;06123456{n:02};{n:02}/05/19{40 + n}\n" for n in range(10, 30))
    onboarding.write("contacts.csv", "Id;Nom;Prénom;Champ 1;Champ 2;Champ 3\n" + rows)
    onboarding.init()
    columns = onboarding.columns("crm/contacts")
    assert columns["email"] == "Champ 1"
    assert columns["mobile"] == "Champ 2"
    assert columns["birth_date"] == "strptime(\"Champ 3\", '%d/%m/%Y')"


def test_people_are_of_the_system_in_which_they_buy(onboarding: Any) -> None:
    people = "Id client;Nom;Prénom;Email;Carte;Modifié le\n" + "".join(
        f"{n};N{n};P{n};x{n}@exemple.fr;2501000{n};2026-01-{n:02} 10:00\n" for n in range(10, 25)
    )
    orders = "N° commande;Client;Date commande;Total TTC\n" + "".join(
        f"{n}0;{n};2026-01-{n:02} 11:00;5.00\n" for n in range(10, 25)
    )
    onboarding.write("a/personnes.csv", people)
    onboarding.write("a/commandes.csv", orders)
    onboarding.init()
    assert len(onboarding.rows("ecommerce/customers", "account_id")) == 15
    onboarding.folder.joinpath("a", "commandes.csv").unlink()
    onboarding.write(
        "a/tickets.csv",
        orders.replace("commande", "ticket").replace("Total TTC", "Total TTC;Magasin").replace("5.00", "5.00;L"),
    )
    onboarding.init("--force")
    assert len(onboarding.rows("pos/members", "member_id")) == 15


def test_two_numbers_are_both_kept_where_there_is_one_column(onboarding: Any) -> None:
    onboarding.write(
        "caisse/adhérents.csv",
        "N° adhérent;Nom;Prénom;Téléphone;Portable;Carte fidélité;Modifié le\n"
        "1;A;B;0472112233;0612345678;2501;2026-01-13\n2;C;D;;0612345679;2502;2026-01-14\n",
    )
    onboarding.init()
    assert onboarding.rows("pos/members", "member_id", "phone") == [
        ("1", "0612345678 / 0472112233"),
        ("2", "0612345679"),
    ]


def test_a_name_in_one_column_is_taken_apart(onboarding: Any) -> None:
    onboarding.write(
        "contacts.csv",
        "id,Nom complet,email,updated_at\n1,LE GOFF Anne-Marie,a@exemple.fr,2026-01-13\n"
        "2,MARTIN Paul,b@exemple.fr,2026-01-14\n",
    )
    onboarding.init()
    assert onboarding.rows("crm/contacts", "first_name", "last_name") == [("Anne-Marie", "LE GOFF"), ("Paul", "MARTIN")]


def test_the_sheets_of_one_workbook_are_the_tables_of_one_shop(onboarding: Any) -> None:
    people = [["ID", "Nom et prénom", "Mail", "Tél", "CP", "Dernière modif."]]
    people += [
        [n, f"MARTIN Zoé{n}", f"m{n}@exemple.fr", f"06.12.34.{n}.78", "69001", "2026-01-13"] for n in range(10, 20)
    ]
    orders = [["N° cmde", "Dt commande", "Code client", "Montant total TTC", "Port", "Etat cmde", "Origine"]]
    orders += [[f"C{n}", date(2026, 1, n), n, n + 0.5, 4.9, "Livrée", "Site web"] for n in NUMBERS]
    lines = [["N° cmde", "Réf.", "Désignation", "Qté", "P.U. TTC", "Total ligne TTC"]]
    lines += [[f"C{n}", f"A{n % 2}", "Pull", 1, n + 0.5, n + 0.5] for n in NUMBERS]
    onboarding.write_workbook("boutique en ligne.xlsx", {"Clients": people, "Commandes": orders, "Lignes": lines})
    onboarding.init()
    assert [source.kind for source in onboarding.load().sources] == ["ecommerce"]
    assert onboarding.rows("ecommerce/customers", "account_id", "first_name", "last_name")[0] == (
        "10",
        "Zoé10",
        "MARTIN",
    )
    assert len(onboarding.rows("ecommerce/orders", "order_id")) == 10
    assert onboarding.rows("ecommerce/order_lines", "order_id", "product_id")[0] == ("C10", "A0")


def test_members_without_a_card_or_with_that_of_a_household_are_all_kept(onboarding: Any) -> None:
    onboarding.write(
        "caisse/cartes fidélité.csv",
        "N° carte;Nom;Prénom;Courriel;Date adhésion;Magasin\n"
        "C0001;LEROY;ANNE;a@exemple.fr;13/04/2019;Lyon\nC0001;LEROY;PAUL;a@exemple.fr;14/05/2020;Lyon\n"
        ";MOREL;JEAN;;15/06/2021;Lyon\n;PETIT;LUC;;16/07/2021;Lyon\nC0005;ROUX;EVE;e@exemple.fr;17/08/2021;Lyon\n",
    )
    onboarding.init()
    assert len(set(onboarding.rows("pos/members", "member_id"))) == 5
    assert sorted(onboarding.rows("pos/members", "loyalty_card_id"), key=str)[-2:] == [(None,), (None,)]


def test_a_card_that_every_row_has_alone_is_the_id(onboarding: Any) -> None:
    onboarding.write(
        "caisse/cartes fidélité.csv",
        "N° carte;Nom;Prénom;Date adhésion;Magasin\n"
        "C0001;LEROY;ANNE;13/04/2019;Lyon\nC0002;PETIT;LUC;14/05/2020;Lyon\n",
    )
    text = onboarding.init()
    assert onboarding.columns("pos/members")["member_id"] == "N° carte"
    assert "made from what does not change" not in text
