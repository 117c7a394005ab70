"""The processes behind the page: nobody else reaches them, they are started again, and none outlives the command."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from pipelines.ui import guard
from tests.dagster_page import RUNS, Open, Page, free_port

PASSWORD = "correct horse battery"

NIGHTLY = """mutation { launchRun(executionParams: {
  selector: {
    repositoryLocationName: "pipelines.definitions", repositoryName: "__repository__", jobName: "nightly"
  }
  runConfigData: "{}"
}) { __typename } }"""


def children(of: int) -> dict[int, str]:
    """All that ``of`` has started, and they, with their commands."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    found, wanted = {}, [of]
    while wanted:
        parent = wanted.pop()
        for child in [each for each, its in parents.items() if its == parent]:
            wanted.append(child)
            found[child] = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


def wait_until(what: Callable[[], bool], seconds: float = 120) -> bool:
    deadline = time.monotonic() + seconds
    while not (held := what()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return held


def none_is_left(processes: dict[int, str]) -> bool:
    return wait_until(lambda: not any(Path(f"/proc/{each}").exists() for each in processes), guard.GRACE_SECONDS + 90)


def private_folder(processes: dict[int, str]) -> Path:
    [command] = [each for each in processes.values() if " code-server " in each and "guard.py" not in each]
    words = command.split()
    return Path(words[words.index("--socket") + 1]).parent


def answers(page: Page) -> bool:
    try:
        return "results" in page.graphql(RUNS)["runsOrError"] and bool(
            page.graphql("{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }")[
                "repositoriesOrError"
            ]["nodes"]
        )
    except (AssertionError, OSError, KeyError):
        return False


def test_a_process_that_dies_is_started_again_and_a_killed_command_leaves_none(open_page: Open, tmp_path: Path) -> None:
    page = open_page(tmp_path / "home")
    processes = children(page.process.pid)
    folder = private_folder(processes)
    assert folder.stat().st_mode & 0o777 == 0o700
    sockets = [file for file in folder.iterdir() if file.is_socket()]
    assert len(sockets) >= 2  # The location, and what Dagster puts behind it.
    listening = subprocess.run(["ss", "-ltnp"], capture_output=True, text=True, check=False).stdout
    assert [line.split()[3] for line in listening.splitlines() if f"pid={page.process.pid}," in line] in (
        [page.host],
        [],  # Where `ss` may not tell.
    )
    assert not [each for each in processes if f"pid={each}," in listening]

    [served] = [each for each, command in processes.items() if " code-server " in command and "guard.py" not in command]
    os.kill(served, signal.SIGKILL)
    assert wait_until(lambda: served not in children(page.process.pid))
    assert wait_until(lambda: any(" code-server " in each for each in children(page.process.pid).values()))
    assert wait_until(lambda: answers(page))

    processes = children(page.process.pid)
    page.process.kill()
    page.process.wait()
    assert none_is_left(processes)


def test_a_home_has_one_page_until_that_is_killed_with_all_that_guards_it(
    open_page: Open, parcours: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    home, scratch = tmp_path / "home", Path(tempfile.mkdtemp(dir="/tmp"))  # The address of a socket is short.
    page = open_page(home, TMPDIR=str(scratch))
    for port in (page.port, free_port()):
        second = parcours("ui", "--home", home, "--port", port, TMPDIR=str(scratch))
        assert second.returncode == 1
        assert f"process {page.process.pid} has it" in second.stderr
    processes = children(page.process.pid)
    guards = [each for each, command in processes.items() if "guard.py" in command]
    assert len(guards) == 2
    left = private_folder(processes)
    assert left.parent == scratch
    for each in (page.process.pid, *guards):
        os.kill(each, signal.SIGKILL)
    page.process.wait()

    again = open_page(home, TMPDIR=str(scratch))
    assert not any(Path(f"/proc/{each}").exists() for each in processes), "two would have the schedule"
    assert not left.exists()
    assert [folder.name for folder in scratch.iterdir()] == [private_folder(children(again.process.pid)).name]
    again.process.send_signal(signal.SIGTERM)
    again.process.communicate(timeout=300)
    assert list(scratch.iterdir()) == []
    scratch.rmdir()


def test_a_password_opens_the_page_to_others_and_no_process_has_it(open_page: Open, tmp_path: Path) -> None:
    page = open_page(
        tmp_path / "home", "--host", "0.0.0.0", "--allow-host", "parcours.example.com", PARCOURS_UI_PASSWORD=PASSWORD
    )
    processes = children(page.process.pid)
    for process in processes:
        assert PASSWORD.encode() not in Path(f"/proc/{process}/environ").read_bytes()
    assert answers(page)  # By `Authorization: Bearer`.
    assert page.ask("GET", f"/?token={PASSWORD.replace(' ', '%20')}").status == 401  # In an address it would be kept.
    name = "parcours.example.com"
    # A proxy that sends the password for whom it has signed in: what their browsers say of the page still counts.
    proxied = {"host": name, "authorization": f"Bearer {PASSWORD}", "content_type": "application/json"}
    for origin, status in ((f"https://{name}", 200), ("https://evil.example", 403), ("null", 403)):
        assert page.ask("POST", "/graphql", page.question(RUNS), origin=origin, **proxied).status == status
    form = {"host": name, "origin": f"https://{name}", "content_type": "application/x-www-form-urlencoded"}
    let_in = page.ask("POST", "/sign-in", f"secret={PASSWORD.replace(' ', '+')}", **form)
    assert (let_in.status, let_in.headers["Set-Cookie"].split("; ")[-1]) == (303, "Secure")
    cookie = let_in.headers["Set-Cookie"].partition(";")[0]

    began = time.monotonic()
    told = [page.ask("POST", "/sign-in", f"secret=guess{number}", **form).status for number in range(100)]
    assert time.monotonic() - began < 60
    assert told.count(401) < 12
    late = page.ask("POST", "/sign-in", f"secret={PASSWORD.replace(' ', '+')}", **form)
    assert (late.status, 0 < int(late.headers["Retry-After"]) <= 60) == (429, True)
    assert page.ask("GET", "/", cookie=cookie, host=name).status == 200  # Who is in stays in.

    folder = private_folder(processes)
    signed_in = {"cookie": cookie, "host": name, "origin": f"https://{name}", "content_type": "application/json"}
    assert "LaunchRunSuccess" in page.ask("POST", "/graphql", page.question(NIGHTLY), **signed_in).body
    assert wait_until(lambda: "STARTED" in page.ask("POST", "/graphql", page.question(RUNS), **signed_in).body)
    page.process.send_signal(signal.SIGTERM)
    out, _ = page.process.communicate(timeout=300)
    assert page.process.returncode == 0
    assert out.endswith("Dagster has stopped.\n")
    with dg.DagsterInstance.from_config(str(page.home / "dagster")) as instance:
        [run] = instance.get_runs()
        assert run.status == dg.DagsterRunStatus.CANCELED
        checks = instance.all_logs(run.run_id, of_type={dg.DagsterEventType.ASSET_CHECK_EVALUATION})
        assert all(each.dagster_event.asset_check_evaluation_data.passed for each in checks if each.dagster_event)
    assert none_is_left(processes)
    assert not folder.exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "0", ""])
def test_nobody_else_is_let_in_unasked(
    host: str, parcours: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    refused = parcours("ui", "--home", tmp_path / "home", "--host", host, "--port", free_port())
    assert refused.returncode == 2
    for way in ("ssh -L", "PARCOURS_UI_PASSWORD_FILE", "--proxy", "TLS", "docs/security.md"):
        assert way in refused.stderr
    assert not (tmp_path / "home" / "dagster").exists()


def test_a_host_name_that_leads_elsewhere_is_refused(
    parcours: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    name = socket.gethostname()
    if all(each[4][0].startswith("127.") for each in socket.getaddrinfo(name, None)):  # type: ignore[union-attr]
        pytest.skip("the name of this machine leads to loopback")
    refused = parcours("ui", "--home", tmp_path / "home", "--host", name, "--port", free_port())
    assert refused.returncode == 2
    assert "nobody would ask them who they are" in refused.stderr


@pytest.mark.parametrize("is_deaf", [False, True])
def test_the_guard_ends_the_whole_group_when_its_pipe_closes(is_deaf: bool, tmp_path: Path) -> None:
    """Also a grandchild that does not listen."""
    deaf = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN);" if is_deaf else ""
    sleeper = f"{deaf}import time; time.sleep(300)"
    parent = (
        f"{deaf}import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', {sleeper!r}]);"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(p.pid)); time.sleep(300)"
    )
    quick = tmp_path / "guard.py"
    quick.write_text(Path(guard.__file__).read_text().replace("GRACE_SECONDS = 25.0", "GRACE_SECONDS = 1.0"))
    guarding = subprocess.Popen([sys.executable, quick, sys.executable, "-c", parent], stdin=subprocess.PIPE)
    assert wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() != "", 30)
    grandchild = int((tmp_path / "pid").read_text())
    guarding.send_signal(signal.SIGINT)  # It does not go before what it guards.
    time.sleep(0.3)
    assert guarding.poll() is None
    assert guarding.stdin is not None
    guarding.stdin.close()
    assert guarding.wait(30) != 0
    assert none_is_left({grandchild: "sleeper"})


ELSEWHERE = (
    "import runpy, sys; sys.platform = 'darwin'; sys.argv.pop(0); runpy.run_path(sys.argv[0], run_name='__main__')"
)


@pytest.mark.parametrize("is_killed", [True, False])
def test_where_the_system_ties_no_process_to_its_guard_a_watcher_does(is_killed: bool, tmp_path: Path) -> None:
    sleeper = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(300)"
    command = [sys.executable, "-c", ELSEWHERE, guard.__file__, sys.executable, "-c", sleeper]
    guarding = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() != "", 30)
    assert wait_until(lambda: any(guard.WATCH in command for command in children(guarding.pid).values()), 30)
    processes = children(guarding.pid)
    assert int((tmp_path / "pid").read_text()) in processes
    assert guarding.stdin is not None
    if is_killed:
        guarding.kill()
        guarding.wait()
    guarding.stdin.close()
    guarding.wait(60)
    assert none_is_left(processes)


def test_the_guard_tells_how_a_process_ended() -> None:
    for end, code in (("sys.exit(7)", 7), ("os.kill(os.getpid(), 9)", 128 + 9)):
        ended = subprocess.Popen(
            [sys.executable, guard.__file__, sys.executable, "-c", f"import os, sys; {end}"], stdin=subprocess.PIPE
        )
        assert ended.wait(30) == code
        assert ended.stdin is not None
        ended.stdin.close()
