"""The doctor looks whether what is to start the nights does."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.config.home import Home
from pipelines.doctor.examinations import schedule
from pipelines.doctor.findings import Case, Examined
from pipelines.doctor.standing import Standing
from pipelines.nights import record

NOW = datetime(2026, 3, 30, 9, 0, tzinfo=UTC)
DUE = datetime(2026, 3, 30, 0, 0, tzinfo=UTC)  # Two in the morning of Paris.

Examine = Callable[..., Examined]


class Clock(datetime):
    @classmethod
    def now(cls, tz: Any = None) -> "Clock":
        return cls.fromtimestamp(NOW.timestamp(), tz)


@pytest.fixture
def examine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Examine:
    """Examines a home of Paris whose last night began so many hours ago, and whose nights.yml is a week old."""
    monkeypatch.setattr(schedule, "datetime", Clock)
    home = Home(tmp_path)
    (tmp_path / "sources.yml").write_text(
        "timezone: Europe/Paris\nsources:\n"
        "- {name: crm, kind: crm, connector: {type: files, root: .}, tables: {contacts: {from: c.csv}}}\n"
    )
    home.dagster.mkdir()
    (home.dagster / "dagster.yaml").touch()

    def run(
        nights: str | None = "", began: datetime | None = None, standing: Standing | None = None, declared: float = 7
    ) -> Examined:
        file = tmp_path / "nights.yml"
        file.unlink(missing_ok=True)
        if nights is not None:
            file.write_text(nights)
            moment = (NOW - timedelta(days=declared)).timestamp()
            os.utime(file, (moment, moment))
        if began is not None:
            record.end_night(home, f"r{began:%d%H%M}", "2026-03-28", "published", began, began + timedelta(minutes=9))

        def ask(_: Path) -> Standing:
            if standing is None:
                raise OSError
            return standing

        return schedule.examine(Case(home, tmp_path / "sources.yml", ask))

    return run


def tell(examined: Examined) -> str:
    assert examined.findings, examined.well
    return "\n".join(f"{finding.what} {finding.fix}" for finding in examined.findings)


ALIVE = Standing(heard_at=NOW - timedelta(seconds=40))
SILENT = Standing(heard_at=NOW - timedelta(days=3))
TIMER = "started_by: timer\n"


def test_a_timer_that_has_started_the_last_night_is_well(examine: Examine) -> None:
    assert "has" in examine(TIMER, DUE + timedelta(minutes=1)).well


@pytest.mark.parametrize("began", [DUE - timedelta(hours=1), DUE - timedelta(days=1), None])
def test_a_timer_that_has_not_is_told_with_where_to_look(examine: Examine, began: datetime | None) -> None:
    said = tell(examine(TIMER, began))
    assert "No night has begun since one was due at 2026-03-30 02:00 (Europe/Paris)" in said
    assert "systemctl list-timers" in said


def test_a_night_that_is_due_in_this_moment_is_not_missing_yet(examine: Examine) -> None:
    assert not examine("starts_at: '10:55'\nstarted_by: timer\n", NOW - timedelta(days=1, minutes=3)).findings
    assert examine("starts_at: '10:40'\nstarted_by: timer\n", NOW - timedelta(days=1, minutes=3)).findings


def test_what_was_declared_after_the_night_was_due_has_missed_none(examine: Examine) -> None:
    assert not examine(TIMER, declared=0.1).findings


def test_exports_that_came_in_the_evening_before_midnight_began_no_night_of_today(examine: Examine) -> None:
    waits = "when_exports_arrive: true\nstarted_by: timer\nstarts_at: '06:00'\n"
    assert not examine(waits, datetime(2026, 3, 29, 22, 30, tzinfo=UTC)).findings, "at half past midnight of Paris"
    assert examine(waits.replace("when", "#when"), None).findings


def test_a_daemon_that_is_up_with_its_schedule_on_is_well(examine: Examine) -> None:
    examined = examine("", DUE + timedelta(minutes=1), ALIVE)
    assert not examined.findings
    assert "daemon is up" in examined.well


def test_a_daemon_that_is_silent_is_told_where_a_night_was_missed(examine: Examine) -> None:
    said = tell(examine("", DUE - timedelta(days=2), SILENT))
    assert "Dagster's daemon was last heard of 2026-03-27 09:00 UTC" in said
    assert "started_by: timer" in said
    assert not examine("", DUE + timedelta(minutes=1), SILENT).findings, "cron has started it"


def test_a_schedule_that_was_stopped_or_cannot_start_is_told_even_where_the_last_night_was_good(
    examine: Examine,
) -> None:
    began = DUE + timedelta(minutes=1)
    assert "every_night is stopped" in tell(examine("", began, Standing(ALIVE.heard_at, is_stopped=True)))
    failed = tell(examine("", began, Standing(ALIVE.heard_at, failed_at=DUE)))
    assert "could not start the night of 2026-03-30 00:00 UTC" in failed


def test_records_that_cannot_be_asked_are_told(examine: Examine) -> None:
    assert "cannot be asked" in tell(examine("", DUE, None))


def test_where_nothing_was_ever_to_start_nights_nothing_is_missing(examine: Examine) -> None:
    examined = examine(None, DUE - timedelta(days=9), Standing())
    assert not examined.findings
    assert "runs are yours to start" in examined.well


def test_in_the_night_that_has_no_two_o_clock_one_is_due_at_three(
    examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.doctor.test_schedule.NOW", datetime(2026, 3, 29, 9, 0, tzinfo=UTC))
    assert "due at 2026-03-29 03:00" in tell(examine(TIMER, datetime(2026, 3, 28, 1, 0, tzinfo=UTC)))
    assert not examine(TIMER, datetime(2026, 3, 29, 1, 0, tzinfo=UTC)).findings
