"""However a night ends, it is noted, and told once to those who are to know."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.config.home import Home
from pipelines.lake import run_lock
from pipelines.nights import record
from pipelines.nights.outcome import DRIFT, Failure, Outcome
from pipelines.nights.settings import Nights
from pipelines.nights.telling import SILENT_SECONDS, Teller
from pipelines.nights.waiting import Late
from tests.nights.listeners import MailServer, WebServer

BEGAN = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
ENDED = BEGAN + timedelta(minutes=12)
GOOD = {"published/warehouse": {}, "published/report": {}}
BAD_STEP = Failure("crm/contacts", "No file matches contacts.csv. Fetch it.", 1, "team:data-platform")


@pytest.fixture
def teller(home: Home, nights: Nights) -> Teller:
    return Teller(home, nights, pytest.fail)


def outcome(succeeded: bool = True, **fields: object) -> Outcome:
    return Outcome(succeeded, Path("night.log"), **fields)  # type: ignore[arg-type]


def last(home: Home) -> dict[str, object]:
    return dict(json.loads((home.root / "last_night.json").read_text()))


def test_a_good_night_is_noted_and_beats(teller: Teller, home: Home, web: WebServer, mail: MailServer) -> None:
    teller.began("r1", "2026-03-28", BEGAN)
    assert (last(home)["state"], last(home)["published"]) == ("running", False)
    teller.ended("r1", "2026-03-28", outcome(assets=GOOD), BEGAN, ENDED)
    noted = last(home)
    assert (noted["state"], noted["run_id"], noted["as_of"], noted["published"]) == (
        "published", "r1", "2026-03-28", True,
    )  # fmt: skip
    assert noted["ended_at"] == "2026-03-29T00:12:00+00:00"
    assert web.paths == ["/beat/start", "/beat"]
    assert mail.messages == []


def test_a_failed_night_names_what_failed_its_owner_the_fix_and_the_run_once(
    teller: Teller, home: Home, web: WebServer, mail: MailServer
) -> None:
    teller.ended("r1", "2026-03-28", outcome(assets=GOOD), BEGAN, ENDED)
    later = ENDED + timedelta(days=1)
    failed = outcome(False, failures=[BAD_STEP])
    for _ in range(2):  # The command, and then the sensor.
        teller.ended("r2", "2026-03-29", failed, later, later)
    [message] = mail.messages
    assert "nothing was published: crm/contacts" in message["Subject"]
    text = message.get_content()
    for part in ("crm/contacts (owner: Jo, jo@shop.example)", "Fetch it.", "parcours run", "r2", "a-night-failed"):
        assert part in text
    hooks = [call.json for call in web.calls if call.path == "/hook"]
    assert [hook["failures"][0]["owner"] for hook in hooks] == ["Jo, jo@shop.example"]
    assert web.paths.count("/beat/fail") == 1
    noted = last(home)
    assert (noted["state"], noted["published"]) == ("failed", False)
    assert noted["last_good"]["run_id"] == "r1"  # type: ignore[index]


@pytest.mark.parametrize(
    ("told", "kind", "words"),
    [
        (
            outcome(False, failures=[BAD_STEP], checks_failed=[f"{DRIFT} on identity/drift"]),
            "drift",
            "stopped by drift",
        ),
        (outcome(False, failures=[BAD_STEP], assets={"published/warehouse": {}}), "unfinished", "report was not drawn"),
        (outcome(False), "failed", "nothing was published"),
    ],
)
def test_the_kind_of_a_bad_night_is_told(teller: Teller, web: WebServer, told: Outcome, kind: str, words: str) -> None:
    teller.ended("r1", "2026-03-28", told, BEGAN, ENDED)
    [hook] = [call.json for call in web.calls if call.path == "/hook"]
    assert hook["kind"] == kind
    assert words in hook["subject"]


def test_who_is_told_of_drift_only_hears_of_nothing_else(teller: Teller, mail: MailServer, web: WebServer) -> None:
    alerts = tuple(each.model_copy(update={"on": ("drift",)}) for each in teller.nights.alerts)
    picky = Teller(teller.home, teller.nights.model_copy(update={"alerts": alerts}), teller.say)
    picky.ended("r1", "2026-03-28", outcome(False, failures=[BAD_STEP]), BEGAN, ENDED)
    assert mail.messages == []


def test_a_run_that_another_one_kept_out_is_told_and_leaves_the_record_alone(
    teller: Teller, home: Home, mail: MailServer
) -> None:
    teller.began("r1", "2026-03-28", BEGAN)
    teller.refused("r2", "2026-03-28", "Another run is at work.", ENDED)
    assert (last(home)["run_id"], last(home)["state"]) == ("r1", "running")
    assert "Another run is at work." in mail.messages[0].get_content()


def test_the_end_of_a_run_that_is_told_late_leaves_the_next_one_the_last(teller: Teller, home: Home) -> None:
    teller.began("r1", "2026-03-28", BEGAN)
    teller.began("r2", "2026-03-28", ENDED)
    teller.ended("r1", "2026-03-28", outcome(assets=GOOD), BEGAN, ENDED)
    noted = last(home)
    assert (noted["run_id"], noted["state"]) == ("r2", "running")
    assert noted["last_good"]["run_id"] == "r1"  # type: ignore[index]


def test_a_killed_night_is_noticed_once_nobody_holds_the_home(teller: Teller, home: Home, mail: MailServer) -> None:
    teller.began("r1", "2026-03-28", datetime.now(UTC))
    assert teller.watch(datetime.now(UTC) + timedelta(seconds=5)) == []
    later = datetime.now(UTC) + timedelta(seconds=SILENT_SECONDS + 1)
    with run_lock.hold(home.root, "r1"):
        assert not any("killed" in line for line in teller.watch(later))
    assert any("Run r1 was killed." in line for line in teller.watch(later))
    assert last(home)["state"] == "killed"
    teller.watch(later)
    assert sum("process that worked for it is gone" in each.get_content() for each in mail.messages) == 1


def test_a_night_that_never_came_is_told_once(teller: Teller, home: Home, mail: MailServer) -> None:
    teller.ended("r1", "2026-03-28", outcome(assets=GOOD), BEGAN, ENDED)
    assert teller.watch(ENDED + timedelta(hours=25)) == []
    for hours in (27, 28):
        [wrong] = teller.watch(ENDED + timedelta(hours=hours))
        assert "The last good night, as of 2026-03-28" in wrong
    assert len(mail.messages) == 1
    assert "26 hours are declared" in mail.messages[0].get_content()


def test_a_home_in_which_no_night_was_ever_good_is_overdue_once_the_first_is_old_enough(
    teller: Teller, home: Home
) -> None:
    assert teller.watch(BEGAN)[0].startswith("No night has published yet"), "nothing has ever begun"
    teller.ended("r1", "2026-03-28", outcome(False, failures=[BAD_STEP]), BEGAN, ENDED)
    assert [line[:14] for line in teller.watch(ENDED)] == ["The last night"]
    assert len(teller.watch(ENDED + timedelta(hours=27))) == 2


def test_a_source_that_is_late_is_told_once_a_day(teller: Teller, mail: MailServer) -> None:
    late = Late("shop", "table orders has no file", BEGAN + timedelta(hours=3), "go_on", True)
    for run in ("r1", "r2"):
        teller.late(late, "Europe/Paris", run, "2026-03-28", ENDED)
    [message] = mail.messages
    text = message.get_content()
    assert "due at 05:00 on 2026-03-29" in text, "03:00 in UTC, in summer time since an hour"
    assert "it goes on with what is there, which is older" in text


def test_a_home_that_cannot_be_written_to_spoils_nothing_but_the_note(nights: Nights, home: Home) -> None:
    said: list[str] = []
    (home.root / "nights").write_text("a file where a folder should be")
    Teller(home, nights, said.append).ended("r1", "2026-03-28", outcome(False), BEGAN, ENDED)
    assert said
    assert all("cannot be noted" in line for line in said)


def test_what_is_usual_is_the_median_of_the_last_nights_that_published(home: Home) -> None:
    for number, minutes in enumerate((10, 10, 30, 90)):
        began = BEGAN + timedelta(days=number)
        state: record.State = "failed" if number == 3 else "published"
        record.end_night(home, f"r{number}", "2026-03-28", state, began, began + timedelta(minutes=minutes))
    assert record.usual_seconds(home, "other") == 600
    assert record.usual_seconds(home, "r0") is None, "two others are too few"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"last_good": 3}', b"\xff\xfe", b'{"state": "x"}'])
def test_a_damaged_record_is_none(home: Home, content: bytes) -> None:
    (home.root / "last_night.json").write_bytes(content)
    assert record.read_last_night(home) == record.LastNight()
