"""The published file opens, is one that a run has published, and there is one before it to go back to."""

from pathlib import Path

import duckdb

from pipelines.doctor.findings import Case, Examined, Finding
from pipelines.lake.tables import Lake
from pipelines.warehouse import previous
from pipelines.warehouse.publish import find_publication, is_previous_known, is_record_damaged

SUBJECT = "warehouse"


def examine(case: Case) -> Examined:
    home = case.home
    if not home.warehouse.exists():
        if Lake(home.lake).committed_ledger.exists():
            what = f"{home.warehouse} is not there: it was removed, or the home was restored and has not run since."
            return Examined(SUBJECT, "", (Finding(what, f"`parcours run --home {home.root}` publishes it anew."),))
        finding = Finding("Nothing is published yet.", "`parcours run` publishes.", is_grave=False)
        return Examined(SUBJECT, "", (finding,))
    findings = []
    marts = _count_marts(home.warehouse)
    if not marts:
        findings.append(
            Finding(f"{home.warehouse} is damaged, or no warehouse.", "`parcours rollback`, or `parcours run` anew.")
        )
    before = "no previous one yet"
    if previous.is_kept(home):
        before = "the previous one is there"
        if not is_previous_known(home):
            findings.append(
                Finding(
                    f"{home.previous_warehouse} is damaged, or none that a run here has published: there is nothing "
                    "to roll back to.",
                    "The next run puts another in its place.",
                    is_grave=False,
                )
            )
    publication = find_publication(home)
    as_of = f" of {publication.as_of}" if publication else ""
    if is_record_damaged(home):
        findings.append(
            Finding(
                f"{home.warehouse} is none that a run here has on record: it was changed or put there since, or the "
                "record (lake/state/publications.jsonl) is damaged.",
                "`parcours run` publishes it anew.",
            )
        )
    elif publication is None:
        findings.append(
            Finding(
                f"{home.warehouse} is none that a run here has published: it was changed or put there since, or the "
                "home was restored from a backup that is older.",
                "`parcours run` publishes it anew.",
            )
        )
    return Examined(SUBJECT, f"the warehouse{as_of} opens, with {marts} marts; {before}", tuple(findings))


def _count_marts(file: Path) -> int:
    """How many tables its schema ``marts`` has; 0 where it is no database. Raises OSError where it is closed to us."""
    with file.open("rb"):
        pass
    try:
        with duckdb.connect(file, read_only=True) as connection:
            [(count,)] = connection.execute(
                "select count(*) from information_schema.tables where table_schema = 'marts'"
            ).fetchall()
    except duckdb.Error:
        return 0
    return int(count)
