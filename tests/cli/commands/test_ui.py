"""`parcours ui` serves the code location, the schedule and the runs of the command, and stops when told."""

import json
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.cli.commands.ui import check_port_is_free
from pipelines.config.home import Home
from pipelines.errors import ConfigurationError

QUESTION = """{
  repositoriesOrError { ... on RepositoryConnection { nodes {
    name
    location { name }
    jobs { name }
    schedules { name scheduleState { status } }
    assetNodes { id }
  } } }
  runsOrError { ... on Runs { results {
    jobName status startTime endTime repositoryOrigin { repositoryName repositoryLocationName }
  } } }
}"""


def ask(port: int) -> dict[str, object] | None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        data=json.dumps({"query": QUESTION}).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return dict(json.load(answer)["data"])
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return None


def test_the_interface_serves_the_assets_the_schedule_and_past_runs(
    home: Home, exports: Path, start_parcours: Callable[..., subprocess.Popen[str]]
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    interface = start_parcours("ui", "--home", home.root, "--sources", exports / "sources.yml", "--port", port)
    try:
        deadline, answer = time.monotonic() + 180, None
        while answer is None or not answer["repositoriesOrError"]["nodes"]:  # type: ignore[index]
            assert interface.poll() is None, interface.communicate()[1]
            assert time.monotonic() < deadline, "the interface never answered"
            time.sleep(0.5)
            answer = ask(port)
    finally:
        interface.send_signal(signal.SIGINT)
        try:
            interface.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            interface.kill()
            raise
    open_to_others = [path for path in (home.root, *home.root.rglob("*")) if path.lstat().st_mode & 0o077]
    assert not open_to_others, "page, daemon and code server write for the owner only, whatever the umask"
    [location] = answer["repositoriesOrError"]["nodes"]  # type: ignore[index]
    assert {"nightly", "training"} <= {job["name"] for job in location["jobs"]}
    assert [(each["name"], each["scheduleState"]["status"]) for each in location["schedules"]] == [
        ("every_night", "RUNNING")
    ]
    assert len(location["assetNodes"]) > 80
    [run] = [run for run in answer["runsOrError"]["results"] if run["status"] == "SUCCESS"]  # type: ignore[index]
    assert run["jobName"] == "nightly"
    # The timeline shows what has begun and ended, in the row of its job, which it finds by these two names.
    assert run["startTime"] < run["endTime"]
    assert run["repositoryOrigin"] == {
        "repositoryName": location["name"],
        "repositoryLocationName": location["location"]["name"],
    }


def test_a_busy_port_is_told_before_anything_starts(home: Home, parcours: Callable[..., object], exports: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = parcours("ui", "--home", home.root, "--sources", exports / "sources.yml", "--port", port)
    assert isinstance(refused, subprocess.CompletedProcess)
    assert refused.returncode == 2
    assert f"Nothing can listen on port {port} of 127.0.0.1" in refused.stderr
    assert "Dagster on http" not in refused.stdout


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70_000), ("192.0.2.1", 3000), ("no.such.host.invalid", 3000)])
def test_an_address_that_is_none_of_this_machine_is_refused(host: str, port: int) -> None:
    with pytest.raises(ConfigurationError):
        check_port_is_free(host, port)
