"""`parcours ui` serves the code location, the schedule and the runs of the command, and stops when told."""

import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

from pipelines.config.home import Home
from tests.dagster_page import Page, free_port, read_address

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


def test_the_interface_serves_the_assets_the_schedule_and_past_runs(
    home: Home, exports: Path, start_parcours: Callable[..., subprocess.Popen[str]]
) -> None:
    port = free_port()
    interface = start_parcours("ui", "--home", home.root, "--sources", exports / "sources.yml", "--port", port)
    try:
        token = read_address(interface)
        assert token is not None
        answer = Page(interface, port, token, home.root).graphql(QUESTION)
    finally:
        interface.send_signal(signal.SIGINT)
        try:
            interface.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            interface.kill()
            raise
    assert interface.returncode == 0
    open_to_others = [path for path in (home.root, *home.root.rglob("*")) if path.lstat().st_mode & 0o077]
    assert not open_to_others, "page, daemon and code server write for the owner only, whatever the umask"
    [location] = answer["repositoriesOrError"]["nodes"]
    assert {"nightly", "training"} <= {job["name"] for job in location["jobs"]}
    assert [(each["name"], each["scheduleState"]["status"]) for each in location["schedules"]] == [
        ("every_night", "RUNNING")
    ]
    assert len(location["assetNodes"]) > 80
    [run] = [run for run in answer["runsOrError"]["results"] if run["status"] == "SUCCESS"]
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
    assert refused.stdout == ""
