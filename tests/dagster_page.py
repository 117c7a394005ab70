"""Dagster's page as `parcours ui` serves it, and ways to ask it that no well-behaved client has."""

import http.client
import json
import re
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 600  # On a machine that others use as well, a page opens in minutes.

RUNS = "{ runsOrError { ... on Runs { results { runId status assetSelection { path } runConfigYaml } } } }"

LAUNCH = """mutation Launch($config: RunConfigData) {
  launchRun(executionParams: {
    selector: {
      repositoryLocationName: "pipelines.definitions", repositoryName: "__repository__", jobName: "__ASSET_JOB",
      assetSelection: [{path: ["crm", "contacts"]}]
    }
    runConfigData: $config
  }) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on PythonError { message }
  }
}"""
"""As the page has it for one asset."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: str


@dataclass
class Page:
    """A page that is open on ``port``, and the secret that was printed with it."""

    process: subprocess.Popen[str]
    port: int
    token: str
    home: Path

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def origin(self) -> str:
        return f"http://{self.host}"

    def send(self, request: bytes) -> Answer:
        """Sends the bytes as they are."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_SECONDS) as connection:
            connection.sendall(request)
            answer = http.client.HTTPResponse(connection, method=request.partition(b" ")[0].decode())
            answer.begin()
            return Answer(answer.status, answer.headers, answer.read().decode("utf-8", "replace"))

    def ask(self, method: str, path: str, body: str | bytes = b"", **named: str) -> Answer:
        """A request with headers ``named`` by keyword, ``content_type`` for Content-Type; Host unless it is named."""
        headers = {"host": self.host, "connection": "close", **named}
        content = body.encode() if isinstance(body, str) else body
        if content or method == "POST":
            headers.setdefault("content-length", str(len(content)))
        lines = [
            f"{method} {path} HTTP/1.1",
            *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
        ]
        return self.send("\r\n".join([*lines, "", ""]).encode("utf-8") + content)

    def sign_in(self) -> str:
        """The cookie that the printed address gives."""
        answer = self.ask("GET", f"/?token={self.token}")
        assert answer.status == 303, answer.body
        return answer.headers["Set-Cookie"].partition(";")[0]

    def question(self, query: str, **variables: object) -> str:
        return json.dumps({"query": query, "variables": variables})

    def graphql(self, query: str, **variables: object) -> dict[str, Any]:
        """The data of an answer, asked as a script asks."""
        answer = self.ask(
            "POST", "/graphql", self.question(query, **variables),
            content_type="application/json", authorization=f"Bearer {self.token}",
        )  # fmt: skip
        assert answer.status == 200, answer.body
        return dict(json.loads(answer.body)["data"])

    def runs(self) -> list[dict[str, Any]]:
        return list(self.graphql(RUNS)["runsOrError"]["results"])


Open = Callable[..., Page]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def read_address(process: subprocess.Popen[str]) -> str | None:
    """The token of the address that is printed when the page is open; None where a password opens it."""
    assert process.stdout is not None
    deadline, printed = time.monotonic() + PATIENCE_SECONDS, ""
    while time.monotonic() < deadline:
        line = process.stdout.readline()
        assert line, f"it ended: {printed}{process.communicate()[1]}"
        printed += line
        found = re.match(r"Dagster on http://[^ ]+?(?:/\?token=([\w-]+))? for ", line)
        if found:
            return found[1]
    raise AssertionError(f"it never opened: {printed}")
