"""The ledger of customer ids can be read: without it, every id ever issued is lost."""

import polars as pl

from pipelines.doctor.findings import Case, Examined, Finding
from pipelines.lake.tables import Lake

SUBJECT = "ledger"
RESTORE = "Restore it from a backup, as `kept state` below says: without it, every customer would get a new id."


def examine(case: Case) -> Examined:
    lake = Lake(case.home.lake)
    ledger = lake.committed_ledger
    if not ledger.exists():
        if case.home.warehouse.exists():
            finding = Finding(f"{ledger} is gone, though a warehouse is published.", RESTORE)
            return Examined(SUBJECT, "", (finding,))
        return Examined(SUBJECT, "no customer id is published yet")
    with ledger.open("rb"):
        pass  # Polars would not say that it is closed to us.
    try:
        entries = pl.read_parquet(ledger, glob=False).height
    except pl.exceptions.PolarsError:
        return Examined(SUBJECT, "", (Finding(f"{ledger} is damaged.", RESTORE),))
    return Examined(SUBJECT, f"{entries:,} entries can be read")
