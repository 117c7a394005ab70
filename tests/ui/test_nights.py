"""Nights in a running Dagster, its webserver and daemon, driven by its API: begun, told, watched over, looked at."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Command
from tests.dagster_page import PATIENCE_SECONDS, Open, Page
from tests.nights.listeners import MailServer, WebServer

SOURCES = """
timezone: Etc/UTC
sources:
  - name: crm
    kind: crm
    connector: {{type: files, root: {exports}}}
    tables: {{contacts: {{from: contacts.csv, columns: {{contact_id: id}}}}}}
"""
NIGHTS = """
starts_at: "{starts_at:%H:%M}"
when_exports_arrive: {by_arrival}
good_within_hours: 26
freshness: {{crm: {{max_age_hours: {hours}, stable_seconds: 0, then: stop}}}}
alerts:
  - {{type: email, to: ops@shop.example, from: nights@shop.example, server: 127.0.0.1, port: {mail}, security: none,
     on: [failed, late]}}
  - {{type: webhook, url: "http://127.0.0.1:{web}/hook"}}
heartbeat: {{url: "http://127.0.0.1:{web}/beat"}}
"""
A_MINUTE = 1 / 60  # Of an hour: as soon as Dagster lets something be late.
SELECTOR = 'repositoryLocationName: "pipelines.definitions", repositoryName: "__repository__"'
INSTIGATORS = f"""{{ repositoryOrError(repositorySelector: {{ {SELECTOR} }}) {{ ... on Repository {{
  sensors {{ name sensorState {{ status }} }} schedules {{ name cronSchedule scheduleState {{ id status }} }}
}} }} }}"""
RELOAD = """mutation { reloadRepositoryLocation(repositoryLocationName: "pipelines.definitions") {
  __typename ... on PythonError { message }
} }"""
RUNS = "{ runsOrError { ... on Runs { results { runId jobName status tags { key value } } } } }"
REPORT = """mutation { reportRunlessAssetEvents(eventParams: {
  eventType: ASSET_MATERIALIZATION, assetKey: {path: ["systems", "crm"]}
}) { __typename } }"""
FRESHNESS = """{ assetNodeOrError(assetKey: {path: ["systems", "crm"]}) { ... on AssetNode {
  freshnessStatusInfo { freshnessStatus } owners { ... on TeamAssetOwner { team } }
} } }"""
STOP = "mutation Stop($id: String) { stopRunningSchedule(id: $id) { __typename } }"
DELETE = "mutation Delete($run: String!) { deleteRun(runId: $run) { __typename } }"
TERMINATE = """mutation End($run: String!) {
  terminateRun(runId: $run, terminatePolicy: MARK_AS_CANCELED_IMMEDIATELY) { __typename }
}"""


def wait_for(find: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := find()):
        assert time.monotonic() < deadline, f"waited for {what} in vain"
        time.sleep(0.5)
    return found


class Nights:
    """A page of a home whose only export has not come, and what its nights.yml says at a time."""

    def __init__(self, folder: Path, mail: MailServer, web: WebServer) -> None:
        self.home, self.exports = folder / "home", folder / "exports"
        self.exports.mkdir()
        self.home.mkdir()
        self.mail, self.web = mail, web
        (self.home / "sources.yml").write_text(SOURCES.format(exports=self.exports))

    def declare(self, starts_at: datetime, *, by_arrival: bool = False, hours: float = A_MINUTE) -> None:
        said = {"starts_at": starts_at, "by_arrival": str(by_arrival).lower(), "hours": hours}
        (self.home / "nights.yml").write_text(NIGHTS.format(mail=self.mail.port, web=self.web.port, **said))


def schedule(page: Page) -> dict[str, Any]:
    [found] = page.graphql(INSTIGATORS)["repositoryOrError"]["schedules"]
    return dict(found)


def find_run(page: Page, tag: str, value: str) -> dict[str, Any] | None:
    for run in page.graphql(RUNS)["runsOrError"]["results"]:
        if {"key": tag, "value": value} in run["tags"]:
            return dict(run)
    return None


@pytest.fixture
def nights(tmp_path: Path, mail: MailServer, web: WebServer) -> Nights:
    nights = Nights(tmp_path, mail, web)
    nights.declare(datetime.now(UTC) + timedelta(hours=6))
    return nights


def test_a_night_begins_by_schedule_and_by_arrival_is_told_and_what_lags_is_seen(
    nights: Nights, open_page: Open, fork_parcours: Command
) -> None:
    """One test, since it is the clock that it waits for: all of it goes on at the same time."""
    page = open_page(nights.home, "--sources", nights.home / "sources.yml")
    found = page.graphql(INSTIGATORS)["repositoryOrError"]
    running = {each["name"] for each in found["sensors"] if each["sensorState"]["status"] == "RUNNING"}
    assert running >= {"failed_nights", "good_nights", "stopped_nights", "watched_nights", "exports_arrived"}
    assert schedule(page)["scheduleState"]["status"] == "RUNNING"
    # The source was there once, as a night of before would have noted; since then it lags.
    assert page.graphql(REPORT)["reportRunlessAssetEvents"]["__typename"] == "ReportRunlessAssetEventsSuccess"

    # Another hour is declared, and the code location loaded again: at that hour a night begins.
    soon = datetime.now(UTC) + timedelta(seconds=75)
    nights.declare(soon)
    assert page.graphql(RELOAD)["reloadRepositoryLocation"]["__typename"] == "WorkspaceLocationEntry"
    assert schedule(page)["cronSchedule"] == f"{soon.minute} {soon.hour} * * *"
    begun = wait_for(lambda: find_run(page, "dagster/schedule_name", "every_night"), "the night of the schedule")
    assert begun["jobName"] == "nightly"

    # Its source has not come: it fails, and those whom nights.yml names are told by mail and webhook, once each.
    def told() -> dict[str, dict[str, Any]]:
        return {call.json["kind"]: call.json for call in nights.web.calls if call.path == "/hook"}

    wait_for(lambda: {"late", "failed"} <= told().keys() and "/beat/fail" in nights.web.paths, "the webhooks")
    wait_for(lambda: len(nights.mail.messages) >= 2, "the mails")
    assert told()["failed"]["run_id"] == begun["runId"]
    assert "table contacts has no file" in told()["failed"]["text"]
    assert "Source crm is late" in told()["late"]["subject"]
    subjects = [message["Subject"] for message in nights.mail.messages]
    assert sum("nothing was published" in each for each in subjects) == 1
    noted = json.loads((nights.home / "last_night.json").read_text())
    assert (noted["state"], noted["run_id"], noted["published"]) == ("failed", begun["runId"], False)

    # Which source lags stands in the page, with its owner.
    def lagging() -> dict[str, Any] | None:
        asset = dict(page.graphql(FRESHNESS)["assetNodeOrError"])
        return asset if asset["freshnessStatusInfo"]["freshnessStatus"] == "DEGRADED" else None

    assert wait_for(lagging, "the freshness of the source")["owners"] == [{"team": "data-platform"}]

    # The export comes: its night begins, though not a second one of the same day.
    nights.declare(soon, by_arrival=True, hours=24)
    page.graphql(DELETE, run=begun["runId"])
    (nights.exports / "contacts.csv").write_text("id\n1\n")
    arrived = wait_for(lambda: find_run(page, "dagster/sensor_name", "exports_arrived"), "the night of the export")
    assert {"key": "night_of", "value": f"{datetime.now(UTC):%Y-%m-%d}"} in arrived["tags"]
    page.graphql(TERMINATE, run=arrived["runId"])

    # The doctor asks Dagster's records, while it is up: whether its schedule is on.
    def examined() -> str:
        told = fork_parcours("doctor", "--home", nights.home).stdout
        [line] = [each for each in told.splitlines() if each[2:].startswith("schedule")]
        return line

    assert "Dagster's daemon is up, and its schedule on" in examined()
    assert page.graphql(STOP, id=schedule(page)["scheduleState"]["id"])["stopRunningSchedule"]["__typename"] == (
        "ScheduleStateResult"
    )
    assert "The schedule every_night is stopped" in examined()
