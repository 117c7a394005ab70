"""Nights at Salesforce: rows are added, edited, merged, deleted and purged, and what is landed is what it has."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from pipelines.pulls.connectors.salesforce import objects
from tests.pulls.connectors.api_server import Answer, Asked
from tests.pulls.connectors.conftest import Crm
from tests.pulls.connectors.salesforce.org import SalesforceOrg, limit_exceeded, long_id
from tests.pulls.connectors.systems import SALESFORCE

TABLES = ("contacts", "merges", "contact_points", "consents", "interactions")


@pytest.fixture
def crm(open_crm: Callable[..., Crm], monkeypatch: pytest.MonkeyPatch) -> Crm:
    """Six contacts, a case of the second, and what an individual behind the third said."""
    monkeypatch.setattr(objects, "DAYS_AT_ONCE", 2)
    org = SalesforceOrg(page=4)
    SALESFORCE.fill(org, 6)
    contacts = list_contacts(org)
    org.edit("Contact", contacts[2], IndividualId="0PKAb0000000001OAA", HomePhone="01 42 00 00 00", Phone="0142000001")
    org.add("Case", CaseNumber="1001", ContactId=contacts[1], Origin="Phone", Type="Retour", IsClosed=False)
    said = {"PartyId": "0PKAb0000000001OAA", "ContactPointType": "Email", "CaptureDate": org.now}
    org.add("ContactPointTypeConsent", PrivacyConsentStatus="OptIn", **said)
    org.add("ContactPointTypeConsent", PrivacyConsentStatus="Seen", **{**said, "ContactPointType": "Phone"})
    org.now += timedelta(hours=1)
    return open_crm(org, SALESFORCE.connector, **SALESFORCE.secrets(org))


def list_contacts(org: SalesforceOrg) -> list[str]:
    return sorted(org.rows["Contact"])


def next_night(crm: Crm) -> SalesforceOrg:
    org: SalesforceOrg = crm.account
    org.now += timedelta(days=1)
    return org


def test_nights_of_changes_end_where_one_full_pull_ends(crm: Crm) -> None:
    first = crm.pull()
    assert {name: (each.state, each.rows) for name, each in first.items()} == {
        "cases": ("taken", 1),
        "contacts": ("taken", 6),
        "merges": ("taken", 0),
        "point_type_consents": ("taken", 2),
    }
    org = next_night(crm)
    one, two, three, _, five, six = list_contacts(org)
    SALESFORCE.add(org, 7)
    org.edit("Contact", five, LastName="Edited", HasOptedOutOfEmail=True)
    org.merge(one, two)
    org.delete("Contact", six)
    org.edit("Case", next(iter(org.rows["Case"])), IsClosed=True, ClosedDate=org.now)
    org.now += timedelta(hours=1)
    second = crm.pull()
    changed = second["contacts"]
    assert (changed.state, changed.batch.mode, changed.rows, changed.source_rows) == ("taken", "changes", 7, 7)
    assert len({each.day for each in changed.reconciled}) == 2
    assert all(each.difference == 0 for each in changed.reconciled)

    org = next_night(crm)
    org.purge("Contact", six)
    org.merge(three, one)
    org.now += timedelta(hours=1)
    third = crm.pull()
    assert (third["contacts"].batch.mode, third["contacts"].batch.gone, third["contacts"].rows) == ("changes", 1, 6)

    incremental = crm.extract_all(TABLES)
    assert crm.pull(full=True)["contacts"].batch.mode == "full"
    for table, rows in crm.extract_all(TABLES).items():
        assert rows.equals(incremental[table]), table
    merges = dict(incremental["merges"].select("old_contact_id", "surviving_contact_id").iter_rows())
    assert merges == {two: one, one: three}
    assert incremental["interactions"].select("contact_id", "kind", "is_resolved").rows() == [
        (three, "return_request", True)
    ]
    assert incremental["consents"].select("contact_id", "channel", "status").rows() == [
        (three, "email", "granted"),
        (five, "email", "withdrawn"),
    ]
    assert incremental["contact_points"].select("contact_id", "value").rows() == [(three, "01 42 00 00 00")]
    deleted = incremental["contacts"].filter(incremental["contacts"]["deleted_at"].is_not_null())
    assert sorted(deleted["contact_id"]) == [one, two]


def test_ids_that_were_merged_away_outlive_the_recycle_bin(crm: Crm) -> None:
    org = crm.account
    one, two, *_ = list_contacts(org)
    org.merge(one, two)
    crm.pull()
    next_night(crm).purge("Contact", two)
    crm.pull()
    assert crm.extract("merges")["old_contact_id"].to_list() == [two]
    assert two not in crm.extract("contacts")["contact_id"].to_list()
    outcome = crm.pull(full=True)["merges"]
    assert (outcome.state, outcome.rows, outcome.source_rows) == ("taken", 1, 0)
    assert crm.extract("merges")["old_contact_id"].to_list() == [two]


def test_an_id_of_fifteen_characters_names_the_same_contact(crm: Crm) -> None:
    org = crm.account
    contact = list_contacts(org)[0]
    assert long_id(contact[:15]) == contact
    org.edit("Case", next(iter(org.rows["Case"])), ContactId=contact[:15])
    crm.pull()
    assert crm.extract("interactions")["contact_id"].to_list() == [contact]


def test_more_days_than_one_query_may_group_are_counted(crm: Crm) -> None:
    crm.account.most_groups = 2
    for number in range(10, 19):
        SALESFORCE.add(crm.account, number)
        crm.account.now += timedelta(days=3)
    outcome = crm.pull()["contacts"]
    assert (outcome.state, outcome.rows) == ("taken", 15)
    assert {each.day for each in outcome.reconciled} == {f"2026-01-{day:02d}" for day in range(1, 27, 3)}


def test_a_token_that_expires_while_pages_are_read_is_asked_for_again(crm: Crm) -> None:
    def expire(asked: Asked, answer: Answer) -> Answer:
        if asked.number in (4, 9):
            crm.account.expire_tokens()
        return answer

    crm.server.change(expire)
    assert crm.pull()["contacts"].rows == 6
    assert sum(asked.path.endswith("/oauth2/token") for asked in crm.server.asked) == 3


def test_the_token_goes_to_the_org_that_was_declared_and_not_where_its_answer_points(crm: Crm) -> None:
    def lead_away(asked: Asked, answer: Answer) -> Answer:
        status, headers, document = answer
        if isinstance(document, dict) and "nextRecordsUrl" in document:
            return status, headers, {**document, "nextRecordsUrl": "https://elsewhere.example/services/data/x"}
        return answer

    crm.server.change(lead_away)
    assert "names a next page of table 'Contact' that is none of its API's" in crm.fail("contacts")
    assert crm.said == []


def test_a_days_requests_that_are_used_up_are_told_at_once(crm: Crm) -> None:
    crm.server.fail(limit_exceeded(), where="/queryAll")
    assert "has used up those of its last 24 hours" in crm.fail("contacts")
    assert crm.said == []


@pytest.mark.parametrize(
    ("code", "status"), [("INVALID_QUERY_LOCATOR", 400), ("QUERY_TIMEOUT", 400), ("SERVER_UNAVAILABLE", 503)]
)
def test_a_query_that_breaks_off_is_made_again(crm: Crm, code: str, status: int) -> None:
    crm.server.fail((status, {}, [{"errorCode": code, "message": "Qzneedle"}]), where="/query/")
    assert crm.pull()["contacts"].state == "taken"


def test_an_object_that_this_org_has_not_lets_the_others_be_pulled(crm: Crm) -> None:
    del crm.account.fields["ContactPointTypeConsent"]
    outcomes = crm.pull()
    assert outcomes["point_type_consents"].state == "absent"
    assert outcomes["contacts"].state == "taken"
    assert crm.extract("consents").height == 0


def test_fields_of_the_orgs_own_come_along(crm: Crm) -> None:
    crm.account.fields["Contact"]["Carte__c"] = "string"
    crm.account.edit("Contact", list_contacts(crm.account)[0], Carte__c="C00012345")
    tables: dict[str, Any] = {"contacts": {"columns": {"loyalty_card_id": "Carte__c"}}}
    crm.pull(tables=tables)
    assert crm.extract("contacts", tables=tables)["loyalty_card_id"].drop_nulls().to_list() == ["C00012345"]


@pytest.mark.parametrize(
    ("type_", "told"), [(None, "MailingCity no longer there"), ("date", "MailingCity was text and is date")]
)
def test_a_field_that_is_gone_or_of_another_type_stops_contacts(crm: Crm, type_: str | None, told: str) -> None:
    crm.pull()
    if type_ is None:
        del crm.account.fields["Contact"]["MailingCity"]
    else:
        crm.account.fields["Contact"]["MailingCity"] = type_
    assert told in crm.fail("contacts")
    assert crm.pull(full=True)["contacts"].state == "taken"


def test_contacts_may_come_and_go_while_pages_are_read(crm: Crm) -> None:
    org, is_done = crm.account, False
    first, second, *_ = list_contacts(org)

    def meddle(asked: Asked, answer: Answer) -> Answer:
        nonlocal is_done
        if "LastName" in asked.query and not is_done:
            is_done = True
            org.now += timedelta(minutes=1)
            SALESFORCE.add(org, 50)
            org.edit("Contact", second, LastName="Meanwhile")
            org.purge("Contact", first)
        return answer

    crm.server.change(meddle)
    outcome = crm.pull()["contacts"]
    assert (outcome.state, outcome.rows) == ("taken", 6)
    org.now += timedelta(hours=1)
    assert crm.pull()["contacts"].rows == 6
    names = dict(crm.extract("contacts").select("contact_id", "last_name").iter_rows())
    assert first not in names
    assert names[second] == "Meanwhile"
    assert "L50" in names.values()


@pytest.mark.parametrize("domain", ["https://moda.my.salesforce.com", "moda", "moda--uat.sandbox"])
def test_the_domain_is_that_of_the_org(crm: Crm, domain: str) -> None:
    crm.connector = {**crm.connector, "domain": domain, "address": None}
    connector: Any = crm.configure().sources[0].connector
    assert (
        connector.api
        == f"https://{domain.removeprefix('https://').removesuffix('.my.salesforce.com')}.my.salesforce.com"
    )


def test_a_query_that_never_ends_is_given_up(crm: Crm) -> None:
    pages: list[Answer] = []

    def keep(asked: Asked, answer: Answer) -> Answer:
        document = answer[2]
        if isinstance(document, dict) and "nextRecordsUrl" in document and "LastName" in document["records"][0]:
            pages.append(answer)
        return answer

    def again(asked: Asked) -> Answer | None:
        assert asked.number < 200
        return pages[0] if "01gNEXT" in asked.path else None

    crm.server.change(keep)
    crm.server.faults.append(again)
    crm.connector = {**crm.connector, "tries": 1}
    assert "leads from page to page of table 'Contact' in a circle" in crm.fail("contacts")


def test_a_new_contact_that_is_edited_while_changes_are_read_comes_with_them(crm: Crm) -> None:
    crm.pull()
    org = next_night(crm)
    SALESFORCE.add(org, 7)
    new = list_contacts(org)[-1]
    org.edit("Contact", list_contacts(org)[3], LastName="Edited")
    org.now += timedelta(hours=1)
    is_done = False

    def meddle(asked: Asked) -> Answer | None:
        nonlocal is_done
        if not is_done and "SystemModstamp+%3E%3D" in asked.query and "LastName" in asked.query:
            is_done = True
            org.now += timedelta(minutes=1)
            org.edit("Contact", new, LastName="Meanwhile")
            org.edit("Contact", list_contacts(org)[0], LastName="Meanwhile")
        return None

    crm.server.faults.append(meddle)
    outcome = crm.pull()["contacts"]
    assert is_done
    assert (outcome.state, outcome.batch.mode, outcome.rows) == ("taken", "changes", 7)
    assert crm.extract("contacts")["last_name"].to_list().count("Meanwhile") == 2
