"""What is to start the nights does: one has begun since the last was due."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pipelines.config.home import find_sources
from pipelines.config.sources import Sources, load_sources
from pipelines.doctor.findings import Case, Examined, Finding
from pipelines.doctor.standing import Standing
from pipelines.errors import ConfigurationError
from pipelines.nights.record import read_last_night
from pipelines.nights.settings import Nights, find_nights, load_nights

SUBJECT = "schedule"
SILENT = timedelta(minutes=5)
"""The daemon is heard of twice a minute; a loaded machine takes its time."""
GRACE = timedelta(minutes=15)
"""Between the time of a night and its first sign of life: the daemon, a queue, a process that starts."""


def examine(case: Case) -> Examined:
    sources_file: Path | None = None
    timezone = str(Sources.model_fields["timezone"].default)
    try:
        sources_file = find_sources(case.sources, case.home)
        timezone = load_sources(sources_file).timezone
    except ConfigurationError:
        pass  # Told with the configuration.
    declared = find_nights(case.home, sources_file)
    try:
        nights = load_nights(declared)
    except ConfigurationError:
        return Examined(SUBJECT, "not looked at: nights.yml is to be corrected first")
    now = datetime.now(UTC)
    overdue = _find_overdue(case, nights, declared, timezone, now)
    if nights.started_by == "timer":
        return _judge_timer(nights, overdue)
    return _judge_dagster(case, nights, overdue, now, is_declared=declared is not None)


def _judge_timer(nights: Nights, overdue: str) -> Examined:
    if not overdue:
        return Examined(SUBJECT, f"cron or systemd starts the nights ({nights.starts_at:%H:%M}), and has")
    fix = (
        "See that it is on (`systemctl list-timers parcours-night`, `crontab -l`) and what its last start said "
        "(`journalctl -u parcours-night`). Where it starts at another time, say so: `starts_at` in nights.yml."
    )
    return Examined(SUBJECT, "", (Finding(overdue, fix),))


def _judge_dagster(case: Case, nights: Nights, overdue: str, now: datetime, *, is_declared: bool) -> Examined:
    standing = _ask(case)
    if standing is None:
        finding = Finding(
            f"Dagster's records in {case.home.dagster} cannot be asked how the schedule stands.",
            "See `run records` below; where they lie in PostgreSQL, that it is up and its password is set here too.",
        )
        return Examined(SUBJECT, "", (finding,))
    if standing.heard_at is None and not is_declared:
        return Examined(SUBJECT, "nothing starts the nights by itself: runs are yours to start (docs/nights.md)")
    is_up = standing.heard_at is not None and now - standing.heard_at <= SILENT
    findings = []
    if standing.is_stopped:
        findings.append(
            Finding(
                "The schedule every_night is stopped: no night begins by itself.",
                "Turn it on in Dagster's page (Automation); where cron or systemd starts the nights, say "
                "`started_by: timer` in nights.yml.",
            )
        )
    if standing.failed_at is not None:
        findings.append(
            Finding(
                f"The schedule every_night could not start the night of {standing.failed_at:%Y-%m-%d %H:%M} UTC.",
                "Its tick in Dagster's page (Automation) says why: mostly a file that `sources` or `nights` tells of.",
            )
        )
    if overdue and not findings:
        heard = "was never up" if standing.heard_at is None else f"was last heard of {standing.heard_at:%Y-%m-%d %H:%M}"
        cause = "Dagster's daemon is up and its schedule on" if is_up else f"Dagster's daemon {heard} UTC"
        findings.append(
            Finding(
                f"{overdue} {cause}.",
                "Open the page and keep it open (`parcours ui`, deploy/systemd/parcours-page.service, `docker compose "
                "up -d`); where cron or systemd starts the nights, say `started_by: timer` in nights.yml.",
            )
        )
    how = "Dagster's daemon is up, and its schedule on" if is_up else "the nights have begun, though not by Dagster"
    return Examined(SUBJECT, f"{how}; the next is at {nights.starts_at:%H:%M}", tuple(findings))


def _ask(case: Case) -> Standing | None:
    """None where there are records, and they cannot be asked."""
    if case.ask_dagster is None or not (case.home.dagster / "dagster.yaml").exists():
        return Standing()
    try:
        return case.ask_dagster(case.home.dagster)
    except Exception:  # Whatever storage Dagster has, it fails in its own way.
        return None


def _find_overdue(case: Case, nights: Nights, declared: Path | None, timezone: str, now: datetime) -> str:
    """In words, that no night has begun since the last one was due; empty where one has, or none was due yet."""
    zone = ZoneInfo(timezone)
    today = now.astimezone(zone).date()
    dues = [datetime.combine(today - timedelta(days=days), nights.starts_at, zone).astimezone(UTC) for days in range(2)]
    due = next((each for each in dues if each + GRACE <= now), dues[-1])
    last = read_last_night(case.home).last
    begun = None if last is None else datetime.fromisoformat(last.began_at)
    # What a night of the same day has read when its exports came, hours before, is not read again at its time.
    midnight = datetime.combine(due.astimezone(zone).date(), datetime.min.time(), zone).astimezone(UTC)
    since = midnight if nights.when_exports_arrive else due - GRACE
    if begun is not None and begun >= since:
        return ""
    if begun is None and (declared is None or datetime.fromtimestamp(declared.stat().st_mtime, UTC) >= due):
        return ""
    known = "none ever has" if begun is None else f"the last began {begun.astimezone(zone):%Y-%m-%d %H:%M}"
    return f"No night has begun since one was due at {due.astimezone(zone):%Y-%m-%d %H:%M} ({timezone}): {known}."
