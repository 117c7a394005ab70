"""Nights at GA4's export: a table a day, each with exactly as many rows as BigQuery says."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from pipelines.errors import ConfigurationError
from pipelines.pulls import extras
from pipelines.pulls.errors import SourceError
from tests.pulls.connectors.api_server import BROKEN_OFF, Answer, Asked
from tests.pulls.connectors.conftest import Crm
from tests.pulls.connectors.ga4.account import DATASET, PROJECT, SCHEMA, BigQuery, fault, key_file

CONNECTOR = {"type": "ga4", "project": PROJECT, "dataset": DATASET, "credentials": "key.json"}
FIRST = date(2026, 1, 5)
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def event(name: str, visitor: str | None, moment: datetime, **more: Any) -> dict[str, Any]:
    params = [{"key": "ga_session_id", "value": {"int_value": 777}}]
    device = {"category": "mobile", "advertising_id": "Qzneedle"}
    return {
        "event_name": name,
        "event_timestamp": int(moment.timestamp() * 1_000_000),
        "event_params": params,
        "user_pseudo_id": visitor,
        "platform": "WEB",
        "device": device,
        **more,
    }


@pytest.fixture
def crm(open_crm: Callable[..., Crm]) -> Crm:
    """Five days with six events each, and the table of a day that goes on."""
    account = BigQuery()
    for number in range(5):
        for place in range(6):
            moment = NOON + timedelta(days=number, minutes=place)
            account.write(moment.date(), event("page_view", f"v{number}{place}", moment))
    account.tables["events_intraday_20260110"] = account.write(date(2026, 1, 10), event("page_view", "today", NOON))
    del account.tables["events_20260110"]
    account.now += timedelta(hours=6)
    opened = open_crm(account, CONNECTOR)
    opened.kind = "ecommerce"
    (opened.folder / "key.json").write_text(key_file())
    opened.needles.append(account.token)
    return opened


def next_night(crm: Crm) -> BigQuery:
    crm.account.now += timedelta(days=1)
    account: BigQuery = crm.account
    return account


def list_visitors(crm: Crm) -> list[str]:
    return sorted(crm.extract("web_events")["visitor_id"].to_list())


def list_shown(account: BigQuery) -> list[str]:
    daily = [table for name, table in account.tables.items() if "intraday" not in name]
    return sorted(row["user_pseudo_id"] for table in daily for row in table.rows)


def change_pages(crm: Crm, change: Callable[[int, dict[str, Any]], dict[str, Any]], where: str = "/data") -> None:
    """What becomes of the pages of rows, numbered from 1."""
    seen = 0

    def changed(asked: Asked, answer: Answer) -> Answer:
        nonlocal seen
        if not asked.path.endswith(where):
            return answer
        seen += 1
        return answer[0], answer[1], change(seen, answer[2])

    crm.server.change(changed)


def test_nights_of_changes_end_where_one_full_pull_ends(crm: Crm) -> None:
    first = crm.pull()["events"]
    assert (first.state, first.rows, first.source_rows, first.reconciled_by) == ("taken", 30, 30, "day")
    assert [(each.day, int(each.source), int(each.landed)) for each in first.reconciled] == [
        (f"2026-01-0{number}", 6, 6) for number in range(5, 10)
    ]
    account = next_night(crm)
    moment = NOON + timedelta(days=5)
    bought = {"transaction_id": "1001", "purchase_revenue": 12.5}
    account.write(
        moment.date(),
        event("view_item", "v6", moment, items=[{"item_id": "SAV-1", "item_list_id": "Qz"}], user_id="A9"),
        event("purchase", "v6", moment + timedelta(minutes=1), ecommerce=bought),
        event("page_view", "v7", moment, collected_traffic_source={"manual_source": "news", "manual_medium": "email"}),
    )
    late = account.write(date(2026, 1, 8), event("page_view", "late", NOON + timedelta(days=3)))
    late.rows.insert(0, late.rows.pop())
    crm.server.asked.clear()
    second = crm.pull()["events"]
    assert (second.state, second.batch.mode, second.batch.rows, second.rows) == ("taken", "changes", 10, 34)
    assert {asked.path.split("/")[-2] for asked in crm.server.asked if asked.path.endswith("/data")} == {
        "events_20260108",
        "events_20260110",
    }
    incremental = crm.extract("web_events")
    assert crm.pull(full=True)["events"].rows == 34
    assert crm.extract("web_events").equals(incremental)
    assert list_visitors(crm) == list_shown(account)
    known = incremental.filter(visitor_id="v6").sort("occurred_at")
    assert known.select("session_id", "account_id", "event", "product_id", "order_id", "device").rows() == [
        ("v6.777", "A9", "product_view", "SAV-1", None, "mobile"),
        ("v6.777", None, "purchase", None, "1001", "mobile"),
    ]
    assert incremental.filter(visitor_id="v7").select("utm_source", "utm_medium").rows() == [("news", "email")]


def test_a_table_that_gets_smaller_leaves_nothing_behind(crm: Crm) -> None:
    crm.pull()
    account = next_night(crm)
    account.write(date(2026, 1, 8)).rows[2:5] = []
    second = crm.pull()["events"]
    assert (second.state, second.batch.gone, second.rows, second.source_rows) == ("taken", 3, 27, 27)
    assert list_visitors(crm) == list_shown(account)
    account = next_night(crm)
    account.write(date(2026, 1, 7)).rows[:4] = []
    assert crm.pull(full=True)["events"].rows == 23
    assert list_visitors(crm) == list_shown(account)
    names = ["day", "place", "modified", "event_name", "event_params", "event_timestamp", "user_pseudo_id"]
    account = next_night(crm)
    account.write(date(2026, 1, 6)).rows[:5] = []
    assert crm.pull(pulls={"events": {"columns": names}})["events"].rows == 18
    assert list_visitors(crm) == list_shown(account)


def test_days_that_have_expired_stay(crm: Crm) -> None:
    crm.pull()
    account = next_night(crm)
    del account.tables["events_20260105"], account.tables["events_20260106"]
    assert crm.pull()["events"].rows == 30
    outcome = crm.pull(full=True)["events"]
    assert (outcome.state, outcome.batch.rows, outcome.rows) == ("taken", 18, 30)
    assert len(list_visitors(crm)) == 30


def test_events_come_from_the_first_day_on_that_is_declared(crm: Crm) -> None:
    crm.connector = {**crm.connector, "first_day": "2026-01-08"}
    assert crm.pull()["events"].rows == 12
    crm.connector = {**crm.connector, "first_day": "2026-01-06"}
    assert crm.pull()["events"].rows == 24


def test_one_page_too_few_is_a_short_pull_and_leaves_the_night_before(crm: Crm) -> None:
    crm.pull()
    before = crm.extract("web_events")
    change_pages(crm, lambda _, page: {key: value for key, value in page.items() if key != "pageToken"})
    message = crm.pull(full=True)["events"].message
    assert "rows of 2026-01-09: 6 in the source, 4 here" in message
    account = next_night(crm)
    account.write(date(2026, 1, 9), event("page_view", "late", NOON))
    assert "the source counts 7 changed rows, 4 arrived" in crm.fail("events")
    assert crm.extract("web_events").equals(before)


def test_a_page_that_comes_back_empty_in_the_middle_is_no_end(crm: Crm) -> None:
    change_pages(crm, lambda number, page: {**page, "rows": []} if number == 1 else page)
    assert crm.pull()["events"].rows == 30


def test_a_row_that_is_counted_and_never_given_is_missed(crm: Crm) -> None:
    change_pages(crm, lambda _, page: {**page, "rows": page["rows"][1:]}, where="/events_20260106/data")
    assert "rows of 2026-01-06: 6 in the source, 4 here" in crm.fail("events")


def test_rows_that_come_twice_are_too_many(crm: Crm) -> None:
    change_pages(crm, lambda _, page: {**page, "rows": page["rows"] * 2}, where="/events_20260106/data")
    assert "rows of 2026-01-06: 6 in the source, 12 here" in crm.fail("events")


def test_rows_may_come_in_any_order(crm: Crm) -> None:
    change_pages(crm, lambda _, page: {**page, "rows": page["rows"][::-1]})
    assert crm.pull()["events"].rows == 30
    assert list_visitors(crm) == list_shown(crm.account)


def test_a_table_that_is_left_out_of_the_list_is_missed(crm: Crm) -> None:
    crm.connector = {**crm.connector, "tries": 1}
    change_pages(crm, lambda _, page: {**page, "tables": page["tables"][:1]}, where="/tables")
    assert "BigQuery counts 6 tables and lists 2" in crm.fail("events")


def test_a_table_that_is_written_to_while_it_is_read_is_not_taken(crm: Crm) -> None:
    def write(asked: Asked, answer: Answer) -> Answer:
        if "events_20260107/data" in asked.path:
            crm.account.now += timedelta(seconds=1)
            crm.account.write(date(2026, 1, 7)).rows.reverse()
        return answer

    crm.connector = {**crm.connector, "tries": 1}
    crm.server.change(write)
    assert "the table of 2026-01-07 of table 'events' was written to while it was read" in crm.fail("events")
    crm.server.changes.clear()
    assert crm.pull()["events"].rows == 30


@pytest.mark.parametrize(
    "answer",
    [(500, {}, {"message": "Qzneedle"}), (503, {}, b"<html>Qzneedle"), (200, {}, b"<html>Qzneedle"), BROKEN_OFF],
    ids=["500", "503", "no JSON", "broken off"],
)
def test_a_fault_that_passes_is_asked_again(crm: Crm, answer: Any) -> None:
    crm.server.fail(answer, None, answer, answer, where="/tables")
    assert crm.pull()["events"].rows == 30


def test_a_limit_is_waited_for_as_long_as_it_says(crm: Crm) -> None:
    crm.server.fail((429, {"Retry-After": "7"}, fault(429, "rateLimitExceeded")), where="/data")
    assert crm.pull()["events"].rows == 30
    assert crm.server.waits == [7]


def test_a_limit_that_is_told_as_a_refusal_is_tried_again(crm: Crm) -> None:
    crm.server.fail((403, {}, fault(403, "rateLimitExceeded")), where="/data")
    assert crm.pull()["events"].rows == 30
    assert len(crm.said) == 1


def test_a_token_that_has_expired_is_asked_for_again(crm: Crm) -> None:
    def expire(asked: Asked) -> Answer | None:
        if len(crm.server.asked) == 9:
            crm.account.token = "ya29.other"
        return None

    crm.server.faults.append(expire)
    assert crm.pull()["events"].rows == 30
    assert sum(asked.path == "/token" for asked in crm.server.asked) == 2


def test_a_key_that_google_does_not_know_is_told_at_once(crm: Crm) -> None:
    crm.account.is_key_known = False
    assert "gives no token for `credentials` (HTTP 400): check that the key was neither deleted" in crm.fail("events")
    assert len(crm.server.asked) == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "is no file: key.json"),
        ("needle", "is damaged"),
        ("[]", "is not the key of a service account"),
        ('{"type": "authorized_user", "client_email": "a"}', "is not the key of a service account"),
        ('{"type": "service_account", "client_email": "a", "private_key": "needle"}', "is damaged"),
        ('{"type": "service_account", "client_email": "a"}', "is damaged"),
    ],
)
def test_a_file_that_holds_no_key_is_told(crm: Crm, content: str | None, told: str) -> None:
    file = crm.folder / "key.json"
    file.unlink() if content is None else file.write_text(content)
    assert told in crm.fail("events")
    assert crm.server.asked == []


def test_a_package_that_is_not_there_is_told() -> None:
    with pytest.raises(SourceError, match=r"sources of `type: ga4` need a package .* '\.\[gcs\]'"):
        extras.need("google.auth.nowhere", "gcs", type_="ga4")


def test_a_dataset_that_may_not_be_read_is_told(crm: Crm) -> None:
    crm.account.may_read = False
    assert "grant the service account BigQuery Data Viewer" in crm.fail("events")


def test_a_dataset_that_is_not_there_is_told_at_once(crm: Crm) -> None:
    crm.connector = {**crm.connector, "dataset": "analytics_78"}
    message = crm.fail("events")
    assert "BigQuery has no dataset analytics_78 of project shop-1234" in message
    assert crm.said == []


def test_a_dataset_without_daily_tables_is_told(crm: Crm) -> None:
    crm.account.tables = {"events_intraday_20260110": crm.account.tables["events_intraday_20260110"]}
    assert "the daily export must be on" in crm.fail("events")


def test_days_without_a_table_and_an_export_that_has_ended_are_told(crm: Crm) -> None:
    del crm.account.tables["events_20260107"]
    assert crm.pull()["events"].notes == ("between 2026-01-05 and 2026-01-09 the export has no table of 1 days",)
    crm.account.now += timedelta(days=7)
    assert "the newest table of the export is of 2026-01-09" in crm.pull()["events"].notes[-1]


def test_tables_of_before_a_column_have_it_empty(crm: Crm) -> None:
    crm.account.tables["events_20260105"].schema = [
        each for each in SCHEMA if each["name"] != "collected_traffic_source"
    ]
    assert crm.pull()["events"].rows == 30


@pytest.mark.parametrize("name", ["user_id", "user_pseudo_id", "items", "event_params"])
def test_a_column_that_is_gone_stops_the_table(crm: Crm, name: str) -> None:
    crm.pull()
    account = next_night(crm)
    table = account.write(date(2026, 1, 10), event("page_view", "v8", NOON))
    table.schema = [each for each in SCHEMA if each["name"] != name]
    assert f"{name} no longer there" in crm.fail("events")
    assert len(list_visitors(crm)) == 30


def test_further_columns_come_where_the_pull_names_them_and_others_do_not(crm: Crm) -> None:
    for table in crm.account.tables.values():
        for row in table.rows:
            row["user_properties"] = [{"key": "card", "value": {"string_value": "C1"}}]
    names = ["day", "place", "modified", "event_name", "event_params", "event_timestamp", "user_pseudo_id"]
    mapped = {"account_id": "json_extract_string(user_properties, '$[0].value.string_value')"}
    others = ("product_id", "order_id", "utm_source", "utm_medium", "utm_campaign", "referrer", "device")
    columns = {
        **dict.fromkeys(others), "event_id": "concat(day, '.', place)", "visitor_id": "user_pseudo_id",
        "session_id": "user_pseudo_id", "event": "event_name", "occurred_at": "modified", "channel": "'web'", **mapped,
    }  # fmt: skip
    more: dict[str, Any] = {
        "pulls": {"events": {"columns": [*names, "user_properties"]}},
        "tables": {"web_events": {"query": "select * from source", "columns": columns}},
    }
    assert crm.pull(**more)["events"].rows == 30
    assert crm.extract("web_events", **more)["account_id"].unique().to_list() == ["C1"]
    assert all("geo" not in asked.query for asked in crm.server.asked)
    more["pulls"]["events"]["columns"].append("user_propertis")
    assert "has no column user_propertis" in crm.fail("events", **more)


def test_the_numbers_of_devices_and_lists_of_items_stay_where_they_are(crm: Crm) -> None:
    items = [{"item_id": "SAV-1", "item_list_id": "Qz"}]
    crm.account.write(date(2026, 1, 10), event("view_item", "v6", NOON, items=items))
    crm.pull()
    [file] = crm.landed.rglob("*.parquet")
    row = pl.read_parquet(file).filter(user_pseudo_id="v6")
    assert row.select("device", "items").rows() == [('{"category": "mobile"}', '[{"item_id": "SAV-1"}]')]


@pytest.mark.parametrize(
    "rows",
    [["Qzneedle"], [{"f": []}], [{"f": "Qzneedle"}], [{"v": []}], {"Qzneedle": 1}, [{"f": ["Qzneedle"] * 11}],
     [{"f": [{"v": {"f": []}}] * 11}], [{"f": [{"v": []}] * 11}]],
)  # fmt: skip
def test_rows_of_another_shape_are_told(crm: Crm, rows: Any) -> None:
    crm.connector = {**crm.connector, "tries": 1}
    change_pages(crm, lambda _, page: {**page, "rows": rows})
    message = crm.fail("events")
    assert "in another shape than Parcours knows" in message or "answers with no list" in message


@pytest.mark.parametrize(
    "state",
    [{}, {"numRows": "6"}, {"numRows": "many", "lastModifiedTime": "1"}, {"numRows": "6", "lastModifiedTime": "1"}, [],
     {"numRows": "9" * 5_000, "lastModifiedTime": "1"}],
)  # fmt: skip
def test_tables_that_say_nothing_of_themselves_are_told(crm: Crm, state: Any) -> None:
    crm.connector = {**crm.connector, "tries": 1}
    change_pages(crm, lambda *_: state, where="/events_20260109")
    message = crm.fail("events")
    assert any(
        each in message for each in ("does not say how many rows", "describes the columns", "answers with nothing")
    )


def test_pages_that_never_end_are_given_up(crm: Crm) -> None:
    crm.connector = {**crm.connector, "tries": 1}
    change_pages(crm, lambda _, page: {**page, "pageToken": "4"})
    assert "in a circle" in crm.fail("events")
    crm.server.changes.clear()
    change_pages(crm, lambda number, *_: {"pageToken": str(number)})
    assert "nothing but empty pages" in crm.fail("events")


def test_a_look_at_the_first_rows_asks_for_no_more(crm: Crm) -> None:
    assert crm.pull(most=3)["events"].rows == 3
    assert sum(asked.path.endswith("/data") for asked in crm.server.asked) == 1
    assert all("maxResults=3&" in asked.query for asked in crm.server.asked if asked.path.endswith("/data"))


@pytest.mark.parametrize(
    ("connector", "told"),
    [
        ({"project": "Shop 1"}, "is no project's id"),
        ({"dataset": "analytics/77"}, "is no dataset's id"),
        ({"address": "http://bigquery.example.com"}, "must begin with https"),
        ({"credentials": None}, "credentials"),
    ],
)
def test_settings_that_cannot_be_are_told(crm: Crm, connector: dict[str, Any], told: str) -> None:
    crm.connector = {name: value for name, value in {**crm.connector, **connector}.items() if value is not None}
    with pytest.raises(ConfigurationError, match=told):
        crm.configure()


@pytest.mark.parametrize("pull", [{"key": "event_timestamp"}, {"day": "modified"}])
def test_keys_and_days_of_other_columns_are_refused(crm: Crm, pull: dict[str, Any]) -> None:
    assert "the key must be day and place, the day day" in crm.fail("events", pulls={"events": pull})
