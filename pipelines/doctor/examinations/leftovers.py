"""What killed runs left behind: temporary files that nobody will read."""

import re
import shutil
import time
from pathlib import Path

from pipelines.doctor.exposed_files import find_made
from pipelines.doctor.findings import Case, Examined, Finding
from pipelines.lake import run_lock

SUBJECT = "leftovers"
OLD_SECONDS = 3600.0  # Younger ones may belong to a command that is at work without the lock, such as `report`.
_TEMPORARY = re.compile(r".+\.tmp-[\w-]+|docs-\w{8}")


def examine(case: Case) -> Examined:
    found = _find(case)
    if not found:
        return Examined(SUBJECT, "no temporary files of killed runs")
    finding = Finding(
        f"{len(found)} temporary files of killed runs are left, such as {found[0].relative_to(case.home.root)}.",
        f"`parcours doctor --home {case.home.root} --mend` removes them.",
        is_grave=False,
        mend=lambda: _remove(case),
    )
    return Examined(SUBJECT, "", (finding,))


def _find(case: Case) -> list[Path]:
    before = time.time() - OLD_SECONDS
    return sorted(
        Path(entry.path)
        for entry in find_made(case.home)
        if _TEMPORARY.fullmatch(entry.name) and entry.stat(follow_symlinks=False).st_mtime < before
    )


def _remove(case: Case) -> None:
    """Raises HomeInUseError while a run is at work, whose files they may be."""
    with run_lock.hold(case.home.root, "doctor"):
        for path in _find(case):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
