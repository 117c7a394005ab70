"""Who holds the home's lock, and so keeps other runs waiting."""

import errno

from pipelines.doctor.findings import Case, Examined
from pipelines.lake import run_lock

SUBJECT = "lock"


def examine(case: Case) -> Examined:
    try:
        is_free = run_lock.is_free(case.home.root)
    except OSError as error:
        if error.errno != errno.EROFS:
            raise
        return Examined(SUBJECT, "the home is read only: nobody can be at work on it from here")
    if is_free:
        return Examined(SUBJECT, "free: no run is at work")
    return Examined(SUBJECT, f"held by run {run_lock.last_holder(case.home.root)}, which is at work")
