"""The group that is declared to read the published file exists and reaches it."""

import stat

from pipelines.config.readers import find_group
from pipelines.doctor.findings import Case, Examined, Finding
from pipelines.warehouse.access import declared_readers, find_barrier

SUBJECT = "readers"


def examine(case: Case) -> Examined:
    home, name = case.home, declared_readers(case.home)
    if name is None:
        return Examined(SUBJECT, "no group is declared: the published file is its owner's alone")
    group = find_group(name)
    if group is None:
        finding = Finding(
            f"The group {name}, declared to read the published file, does not exist on this machine.",
            f"Make it (groupadd {name}), or correct `readers` in sources.yml; the next run applies it.",
        )
        return Examined(SUBJECT, "", (finding,))
    findings = []
    barrier = find_barrier(home, group)
    if barrier is not None:
        findings.append(
            Finding(
                f"{name} cannot reach {home.warehouse}: {barrier} is closed to that group.",
                f"Let the group pass: chgrp {name} {barrier} && chmod g+x {barrier}",
            )
        )
    if home.warehouse.exists():
        state = home.warehouse.stat()
        if state.st_gid != group or not state.st_mode & stat.S_IRGRP:
            findings.append(
                Finding(
                    f"{home.warehouse} is not readable by {name}, though declared to be.",
                    "The next publication opens it: `parcours run`.",
                )
            )
    return Examined(SUBJECT, f"{name} can read the published file", tuple(findings))
