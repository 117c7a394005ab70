"""What the page does all day goes on behind its front: it shows the graph, launches, and listens to the log."""

import json
import socket
import time

from websockets.sync.client import connect

from tests.dagster_page import LAUNCH, RUNS, Page

GRAPH = """{ repositoriesOrError { ... on RepositoryConnection { nodes {
  name location { name } assetNodes { assetKey { path } }
} } } }"""
LISTEN = """subscription { pipelineRunLogs(runId: "%s") {
  ... on PipelineRunLogsSubscriptionSuccess { messages { __typename } }
} }"""


def test_it_shows_launches_and_listens(page: Page) -> None:
    usual = {"cookie": page.sign_in(), "origin": page.origin, "sec_fetch_site": "same-origin"}

    def ask(query: str, **variables: object) -> dict[str, object]:
        answer = page.ask(
            "POST", "/graphql", page.question(query, **variables), content_type="application/json", **usual
        )
        assert answer.status == 200, answer.body
        return dict(json.loads(answer.body)["data"])

    [repository] = ask(GRAPH)["repositoriesOrError"]["nodes"]  # type: ignore[index]
    assert repository["location"] == {"name": "pipelines.definitions"}
    assert len(repository["assetNodes"]) > 80
    page_of_run = page.ask("GET", "/runs", **usual)
    script = page_of_run.body.partition('src="/_next/')[2].partition('"')[0]
    assert "javascript" in page.ask("GET", f"/_next/{script}", **usual).headers["Content-Type"]

    configured = {"resources": {"night": {"config": {"as_of": "2026-02-28", "full": True}}}}
    launched = ask(LAUNCH, config=json.dumps(configured))["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess", launched  # type: ignore[index]
    run_id = launched["run"]["runId"]  # type: ignore[index]
    told: list[str] = []
    with connect(
        f"ws://{page.host}/graphql",
        sock=socket.create_connection(("127.0.0.1", page.port)),
        origin=page.origin,  # type: ignore[arg-type]
        subprotocols=["graphql-ws"],  # type: ignore[list-item]
        additional_headers={"cookie": usual["cookie"]},
    ) as log:
        log.send(json.dumps({"type": "connection_init"}))
        log.send(json.dumps({"type": "start", "id": "1", "payload": {"query": LISTEN % run_id}}))
        deadline = time.monotonic() + 240
        while "RunSuccessEvent" not in told:
            assert time.monotonic() < deadline, told
            assert "RunFailureEvent" not in told
            payload = json.loads(log.recv(240)).get("payload") or {}
            told += [each["__typename"] for each in payload["data"]["pipelineRunLogs"]["messages"]] if payload else []
    assert "MaterializationEvent" in told
    while True:  # The record of the run is written after the event.
        [run] = [each for each in ask(RUNS)["runsOrError"]["results"] if each["runId"] == run_id]  # type: ignore[index]
        if run["status"] != "STARTED":
            break
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert run["status"] == "SUCCESS"
    assert (page.home / "lake" / "crm" / "contacts.parquet").is_file()
    debug = page.ask("GET", f"/download_debug/{run_id}", **usual)
    assert (debug.status, debug.headers["Content-Type"]) == (200, "application/gzip")
