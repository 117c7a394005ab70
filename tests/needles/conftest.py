"""Values that stand nowhere else, planted in exports, and the search for them wherever a run leaves anything."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

VALUES_LIE_IN = ("lake", "build", "warehouse.duckdb", "warehouse.previous.duckdb.zst")
"""What of a home may hold values: the lake, the warehouse, and the build that becomes one."""


@dataclass(frozen=True)
class Needles:
    """One customer who is nobody, of whom every value is told from every other's by ``number``."""

    number: int

    @property
    def word(self) -> str:
        """Letters that no word has, and no other number's."""
        letters = ("abcdefghij", "klmnopqrst", "uvwxyzabcd")
        told = (of[int(digit)] for of, digit in zip(letters, f"{self.number:03d}", strict=True))
        return f"qz{''.join(told)}vx"

    @property
    def values(self) -> dict[str, str]:
        word, digits = self.word, f"{self.number:03d}"
        return {
            "prenom": word.capitalize(),
            "nom": f"Van {word.upper()}",
            "email": f"{word}@{word}.example",
            "telephone": f"+336917{digits}55",
            "carte": f"99717{digits}004276",
            "adresse": f"12 rue {word.capitalize()}",
            "note": f"parle de {word}, ({word}",
        }

    @property
    def marks(self) -> tuple[str, ...]:
        """What is looked for: the letters in any writing, the digits of number and card."""
        digits = f"{self.number:03d}"
        return self.word, f"6917{digits}55", f"99717{digits}004276"

    def row(self, id_: str = "1", mark: str = ",") -> str:
        values = ['"' + value + '"' if mark in value else value for value in self.values.values()]
        return mark.join([id_, *values, "10.50", "2026-01-05 10:00:00"])


COLUMNS = ("id", *Needles(0).values, "montant", "moment")
HEADER = ",".join(COLUMNS)


def find_marks(text: bytes, needles: Needles) -> list[str]:
    """The marks that ``text`` holds, however it is written."""
    plain = text.lower().replace(b"\0", b"").replace(b" ", b"")
    return [mark for mark in needles.marks if mark.encode() in plain]


def list_leaks(needles: Needles, said: str, home: Path, *beside: Path) -> list[str]:
    """Where the needles are found: in what a command printed, in the home but for lake and warehouse, ``beside``."""
    found = [f"printed: {mark} in {_around(said, mark)}" for mark in find_marks(said.encode(), needles)]
    for file in _files(home, *beside):
        found += [f"{file}: {mark}" for mark in find_marks(file.read_bytes(), needles)]
        found += [f"the name of {file}: {mark}" for mark in find_marks(str(file).encode(), needles)]
    return found


def _files(home: Path, *beside: Path) -> Iterator[Path]:
    for folder in (home, *beside):
        for file in sorted(folder.rglob("*")):
            is_kept = folder == home and file.relative_to(home).parts[0].startswith(VALUES_LIE_IN)
            if file.is_file() and not is_kept:
                yield file


def _around(said: str, mark: str) -> str:
    found = re.search(re.escape(mark), said, re.IGNORECASE)
    return repr(said[max(found.start() - 80, 0) : found.end() + 40]) if found else "it"


@pytest.fixture
def needles() -> Needles:
    return Needles(999)
