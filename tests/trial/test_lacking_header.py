"""An export without a header: that is told first, before all that follows from it."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

SOURCES = """\
sources:
  - name: crm
    kind: crm
    connector: {type: files, root: .}
    tables:
      contacts:
        from: contacts.csv
        columns: {contact_id: "trim(id)", email: "lower(mail)", first_name: "trim(first)"UPDATED}
"""


@pytest.mark.parametrize("updated", ["", ', updated_at: "cast(changed as timestamp)"'])
def test_the_cause_comes_before_its_consequences(
    updated: str, parcours: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "sources.yml").write_text(SOURCES.replace("UPDATED", updated))
    (tmp_path / "contacts.csv").write_text("17,Zoe,zoe@example.org,2026-01-01\n18,Ann,ann@example.org,2026-01-02\n")
    checked = parcours("check", "--sources", tmp_path / "sources.yml")
    assert checked.returncode != 0
    faults = [line for line in checked.stdout.splitlines() if line.startswith("  ") and ": crm, crm/contacts" in line]
    assert "does not look like a header" in faults[0], checked.stdout
    assert checked.stdout.count("does not look like a header") == 1
    assert len(faults) > 1
    assert "zoe" not in checked.stdout.lower()
