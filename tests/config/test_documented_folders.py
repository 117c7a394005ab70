"""Homes, exports and pages under the names that the docs propose are never offered to version control."""

import re
import subprocess

import pytest

from pipelines.config.repository import REPOSITORY

PAGES = (*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md"), REPOSITORY / "data" / "README.md")
WRITES = re.compile(r"(?:--home|--out|--html|parcours init|parcours export(?: --format \w+)?)[ =](?!--)([\w./-]+)")


def proposed() -> list[str]:
    """Every folder or file that a documented command writes to; words in capitals stand for any."""
    found = {name for page in PAGES for name in WRITES.findall(page.read_text(encoding="utf-8"))}
    return sorted(name for name in found if name != name.upper() and not name.startswith(("/", "data/sample")))


def test_the_docs_propose_some() -> None:
    assert {"my", "my/home", "home", "world", "work", "exports", "out"} <= set(proposed())


@pytest.mark.parametrize("name", proposed())
def test_what_a_documented_command_writes_is_ignored(name: str) -> None:
    if not (REPOSITORY / ".git").exists():
        pytest.skip("not a clone")
    written = name if name.endswith(".html") else f"{name}/customers.csv"
    ignored = subprocess.run(["git", "check-ignore", "-q", "--no-index", written], cwd=REPOSITORY, check=False)
    assert ignored.returncode == 0, f"{written} would be committed with the next `git add`: add it to .gitignore"
