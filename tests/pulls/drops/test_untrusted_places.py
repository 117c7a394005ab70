"""Places that show or give without end, or something else than they said: what is asked of them is bounded."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pipelines.pulls.drops import patterns
from pipelines.pulls.drops.completeness import has_moved
from pipelines.pulls.drops.fetch import TRIES, fetch
from pipelines.pulls.drops.patterns import Look
from pipelines.pulls.drops.place import Entry, FileError


@dataclass
class OddPlace:
    """A place of which ``listed`` says what lies in a folder, and ``entry`` what its one file is said to be."""

    entry: Entry = field(default_factory=lambda: Entry("a.csv", size=6))
    listed: Callable[[str], list[Entry]] = lambda _: []
    pieces: int = 1_000
    given: int = 0
    asked: int = 0

    shown = identity = "odd"

    def list_folder(self, folder: str, beginning: str) -> Iterator[Entry]:
        self.asked += 1
        yield from (entry for entry in self.listed(folder) if entry.base.startswith(beginning))

    def look_up(self, name: str) -> Entry | None:
        return self.entry if name == self.entry.name else None

    def read(self, name: str) -> Iterator[bytes]:  # noqa: ARG002
        for _ in range(self.pieces):
            self.given += 1
            yield b"rows=1"


def test_of_a_file_that_never_ends_no_more_is_read_than_it_was_said_to_have(tmp_path: Path) -> None:
    place = OddPlace()
    with pytest.raises(FileError, match="12 bytes arrived of 6"):
        fetch(place, place.entry, tmp_path)
    assert place.given == 2 * TRIES
    assert list(tmp_path.iterdir()) == []


def test_a_file_with_another_digest_than_its_store_says_is_not_taken(tmp_path: Path) -> None:
    place = OddPlace(Entry("a.csv", size=6, md5="0" * 32), pieces=1)
    with pytest.raises(FileError, match="another MD5"):
        fetch(place, place.entry, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_version_is_told_from_another_of_the_same_size_and_second(tmp_path: Path) -> None:
    """Stores date to the second; what else they say of a version tells two of one second apart."""
    listed = Entry("a.csv", size=6, modified_at="2026-01-01T10:00:00+00:00", etag="1")
    place = OddPlace(replace(listed, etag="2"), pieces=1)
    with pytest.raises(FileError, match="it was changed while it was fetched"):
        fetch(place, listed, tmp_path)
    assert has_moved(listed, place.entry) == "it is still being written"


def test_folders_within_each_other_without_end_are_followed_so_deep_and_no_deeper() -> None:
    place = OddPlace(
        listed=lambda folder: [
            Entry(f"{folder}/again".lstrip("/"), is_folder=True),
            Entry(f"{folder}/a.csv".lstrip("/")),
        ]
    )
    found = Look(place).find("**/*.csv")
    assert place.asked <= patterns.DEEPEST + 2
    assert len(found) == place.asked


@pytest.mark.parametrize("pattern", ["*/" * patterns.DEEPEST + "*.csv", "**/" * 5_000 + "*.csv"])
def test_a_pattern_of_very_many_folders_is_none(pattern: str) -> None:
    place = OddPlace()
    with pytest.raises(patterns.TableError, match="`from` cannot be"):
        Look(place).find(pattern)
    assert place.asked == 0
