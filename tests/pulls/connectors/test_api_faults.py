"""What web APIs do at night: what came is whole or is not taken, the message says which, and holds no value."""

import threading
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from pipelines.errors import ConfigurationError
from pipelines.pulls.connectors.brevo import contacts as brevo_contacts
from pipelines.pulls.connectors.hubspot import objects as hubspot_objects
from pipelines.pulls.connectors.hubspot import search as hubspot_search
from pipelines.pulls.connectors.klaviyo import profiles as klaviyo_profiles
from pipelines.pulls.connectors.matomo import day as matomo_day
from pipelines.pulls.connectors.square import customers as square_customers
from pipelines.pulls.web import client
from tests.pulls.connectors.api_server import BROKEN_OFF
from tests.pulls.connectors.conftest import Crm
from tests.pulls.connectors.systems import KITS, Kit

PEOPLE = 11


@pytest.fixture(params=list(KITS))
def kit(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Kit:
    monkeypatch.setattr(hubspot_search, "PAGE", 4)
    monkeypatch.setattr(hubspot_objects, "COUNTED_DAYS", 2)
    monkeypatch.setattr(brevo_contacts, "PAGE", 4)
    monkeypatch.setattr(klaviyo_profiles, "PAGE", 4)
    monkeypatch.setattr(square_customers, "PAGE", 4)
    monkeypatch.setattr(matomo_day, "PAGE", 4)
    return KITS[request.param]


@pytest.fixture
def crm(kit: Kit, open_crm: Callable[..., Crm]) -> Crm:
    account = kit.open()
    if kit.name == "salesforce":
        account.page = 4
    kit.fill(account, PEOPLE)
    return open_crm(account, kit.connector, kit.kind, **kit.secrets(account))


def kit_of(crm: Crm) -> Kit:
    return KITS[crm.connector["type"]]


def only_people(crm: Crm) -> dict[str, Any]:
    """Of the tables that come with the connector, that of people."""
    return {"tables": dict.fromkeys(crm.configure().sources[0].tables.keys() - {kit_of(crm).table})}


def pull(crm: Crm, **more: Any) -> Any:
    return crm.pull(**only_people(crm), **more)[kit_of(crm).pull]


def fail(crm: Crm) -> str:
    return crm.fail(kit_of(crm).pull, **only_people(crm))


def extract(crm: Crm) -> pl.DataFrame:
    return crm.extract(kit_of(crm).table, **only_people(crm))


def list_names(crm: Crm) -> list[str]:
    return sorted(extract(crm)[kit_of(crm).column].to_list())


def is_of(row: dict[str, Any], number: object) -> bool:
    """Whether a row of an API has the id ``number``."""
    return str(row.get("Id", row.get("id", row.get("idVisit")))) == str(number)


NAMES = sorted(f"L{number}" for number in range(PEOPLE))


def test_five_lines_bring_the_contacts(crm: Crm, kit: Kit) -> None:
    outcome = pull(crm)
    counted = PEOPLE if kit.is_counted else None
    assert (outcome.state, outcome.rows, outcome.source_rows) == ("taken", PEOPLE, counted)
    assert (outcome.reconciled_by == "not counted by the source") != kit.is_counted
    assert all(each.difference == 0 for each in outcome.reconciled)
    assert list_names(crm) == NAMES


def test_one_page_too_few_is_a_short_pull_and_leaves_the_night_before(crm: Crm, kit: Kit) -> None:
    assert pull(crm).state == "taken"
    before = extract(crm)

    def end_early(number: int, page: dict[str, Any]) -> dict[str, Any]:
        if number < 2:
            return page
        ended = {
            key: value for key, value in page.items() if key not in ("paging", "nextRecordsUrl", "links", "cursor")
        }
        is_told_empty = kit.name in ("brevo", "matomo")
        return {**ended, "done": True, kit.rows: []} if is_told_empty else {**ended, "done": True}

    crm.server.change(kit.change_pages(end_early))
    message = pull(crm, full=True).message
    assert "short pull" in message or "is not what the source has" in message
    crm.connector = {**crm.connector, "if_not_taken": "keep"}
    kept = pull(crm, full=True)
    assert (kept.state, kept.rows) == ("kept", PEOPLE)
    assert extract(crm).equals(before)


def test_a_page_that_comes_back_empty_in_the_middle_is_no_end(crm: Crm, kit: Kit) -> None:
    crm.server.change(kit.change_pages(lambda number, page: {**page, kit.rows: []} if number == 2 else page))
    outcome = pull(crm)
    assert (outcome.state, outcome.rows) == ("taken", PEOPLE)


def test_a_row_that_is_counted_and_never_given_is_missed(crm: Crm, kit: Kit) -> None:
    lost = kit.list_ids(crm.account)[5]
    crm.server.change(
        kit.change_pages(lambda _, page: {**page, kit.rows: [row for row in page[kit.rows] if not is_of(row, lost)]})
    )
    message = fail(crm)
    told = {
        "salesforce": f"query has {PEOPLE} rows, {PEOPLE - 1} arrived",
        "klaviyo": "a short pull",  # As it is among the last hundred.
    }
    assert told.get(kit.name, f"{PEOPLE} in the source, {PEOPLE - 1} here") in message


def test_rows_may_come_in_any_order(crm: Crm, kit: Kit) -> None:
    crm.server.change(kit.change_pages(lambda _, page: {**page, kit.rows: page[kit.rows][::-1]}))
    assert pull(crm).state == "taken"
    assert list_names(crm) == NAMES


def test_rows_that_come_twice_count_once(crm: Crm, kit: Kit) -> None:
    crm.server.change(kit.change_pages(lambda _, page: {**page, kit.rows: [*page[kit.rows], *page[kit.rows][:2]]}))
    assert pull(crm).state == "taken"
    assert list_names(crm) == NAMES


def test_a_limit_is_waited_for_as_long_as_it_says(crm: Crm, kit: Kit) -> None:
    crm.server.fail(kit.too_many(7), kit.too_many(3), where=kit.read)
    assert pull(crm).state == "taken"
    assert crm.server.waits == [7, 3]


@pytest.mark.parametrize(
    "answer",
    [(500, {}, {"message": "Qzneedle"}), (503, {}, b"<html>Qzneedle"), (200, {}, b"<html>Qzneedle"), BROKEN_OFF],
    ids=["500", "503", "no JSON", "broken off"],
)
def test_a_fault_that_passes_is_asked_again(crm: Crm, kit: Kit, answer: Any) -> None:
    crm.server.fail(answer, None, answer, answer, where=kit.read)
    assert pull(crm).state == "taken"
    assert list_names(crm) == NAMES


def test_a_fault_that_stays_is_told_and_takes_nothing(crm: Crm, kit: Kit) -> None:
    pull(crm)
    before = list_names(crm)
    crm.server.faults.append(lambda asked: (500, {}, {"message": "Qzneedle"}) if kit.read in asked.path else None)
    assert "has a fault of its own (HTTP 500)" in fail(crm)
    assert len(crm.said) == 2
    assert list_names(crm) == before


def test_an_api_that_does_not_answer_in_time_is_told(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PATIENCE", (1.0, 0.1))
    monkeypatch.setattr(client, "TRIES", 2)
    crm.connector = {**crm.connector, "tries": 1}
    ended = threading.Event()
    crm.server.faults.append(lambda _: (ended.wait(1), None)[1])
    try:
        assert "does not answer in time" in fail(crm)
    finally:
        ended.set()


def test_a_credential_that_is_refused_is_told_at_once_and_not_tried_again(
    crm: Crm, kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_SECRET", "another")
    message = fail(crm)
    assert "check" in message
    assert ("`client_secret`" if kit.name == "salesforce" else "`token`") in message
    assert crm.said == []
    assert len(crm.server.asked) <= 2


def test_what_is_no_list_is_no_empty_one(crm: Crm, kit: Kit) -> None:
    crm.server.change(kit.change_pages(lambda _, page: {key: value for key, value in page.items() if key != kit.rows}))
    crm.connector = {**crm.connector, "tries": 1}
    told = {"brevo": "a short pull", "square": f"{PEOPLE} in the source, 0 here"}
    assert told.get(kit.name, "answers with no list") in fail(crm)


def test_a_look_at_the_first_rows_asks_for_no_more(crm: Crm, kit: Kit) -> None:
    outcome = pull(crm, most=3)
    assert (outcome.state, outcome.rows) == ("taken", 3)
    assert sum(kit.is_page(asked) for asked in crm.server.asked) <= 1 + (kit.name == "salesforce")


@pytest.mark.parametrize("rows", [["Qzneedle"], [{"Qzneedle": "Qzneedle"}], [None], {"Qzneedle": 1}])
def test_rows_of_another_shape_are_told(crm: Crm, kit: Kit, rows: Any) -> None:
    crm.connector = {**crm.connector, "tries": 1}
    crm.server.change(kit.change_pages(lambda _, page: {**page, kit.rows: rows}))
    message = fail(crm)
    if kit.name == "salesforce" and rows == [{"Qzneedle": "Qzneedle"}]:
        assert "no longer there" in message
    else:
        assert "in another shape than Parcours knows" in message or "answers with no list" in message


@pytest.mark.parametrize("declared", [{"select": "select 1"}, {"deletes": {"where": "archived"}}])
def test_sql_is_refused_where_nobody_understands_it(crm: Crm, declared: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"no web API answers it, take it out|take one out"):
        crm.configure(pulls={kit_of(crm).pull: declared})


def test_amounts_are_refused_where_nobody_sums_them(crm: Crm) -> None:
    told = {"matomo": "the API sums actions only"}.get(
        kit_of(crm).name, "`amounts`, which no web API sums: take it out"
    )
    with pytest.raises(ConfigurationError, match=told):
        crm.configure(pulls={kit_of(crm).pull: {"amounts": "id"}})
