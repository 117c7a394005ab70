"""A night of Dagster's own, with the daemon at work and nobody looking: it is told of by mail and by webhook."""

import json
import time

from tests.dagster_page import PATIENCE_SECONDS, Page
from tests.nights.listeners import mail_server, web_server

LAUNCH = """mutation Launch($config: RunConfigData) {
  launchRun(executionParams: {
    selector: {
      repositoryLocationName: "pipelines.definitions", repositoryName: "__repository__", jobName: "nightly"
    }
    runConfigData: $config
  }) { __typename ... on LaunchRunSuccess { run { runId } } }
}"""
INSTIGATORS = """{ repositoryOrError(repositorySelector: {
  repositoryLocationName: "pipelines.definitions", repositoryName: "__repository__"
}) { ... on Repository { sensors { name sensorState { status } } schedules { name scheduleState { status } } } } }"""
NIGHTS = """
alerts:
  - {{type: email, to: ops@shop.example, from: nights@shop.example, server: 127.0.0.1, port: {mail}, security: none,
     on: [failed]}}
  - {{type: webhook, url: "http://127.0.0.1:{web}/hook"}}
heartbeat: {{url: "http://127.0.0.1:{web}/beat"}}
"""


def test_a_night_that_fails_in_a_running_dagster_is_told_by_its_sensors(page: Page) -> None:
    found = page.graphql(INSTIGATORS)["repositoryOrError"]
    running = {each["name"] for each in found["sensors"] if each["sensorState"]["status"] == "RUNNING"}
    assert running >= {"failed_nights", "good_nights", "stopped_nights", "watched_nights", "exports_arrived"}
    assert [each["scheduleState"]["status"] for each in found["schedules"]] == ["RUNNING"]
    declared = page.home / "nights.yml"
    with mail_server() as mail, web_server() as web:
        declared.write_text(NIGHTS.format(mail=mail.port, web=web.port))
        try:
            no_day = {"resources": {"night": {"config": {"as_of": "9999-01-01"}}}}
            run = page.graphql(LAUNCH, config=no_day)["launchRun"]["run"]["runId"]
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not (mail.messages and {"/hook", "/beat/fail"} <= set(web.paths)) and time.monotonic() < deadline:
                time.sleep(0.2)
        finally:
            declared.unlink()
        [message] = mail.messages
        assert "as_of '9999-01-01' is no day of a run" in message.get_content()
        [hook] = [call.json for call in web.calls if call.path == "/hook"]
        assert (hook["kind"], hook["run_id"]) == ("failed", run)
    noted = json.loads((page.home / "last_night.json").read_text())
    assert (noted["state"], noted["run_id"], noted["published"]) == ("failed", run, False)
