"""The commands of the runbook's section on backups do what it says, one after the other."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.config.home import Home
from tests.kept_home import read_files

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook.md"


def list_commands() -> list[list[str]]:
    section = RUNBOOK.read_text(encoding="utf-8").partition("## Back up and restore\n")[2].partition("\n## ")[0]
    lines = re.findall(r"^\$ parcours (.*)$", section, re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


def test_the_documented_commands_restore_a_home_and_end_with_the_next_run(
    kept: Home, tmp_path: Path, parcours_here: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    kept.root.rename(tmp_path / "data")
    *commands, last = list_commands()
    assert [command[0] for command in (*commands, last)] == ["backup", "backup", "restore", "run"]
    for command in commands:
        assert parcours_here(*command)[0] == 0
    assert last == ["run", "--home", "restored-home"]
    assert read_files(tmp_path / "restored-home") == read_files(tmp_path / "data")
