"""What a command prints and nobody takes: told in one line where it is a fault; not where the reader has gone."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.config.home import Home

FULL = Path("/dev/full")
Command = Callable[..., subprocess.CompletedProcess[str]]

PRINTING = {
    "the version": (("--version",), 0),
    "the help": (("--help",), 0),
    "the help of a command": (("backup", "--help"), 0),
    "no command": ((), 0),
    "what is wrong with a home": (("doctor", "--home", "{new}"), 1),
    "a document": (("check", "--json", "--sources", "{new}/sources.yml"), 1),
    "what was made": (("sample", "--customers", "150", "--days", "200", "--out", "{new}/sample"), 0),
}
"""A command, and the exit code that it has where all is printed."""
BUFFERED = pytest.mark.parametrize("unbuffered", ["", "1"])
"""Whether a fault shows when something is written, or when the command ends."""

pytestmark = pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "sources.yml").write_text(
        "sources:\n  - {name: crm, kind: crm, connector: {type: files, root: .}, "
        "tables: {contacts: {from: none.csv, columns: {contact_id: id}}}}\n"
    )
    return tmp_path / "new"


def call(arguments: tuple[str, ...], new: Path, unbuffered: str, **streams: int) -> subprocess.CompletedProcess[str]:
    filled = [each.replace("{new}", str(new)) for each in arguments]
    return subprocess.run(
        [sys.executable, "-m", "pipelines", *filled],
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        text=True,
        check=False,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},  # type: ignore[call-overload]
    )


@BUFFERED
@pytest.mark.parametrize("what", PRINTING)
def test_what_a_full_disk_does_not_take_is_told_in_one_line(what: str, unbuffered: str, new: Path) -> None:
    arguments, exit_code = PRINTING[what]
    with FULL.open("w") as full:
        ended = call(arguments, new, unbuffered, stdout=full.fileno())
    assert ended.returncode == (exit_code or 2), ended.stderr
    [told] = ended.stderr.splitlines()
    assert told.startswith("parcours: ")
    assert "standard output" in told
    assert "No space left on device" in told
    assert ("done its work" in told) == (exit_code == 0)
    if what == "what was made":
        assert (new / "sample" / "sources.yml").is_file()


@BUFFERED
@pytest.mark.parametrize("what", PRINTING)
def test_a_reader_that_has_gone_is_no_fault(what: str, unbuffered: str, new: Path) -> None:
    arguments, exit_code = PRINTING[what]
    reader, writer = os.pipe()
    os.close(reader)
    ended = call(arguments, new, unbuffered, stdout=writer)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (exit_code, "")


@BUFFERED
@pytest.mark.parametrize(("arguments", "exit_code"), [(("fly",), 2), (("rollback", "--home", "{new}"), 1)])
def test_where_errors_cannot_be_told_the_exit_code_still_tells(
    arguments: tuple[str, ...], exit_code: int, unbuffered: str, new: Path
) -> None:
    with FULL.open("w") as full:
        ended = call(arguments, new, unbuffered, stderr=full.fileno())
        assert (ended.returncode, ended.stdout) == (exit_code, "")
        assert call(arguments, new, unbuffered, stderr=full.fileno(), stdout=full.fileno()).returncode == exit_code


@pytest.mark.run
@pytest.mark.parametrize("arguments", [("model", "list"), ("docs", "--out", "{new}/docs"), ("export", "{new}/files")])
def test_a_command_whose_output_is_lost_has_done_its_work(arguments: tuple[str, ...], home: Home, new: Path) -> None:
    with FULL.open("w") as full:
        ended = call((*arguments, "--home", str(home.root)), new, "", stdout=full.fileno())
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1), ended.stderr
    assert arguments[0] == "model" or any((new / arguments[-1].rpartition("/")[2]).iterdir())
