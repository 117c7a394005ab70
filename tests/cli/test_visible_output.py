"""Nothing of an export, of a file's name or of sources.yml steers the terminal, whatever the command."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.visible_text import make_visible

Command = Callable[..., subprocess.CompletedProcess[str]]

EVIL = "\x1b]0;owned\x07\x1b[31m\x9b2J\u202egnp\u200b\x7f"
SOURCES = """\
sources:
  - name: crm
    kind: crm
    connector: {{type: files, root: .}}
    tables:
      contacts:
        from: {pattern}
        columns: {columns}
"""


def write_sources(folder: Path, pattern: str, columns: dict[str, str]) -> Path:
    file = folder / "sources.yml"
    file.write_text(SOURCES.format(pattern=json.dumps(pattern), columns=json.dumps(columns)), encoding="utf-8")
    return file


def assert_visible(finished: subprocess.CompletedProcess[str]) -> None:
    for stream in (finished.stdout, finished.stderr):
        assert make_visible(stream) == stream
    assert "Traceback" not in finished.stderr
    assert "bug in Parcours" not in finished.stderr


@pytest.mark.parametrize("asks_json", [False, True])
def test_a_header_that_steers_a_terminal_is_shown_as_it_is_written(
    parcours: Command, tmp_path: Path, asks_json: bool
) -> None:
    rows = f"id,mail{EVIL},first name\n1,zoe@example.org,Zoé\n"
    (tmp_path / f"contacts{EVIL}.csv").write_text(rows, encoding="utf-8")
    file = write_sources(tmp_path, "contacts*.csv", {"contact_id": "id", "email": f"mail{EVIL}x"})
    checked = parcours("check", "--sources", file, *["--json"] * asks_json)
    assert_visible(checked)
    assert checked.returncode == 1
    assert "\\u001b" in checked.stdout
    if asks_json:
        assert json.loads(checked.stdout)["exit_code"] == 1


def test_a_folder_of_such_files_is_drafted_and_the_draft_can_be_read(parcours: Command, tmp_path: Path) -> None:
    header = f"id,email{EVIL},first name,last name,note{EVIL}\n"
    rows = "".join(f"{n},a{n}@example.org,Zoé,Durand,x\n" for n in range(30))
    (tmp_path / f"clients{EVIL}.csv").write_text(header + rows, encoding="utf-8")
    (tmp_path / f"other{EVIL}.csv").write_text(f"a{EVIL},b\n1,2\n", encoding="utf-8")
    drafted = parcours("init", tmp_path)
    assert drafted.returncode == 0, drafted.stderr
    assert_visible(drafted)
    text = (tmp_path / "sources.yml").read_text(encoding="utf-8")
    assert make_visible(text) == text
    checked = parcours("check", "--sources", tmp_path / "sources.yml")
    assert checked.returncode != 2, checked.stderr
    assert_visible(checked)


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", f"--{EVIL}"),
        (EVIL,),
        ("check", "--as-of", EVIL),
        ("why", EVIL, "x", "--home", EVIL),
        ("ui", "--host", EVIL),
    ],
)
def test_what_was_typed_is_repeated_visibly(parcours: Command, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    told = parcours(*arguments, cwd=tmp_path)
    assert told.returncode in (1, 2)
    assert_visible(told)


def test_faults_of_sources_are_told_visibly(parcours: Command, tmp_path: Path) -> None:
    file = tmp_path / "sources.yml"
    evil = json.dumps(EVIL)
    file.write_text(f"sources: []\n{evil}: 1\ncountry: {evil}\ntimezone: {evil}\n", encoding="utf-8")
    told = parcours("check", "--sources", file)
    assert told.returncode == 2
    assert_visible(told)
