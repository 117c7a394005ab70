"""Runs as their logs tell them, however they ended."""

from pathlib import Path

import pytest

from pipelines.report.quality.run_logs import read_duration, read_runs

RUN = "8c8dd333-fe23-413e-8178-bb426400f774"


def write_log(folder: Path, started: str, *events: str) -> None:
    lines = [f"2026-03-01 {event[:8]},500 DEBUG nightly - {RUN} - 10293 - {event[9:]}" for event in events]
    (folder / f"{started}-8c8dd333.log").write_text("\n".join(["A library's line.", *lines, ""]))


def test_a_run_that_published_has_its_duration_and_steps(tmp_path: Path) -> None:
    write_log(
        tmp_path,
        "20260301T023000Z",
        '03:30:00 RUN_START - Started execution of run for "nightly".',
        '03:30:02 crm__contacts - STEP_SUCCESS - Finished execution of step "crm__contacts" in 1m4s',
        '03:31:00 published__warehouse - STEP_SUCCESS - Finished execution of step "published__warehouse" in 316ms',
        '03:31:01 RUN_SUCCESS - Finished execution of run for "nightly".',
    )
    [run] = read_runs(tmp_path)
    assert (run.run_id, run.outcome, run.is_published, run.seconds) == (RUN, "succeeded", True, 61.0)
    assert f"{run.started_at:%Y-%m-%d %H:%M}" == "2026-03-01 02:30"
    assert run.steps == {"crm/contacts": 64.0, "published/warehouse": 0.316}


def test_a_run_that_failed_names_its_steps_and_none_of_its_errors(tmp_path: Path) -> None:
    write_log(
        tmp_path,
        "20260301T023000Z",
        '03:30:00 RUN_START - Started execution of run for "nightly".',
        '03:30:09 crm__contacts - STEP_FAILURE - Execution of step "crm__contacts" failed.',
        '03:30:10 RUN_FAILURE - Execution of run for "nightly" failed.',
    )
    [run] = read_runs(tmp_path)
    assert (run.outcome, run.is_published, run.failed, run.seconds) == ("failed", False, ["crm/contacts"], 10.0)


def test_a_run_that_was_killed_has_no_end_and_the_latest_comes_first(tmp_path: Path) -> None:
    write_log(tmp_path, "20260301T023000Z", "03:30:00 RUN_START - Started.")
    write_log(tmp_path, "20260302T023000Z")
    (tmp_path / "notes.log").write_text("mine")
    later, earlier = read_runs(tmp_path)
    assert (earlier.outcome, earlier.run_id, later.run_id) == ("", RUN, "8c8dd333")
    assert read_runs(tmp_path / "nowhere") == []


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("Finished in 316ms", 0.316),
        ("Finished in 51.38s", 51.38),
        ("Finished in 1m4s", 64.0),
        ("Finished in 2h3m", 7380.0),
        ("Finished in 2h3m4s", 7384.0),
        ("Finished", None),
        ("Finished in time", None),
    ],
)
def test_durations_are_read_as_dagster_writes_them(told: str, seconds: float | None) -> None:
    assert read_duration(told) == seconds
