"""Nights at Brevo: its list moves while it is read, and what is landed is who is there."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from pipelines.pulls.connectors.brevo import contacts, events
from tests.pulls.connectors.api_server import Answer, Asked
from tests.pulls.connectors.brevo.account import BrevoAccount, too_many
from tests.pulls.connectors.conftest import Crm
from tests.pulls.connectors.systems import BREVO

TABLES = ("contacts", "consents", "campaign_events")


@pytest.fixture
def crm(open_crm: Callable[..., Crm], monkeypatch: pytest.MonkeyPatch) -> Crm:
    """Twenty contacts, and what became of a message to the second."""
    monkeypatch.setattr(contacts, "PAGE", 6)
    monkeypatch.setattr(events, "PAGE", 2)
    account = BrevoAccount()
    BREVO.fill(account, 20)
    for seconds, event in enumerate(("requests", "delivered", "loadedByProxy", "opened", "opened", "clicks")):
        account.tell("P1@example.fr", event, account.now + timedelta(seconds=seconds))
    account.now += timedelta(hours=1)
    return open_crm(account, BREVO.connector, **BREVO.secrets(account))


def next_night(crm: Crm) -> BrevoAccount:
    crm.account.now += timedelta(days=1)
    account: BrevoAccount = crm.account
    return account


def list_ids(crm: Crm) -> list[int]:
    return sorted(map(int, crm.extract("contacts")["contact_id"].to_list()))


def test_nights_of_changes_end_where_one_full_pull_ends(crm: Crm) -> None:
    first = crm.pull()
    assert {name: (each.state, each.rows, each.source_rows) for name, each in first.items()} == {
        "contacts": ("taken", 20, 20),
        "events": ("taken", 6, None),
    }
    account = next_night(crm)
    account.add("new@example.fr", NOM="Neuve")
    account.edit(3, emailBlacklisted=True, attributes={"SMS": "33612345678"})
    account.edit(4, smsBlacklisted=True)
    account.delete(5)
    account.tell("p3@example.fr", "unsubscribed", account.now)
    account.tell("nobody@example.fr", "hardBounces", account.now)
    account.now += timedelta(hours=1)
    second = crm.pull()
    assert (second["contacts"].rows, second["events"].batch.mode, second["events"].rows) == (20, "changes", 8)
    account = next_night(crm)
    account.delete(20)
    crm.pull()
    incremental = crm.extract_all(TABLES)
    crm.pull(full=True)
    for table, rows in crm.extract_all(TABLES).items():
        assert rows.equals(incremental[table]), table
    assert list_ids(crm) == sorted(account.contacts)
    assert incremental["consents"].select("contact_id", "channel", "status").rows() == [
        ("3", "email", "withdrawn"),
        ("4", "sms", "withdrawn"),
    ]
    assert incremental["contacts"].filter(contact_id="3")["mobile"].to_list() == ["+33612345678"]
    told = incremental["campaign_events"].select("contact_id", "event").rows()
    assert sorted(told) == sorted(
        [
            *(("2", event) for event in ("sent", "delivered", "opened", "opened", "clicked")),
            ("4", "unsubscribed"),
            ("nobody@example.fr", "bounced"),
        ]
    )


@pytest.mark.parametrize("gone", [1, 2, 4, 9])
def test_contacts_that_are_deleted_while_pages_are_read_hide_no_other(crm: Crm, gone: int) -> None:
    pages = 0

    def delete(asked: Asked, answer: Answer) -> Answer:
        nonlocal pages
        if BREVO.is_page(asked):
            pages += 1
            if pages == 2:
                for number in sorted(crm.account.contacts)[:gone]:
                    crm.account.delete(number)
        return answer

    crm.server.change(delete)
    outcome = crm.pull()["contacts"]
    assert outcome.state == "taken"
    assert set(crm.account.contacts) <= set(list_ids(crm))


def test_contacts_that_are_added_and_deleted_while_pages_are_read_are_no_short_pull(crm: Crm) -> None:
    pages = 0

    def meddle(asked: Asked, answer: Answer) -> Answer:
        nonlocal pages
        if BREVO.is_page(asked):
            pages += 1
            if pages == 3:
                crm.account.delete(2)
                BREVO.add(crm.account, 50)
        return answer

    crm.server.change(meddle)
    outcome = crm.pull()["contacts"]
    assert (outcome.state, outcome.rows) == ("taken", 21)
    assert crm.pull()["contacts"].rows == 20


def test_a_list_that_moves_without_end_is_given_up(crm: Crm) -> None:
    def move(asked: Asked, answer: Answer) -> Answer:
        status, headers, document = answer
        if not BREVO.is_page(asked) or "offset=0&" in asked.query:
            return answer
        moved = [{**contact, "id": contact["id"] + 1000 * asked.number} for contact in document["contacts"]]
        return status, headers, {**document, "contacts": moved}

    crm.connector = {**crm.connector, "tries": 1}
    crm.server.change(move)
    assert "its list moves faster than it can be read" in crm.fail("contacts")


def test_an_event_is_landed_once_however_often_it_is_told(crm: Crm) -> None:
    crm.pull()
    crm.account.now += timedelta(minutes=5)
    outcome = crm.pull()["events"]
    assert (outcome.batch.mode, outcome.rows) == ("changes", 6)


def test_events_of_more_than_ninety_days_stay_where_brevo_tells_them_no_more(crm: Crm) -> None:
    crm.pull()
    crm.account.now += timedelta(days=80)
    crm.account.tell("p2@example.fr", "delivered", crm.account.now)
    crm.pull()
    crm.account.now += timedelta(days=60)
    outcome = crm.pull(full=True)["events"]
    assert (outcome.batch.rows, outcome.rows) == (1, 7)
    assert crm.extract("campaign_events").height == 6


def test_requests_of_a_whole_hour_that_are_used_up_are_told(crm: Crm) -> None:
    crm.server.faults.append(lambda _: too_many(3_000))
    assert "It asks to wait 3,000 seconds" in crm.fail("contacts")


def test_attributes_of_french_accounts_are_known(crm: Crm) -> None:
    account = crm.account
    account.attributes = {"PRENOM": "text", "NOM": "text", "VILLE": "text", "POINTS": "float", "VIP": "boolean"}
    account.edit(1, attributes={"PRENOM": "Zoé", "NOM": "Moreau", "VILLE": "Lyon", "POINTS": 12.5, "VIP": True})
    tables = {
        "contacts": {"columns": {"preferred_channel": "attribute_VIP"}},
        "consents": None,
        "campaign_events": None,
    }
    crm.pull(tables=tables)
    row = crm.extract("contacts", tables=tables).filter(contact_id="1")
    assert row.select("first_name", "last_name", "city", "preferred_channel").rows() == [
        ("Zoé", "Moreau", "Lyon", "true")
    ]


def test_an_attribute_that_is_gone_stops_contacts(crm: Crm) -> None:
    crm.pull()
    del crm.account.attributes["CITY"]
    assert "attribute_CITY no longer there" in crm.fail("contacts")


@pytest.mark.parametrize("name", ["emailBlacklisted", "smsBlacklisted", "email"])
def test_a_field_of_contacts_that_is_gone_stops_them_and_takes_no_refusal_back(crm: Crm, name: str) -> None:
    crm.account.edit(3, emailBlacklisted=True)
    crm.pull()
    before = crm.extract("consents")
    for contact in crm.account.contacts.values():
        contact[f"renamed_{name}"] = contact.pop(name)
    assert f"{name} no longer there" in crm.fail("contacts")
    assert crm.extract("consents").equals(before)


def test_a_contact_without_a_mail_is_one(crm: Crm) -> None:
    del crm.account.contacts[4]["email"]
    assert crm.pull()["contacts"].rows == 20


@pytest.mark.parametrize("answer", [[], "needle", {"evnts": []}])
def test_what_is_no_list_of_events_is_no_empty_one(crm: Crm, answer: object) -> None:
    crm.connector = {**crm.connector, "tries": 1}
    crm.server.change(lambda asked, told: (200, {}, answer) if asked.path.endswith("/events") else told)
    assert "answers with no list of table 'events'" in crm.fail("events")


def test_a_list_of_events_that_never_ends_is_given_up(crm: Crm) -> None:
    def repeat(asked: Asked, answer: Answer) -> Answer:
        assert asked.number < 200
        return (200, {}, {"events": crm.account.events[:2]}) if asked.path.endswith("/events") else answer

    crm.connector = {**crm.connector, "tries": 1}
    crm.server.change(repeat)
    assert "tells the same of table 'events' again and again" in crm.fail("events")


def test_half_a_sign_in_an_event_or_an_attribute_stops_nothing(crm: Crm) -> None:
    crm.account.tell("p2@example.fr", "clicked", crm.account.now, link="https://example.fr/\ud83d", tag="\ud83d")
    crm.account.edit(3, attributes={"CITY": "Lyon\udc00"})
    outcomes = crm.pull()
    assert {name: (each.state, each.rows) for name, each in outcomes.items()} == {
        "contacts": ("taken", 20),
        "events": ("taken", 7),
    }


def test_ids_that_are_written_as_texts_are_numbers(crm: Crm) -> None:
    def write(asked: Asked, answer: Answer) -> Answer:
        status, headers, document = answer
        if not BREVO.is_page(asked):
            return answer
        return (
            status,
            headers,
            {**document, "contacts": [{**one, "id": str(one["id"])} for one in document["contacts"]]},
        )

    crm.server.change(write)
    assert crm.pull()["contacts"].rows == 20
