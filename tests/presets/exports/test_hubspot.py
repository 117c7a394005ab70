"""HubSpot's exports and the tables that a connector lands of it, from the file to the lake."""

import json
from datetime import date, datetime
from typing import Any

import pytest


def utc(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


CONTACTS = (
    "Record ID,First Name,Last Name,Email,Phone Number,Mobile Phone Number,Salutation,Date of birth,Street Address,"
    "Postal Code,City,Country/Region,Lifecycle Stage,Contact owner,Create Date,Last Modified Date,Merged record IDs,"
    "Additional email addresses,Unsubscribed from all email,Opted out of email: Marketing Information,Notes"
)
CONTACTS_FR = (
    "ID de la fiche d’informations;Prénom;Nom;Adresse e-mail;Numéro de téléphone;Code postal;Ville;Pays/région;"
    "Statut du lead;Date de création;Date de dernière modification;ID des fiches d’informations fusionnées;"
    "Adresses e-mail supplémentaires;Désabonné de tous les e-mails"
)
CONTACT_ROWS = f"""\ufeff{CONTACTS}
101,Léa,Roussin,lea@example.fr,04 72 00 00 00,+33 6 10 00 00 00,Mme,1990-04-12,13 rue de Berri,75008,Paris,France,customer,Kim,2024-03-12 09:14,2026-01-05 10:00,88;89,l.roussin@example.fr;LEA@example.fr,false,,"called twice,
no answer"
102,Marc,Petit,marc@example.fr,,,,,,,,,lead,Kim,2024-07-01 08:00,,,,true,true,
103,,,,0472112233,,,,,,,,lead,,2025-01-01 00:00,2025-06-01 12:30,,,,,
"""


@pytest.fixture
def contacts(export: Any) -> Any:
    export.write("hubspot-crm-exports-all-contacts.csv", CONTACT_ROWS)
    return export


def test_contacts_are_read_with_the_clock_of_the_account(contacts: Any) -> None:
    assert contacts.rows(
        "hubspot_contacts", "contacts", "hubspot*", "contact_id", "civility", "last_name", "email", "phone", "mobile",
        "birth_date", "address", "postcode", "country", "created_at", "updated_at",
    ) == [
        ("101", "Mme", "Roussin", "lea@example.fr", "04 72 00 00 00", "+33 6 10 00 00 00", date(1990, 4, 12),
         "13 rue de Berri", "75008", "France", utc(2024, 3, 12, 8, 14), utc(2026, 1, 5, 9)),
        ("102", None, "Petit", "marc@example.fr", None, None, None, None, None, None, utc(2024, 7, 1, 6),
         utc(2024, 7, 1, 6)),
        ("103", None, None, None, "0472112233", None, None, None, None, None, utc(2024, 12, 31, 23),
         utc(2025, 6, 1, 10, 30)),
    ]  # fmt: skip


def test_merged_ids_and_further_mailboxes_are_taken_out_of_their_lists(contacts: Any) -> None:
    assert contacts.rows(
        "hubspot_contacts", "merges", "hubspot*", "old_contact_id", "surviving_contact_id", "merged_at"
    ) == [("88", "101", None), ("89", "101", None)]
    assert contacts.rows("hubspot_contacts", "contact_points", "hubspot*", "contact_id", "kind", "value") == [
        ("101", "email", "l.roussin@example.fr")
    ]


def test_who_opted_out_has_withdrawn_and_who_did_not_has_said_nothing(contacts: Any) -> None:
    assert contacts.rows(
        "hubspot_contacts", "consents", "hubspot*", "contact_id", "channel", "purpose", "status", "recorded_at"
    ) == [
        ("102", "email", "Marketing Information", "withdrawn", utc(2024, 7, 1, 6)),
        ("102", "email", "marketing", "withdrawn", utc(2024, 7, 1, 6)),
    ]


def test_a_french_export_has_the_same_contacts_merges_and_opt_outs(export: Any) -> None:
    export.write(
        "contacts.csv",
        f"\ufeff{CONTACTS_FR}\n101;Léa;Roussin;lea@example.fr;0472000000;75008;Paris;France;;2024-03-12 09:14;"
        "2026-01-05 10:00;88;lea2@example.fr;Oui\n102;Jo;Petit;jo@example.fr;;;;;;2024-03-12 09:14;;;;Non\n",
    )
    assert export.rows("hubspot_contacts", "contacts", "contacts*", "contact_id", "first_name", "country") == [
        ("101", "Léa", "France"),
        ("102", "Jo", None),
    ]
    assert export.rows("hubspot_contacts", "merges", "contacts*", "old_contact_id") == [("88",)]
    assert export.rows("hubspot_contacts", "contact_points", "contacts*", "value") == [("lea2@example.fr",)]
    assert export.rows("hubspot_contacts", "consents", "contacts*", "contact_id", "status") == [("101", "withdrawn")]


def test_an_export_of_a_few_columns_has_no_merges_and_no_consents(export: Any) -> None:
    export.write("contacts.csv", "Record ID,Email,Create Date\n101,lea@example.fr,2024-03-12 09:14\n")
    assert export.rows("hubspot_contacts", "contacts", "contacts*", "contact_id", "updated_at") == [
        ("101", utc(2024, 3, 12, 8, 14))
    ]
    for table in ("merges", "contact_points", "consents"):
        assert export.extract("hubspot_contacts", table, "contacts*").rows_kept == 0


def test_a_merge_has_its_time_where_the_export_has_it(export: Any) -> None:
    export.write(
        "contacts.csv",
        "hs_object_id,email,createdate,hs_merged_object_ids,hs_calculated_merged_vids\n"
        "101,a@example.fr,2024-03-12T09:14:00Z,88;89,88:1704103200000;101:1704103200000\n",
    )
    assert export.rows("hubspot_contacts", "merges", "contacts*", "old_contact_id", "merged_at") == [
        ("88", utc(2024, 1, 1, 10)),
        ("89", None),
    ]


def test_a_workbook_is_read_as_a_csv(export: Any, workbook: Any) -> None:
    header = ["Record ID", "Email", "Create Date", "Merged record IDs"]
    row = [101, "lea@example.fr", datetime(2024, 3, 12, 9, 14), "88"]  # noqa: DTZ001
    export.write("all-contacts.xlsx", workbook({"Contacts": [header, row]}))
    assert export.rows("hubspot_contacts", "contacts", "all*", "contact_id", "created_at") == [
        ("101", utc(2024, 3, 12, 8, 14))
    ]
    assert export.rows("hubspot_contacts", "merges", "all*", "old_contact_id", "surviving_contact_id") == [
        ("88", "101")
    ]


TICKETS = (
    "Record ID,Ticket name,Pipeline,Ticket status,Create date,Close date,Priority,Ticket owner,Source,Category,"
    "Ticket description,Associated Contact,Associated Contact IDs"
)


def test_tickets_are_conversations_of_their_contact(export: Any) -> None:
    export.write(
        "tickets.csv",
        f"\ufeff{TICKETS}\n"
        '1,Broken cap,Support,Closed,2026-01-05 10:00,2026-01-06 09:00,HIGH,Kim,Chat,Product issue,"It leaks,\nsee photo",Léa,101;102\n'
        "2,Où est ma commande,Support,New,2026-01-07 10:00,,,,Form,Livraison,,,\n"
        "3,Appel,Support,Waiting on us,2026-01-08 10:00,,,,Phone,,,Jo,103\n"
        "4,Note,Support,New,2026-01-08 11:00,,,,,General inquiry,,,\n"
        "5,Retour,Support,New,2026-01-08 12:00,,,,Fax,Retour produit,,,\n",
    )
    extracted = export.extract("hubspot_tickets", "interactions", "tickets*")
    assert extracted.rows_rejected == 1
    assert export.reasons("hubspot_tickets", "interactions")[0].startswith("channel is not one of")
    frame = export.frame("hubspot_tickets", "interactions")
    assert frame.select(
        "interaction_id", "contact_id", "channel", "kind", "started_at", "ended_at", "is_resolved", "text"
    ).rows() == [
        ("1", "101", "chat", "complaint", utc(2026, 1, 5, 9), utc(2026, 1, 6, 8), True,
         "Broken cap\nIt leaks,\nsee photo"),
        ("2", None, "email", "order_tracking", utc(2026, 1, 7, 9), None, False, "Où est ma commande"),
        ("3", "103", "phone", "other", utc(2026, 1, 8, 9), None, False, "Appel"),
        ("4", None, "email", "question", utc(2026, 1, 8, 10), None, False, "Note"),
    ]  # fmt: skip


LANDED = (
    "_fivetran_deleted,_fivetran_synced,property_email,id,property_firstname,property_lastname,property_createdate,"
    "property_hs_merged_object_ids,property_hs_additional_emails,property_hs_email_optout"
)


def test_landed_contacts_are_in_utc_and_deleted_ones_say_when(export: Any) -> None:
    export.write(
        "contact.csv",
        f"{LANDED}\nFALSE,2021-04-02 11:16:05,a@example.fr,789,Léa,Roussin,2021-04-01 17:32:47,763;468,b@example.fr,\n"
        "TRUE,2021-04-02 11:20:23,c@example.fr,790,Jo,Petit,2020-10-08 21:13:55,,,true\n",
    )
    preset = "hubspot_contact_landed"
    assert export.rows(preset, "contacts", "contact*", "contact_id", "created_at", "updated_at", "deleted_at") == [
        ("789", utc(2021, 4, 1, 17, 32, 47), utc(2021, 4, 2, 11, 16, 5), None),
        ("790", utc(2020, 10, 8, 21, 13, 55), utc(2021, 4, 2, 11, 20, 23), utc(2021, 4, 2, 11, 20, 23)),
    ]
    assert export.rows(preset, "merges", "contact*", "old_contact_id", "surviving_contact_id") == [
        ("468", "789"),
        ("763", "789"),
    ]
    assert export.rows(preset, "contact_points", "contact*", "contact_id", "value") == [("789", "b@example.fr")]
    assert export.rows(preset, "consents", "contact*", "contact_id", "status", "recorded_at") == [
        ("790", "withdrawn", utc(2021, 4, 2, 11, 20, 23))
    ]


def test_landed_tickets_find_their_contact_beside_them(export: Any) -> None:
    export.write(
        "ticket.csv",
        "id,is_deleted,property_closed_date,property_createdate,property_hs_pipeline_stage,property_hs_ticket_category,"
        "property_subject,property_content\n"
        '1,FALSE,,2021-02-16 20:31:05,797,Billing issue,Invoice,"two\nlines"\n2,TRUE,,2021-02-17 10:00:00,797,,x,\n'
        "3,FALSE,2021-02-18 10:00:00,2021-02-17 11:00:00,797,,y,\n",
    )
    columns = ("interaction_id", "contact_id", "kind", "started_at", "is_resolved")
    without = [
        ("1", None, "complaint", utc(2021, 2, 16, 20, 31, 5), False),
        ("3", None, "other", utc(2021, 2, 17, 11), True),
    ]
    assert export.rows("hubspot_ticket_landed", "interactions", "ticket.csv", *columns) == without
    export.write("ticket_contact.csv", "ticket_id,contact_id,_fivetran_synced\n1,99,x\n1,101,x\n")
    beside = {"ticket_contact": "ticket_contact.csv"}
    assert export.rows("hubspot_ticket_landed", "interactions", "ticket.csv", *columns, **{"with": beside}) == [
        ("1", "99", *without[0][2:]),
        without[1],
    ]


EVENTS = (
    "id,_fivetran_synced,app_id,created,email_campaign_id,portal_id,sent_by_id,type,filtered_event,recipient\n"
    "e1,x,1,2020-03-16 18:58:05.148,2,4,s1,SENT,,A@example.fr\n"
    "e2,x,1,2020-03-16 18:58:06,2,4,s1,PROCESSED,true,a@example.fr\n"
    "e3,x,1,2020-03-16 18:58:07,2,4,s1,DELIVERED,,a@example.fr\n"
    "e4,x,1,2020-03-16 19:03:20,2,4,s1,OPEN,false,b@example.fr\n"
    "e5,x,1,2020-03-16 19:03:21,2,4,s1,OPEN,true,a@example.fr\n"
    "e6,x,1,2020-03-16 19:05:00,2,4,s1,SPAMREPORT,,gone@example.fr\n"
    "e7,x,1,2020-03-16 19:06:00,2,4,s1,STATUSCHANGE,,a@example.fr\n"
)


def test_email_events_are_of_the_contact_whose_mailbox_it_was(export: Any) -> None:
    export.write("email_event.csv", EVENTS)
    export.write(
        "contact.csv", f"{LANDED}\nFALSE,x,a@example.fr,789,,,2021-04-01 17:32:47,,b@example.fr; c@example.fr,\n"
    )
    assert export.rows(
        "hubspot_email_events", "campaign_events", "email_event.csv", "event_id", "contact_id", "campaign_id",
        "channel", "event", "occurred_at", **{"with": {"contacts": "contact.csv"}},
    ) == [
        ("e1", "789", "2", "email", "sent", utc(2020, 3, 16, 18, 58, 5, 148000)),
        ("e3", "789", "2", "email", "delivered", utc(2020, 3, 16, 18, 58, 7)),
        ("e4", "789", "2", "email", "opened", utc(2020, 3, 16, 19, 3, 20)),
        ("e6", "gone@example.fr", "2", "email", "unsubscribed", utc(2020, 3, 16, 19, 5)),
    ]  # fmt: skip


def test_email_events_of_the_api_are_read_beside_the_contacts_export(export: Any) -> None:
    events = [
        {"id": "e1", "type": "CLICK", "recipient": "lea@example.fr", "created": 1584385085148, "emailCampaignId": 2},
        {"id": "e2", "type": "STATUSCHANGE", "recipient": "marc@example.fr", "created": 1584385086000,
         "emailCampaignId": 2, "portalSubscriptionStatus": "UNSUBSCRIBED"},
    ]  # fmt: skip
    export.write("email_events.json", json.dumps({"hasMore": False, "events": events}))
    export.write("hubspot-crm-exports-all-contacts.csv", CONTACT_ROWS)
    assert export.rows(
        "hubspot_email_events", "campaign_events", "email_events.json", "event_id", "contact_id", "event",
        "occurred_at", **{"with": {"contacts": "hubspot*"}},
    ) == [
        ("e1", "101", "clicked", utc(2020, 3, 16, 18, 58, 5, 148000)),
        ("e2", "102", "unsubscribed", utc(2020, 3, 16, 18, 58, 6)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("header", "delimiter", "preset"),
    [
        (CONTACTS, ",", "hubspot_contacts"),
        (CONTACTS_FR, ";", "hubspot_contacts"),
        ("Record ID,First Name,Last Name,Email,Phone Number,Lead Status,Create Date,Original Source", ",",
         "hubspot_contacts"),
        ("Record ID,Email,Create Date", ",", "hubspot_contacts"),
        ("hs_object_id,email,createdate,firstname,lastname", ",", "hubspot_contacts"),
        (TICKETS, ",", "hubspot_tickets"),
        ("Ticket ID,Ticket name,Ticket status,Create date", ",", "hubspot_tickets"),
        ("ID de la fiche d'informations;Nom du ticket;Statut du ticket;Date de création;Date de fermeture;Catégorie", ";",
         "hubspot_tickets"),
        (LANDED, ",", "hubspot_contact_landed"),
        ("id,property_email,property_createdate", ",", "hubspot_contact_landed"),
        ("_fivetran_synced,id,is_deleted,property_createdate,property_hs_pipeline_stage,property_subject", ",",
         "hubspot_ticket_landed"),
        (EVENTS.split("\n", 1)[0], ",", "hubspot_email_events"),
        ("id,type,recipient,created,emailCampaignId,portalId,appId", ",", "hubspot_email_events"),
    ],
)  # fmt: skip
def test_an_export_is_recognised_by_its_columns(recognised: Any, header: str, delimiter: str, preset: str) -> None:
    assert recognised(header, delimiter) == preset
