"""What is read of a control file: no more than one may be."""

from collections.abc import Iterator

import pytest

from pipelines.config.connectors import FileOptions
from pipelines.config.drops import Control
from pipelines.pulls.drops import control
from pipelines.pulls.drops.place import Entry, FileError


class Endless:
    """A place whose files have grown without end since they were listed."""

    shown = identity = "endless"

    def __init__(self) -> None:
        self.given = 0

    def list_folder(self, folder: str, beginning: str) -> Iterator[Entry]:  # noqa: ARG002
        yield from ()

    def look_up(self, name: str) -> Entry | None:
        return Entry(name, size=6)

    def read(self, name: str) -> Iterator[bytes]:  # noqa: ARG002
        while self.given < 100:
            self.given += 1
            yield b"rows=1\n" * 1_000


def test_a_control_file_that_grew_since_it_was_listed_is_read_no_further() -> None:
    place = Endless()
    declared = Control.model_validate({"file": "{name}.ctl", "rows": r"rows=(\d+)"})
    with pytest.raises(FileError, match=r"its control file a.csv.ctl has more than 65,536 bytes"):
        control.read_control(declared, Entry("a.csv"), Entry("a.csv.ctl", size=6), place, FileOptions())
    assert place.given == 10


class Written:
    """A place with one control file."""

    shown = identity = "written"

    def __init__(self, content: str) -> None:
        self.content = content

    def list_folder(self, folder: str, beginning: str) -> Iterator[Entry]:  # noqa: ARG002
        yield from ()

    def look_up(self, name: str) -> Entry | None:
        return Entry(name)

    def read(self, name: str) -> Iterator[bytes]:  # noqa: ARG002
        yield self.content.encode()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("1e999999999", "more digits"),
        ("1e-999999999", "more digits"),
        ("9" * 60_000, "more digits"),
        ("Infinity", "is no number"),
        ("NaN", "is no number"),
        ("many", "is no number"),
    ],
)
def test_a_number_that_no_file_has_is_told_and_not_repeated(said: str, told: str) -> None:
    declared = Control.model_validate({"file": "{name}.ctl", "rows": r"rows=(\S+)"})
    with pytest.raises(FileError, match=f"the number of rows in its control file a.csv.ctl .*{told}") as raised:
        control.read_control(declared, Entry("a.csv"), Entry("a.csv.ctl"), Written(f"rows={said}"), FileOptions())
    assert len(str(raised.value)) < 200
