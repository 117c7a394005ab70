"""All examinations of a home, and the mends that they offer."""

import os
from pathlib import Path
from types import ModuleType

from pipelines.doctor.examinations import OF_THE_HOME, OF_THE_MACHINE
from pipelines.doctor.findings import Case, Examined, Finding


def examine(case: Case) -> list[Examined]:
    """What each examination says; those of the home only where there is one, and it is not closed to us."""
    root = case.home.root
    is_open = root.is_dir() and os.access(root, os.R_OK | os.X_OK)
    modules = [*OF_THE_MACHINE, *(OF_THE_HOME if is_open else ())]
    return [_examine(module, case) for module in modules]


def mend(examined: list[Examined]) -> list[tuple[str, str]]:
    """Mends what can be; the subjects and what was wrong with them."""
    mended = []
    for each in examined:
        for finding in each.findings:
            if finding.mend is not None:
                finding.mend()
                mended.append((each.subject, finding.what))
    return mended


def _examine(module: ModuleType, case: Case) -> Examined:
    try:
        outcome: Examined = module.examine(case)
    except OSError as error:  # A folder that is closed to us, a disk that fails: that is an outcome too.
        where = Path(str(error.filename)) if error.filename else case.home.root
        finding = Finding(f"{where}: {error.strerror}.", "Run this as the user whose home it is, or look at the disk.")
        return Examined(module.SUBJECT, "", (finding,))
    return outcome
