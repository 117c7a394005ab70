"""The home folder is there, belongs to who runs this, and can be written to."""

import os

from pipelines.doctor.findings import Case, Examined, Finding
from pipelines.lake.owner_only import name_user

SUBJECT = "home"


def examine(case: Case) -> Examined:
    root = case.home.root
    if not root.is_dir():
        finding = Finding(
            f"There is no folder {root}.", f"`parcours run --home {root}` makes it; or name another with --home."
        )
        return Examined(SUBJECT, "", (finding,))
    findings, owner = [], root.stat().st_uid
    if owner != os.geteuid():
        findings.append(
            Finding(
                f"{root} belongs to {name_user(owner)}, and this runs as {name_user(os.geteuid())}.",
                f"Run Parcours as {name_user(owner)}: what others write there, that user cannot replace.",
            )
        )
    if os.statvfs(root).f_flag & os.ST_RDONLY:
        findings.append(
            Finding(
                f"{root} lies on a disk that is mounted read only: it can be read, and no run can write there.",
                "Mount it for writing, or copy the home to another disk and name that with --home.",
            )
        )
    elif owner == os.geteuid() and not os.access(root, os.R_OK | os.W_OK | os.X_OK):
        findings.append(
            Finding(
                f"{root} cannot be written to by {name_user(os.geteuid())}.",
                f"Open it to yourself: chmod u+rwx {root}",
            )
        )
    return Examined(SUBJECT, f"{root} is there, and can be written to", tuple(findings))
