"""Nights at Klaviyo: what nobody counts is told as such; what does not arrive at its list's end is not taken."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import polars as pl
import pytest

from pipelines.pulls.connectors.klaviyo import events, listing, profiles
from tests.pulls.connectors.api_server import Answer, Asked
from tests.pulls.connectors.conftest import Crm
from tests.pulls.connectors.klaviyo.account import KlaviyoAccount
from tests.pulls.connectors.systems import KLAVIYO

TABLES = ("contacts", "consents", "campaign_events")
ONLY_PROFILES = {"campaign_events": None}
ONLY_EVENTS = {"contacts": None, "consents": None}
YESTERDAY = datetime(2025, 12, 31, 10, tzinfo=UTC)


@pytest.fixture
def crm(open_crm: Callable[..., Crm], monkeypatch: pytest.MonkeyPatch) -> Crm:
    """Twenty profiles, and what became of a message to the second the day before."""
    monkeypatch.setattr(profiles, "PAGE", 6)
    monkeypatch.setattr(events, "PAGE", 2)
    monkeypatch.setattr(listing, "AWAITED", 3)
    account = KlaviyoAccount()
    KLAVIYO.fill(account, 20)
    second = sorted(account.profiles)[1]
    told = [("MRcv01", {}), *[("MOpn02", {})] * 3, ("MOpn02", {"Machine Open": True}), ("MClk03", {}), ("MSms07", {})]
    for minutes, (metric, properties) in enumerate(told):
        account.tell(metric, second, YESTERDAY + timedelta(minutes=minutes), **properties)
    account.tell("MClk03", second, YESTERDAY + timedelta(hours=1), **{"Bot Click": True})
    account.tell("MOrd08", second, YESTERDAY + timedelta(hours=1))
    return open_crm(account, KLAVIYO.connector, **KLAVIYO.secrets(account))


def next_night(crm: Crm) -> KlaviyoAccount:
    crm.account.now += timedelta(days=1)
    account: KlaviyoAccount = crm.account
    return account


def id_of(crm: Crm, number: int) -> str:
    """The profile added as ``number``, from 1."""
    return f"01K{number:023d}"


def list_asked(crm: Crm, path: str) -> list[dict[str, str]]:
    return [
        {name: values[-1] for name, values in parse_qs(asked.query).items()}
        for asked in crm.server.asked
        if asked.path == path
    ]


def change_lists(crm: Crm, path: str, change: Callable[[Asked, dict[str, Any]], Mapping[str, Any] | None]) -> None:
    """What becomes of the pages of one list on their way."""

    def changed(asked: Asked, answer: Answer) -> Answer:
        status, headers, document = answer
        if asked.path != path or status != 200:
            return answer
        return status, headers, change(asked, document) or document

    crm.server.change(changed)


def test_nights_of_changes_end_where_one_full_pull_ends(crm: Crm) -> None:
    first = crm.pull()
    assert {name: (each.state, each.rows, each.reconciled_by) for name, each in first.items()} == {
        "profiles": ("taken", 20, "not counted by the source"),
        "events": ("taken", 8, "day"),
    }
    account = next_night(crm)
    account.add("new@example.fr", last_name="Neuve")
    account.answer_marketing(id_of(crm, 3), "email", "SUBSCRIBED", double_optin=True)
    account.answer_marketing(id_of(crm, 4), "sms", "UNSUBSCRIBED")
    account.answer_marketing(id_of(crm, 6), "sms", "SUBSCRIBED")
    account.answer_marketing(id_of(crm, 7), "email", "SUBSCRIBED", double_optin=False)
    account.delete(id_of(crm, 5))
    account.tell("MUns05", id_of(crm, 4), account.now, **{"$message": None, "$flow": "FlwXyz"})
    account.tell("MBnc04", id_of(crm, 6), account.now, **{"$message": None, "Campaign Name": None, "Bounce Type": 1})
    account.tell("MSpm06", None, account.now)
    account.now += timedelta(hours=1)
    second = crm.pull()
    assert (second["profiles"].rows, second["events"].batch.mode, second["events"].rows) == (20, "changes", 11)
    account = next_night(crm)
    account.delete(id_of(crm, 20))
    crm.pull()
    incremental = crm.extract_all(TABLES)
    crm.pull(full=True)
    for table, rows in crm.extract_all(TABLES).items():
        assert rows.equals(incremental[table]), table
    assert sorted(incremental["contacts"]["contact_id"]) == sorted(account.profiles)
    assert incremental["consents"].select("contact_id", "channel", "status", "proof").rows() == [
        (id_of(crm, 3), "email", "granted", "Klaviyo: double opt-in"),
        (id_of(crm, 4), "sms", "withdrawn", None),
        (id_of(crm, 6), "sms", "granted", None),
        (id_of(crm, 7), "email", "granted", None),
    ]
    told = incremental["campaign_events"].select("contact_id", "campaign_id", "channel", "event").rows()
    assert sorted(told) == sorted(
        [
            *((id_of(crm, 2), "01MSG", "email", each) for each in ("delivered", *["opened"] * 3, "clicked")),
            (id_of(crm, 2), "01MSG", "sms", "delivered"),
            (id_of(crm, 4), "FlwXyz", "email", "unsubscribed"),
            (id_of(crm, 6), "no message", "email", "bounced"),
        ]
    )


def test_a_profile_is_a_contact_with_its_place_and_its_birthday(crm: Crm) -> None:
    street = {"address1": "13 rue de Berri", "address2": "3e étage"}
    place = {**street, "zip": "75008", "city": "Paris", "country": "France"}
    crm.account.add(
        "lea@example.fr",
        phone_number="+33610000000",
        first_name="Léa",
        last_name="Roussin",
        location={**place, "ip": "192.0.2.1"},
        properties={"Date of Birth": "1990-04-12", "Card": 17, "tags": ["a"]},
    )
    crm.account.add("marc@example.fr", location=None, properties={"birthday": "1985-01-31T00:00:00+00:00"})
    tables = {
        "contacts": {"columns": {"loyalty_card_id": "cast(properties as json) ->> '$.Card'"}},
        "consents": None,
        "campaign_events": None,
    }
    crm.pull(tables=tables)
    [row] = crm.extract("contacts", tables=tables).filter(contact_id=id_of(crm, 21)).to_dicts()
    assert {name: str(value) for name, value in row.items() if value is not None} == {
        "source": "crm",
        "contact_id": id_of(crm, 21),
        "first_name": "Léa",
        "last_name": "Roussin",
        "email": "lea@example.fr",
        "phone": "+33610000000",
        "birth_date": "1990-04-12",
        "address": "13 rue de Berri, 3e étage",
        "postcode": "75008",
        "city": "Paris",
        "country": "France",
        "loyalty_card_id": "17",
        "created_at": "2026-01-01 09:20:00",
        "updated_at": "2026-01-01 09:20:00",
    }
    assert crm.extract("contacts", tables=tables).filter(contact_id=id_of(crm, 22))["birth_date"].to_list() == [
        datetime(1985, 1, 31, tzinfo=UTC).date()
    ]


@pytest.mark.parametrize(
    ("email", "status", "recorded"),
    [
        ({"consent": "NEVER_SUBSCRIBED"}, None, None),
        ({"consent": "SUBSCRIBED", "consent_timestamp": "2025-05-01T10:00:00+02:00"}, "granted", "2025-05-01 08:00"),
        ({"consent": "SUBSCRIBED", "consent_timestamp": None}, "granted", "2026-01-01 08:01"),
        ({"consent": "UNSUBSCRIBED", "consent_timestamp": "2025-05-01T10:00:00"}, "withdrawn", "2025-05-01 10:00"),
        ({"consent": "UNSUBSCRIBED", "consent_timestamp": None}, "withdrawn", "2026-01-01 09:30"),
        ({"consent": "PENDING", "consent_timestamp": "2025-05-01T10:00:00"}, "denied", "2025-05-01 10:00"),
        (
            {
                "consent": "SUBSCRIBED",
                "consent_timestamp": "2025-06-01T00:00:00",
                "suppression": [{"reason": "USER_SUPPRESSED", "timestamp": "2025-05-01T00:00:00"}],
            },
            "withdrawn",
            "2025-06-01 00:00",
        ),
        (
            {
                "consent": "NEVER_SUBSCRIBED",
                "suppression": [
                    {"reason": "HARD_BOUNCE", "timestamp": "2025-09-01T00:00:00"},
                    {"reason": "SPAM_COMPLAINT", "timestamp": "2025-08-01T00:00:00"},
                ],
            },
            "withdrawn",
            "2025-08-01 00:00",
        ),
        (
            {
                "consent": "SUBSCRIBED",
                "consent_timestamp": "2025-06-01T00:00:00",
                "suppression": [{"reason": "HARD_BOUNCE", "timestamp": "2025-09-01T00:00:00"}],
            },
            "granted",
            "2025-06-01 00:00",
        ),
    ],
    ids=[
        "never asked", "yes", "yes without a date", "no", "no without a date", "a word that is new",
        "suppressed before the yes", "spam", "bounced",
    ],
)  # fmt: skip
def test_what_a_profile_said_is_a_consent(
    crm: Crm, email: Mapping[str, Any], status: str | None, recorded: str | None
) -> None:
    account = crm.account
    account.profiles[id_of(crm, 1)]["updated"] = "2026-01-01T09:30:00+00:00"
    account.profiles[id_of(crm, 1)]["subscriptions"]["email"]["marketing"] |= email
    crm.pull(tables=ONLY_PROFILES)
    rows = crm.extract("consents", tables=ONLY_PROFILES)
    told = [(f"{row['status']}", f"{row['recorded_at']:%Y-%m-%d %H:%M}") for row in rows.to_dicts()]
    assert told == ([] if status is None else [(status, recorded)])


def test_only_what_is_landed_is_asked_for(crm: Crm) -> None:
    crm.pull()
    for asked in list_asked(crm, "/api/profiles"):
        assert ("additional-fields[profile]" in asked) == (asked["sort"] == "id")
        assert not {"location", "location.ip", "predictive_analytics"} & set(asked["fields[profile]"].split(","))
    assert all('equals(metric_id,"MOrd08")' not in asked["filter"] for asked in list_asked(crm, "/api/events"))


def test_the_key_goes_nowhere_but_to_the_declared_address(crm: Crm) -> None:
    def lead_away(_: Asked, page: dict[str, Any]) -> dict[str, Any]:
        following = page["links"]["next"]
        away = following and following.replace("https://a.klaviyo.com/api/profiles/", "http://192.0.2.1:1/elsewhere")
        return {**page, "links": {"next": away}}

    change_lists(crm, "/api/profiles", lead_away)
    assert crm.pull(tables=ONLY_PROFILES)["profiles"].rows == 20
    assert {asked.path for asked in crm.server.asked} == {"/api/profiles"}


@pytest.mark.parametrize("following", ["https://a.klaviyo.com/api/profiles/?sort=id", 17, ["x"], "http://[", ""])
def test_a_next_page_that_is_nowhere_is_told(crm: Crm, following: object) -> None:
    crm.connector = {**crm.connector, "tries": 1}
    change_lists(crm, "/api/profiles", lambda _, page: {**page, "links": {"next": following}})
    assert "says that more follows of table 'profiles', and not where" in crm.fail("profiles", tables=ONLY_PROFILES)


def answer_pages(crm: Crm, page: Callable[[int], tuple[list[dict[str, str]], str]]) -> None:
    """Instead of profiles: rows and the cursor of what follows, by the number of the request."""

    def answer(asked: Asked) -> Answer | None:
        assert asked.number < 400
        if not KLAVIYO.is_page(asked):
            return None
        rows, cursor = page(asked.number)
        return (
            200,
            {},
            {"data": rows, "links": {"next": f"https://a.klaviyo.com/api/profiles/?page%5Bcursor%5D={cursor}"}},
        )

    crm.connector = {**crm.connector, "tries": 1}
    crm.server.faults.append(answer)


@pytest.mark.parametrize("rows", [[], [{"id": "01K"}]], ids=["nothing", "the same"])
def test_pages_without_end_that_bring_nothing_new_are_given_up(crm: Crm, rows: list[dict[str, Any]]) -> None:
    attributes = next(iter(crm.account.profiles.values()))
    answer_pages(crm, lambda number: ([{**row, "attributes": attributes} for row in rows], f"c{number}"))
    assert "page after page of table 'profiles' with nothing new" in crm.fail("profiles", tables=ONLY_PROFILES)


def test_pages_that_lead_in_a_circle_are_given_up(crm: Crm) -> None:
    attributes = next(iter(crm.account.profiles.values()))
    answer_pages(crm, lambda number: ([{"id": f"01K{number}", "attributes": attributes}], "always"))
    assert "from page to page of table 'profiles' in a circle" in crm.fail("profiles", tables=ONLY_PROFILES)


def test_profiles_that_are_added_and_deleted_while_pages_are_read_hide_no_other(crm: Crm) -> None:
    pages = 0

    def meddle(asked: Asked, page: dict[str, Any]) -> None:
        nonlocal pages
        pages += KLAVIYO.is_page(asked)
        if pages == 2 and KLAVIYO.is_page(asked):
            for number in (1, 2, 7, 20):
                crm.account.delete(id_of(crm, number))
            for number in range(30, 40):
                KLAVIYO.add(crm.account, number)

    change_lists(crm, "/api/profiles", meddle)
    assert crm.pull(tables=ONLY_PROFILES)["profiles"].state == "taken"
    found = crm.extract("contacts", tables=ONLY_PROFILES)["contact_id"].to_list()
    assert set(crm.account.profiles) <= set(found)


def test_a_list_that_ends_too_early_is_a_short_pull_however_many_came_after(crm: Crm) -> None:
    def end_early(asked: Asked, page: dict[str, Any]) -> dict[str, Any] | None:
        if not KLAVIYO.is_page(asked) or "cursor" not in asked.query:
            return None
        for number in range(30, 40):
            KLAVIYO.add(crm.account, number)
        return {**page, "links": {"next": None}}

    change_lists(crm, "/api/profiles", end_early)
    assert "a short pull of table 'profiles'" in crm.fail("profiles", tables=ONLY_PROFILES)


def test_a_profile_that_is_never_given_is_not_noticed_and_the_pull_is_not_called_counted(crm: Crm) -> None:
    lost = id_of(crm, 9)
    change_lists(
        crm, "/api/profiles", lambda _, page: {**page, "data": [row for row in page["data"] if row["id"] != lost]}
    )
    outcome = crm.pull(tables=ONLY_PROFILES)["profiles"]
    assert (outcome.rows, outcome.source_rows, outcome.reconciled_by) == (19, None, "not counted by the source")


def test_a_profile_without_a_mail_is_one(crm: Crm) -> None:
    crm.account.profiles[id_of(crm, 4)] |= {"email": None, "phone_number": "+33612345678"}
    assert crm.pull()["profiles"].rows == 20


def rename_field(crm: Crm, name: str) -> None:
    """Klaviyo calls a field of profiles otherwise."""

    def rename(_: Asked, page: dict[str, Any]) -> None:
        for row in page["data"]:
            row["attributes"][f"new_{name}"] = row["attributes"].pop(name, None)

    change_lists(crm, "/api/profiles", rename)


@pytest.mark.parametrize("name", ["email", "phone_number", "updated", "location", "properties", "subscriptions"])
def test_a_field_of_profiles_that_is_gone_stops_them(crm: Crm, name: str) -> None:
    rename_field(crm, name)
    assert "no longer there" in crm.fail("profiles", tables=ONLY_PROFILES)


def test_consents_that_are_told_otherwise_take_no_refusal_back(crm: Crm) -> None:
    crm.account.answer_marketing(id_of(crm, 3), "email", "UNSUBSCRIBED")
    crm.pull(tables=ONLY_PROFILES)
    rename_field(crm, "subscriptions")
    crm.fail("profiles", tables=ONLY_PROFILES)
    assert crm.extract("consents", tables=ONLY_PROFILES)["status"].to_list() == ["withdrawn"]


def test_events_of_nobody_are_left_out_and_in_no_quarantine(crm: Crm) -> None:
    crm.account.tell("MSpm06", None, YESTERDAY)
    assert crm.pull(tables=ONLY_EVENTS)["events"].rows == 9
    assert crm.extract("campaign_events", tables=ONLY_EVENTS).height == 6
    assert pl.read_parquet(crm.folder / "lake/quarantine/rows/crm__campaign_events.parquet").height == 0


@pytest.mark.parametrize("shape", ["consent renamed", "marketing renamed", "a list"])
def test_subscriptions_of_another_shape_stop_profiles(crm: Crm, shape: str) -> None:
    for profile in crm.account.profiles.values():
        email = profile["subscriptions"]["email"]
        match shape:
            case "consent renamed":
                email["marketing"]["status"] = email["marketing"].pop("consent")
            case "marketing renamed":
                email["promotions"] = email.pop("marketing")
            case _:
                email["marketing"] = [email["marketing"]]
    assert "email_consent no longer there" in crm.fail("profiles", tables=ONLY_PROFILES)


def test_a_key_without_the_scope_and_a_state_of_the_api_that_is_no_more_are_told(crm: Crm) -> None:
    crm.server.fail((403, {}, {"errors": [{"detail": "Qzneedle"}]}), where="/api/events")
    assert "needs the scopes profiles:read, events:read and metrics:read" in crm.fail("events")
    crm.server.fail((410, {}, {"errors": []}))
    assert "no longer answers as of 2026-07-15" in crm.fail("profiles")
    crm.server.fail((400, {}, {"errors": [{"detail": "Qzneedle"}]}), where="/api/profiles")
    assert "refuses what is asked of table 'profiles' (HTTP 400): check `token`" in crm.fail("profiles")


def test_profiles_have_no_cursor(crm: Crm) -> None:
    crm.connector = {**crm.connector, "tries": 1}
    declared = {"profiles": {"cursor": "updated", "deletes": "none"}}
    assert "take `cursor` out" in crm.fail("profiles", tables=ONLY_PROFILES, pulls=declared)


def test_metrics_are_known_by_their_names_and_others_of_these_names_are_not_klaviyos(crm: Crm) -> None:
    account = crm.account
    account.most_metrics = 3
    account.metrics |= {"MApi09": ("Opened Email", {"name": "API"}), "MNul10": ("Opened Email", None)}
    account.metrics["MOld11"] = ("unsubscribed ", {"name": "Klaviyo"})
    for metric in ("MApi09", "MNul10", "MOld11"):
        account.tell(metric, id_of(crm, 3), YESTERDAY)
    assert crm.pull(tables=ONLY_EVENTS)["events"].rows == 9
    told = crm.extract("campaign_events", tables=ONLY_EVENTS).filter(contact_id=id_of(crm, 3))
    assert told["event"].to_list() == ["unsubscribed"]


def test_an_account_that_sent_no_message_is_told_or_has_none_where_that_is_declared(crm: Crm) -> None:
    crm.account.metrics = {"MOrd08": ("Placed Order", {"name": "Shopify"})}
    assert "none of its metrics is of messages" in crm.fail("events", tables=ONLY_EVENTS)
    outcome = crm.pull(tables=ONLY_EVENTS, pulls={"events": {"optional": True}})["events"]
    assert (outcome.state, outcome.rows) == ("absent", 0)


def test_an_event_is_landed_once_however_often_it_is_told_and_none_of_tomorrow_hides_others(crm: Crm) -> None:
    for ahead in (timedelta(hours=2), timedelta(days=20)):
        crm.account.tell("MRcv01", id_of(crm, 3), crm.account.now + ahead)
    assert crm.pull(tables=ONLY_EVENTS)["events"].rows == 8
    account = next_night(crm)
    account.tell("MOpn02", id_of(crm, 3), account.now - timedelta(hours=30))
    change_lists(crm, "/api/events", lambda _, page: {**page, "data": [*page["data"][::-1], *page["data"]]})
    outcome = crm.pull(tables=ONLY_EVENTS)["events"]
    assert (outcome.batch.mode, outcome.rows, outcome.reconciled_by) == ("changes", 10, "day")


def test_an_event_that_comes_later_than_the_overlap_is_found_by_the_counts(crm: Crm) -> None:
    crm.pull(tables=ONLY_EVENTS)
    account = next_night(crm)
    account.tell("MClk03", id_of(crm, 3), YESTERDAY - timedelta(days=2))
    outcome = crm.pull(tables=ONLY_EVENTS)["events"]
    assert (outcome.state, outcome.rows) == ("taken", 9)
    assert any("pulled as a whole" in note for note in outcome.notes)


def test_days_of_events_are_those_of_utc_whatever_the_account_is_set_to(crm: Crm) -> None:
    for hours in (-1, 1):
        crm.account.tell("MRcv01", id_of(crm, 3), datetime(2025, 12, 30, tzinfo=UTC) + timedelta(hours=hours))
    outcome = crm.pull(tables=ONLY_EVENTS)["events"]
    counted = {each.day: (int(each.source), int(each.landed)) for each in outcome.reconciled if each.source}
    assert counted == {"2025-12-29": (1, 1), "2025-12-30": (1, 1), "2025-12-31": (8, 8)}
    assert len(outcome.reconciled) == 14
    asked = [each.body["data"]["attributes"] for each in crm.server.asked if each.path == "/api/metric-aggregates"]
    assert {each["timezone"] for each in asked} == {"UTC"}


def test_events_that_are_counted_and_never_given_are_missed(crm: Crm) -> None:
    def lose(_: Asked, page: dict[str, Any]) -> dict[str, Any]:
        opened = {id_ for id_, event in crm.account.events.items() if event["metric"] == "MOpn02"}
        return {**page, "data": [row for row in page["data"] if row["id"] not in opened]}

    change_lists(crm, "/api/events", lose)
    message = crm.fail("events", tables=ONLY_EVENTS)
    assert "rows of 2025-12-31: 8 in the source, 4 here" in message
    assert "`tolerance`" in message
    outcome = crm.pull(tables=ONLY_EVENTS, pulls={"events": {"tolerance": 0.5}})["events"]
    assert [int(each.difference) for each in outcome.reconciled if each.difference] == [-4]


def test_events_that_end_too_early_are_a_short_pull(crm: Crm) -> None:
    def end_early(asked: Asked, page: dict[str, Any]) -> dict[str, Any] | None:
        return None if "sort=-" in asked.query else {**page, "links": {}}

    change_lists(crm, "/api/events", end_early)
    assert "a short pull of table 'events'" in crm.fail("events", tables=ONLY_EVENTS)


@pytest.mark.parametrize("name", ["profile", "datetime", "event_properties"])
def test_a_field_of_events_that_is_gone_stops_them(crm: Crm, name: str) -> None:
    def lose(_: Asked, page: dict[str, Any]) -> None:
        for row in page["data"]:
            row["attributes"].pop(name, None)
            row["relationships"].pop(name, None)

    change_lists(crm, "/api/events", lose)
    assert "no longer there" in crm.fail("events", tables=ONLY_EVENTS)


@pytest.mark.parametrize("are_all", [True, False])
def test_that_no_event_names_its_profile_is_no_chance(crm: Crm, are_all: bool) -> None:
    def lose(_: Asked, page: dict[str, Any]) -> None:
        for row in page["data"][0 if are_all else 1 :]:
            del row["relationships"]["profile"]["data"]

    change_lists(crm, "/api/events", lose)
    if are_all:
        assert "profile_id no longer there" in crm.fail("events", tables=ONLY_EVENTS)
    else:
        assert crm.pull(tables=ONLY_EVENTS)["events"].rows == 8


def test_events_of_another_metric_than_was_asked_for_are_not_taken_for_it(crm: Crm) -> None:
    def mix(_: Asked, page: dict[str, Any]) -> None:
        for row in page["data"]:
            row["relationships"]["metric"]["data"]["id"] = "MOrd08"

    change_lists(crm, "/api/events", mix)
    assert "others than those that were asked for" in crm.fail("events", tables=ONLY_EVENTS)


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"dates": ["2025-12-31T00:00:00+01:00"], "data": []},
        {"dates": ["Qzneedle"], "data": []},
        {"dates": [], "data": []},
        {"dates": [], "data": [{"measurements": {"count": [1]}}]},
        {"dates": ["2025-12-31T00:00:00+00:00"], "data": [{"measurements": {"count": ["Qzneedle"]}}]},
        {
            "dates": [f"2025-12-{day}T00:00:00+00:00" for day in range(18, 32)],
            "data": [{"measurements": {"count": [10**400] * 14}}],
        },
    ],
)
def test_counts_of_another_shape_or_another_clock_are_no_counts(crm: Crm, attributes: Mapping[str, Any]) -> None:
    answer = {"data": {"type": "metric-aggregate", "attributes": attributes}}
    crm.server.faults.append(lambda asked: (200, {}, answer) if asked.path.endswith("aggregates") else None)
    assert "counts table 'events' by day in another shape" in crm.fail("events", tables=ONLY_EVENTS)


def test_half_a_sign_in_a_property_stops_nothing(crm: Crm) -> None:
    crm.account.tell("MClk03", id_of(crm, 3), YESTERDAY, **{"Campaign Name": "Soldes \ud83d"})
    crm.account.edit(id_of(crm, 3), first_name="Zo\udc00", properties={"note": "\ud83d"})
    outcomes = crm.pull()
    assert {name: each.rows for name, each in outcomes.items()} == {"profiles": 20, "events": 9}
    assert crm.extract("contacts").height == 20
