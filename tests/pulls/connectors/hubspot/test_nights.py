"""Nights at HubSpot: people are added, edited, merged and deleted, and what is landed is what one full pull lands."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.pulls.connectors.hubspot import email_events, objects, search, ticket_contacts
from tests.pulls.connectors.api_server import Answer, Asked
from tests.pulls.connectors.conftest import Crm
from tests.pulls.connectors.hubspot.account import HubspotAccount, stamp, too_many
from tests.pulls.connectors.systems import HUBSPOT

TABLES = ("contacts", "merges", "contact_points", "consents", "interactions")


@pytest.fixture
def crm(open_crm: Callable[..., Crm], monkeypatch: pytest.MonkeyPatch) -> Crm:
    """Six contacts, and a ticket of the first and second."""
    monkeypatch.setattr(search, "PAGE", 3)
    monkeypatch.setattr(objects, "COUNTED_DAYS", 3)
    monkeypatch.setattr(objects, "PAGE_OF_LIST", 2)
    monkeypatch.setattr(ticket_contacts, "PAGE", 2)
    account = HubspotAccount()
    HUBSPOT.fill(account, 6)
    ticket = account.add("tickets", subject="Colis", source_type="EMAIL", hs_ticket_category="LIVRAISON")
    account.associate(ticket, 101, 102)
    account.now += timedelta(hours=1)
    return open_crm(account, HUBSPOT.connector, **HUBSPOT.secrets(account))


def next_night(crm: Crm) -> HubspotAccount:
    crm.account.now += timedelta(days=1)
    account: HubspotAccount = crm.account
    return account


def list_ids(crm: Crm) -> list[str]:
    return sorted(crm.extract("contacts")["contact_id"].to_list())


def test_nights_of_changes_end_where_one_full_pull_ends(crm: Crm) -> None:
    first = crm.pull()
    assert {name: (each.state, each.rows) for name, each in first.items()} == {
        "contacts": ("taken", 6),
        "ticket_contact": ("taken", 2),
        "tickets": ("taken", 1),
    }
    account = next_night(crm)
    HUBSPOT.add(account, 7)
    account.edit("contacts", 103, lastname="Edited", hs_email_optout="true")
    account.archive("contacts", 104)
    survivor = account.merge(101, 102)
    other = account.add("tickets", subject="Retour", source_type="CHAT", closed_date=stamp(account.now))
    account.associate(other, survivor)
    account.now += timedelta(hours=1)
    second = crm.pull()
    assert {name: each.state for name, each in second.items()} == dict.fromkeys(first, "taken")
    changed = second["contacts"]
    assert (changed.batch.mode, changed.batch.gone, changed.rows, changed.source_rows) == ("changes", 3, 5, 5)
    assert all(each.difference == 0 for each in changed.reconciled)

    account = next_night(crm)
    last = account.merge(survivor, 105)
    account.edit("tickets", other, content="Reçu")
    account.archive("tickets", other)
    account.now += timedelta(hours=1)
    third = crm.pull()
    assert (third["contacts"].batch.mode, third["contacts"].rows) == ("changes", 4)
    assert third["tickets"].rows == 1

    incremental = crm.extract_all(TABLES)
    full = crm.pull(full=True)
    assert full["contacts"].batch.mode == "full"
    for table, rows in crm.extract_all(TABLES).items():
        assert rows.equals(incremental[table]), table
    assert dict(incremental["merges"].select("old_contact_id", "surviving_contact_id").iter_rows()) == {
        str(old): str(last) for old in (101, 102, survivor, 105)
    }
    assert incremental["interactions"]["contact_id"].to_list() == [str(last)]
    assert sorted(incremental["contact_points"]["value"]) == ["p1@example.fr", "p4@example.fr"]
    assert incremental["consents"]["contact_id"].to_list() == ["103"]


def test_what_a_person_writes_goes_over_what_comes_with_the_connector(crm: Crm) -> None:
    crm.account.properties["contacts"]["numero_carte"] = "number"
    crm.account.own_properties = {"numero_carte"}
    crm.account.edit("contacts", 101, numero_carte="29001234567890123456")
    tables = {"contacts": {"columns": {"loyalty_card_id": "property_numero_carte"}}, "interactions": None}
    assert set(crm.pull(tables=tables)) == {"contacts"}
    cards = crm.extract("contacts", tables=tables).filter(contact_id="101")["loyalty_card_id"]
    assert cards.to_list() == ["29001234567890123456"]


def test_a_search_that_ends_at_its_limit_is_begun_again_behind_it(crm: Crm) -> None:
    crm.account.most_results = 5
    HUBSPOT.fill(crm.account, 20)
    assert crm.pull()["contacts"].rows == 26
    crm.account.now += timedelta(days=1)
    for number in range(101, 120):
        if number in crm.account.objects["contacts"]:
            crm.account.edit("contacts", number, lastname="Edited")
    changed = crm.pull()["contacts"]
    assert (changed.batch.mode, changed.rows) == ("changes", 26)
    assert changed.batch.rows > crm.account.most_results


def test_a_contact_that_the_search_does_not_find_yet_comes_the_next_time(crm: Crm) -> None:
    crm.pull()
    late = HUBSPOT.add(next_night(crm), 7)
    crm.account.unindexed = {late}
    crm.account.now += timedelta(minutes=5)
    assert crm.pull()["contacts"].rows == 6
    crm.account.unindexed = set()
    crm.account.now += timedelta(minutes=5)
    outcome = crm.pull()["contacts"]
    assert (outcome.batch.mode, outcome.rows) == ("changes", 7)
    assert str(late) in list_ids(crm)


def test_a_contact_that_was_deleted_for_good_is_missed_by_the_counts(crm: Crm) -> None:
    crm.pull()
    next_night(crm).erase("contacts", 103)
    crm.account.now += timedelta(hours=1)
    outcome = crm.pull()["contacts"]
    assert (outcome.state, outcome.batch.mode, outcome.rows) == ("taken", "full", 5)
    assert "pulled as a whole" in outcome.notes[0]
    assert "103" not in list_ids(crm)


def test_contacts_may_come_and_go_while_pages_are_read(crm: Crm) -> None:
    seen = 0

    def meddle(asked: Asked, answer: Answer) -> Answer:
        nonlocal seen
        if asked.path.endswith("contacts/search") and asked.body["limit"] > 1:
            seen += 1
            if seen == 1:
                crm.account.now += timedelta(minutes=1)
                HUBSPOT.add(crm.account, 50)
                crm.account.edit("contacts", 105, lastname="Meanwhile")
                crm.account.archive("contacts", 101)
        return answer

    crm.server.change(meddle)
    outcome = crm.pull()["contacts"]
    assert (outcome.state, outcome.rows) == ("taken", 6)
    crm.account.now += timedelta(hours=1)
    outcome = crm.pull()["contacts"]
    assert (outcome.state, outcome.batch.mode, outcome.rows) == ("taken", "changes", 6)
    names = dict(crm.extract("contacts").select("contact_id", "last_name").iter_rows())
    assert "101" not in names
    assert names["105"] == "Meanwhile"
    assert "L50" in names.values()


def test_a_contact_that_was_brought_back_is_there_again(crm: Crm) -> None:
    crm.pull()
    next_night(crm).archive("contacts", 103)
    crm.account.now += timedelta(hours=1)
    assert crm.pull()["contacts"].rows == 5
    crm.account.objects["contacts"][103].archived_at = None
    next_night(crm).edit("contacts", 103, lastname="Back")
    crm.account.now += timedelta(hours=1)
    assert crm.pull()["contacts"].rows == 6
    assert "103" in list_ids(crm)


def test_tickets_that_are_missing_among_the_associations_are_told(crm: Crm) -> None:
    for number in range(3):
        crm.account.associate(crm.account.add("tickets", subject=str(number)), 103)
    crm.account.now += timedelta(hours=1)

    def end_early(asked: Asked, answer: Answer) -> Answer:
        status, headers, document = answer
        if asked.path != "/crm/v3/objects/tickets":
            return answer
        return status, headers, {"results": document["results"]}

    crm.server.change(end_early)
    outcomes = crm.pull()
    assert outcomes["ticket_contact"].state == "not taken"
    assert "HubSpot counts 4 tickets, 2 arrived" in str(outcomes["ticket_contact"].message)
    assert outcomes["tickets"].state == "taken"


def test_tickets_that_are_missing_once_are_read_again(crm: Crm) -> None:
    for number in range(3):
        crm.account.associate(crm.account.add("tickets", subject=str(number)), 103)
    crm.account.now += timedelta(hours=1)
    pages = 0

    def end_early(asked: Asked, answer: Answer) -> Answer:
        nonlocal pages
        status, headers, document = answer
        if asked.path != "/crm/v3/objects/tickets":
            return answer
        pages += 1
        return (status, headers, {"results": document["results"]}) if pages == 1 else answer

    crm.server.change(end_early)
    outcome = crm.pull()["ticket_contact"]
    assert (outcome.state, outcome.rows) == ("taken", 5)


def test_a_token_without_a_scope_stops_what_it_may_not_read_and_nothing_else(crm: Crm) -> None:
    crm.account.scopes = {"contacts"}
    outcomes = crm.pull()
    assert {name: each.state for name, each in outcomes.items()} == {
        "contacts": "taken",
        "ticket_contact": "not taken",
        "tickets": "not taken",
    }
    assert "grant its private app the scope" in str(outcomes["tickets"].message)


def test_requests_of_a_whole_day_that_are_used_up_are_told_and_tried_again_later(crm: Crm) -> None:
    crm.server.faults.append(lambda _: too_many("DAILY", seconds=40_000))
    assert "lets no more requests through (HTTP 429). It asks to wait 40,000 seconds" in crm.fail("contacts")
    assert crm.server.waits == []


def test_a_property_of_the_accounts_own_that_is_new_is_told_and_kept(crm: Crm) -> None:
    crm.pull()
    crm.account.properties["contacts"]["numero_carte"] = "string"
    crm.account.own_properties = {"numero_carte"}
    crm.account.now += timedelta(hours=1)
    outcome = crm.pull()["contacts"]
    assert (outcome.state, outcome.notes) == ("taken", ("new columns: property_numero_carte",))


@pytest.mark.parametrize(
    ("type_", "told"),
    [(None, "property_city no longer there"), ("datetime", "property_city was text and is timestamptz")],
)
def test_a_property_that_is_gone_or_of_another_type_stops_contacts(crm: Crm, type_: str | None, told: str) -> None:
    crm.pull()
    before = list_ids(crm)
    if type_ is None:
        del crm.account.properties["contacts"]["city"]
    else:
        crm.account.properties["contacts"]["city"] = type_
    assert told in crm.fail("contacts")
    assert list_ids(crm) == before
    assert crm.pull(full=True)["contacts"].state == "taken"


def test_no_object_of_a_name_is_told(crm: Crm) -> None:
    tables = {"contacts": {"from": "contcts"}, "interactions": None, "merges": None, "consents": None}
    message = crm.fail("contcts", tables={**tables, "contact_points": None})
    assert "HubSpot has no table 'contcts'" in message


EVENTS = {"preset": "hubspot_email_events", "from": "email_events", "with": {"contacts": "contacts"}}


def tell(crm: Crm, number: int, type_: str, recipient: str, **more: object) -> None:
    created = round(crm.account.now.timestamp() * 1000) + number
    event = {"id": f"00-{number}", "created": created, "type": type_, "recipient": recipient, "portalId": 1}
    crm.account.events.append({**event, "emailCampaignId": 42, **more})


def test_events_of_marketing_messages_are_pulled_where_they_are_asked_for(
    crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email_events, "PAGE", 2)
    tables = {"campaign_events": EVENTS}
    for number, type_ in enumerate(("SENT", "DELIVERED", "OPEN", "CLICK", "PROCESSED")):
        tell(crm, number, type_, "p1@example.fr", filteredEvent=type_ == "CLICK")
    crm.account.now += timedelta(hours=1)
    first = crm.pull(tables=tables)["email_events"]
    assert (first.state, first.rows, first.source_rows) == ("taken", 5, None)
    crm.account.merge(101, 102)
    tell(crm, 9, "STATUSCHANGE", "p1@example.fr", portalSubscriptionStatus="UNSUBSCRIBED")
    crm.account.now += timedelta(hours=1)
    second = crm.pull(tables=tables)["email_events"]
    assert (second.batch.mode, second.rows) == ("changes", 6)
    rows = crm.extract("campaign_events", tables=tables)
    assert sorted(rows.select("contact_id", "event", "campaign_id").rows()) == sorted(
        (str(crm.account.last_id), event, "42") for event in ("sent", "delivered", "opened", "unsubscribed")
    )
    began = datetime.fromtimestamp(crm.account.events[0]["created"] / 1000, UTC).replace(tzinfo=None)
    assert rows["occurred_at"].min() == began
    crm.pull(tables=tables, full=True)
    assert crm.extract("campaign_events", tables=tables).equals(rows)


def test_a_list_of_events_that_says_that_more_follows_and_not_where_is_told(crm: Crm) -> None:
    tell(crm, 1, "SENT", "p1@example.fr")

    def stay(asked: Asked, answer: Answer) -> Answer:
        status, headers, document = answer
        is_list = asked.path.endswith("/events")
        return (status, headers, {**document, "hasMore": True, "offset": "1"}) if is_list else answer

    crm.connector = {**crm.connector, "tries": 1}
    crm.server.change(stay)
    message = crm.fail("email_events", tables={"campaign_events": EVENTS})
    assert "more follows of table 'email_events', and not where" in message


@pytest.mark.parametrize("name", ["type", "recipient", "created"])
def test_a_field_of_events_that_is_gone_stops_them(crm: Crm, name: str) -> None:
    tell(crm, 1, "STATUSCHANGE", "p1@example.fr", portalSubscriptionStatus="UNSUBSCRIBED")
    crm.account.now += timedelta(hours=1)

    def rename(asked: Asked, answer: Answer) -> Answer:
        status, headers, document = answer
        if not asked.path.endswith("/events"):
            return answer
        events = [{key: value for key, value in each.items() if key != name} for each in document["events"]]
        return status, headers, {**document, "events": events}

    crm.server.change(rename)
    assert f"{name} no longer there" in crm.fail("email_events", tables={"campaign_events": EVENTS})


@pytest.mark.parametrize(
    ("pull", "path"),
    [
        ("contacts", "/contacts/search"),
        ("contacts", "/crm/v3/objects/contacts"),
        ("ticket_contact", "/crm/v3/objects/tickets"),
        ("ticket_contact", "/associations/contacts"),
    ],
)
def test_a_list_that_never_ends_is_given_up(crm: Crm, pull: str, path: str) -> None:
    """The same page comes for ever, and says that more follows."""
    if path == "/crm/v3/objects/contacts":
        crm.pull()
        crm.account.now += timedelta(days=1)
    first: list[Answer] = []

    def repeat(asked: Asked, answer: Answer) -> Answer:
        assert asked.number < 200
        if asked.path == "/crm/v3/objects/tickets" and path == "/associations/contacts":
            status, headers, document = answer
            for ticket in document["results"]:
                ticket["associations"]["contacts"]["paging"] = {"next": {"after": "0"}}
            return status, headers, document
        if not asked.path.endswith(path) or (asked.body and asked.body["limit"] == 1):
            return answer
        if "/associations/" in asked.path:
            answer = 200, {}, {"results": [{"toObjectId": 101}]}
        first.append(answer)
        status, headers, document = first[0]
        return status, headers, {**document, "paging": {"next": {"after": "1"}}}

    crm.connector = {**crm.connector, "tries": 1}
    crm.server.change(repeat)
    assert "leads from page to page" in crm.fail(pull)


def test_an_event_of_no_moment_is_told_and_no_fault_of_ours(crm: Crm) -> None:
    tell(crm, 1, "SENT", "p1@example.fr")

    def move(asked: Asked, answer: Answer) -> Answer:
        status, headers, document = answer
        if not asked.path.endswith("/events"):
            return answer
        return status, headers, {**document, "events": [{**one, "created": 10**40} for one in document["events"]]}

    crm.account.now += timedelta(hours=1)
    crm.server.change(move)
    assert "created" in crm.fail("email_events", tables={"campaign_events": EVENTS})


def test_a_new_contact_that_is_edited_while_changes_are_read_comes_with_them(crm: Crm) -> None:
    crm.pull()
    account = next_night(crm)
    new = HUBSPOT.add(account, 7)
    account.edit("contacts", 103, lastname="Edited")
    account.edit("contacts", 104, lastname="Edited")
    account.now += timedelta(hours=1)
    seen = 0

    def meddle(asked: Asked, answer: Answer) -> Answer:
        nonlocal seen
        seen += asked.path.endswith("contacts/search")
        if seen == 2 and asked.path.endswith("contacts/search"):  # The first tells how it is now, the second counts.
            account.now += timedelta(minutes=1)
            account.edit("contacts", new, lastname="Meanwhile")
            account.edit("contacts", 101, lastname="Meanwhile")
            account.archive("contacts", 103)
        return answer

    crm.server.change(meddle)
    outcome = crm.pull()["contacts"]
    assert (outcome.state, outcome.batch.mode, outcome.rows) == ("taken", "changes", 6)
    names = dict(crm.extract("contacts").select("contact_id", "last_name").iter_rows())
    assert (names[str(new)], names["101"], "103" in names) == ("Meanwhile", "Meanwhile", False)
