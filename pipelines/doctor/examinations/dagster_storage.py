"""Dagster's records of the runs open, and its settings can be read."""

import sqlite3
from contextlib import closing
from pathlib import Path

import yaml

from pipelines.doctor.findings import Case, Examined, Finding

SUBJECT = "run records"


def examine(case: Case) -> Examined:
    folder = case.home.dagster
    if not folder.is_dir():
        return Examined(SUBJECT, "no run is on record yet")
    findings = []
    settings = folder / "dagster.yaml"
    try:
        if settings.exists():
            yaml.safe_load(settings.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        findings.append(Finding(f"{settings} is no YAML.", "Correct it, or take it away: the next run writes another."))
    databases = sorted(folder.rglob("*.db"))
    findings += [
        Finding(
            f"{database} is damaged: it holds records of runs, no customers.",
            "Take it away while nothing runs; Dagster makes another.",
        )
        for database in databases
        if not _is_sound(database)
    ]
    return Examined(SUBJECT, f"{len(databases)} databases of Dagster open", tuple(findings))


def _is_sound(database: Path) -> bool:
    with database.open("rb"):
        pass  # SQLite would not say that it is closed to us.
    is_in_use = database.with_name(f"{database.name}-wal").exists()
    how = "mode=ro" if is_in_use else "immutable=1"  # Else SQLite makes a log and an index of it, if only to read.
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?{how}", uri=True)) as connection:
            [(answer,)] = connection.execute("pragma quick_check").fetchall()[:1]
    except sqlite3.OperationalError:
        return True  # Locked by a run, or its log cannot be opened on a disk that is read only: not damaged.
    except sqlite3.DatabaseError:
        return False
    return bool(answer == "ok")
