"""Python and the packages are those that this version of Parcours was tried with."""

import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pipelines.config.repository import REPOSITORY
from pipelines.doctor.findings import Case, Examined, Finding
from pipelines.name_lists import list_names

SUBJECT = "versions"
LOCK = REPOSITORY / "requirements.lock"
OLDEST, NEWER = (3, 11), (3, 14)
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)[ \t]*(;?)", re.MULTILINE)
EXAMPLES = 5
MISSING = "missing"


def examine(case: Case) -> Examined:  # noqa: ARG001  # the machine's, whatever the home is
    python, findings = ".".join(map(str, sys.version_info[:3])), []
    if not OLDEST <= sys.version_info[:2] < NEWER:
        findings.append(Finding(f"Python {python} is none of 3.11 to 3.13.", "make clean setup PYTHON=python3.11"))
    if not LOCK.is_file():
        return Examined(SUBJECT, f"Python {python}; no requirements.lock to compare with", tuple(findings))
    pinned = _read_pinned(LOCK)
    found = {name: _find(name) for name in pinned}
    others = sorted(
        f"{name} {found[name]}, not {' or '.join(sorted(wanted - {MISSING}))}"
        for name, wanted in pinned.items()
        if found[name] not in wanted
    )
    if others:
        named = list_names(others, most=EXAMPLES, mark="; ")
        findings.append(
            Finding(
                f"{len(others)} packages are not those of requirements.lock: {named}.",
                "`make setup` installs them; runs may do well with others, and were not tried.",
                is_grave=False,
            )
        )
    return Examined(SUBJECT, f"Python {python}, {len(pinned)} packages as locked", tuple(findings))


def _read_pinned(lock: Path) -> dict[str, set[str]]:
    """The versions of each package; one that only some machines need may be missing as well."""
    pinned: dict[str, set[str]] = {}
    for name, wanted, condition in _PINNED.findall(lock.read_text(encoding="utf-8")):
        pinned.setdefault(name, set()).update({wanted, MISSING} if condition else {wanted})
    return pinned


def _find(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return MISSING
