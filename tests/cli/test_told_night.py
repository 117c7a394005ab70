"""A run of the command as a night: however it ends, those whom nights.yml names are told of it once."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.nights.telling import SILENT_SECONDS
from tests.nights.listeners import MailServer, WebServer

Command = Callable[..., subprocess.CompletedProcess[str]]

# Where it is about noon, so that no time of the day that is named here is near.
ZONE = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"
SOURCES = """
timezone: {zone}
sources:
  - name: crm
    kind: crm
    connector: {{type: files, root: .}}
    tables:
      contacts: {{from: contacts.csv, columns: {{contact_id: id}}}}
"""
NIGHTS = """
delivery: {{attempts: 2, pause_seconds: 0.01, timeout_seconds: 5}}
alerts:
  - {{type: email, to: ops@shop.example, from: nights@shop.example, server: 127.0.0.1, port: {mail}, security: none}}
  - {{type: webhook, url: "http://127.0.0.1:{web}/hook", token: "${{HOOK_TOKEN}}"}}
heartbeat: {{url: "http://127.0.0.1:{web}/beat"}}
"""
TOKEN = {"HOOK_TOKEN": "token-needle-4711"}


@pytest.fixture
def folder(tmp_path: Path, mail: MailServer, web: WebServer) -> Path:
    """Sources whose export is not there, and who is to be told of it."""
    (tmp_path / "sources.yml").write_text(SOURCES.format(zone=ZONE))
    (tmp_path / "nights.yml").write_text(NIGHTS.format(mail=mail.port, web=web.port))
    return tmp_path


@pytest.fixture
def run(fork_parcours: Command, folder: Path) -> Command:
    def start(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
        named = "--home", folder / "home", "--sources", folder / "sources.yml"
        return fork_parcours("run", *named, *arguments, **{**TOKEN, **options})

    return start


def add(folder: Path, text: str) -> None:
    with (folder / "nights.yml").open("a") as file:
        file.write(text)


def last_night(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "home" / "last_night.json").read_text()))


def hooked(web: WebServer) -> list[dict[str, Any]]:
    return [call.json for call in web.calls if call.path == "/hook"]


def beats(web: WebServer) -> list[str]:
    return [path for path in web.paths if path != "/hook"]


def test_a_failed_run_is_told_by_every_way_with_its_fix_and_nothing_secret(
    run: Command, folder: Path, mail: MailServer, web: WebServer
) -> None:
    ended = run()
    assert ended.returncode == 1
    [message], [hook] = [each for each in mail.messages if "failed" in each["Subject"]], hooked(web)
    assert "No file matches" in message.get_content()
    assert hook["failures"][0]["owner"] == "data-platform"
    noted = last_night(folder)
    assert (hook["run_id"], hook["as_of"]) == (noted["run_id"], noted["as_of"])
    assert noted["state"] == "failed"
    assert beats(web) == ["/beat/start", "/beat/fail"]
    kept = b"".join(file.read_bytes() for file in (folder / "home").rglob("*") if file.is_file())
    assert b"needle" not in kept
    assert "needle" not in ended.stdout + ended.stderr
    assert {oct(file.stat().st_mode & 0o077) for file in (folder / "home" / "nights").rglob("*")} == {"0o0"}


def test_a_server_that_is_down_changes_neither_the_exit_code_nor_what_is_said(
    run: Command, folder: Path, web: WebServer
) -> None:
    (folder / "nights.yml").write_text(NIGHTS.format(mail=9, web=9))
    ended = run()
    assert ended.returncode == 1
    assert "Nothing was published." in ended.stderr
    assert "did not arrive by email-1: the mail server cannot be reached (Connection refused)" in ended.stderr
    assert "attempt 2, it is tried again in an hour" in ended.stderr
    assert "heartbeat 'fail' did not arrive" in ended.stderr


def test_a_sources_yml_with_faults_is_told_too(run: Command, folder: Path, mail: MailServer, web: WebServer) -> None:
    (folder / "sources.yml").write_text("timezone: Mars/Olympus\n")
    assert run().returncode == 2
    [hook] = hooked(web)
    assert "unknown time zone 'Mars/Olympus'" in hook["text"]
    assert beats(web) == ["/beat/fail"]


def test_a_first_attempt_with_a_mistake_leaves_no_home_behind(run: Command, folder: Path) -> None:
    (folder / "nights.yml").unlink()
    (folder / "sources.yml").write_text("timezone: Mars/Olympus\n")
    assert run().returncode == 2
    assert not (folder / "home").exists()


def test_a_nights_yml_with_faults_keeps_the_run_from_beginning(run: Command, folder: Path) -> None:
    add(folder, "alarms: []\n")
    ended = run()
    assert ended.returncode == 2
    assert "did you mean 'alerts'?" in ended.stderr
    assert not (folder / "home").exists()


def test_a_run_that_somebody_watches_tells_nobody(run: Command, folder: Path, mail: MailServer, web: WebServer) -> None:
    add(folder, 'freshness: {crm: {expected_by: "23:50"}}\n')
    assert run("--attended").returncode == 1
    assert (mail.messages, web.calls) == ([], [])
    assert last_night(folder)["state"] == "failed"


def test_a_source_that_a_night_may_not_do_without_stops_it(run: Command, folder: Path, web: WebServer) -> None:
    (folder / "contacts.csv").write_text("id\n1\n")
    os.utime(folder / "contacts.csv", (10**6, 10**6))  # Of 1970 in any time zone.
    add(folder, "freshness: {crm: {max_age_hours: 30, then: stop}}\n")
    ended = run()
    assert ended.returncode == 1
    late, failed = hooked(web)
    assert (late["kind"], failed["kind"]) == ("late", "failed")
    assert "no_source_is_missing_that_a_night_needs" in failed["text"]
    assert "source crm is late: the newest file of table contacts is of 1970" in ended.stderr


def test_a_run_that_is_stopped_while_it_waits_is_told_but_not_to_whoever_pressed_ctrl_c(
    run: Command, folder: Path, web: WebServer, mail: MailServer
) -> None:
    add(folder, 'freshness: {crm: {expected_by: "23:50"}}\n')
    words = "waiting for the exports of crm"
    assert run(kill_at=words, by=signal.SIGINT).returncode == 130
    assert (hooked(web), last_night(folder)["state"]) == ([], "stopped")
    assert run(kill_at=words, by=signal.SIGTERM).returncode == 143
    [hook] = hooked(web)
    assert "Stopped by SIGTERM" in hook["text"]
    assert beats(web) == ["/beat/start", "/beat/fail"] * 2


def test_a_run_that_takes_longer_than_its_limit_is_ended_and_told(
    run: Command, folder: Path, web: WebServer, mail: MailServer
) -> None:
    add(folder, 'time_limit_minutes: 0.1\nfreshness: {crm: {expected_by: "23:50"}}\n')
    ended = run()
    assert ended.returncode == 143
    assert "Stopped by its time limit: it took longer than 0.1 minutes (time_limit_minutes" in ended.stderr
    [hook] = hooked(web)
    assert "its time limit" in hook["text"]
    assert last_night(folder)["state"] == "stopped"


def test_a_killed_run_is_told_by_the_watch_once_and_the_next_run_takes_its_place(
    run: Command, fork_parcours: Command, folder: Path, web: WebServer, mail: MailServer
) -> None:
    add(folder, 'freshness: {crm: {expected_by: "23:50"}}\n')
    assert run(kill_at="waiting for the exports of crm").returncode == -signal.SIGKILL
    killed = last_night(folder)["run_id"]
    long_ago = time.time() - SILENT_SECONDS - 60
    os.utime(folder / "home" / "last_night.json", (long_ago, long_ago))
    asked = "watch", "--home", folder / "home", "--sources", folder / "sources.yml"
    watched = [fork_parcours(*asked, **TOKEN) for _ in range(2)]
    assert [each.returncode for each in watched] == [1, 1], watched
    assert f"Run {killed} was killed." in watched[0].stdout
    (folder / "contacts.csv").unlink(missing_ok=True)
    assert run("--attended").returncode == 1
    assert [(hook["run_id"], "was killed" in hook["text"]) for hook in hooked(web)] == [(killed, True)]


def test_a_run_that_finds_another_killed_tells_of_it(run: Command, folder: Path, web: WebServer) -> None:
    add(folder, 'freshness: {crm: {expected_by: "23:50"}}\n')
    run(kill_at="waiting for the exports of crm")
    killed = last_night(folder)["run_id"]
    (folder / "nights.yml").write_text((folder / "nights.yml").read_text().partition("freshness")[0])
    run()
    told = [(hook["run_id"], "was killed" in hook["text"]) for hook in hooked(web)]
    assert told == [(killed, True), (last_night(folder)["run_id"], False)]
