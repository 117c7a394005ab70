"""Nights at Matomo: visits of days that are over, counted by its reports, in the time zone of the site."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from pipelines.errors import ConfigurationError
from pipelines.pulls.connectors.matomo import api, day
from tests.pulls.connectors.api_server import Answer, Asked
from tests.pulls.connectors.conftest import Crm
from tests.pulls.connectors.matomo.account import MatomoAccount, error
from tests.pulls.connectors.systems import MATOMO


@pytest.fixture
def crm(open_crm: Callable[..., Crm], monkeypatch: pytest.MonkeyPatch) -> Crm:
    """Five days of Paris with three visits each, the last of them yesterday."""
    monkeypatch.setattr(day, "PAGE", 2)
    account = MatomoAccount()
    for number in range(5):
        for visit in range(3):
            account.now += timedelta(minutes=7)
            account.add(f"v{number}{visit}")
        account.now += timedelta(days=1) - timedelta(minutes=21)
    opened = open_crm(account, MATOMO.connector, **MATOMO.secrets(account))
    opened.kind = MATOMO.kind
    return opened


def next_night(crm: Crm) -> MatomoAccount:
    crm.account.now += timedelta(days=1)
    account: MatomoAccount = crm.account
    return account


def list_visits(crm: Crm) -> list[str]:
    return sorted(set(crm.extract("web_events")["session_id"].to_list()), key=int)


def list_shown(account: MatomoAccount) -> list[str]:
    """The visits of days that are over."""
    today = account.day_of({"lastActionTimestamp": account.now.timestamp()})
    return sorted((str(number) for number, each in account.visits.items() if account.day_of(each) < today), key=int)


def test_nights_of_changes_end_where_one_full_pull_ends(crm: Crm) -> None:
    first = crm.pull()["visits"]
    assert (first.state, first.rows, first.source_rows, first.reconciled_by) == ("taken", 15, 15, "day")
    assert {(each.day, each.measure, int(each.source), int(each.landed)) for each in first.reconciled} == {
        (f"2026-01-0{number}", measure, 3, 3) for number in range(1, 6) for measure in ("rows", "actions")
    }
    account = next_night(crm)
    moment = int(account.now.timestamp())
    account.add(
        "v6",
        {"timestamp": moment - 60, "productViewSku": "SAV-1"},
        {"type": "ecommerceOrder", "orderId": "1001", "timestamp": moment, "itemDetails": [{"itemSKU": "SAV-1"}]},
        userId="A9",
        referrerType="campaign",
        referrerName="hiver",
    )
    account.add("late", ended=account.now - timedelta(days=2))
    today = account.add("today", ended=account.now + timedelta(hours=1))
    account = next_night(crm)
    del account.visits[today]
    account.add("today")
    second = crm.pull()["visits"]
    assert (second.state, second.batch.mode, second.rows, second.source_rows) == ("taken", "changes", 17, 17)
    assert all(each.difference == 0 for each in second.reconciled)
    next_night(crm)
    assert crm.pull()["visits"].rows == 18
    incremental = crm.extract("web_events")
    assert crm.pull(full=True)["visits"].rows == 18
    assert crm.extract("web_events").equals(incremental)
    assert list_visits(crm) == list_shown(account)
    known = incremental.filter(visitor_id="v6").sort("occurred_at")
    assert known.select("account_id", "event", "product_id", "order_id", "utm_campaign", "device").rows() == [
        ("A9", "product_view", "SAV-1", None, "hiver", "mobile"),
        ("A9", "purchase", None, "1001", "hiver", "mobile"),
    ]


def test_the_token_goes_in_the_body_and_nowhere_else(crm: Crm) -> None:
    crm.pull()
    assert {(asked.method, asked.path, asked.query) for asked in crm.server.asked} == {("POST", "/index.php", "")}
    assert all(f"token_auth={crm.account.token}" in asked.body for asked in crm.server.asked)


def test_a_visit_that_ends_at_midnight_is_of_the_day_that_begins(crm: Crm) -> None:
    midnight = datetime(2026, 1, 3, 23, tzinfo=UTC)  # Of Paris, between the third and the fourth day.
    crm.account.add("midnight", ended=midnight)
    crm.account.add("before", ended=midnight - timedelta(seconds=1))
    crm.account.add("today", ended=midnight + timedelta(days=2))
    outcome = crm.pull()["visits"]
    assert (outcome.state, outcome.rows) == ("taken", 17)
    rows = {each.day: int(each.landed) for each in outcome.reconciled if each.measure == "rows"}
    assert (rows["2026-01-03"], rows["2026-01-04"]) == (4, 4)


def test_days_of_spring_and_autumn_are_as_long_as_they_are(crm: Crm) -> None:
    account = crm.account
    account.visits.clear()
    for hours in range(0, 60, 5):
        account.add(f"s{hours}", ended=datetime(2026, 3, 28, 20, tzinfo=UTC) + timedelta(hours=hours))
        account.add(f"a{hours}", ended=datetime(2026, 10, 24, 20, tzinfo=UTC) + timedelta(hours=hours))
    account.now = datetime(2026, 10, 28, 8, tzinfo=UTC)
    outcome = crm.pull()["visits"]
    assert (outcome.state, outcome.rows) == ("taken", 24)
    assert all(each.difference == 0 for each in outcome.reconciled)


@pytest.mark.parametrize(
    ("written", "hours"),
    [("UTC", 0), ("UTC+5.5", 5.5), ("UTC-3", -3), ("Europe/Paris", 1), ("Etc/Nowhere", None), ("UTC+99", None)],
)
def test_time_zones_are_read_as_matomo_writes_them(written: str, hours: float | None) -> None:
    zone = api.read_time_zone(written)
    offset = zone.utcoffset(datetime(2026, 1, 1)) if zone else None  # noqa: DTZ001
    assert offset == (None if hours is None else timedelta(hours=hours))


def test_a_time_zone_that_nobody_knows_stops(crm: Crm) -> None:
    crm.account.timezone = "Mars/Olympus"
    crm.account.visits.clear()
    assert "does not say in which time zone" in crm.fail("visits")


@pytest.mark.parametrize("gone", [1, 2])
def test_visits_that_are_deleted_while_pages_are_read_hide_no_other(crm: Crm, gone: int) -> None:
    crm.account.reports[date(2026, 1, 3)] = (3 - gone, 3 - gone)
    of_day = [number for number, each in crm.account.visits.items() if crm.account.day_of(each) == date(2026, 1, 3)]

    def delete(asked: Asked, answer: Answer) -> Answer:
        if "date=2026-01-03&" in asked.body:
            for number in of_day[:gone]:
                crm.account.visits.pop(number, None)
        return answer

    crm.server.change(delete)
    assert crm.pull()["visits"].state == "taken"
    assert set(list_shown(crm.account)) <= set(list_visits(crm))


def test_more_visits_in_one_second_than_a_page_has_are_all_read(crm: Crm) -> None:
    for number in range(9):
        crm.account.add(f"crowd{number}", ended=datetime(2026, 1, 3, 12, tzinfo=UTC))
    outcome = crm.pull()["visits"]
    assert (outcome.state, outcome.rows) == ("taken", 24)


def test_pages_that_never_end_are_given_up(crm: Crm) -> None:
    def repeat(asked: Asked, answer: Answer) -> Answer:
        assert asked.number < 200
        if not MATOMO.is_page(asked):
            return answer
        size = int(asked.body.split("filter_limit=")[1].split("&")[0])
        return 200, {}, (answer[2] * size)[:size] or crm.account.answer("POST", "/index.php", "", {}, asked.body)[2]

    crm.connector = {**crm.connector, "tries": 1}
    crm.server.change(repeat)
    assert "in a circle" in crm.fail("visits")


def test_more_than_the_reports_have_is_told_and_fewer_is_short(crm: Crm) -> None:
    crm.account.reports[date(2026, 1, 5)] = (1, 1)
    outcome = crm.pull()["visits"]
    assert (outcome.state, outcome.rows) == ("taken", 15)
    [late] = [each for each in outcome.reconciled if each.day == "2026-01-05" and each.measure == "rows"]
    assert (int(late.source), int(late.landed), late.is_comparable) == (1, 3, False)
    assert outcome.reconciled_by == "day"
    crm.account.reports[date(2026, 1, 5)] = (4, 4)
    assert "the source counts 10 changed rows, 9 arrived" in crm.fail("visits")
    assert len(list_visits(crm)) == 15


def test_actions_are_summed_on_both_sides(crm: Crm) -> None:
    crm.account.reports[date(2026, 1, 4)] = (3, 9)
    assert "the sum of actions of 2026-01-04 differs" in crm.fail("visits")


def test_a_visit_that_comes_later_than_the_overlap_is_found_by_the_count(crm: Crm) -> None:
    crm.pull()
    account = next_night(crm)
    account.add("very late", ended=datetime(2026, 1, 1, 12, tzinfo=UTC))
    outcome = crm.pull()["visits"]
    assert (outcome.state, outcome.rows) == ("taken", 16)
    assert "pulled as a whole" in " ".join(outcome.notes)
    assert list_visits(crm) == list_shown(account)


def test_visits_that_matomo_has_forgotten_stay(crm: Crm) -> None:
    crm.pull()
    account = next_night(crm)
    account.reports = {date(2026, 1, number): (3, 3) for number in (1, 2, 3)}
    forgotten = datetime(2026, 1, 3, 8, 10, tzinfo=UTC)  # In the middle of a day of the site.
    account.visits = {
        number: each for number, each in account.visits.items() if each["lastActionTimestamp"] > forgotten.timestamp()
    }
    assert (crm.pull()["visits"].state, len(list_visits(crm))) == ("taken", 15)
    outcome = crm.pull(full=True)["visits"]
    assert (outcome.state, outcome.batch.rows, outcome.rows) == ("taken", 8, 15)
    assert len(list_visits(crm)) == 15


def test_visits_come_from_the_first_day_on_that_is_declared(crm: Crm) -> None:
    crm.connector = {**crm.connector, "first_day": "2026-01-04"}
    outcome = crm.pull()["visits"]
    assert (outcome.state, outcome.rows) == ("taken", 6)
    crm.connector = {**crm.connector, "first_day": "2026-01-02"}
    assert crm.pull()["visits"].rows == 12
    crm.connector = {**crm.connector, "first_day": "2026-02-01"}
    assert crm.pull()["visits"].rows == 12


def test_a_clock_that_goes_back_brings_nothing_and_harms_nothing(crm: Crm) -> None:
    crm.pull()
    crm.account.now -= timedelta(days=4)
    outcome = crm.pull()["visits"]
    assert (outcome.state, outcome.rows) == ("taken", 15)


def test_a_site_without_visits_is_none_and_its_reports_prove_it(crm: Crm) -> None:
    crm.account.visits.clear()
    outcome = crm.pull()["visits"]
    assert (outcome.state, outcome.rows, outcome.source_rows) == ("taken", 0, 0)
    crm.account.reports[date(2026, 1, 5)] = (3, 3)
    assert "the source counts 3 changed rows, 0 arrived" in crm.fail("visits")


def test_two_pulls_of_one_night_are_one(crm: Crm) -> None:
    crm.pull()
    crm.account.now += timedelta(hours=2)
    outcome = crm.pull()["visits"]
    assert (outcome.state, outcome.batch.mode, outcome.rows) == ("taken", "changes", 15)


def test_actions_that_matomo_cuts_off_are_told(crm: Crm) -> None:
    crm.account.add("bot", *({} for _ in range(503)), ended=datetime(2026, 1, 5, 12, tzinfo=UTC))
    outcome = crm.pull()["visits"]
    assert outcome.state == "taken"
    assert "of 1 visits Matomo lists the first actions only, 3 are left out" in " ".join(outcome.notes)


def test_values_are_nothing_where_php_says_false(crm: Crm) -> None:
    last = max(crm.account.visits)
    crm.account.visits[last] |= {"userId": False, "deviceType": False, "referrerUrl": ""}
    assert crm.pull()["visits"].state == "taken"
    row = crm.extract("web_events").filter(session_id=str(last))
    assert row.select("account_id", "device", "referrer").rows() == [(None, None, None)]


def test_further_fields_come_where_the_pull_names_them(crm: Crm) -> None:
    for visit in crm.account.visits.values():
        visit["dimension1"] = "A17"
    names = ("idVisit", "day", "lastActionTimestamp", "visitorId", "actions", "actionDetails", "dimension1")
    more: dict[str, Any] = {
        "pulls": {"visits": {"columns": list(names)}},
        "tables": {"web_events": {"columns": {"account_id": "'A17'"}}},
    }
    assert crm.pull(**more)["visits"].state == "taken"
    assert crm.extract("web_events", **more)["account_id"].unique().to_list() == ["A17"]


@pytest.mark.parametrize("name", ["userId", "referrerType", "visitorId", "actions"])
def test_a_field_that_is_gone_stops_the_table(crm: Crm, name: str) -> None:
    crm.pull()
    for visit in crm.account.visits.values():
        visit[f"renamed_{name}"] = visit.pop(name)
    assert f"{name} no longer there" in crm.fail("visits")
    assert len(list_visits(crm)) == 15


@pytest.mark.parametrize("moment", [253_402_300_799, 10**30, "9" * 5_000])
def test_a_moment_beyond_the_calendar_of_the_site_is_told(crm: Crm, moment: object) -> None:
    def change(asked: Asked, answer: Answer) -> Answer:
        if not MATOMO.is_page(asked):
            return answer
        return 200, {}, [{**visit, "lastActionTimestamp": moment} for visit in answer[2]]

    crm.server.change(change)
    assert re.search("`lastActionTimestamp` is (no moment|missing)", crm.fail("visits"))


@pytest.mark.parametrize("actions", [None, "needle", [1]])
def test_actions_of_another_shape_are_told(crm: Crm, actions: object) -> None:
    crm.account.visits[max(crm.account.visits)]["actionDetails"] = actions
    assert "`actionDetails` is no list" in crm.fail("visits")


@pytest.mark.parametrize(
    "report",
    [{}, {"nb_visits": 3}, {"nb_visits": "needle", "nb_actions": 3}, None, "needle",
     {"nb_visits": "1e9999", "nb_actions": 3}],
)  # fmt: skip
def test_reports_that_count_nothing_prove_nothing(crm: Crm, report: object) -> None:
    def change(asked: Asked, answer: Answer) -> Answer:
        return (200, {}, {**answer[2], "2026-01-04": report}) if "method=VisitsSummary.get" in asked.body else answer

    crm.connector = {**crm.connector, "tries": 1}
    crm.server.change(change)
    assert "does not say how many there are of table 'visits' on 2026-01-04" in crm.fail("visits")


def test_visits_of_other_days_than_asked_are_refused(crm: Crm) -> None:
    def ignore(asked: Asked, answer: Answer) -> Answer:
        return (200, {}, list(crm.account.visits.values())) if MATOMO.is_page(asked) else answer

    crm.connector = {**crm.connector, "tries": 1}
    crm.server.change(ignore)
    assert "of other days than those that are asked for" in crm.fail("visits")


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Visits log is deactivated globally. Qzneedle", "the visits log of site 3 is switched off"),
        ("The query exceeded the maximum execution time. Qzneedle", "raise `live_query_max_execution_time`"),
        ("You can't access this resource as it requires 'view' access. Qzneedle", "may view site 3 (`site`)"),
        ("SQLSTATE[HY000] Qzneedle", "has a fault of its own when table 'visits' is asked for (HTTP 200)"),
    ],
)
def test_a_fault_that_comes_with_status_200_is_told(crm: Crm, message: str, told: str) -> None:
    crm.connector = {**crm.connector, "tries": 1}
    crm.server.change(lambda asked, answer: (200, {}, error(message)) if MATOMO.is_page(asked) else answer)
    assert told in crm.fail("visits")


def test_a_site_that_the_token_may_not_view_is_told_at_once(crm: Crm) -> None:
    crm.connector = {**crm.connector, "site": 4}
    assert "that its user may view site 4 (`site`)" in crm.fail("visits")
    assert len(crm.server.asked) == 1


@pytest.mark.parametrize(
    ("connector", "told"),
    [
        ({"address": "http://stats.example.fr"}, "must begin with https"),
        ({"address": None}, "address"),
        ({"site": 0}, "site"),
        ({"token": "needle"}, "must be the name of an environment variable"),
        ({"first_day": "soon"}, "first_day"),
    ],
)
def test_settings_that_cannot_be_are_told(crm: Crm, connector: dict[str, Any], told: str) -> None:
    crm.connector = {name: value for name, value in {**crm.connector, **connector}.items() if value is not None}
    with pytest.raises(ConfigurationError, match=told):
        crm.configure()


@pytest.mark.parametrize("pull", [{"day": "lastActionTimestamp"}, {"cursor": "idVisit", "overlap": 5}])
def test_days_and_cursors_of_other_columns_are_refused(crm: Crm, pull: dict[str, Any]) -> None:
    assert "the cursor must be lastActionTimestamp, and the day day" in crm.fail("visits", pulls={"visits": pull})
