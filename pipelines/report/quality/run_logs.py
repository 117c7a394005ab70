"""The runs of the command, read from their logs: when each began, how long it took, and how it and its steps ended.

Only names of steps and times are read; what an error says stays in the log.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

NAME = re.compile(r"(\d{8}T\d{6}Z)-([0-9a-f]{8})\.log")
EVENT = re.compile(
    r"(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) [A-Z]+ (?P<job>\w+) - (?P<run>[0-9a-f-]{36}) - \d+ - "
    r"(?:(?P<step>\w+) - )?(?P<event>RUN_[A-Z]+|STEP_(?:SUCCESS|FAILURE)) - (?P<told>.*)"
)
DURATION = re.compile(r" in (?:(\d+)h)?(?:(\d+)m(?!s))?(?:([\d.]+)s)?(?:([\d.]+)ms)?$")
ENDS = {"RUN_SUCCESS": "succeeded", "RUN_FAILURE": "failed", "RUN_CANCELED": "canceled"}
PUBLISHES = "published__warehouse"


@dataclass
class Run:
    """``seconds`` is up to its last event. ``outcome`` is empty of one that runs still, or was killed."""

    started_at: datetime
    run_id: str
    job: str = ""
    seconds: float = 0.0
    outcome: str = ""
    is_published: bool = False
    failed: list[str] = field(default_factory=list)
    steps: dict[str, float] = field(default_factory=dict)


def read_runs(folder: Path) -> list[Run]:
    """The runs whose logs are still in ``folder``, the latest first."""
    runs = []
    for file in sorted(folder.glob("*.log"), reverse=True):
        named = NAME.fullmatch(file.name)
        if named:
            run = Run(datetime.strptime(named[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC), named[2])
            _read(file, run)
            runs.append(run)
    return runs


def _read(file: Path, run: Run) -> None:
    first: datetime | None = None
    with file.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            event = EVENT.match(line.rstrip("\n"))
            if event is None:
                continue
            at = datetime.strptime(event["at"], "%Y-%m-%d %H:%M:%S,%f")  # noqa: DTZ007  # Only differences are told.
            first = first or at
            run.run_id, run.job = event["run"], event["job"]
            run.seconds = max(0.0, (at - first).total_seconds())
            _note(event, run)


def _note(event: re.Match[str], run: Run) -> None:
    run.outcome = ENDS.get(event["event"], run.outcome)
    step = event["step"]
    if step is None:
        return
    name = step.replace("__", "/", 1)
    if event["event"] == "STEP_FAILURE":
        run.failed.append(name)
    elif event["event"] == "STEP_SUCCESS":
        run.is_published |= step == PUBLISHES
        if (duration := read_duration(event["told"])) is not None:
            run.steps[name] = duration


def read_duration(told: str) -> float | None:
    """Seconds of a text that ends as Dagster tells durations: in 316ms, 51.38s, 1m4s or 2h3m."""
    found = DURATION.search(told)
    if found is None or not any(found.groups()):
        return None
    hours, minutes, seconds, milliseconds = (float(part or 0) for part in found.groups())
    whole = timedelta(hours=hours, minutes=minutes, seconds=seconds, milliseconds=milliseconds)
    return whole.total_seconds()
