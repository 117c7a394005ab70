"""What a step of recognition keeps from one night for the next, and the conditions under which it is valid.

Each step keeps its own state in ``lake/state/<step>/``. Its note is removed before anything is rewritten and comes back
last. It says what the step's files are, by their fingerprints: after a kill in between, under other conditions than
those it was made under, or where a file is gone, cut or that of another night, a step starts from nothing and says why.
A home that was moved or copied is the same, file by file.
"""

import glob
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.identity.incremental.code_digest import digest_code
from pipelines.lake.fingerprints import fingerprint_all
from pipelines.lake.tables import Lake, replacing

LIBRARIES = ("babel", "duckdb", "nicknames", "numpy", "phonenumbers", "polars", "splink", "sqlglot")

Say = Callable[[str], object]


def say_nothing(_: str) -> None:
    """Tells nobody."""


@dataclass(frozen=True)
class StepState:
    """The state that ``step`` of recognition keeps in ``lake``. ``say`` is told why what was kept is not used."""

    lake: Lake
    step: str
    say: Say = say_nothing

    def read_valid_note(
        self, conditions: dict[str, Any], tables: Iterable[str] = (), kept: Iterable[str] = ()
    ) -> dict[str, Any] | None:
        """What the step noted last; None, having said why, where that cannot be built upon.

        That is so where it was noted under other ``conditions``, where a run was cut short, and where one of the
        identity ``tables`` or of the tables ``kept`` here, which are about to be read, is not the one that was noted.
        """
        noted = self.read_note()
        fault = self._find_change(noted, conditions) or self.find_fault(noted, tables, kept)
        if fault is None:
            return noted
        is_first = not self._folder.exists() and not any(self.lake.files("identity", table) for table in tables)
        if not is_first:
            self.say(f"{self.step}: what it kept is made anew, because {fault}")
        return None

    def read_note(self) -> dict[str, Any]:
        """The last note, whatever it was made under and of; empty where a run was cut short."""
        try:
            noted = json.loads(self._note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return noted if isinstance(noted, dict) else {}

    def find_fault(self, noted: Mapping[str, Any], tables: Iterable[str] = (), kept: Iterable[str] = ()) -> str | None:
        """Why the files of ``tables`` and ``kept`` are not those that were ``noted``; None where they are."""
        files = noted.get("files")
        described: dict[str, str] = files if isinstance(files, dict) else {}
        needed = [*(self.lake.path("identity", table) for table in tables), *map(self._file, kept)]
        # A table that has amendments now and had none is another one, and the other way round.
        optional = [self.lake.amendments_path("identity", table) for table in tables]
        for file, found in fingerprint_all([*needed, *optional]).items():
            name = self._name(file)
            if found is None and (file in needed or name in described):
                return f"{name} is missing"
            if found != described.get(name):
                return f"{name} is not the file that the last run wrote"
        return None

    def _find_change(self, noted: dict[str, Any], conditions: dict[str, Any]) -> str | None:
        if not noted:
            return f"there is no note of the last run in {self._name(self._folder)}, or it cannot be read"
        former = noted.get("conditions")
        former = former if isinstance(former, dict) else {}
        changed = sorted(name for name in conditions.keys() | former if conditions.get(name) != former.get(name))
        return f"it was made under other conditions ({', '.join(changed)})" if changed else None

    def invalidate(self) -> None:
        """Removes the note: what is written from now on does not fit it."""
        self._note.unlink(missing_ok=True)

    def commit(
        self, conditions: dict[str, Any], tables: Iterable[str] = (), kept: Iterable[str] = (), **noted: Any
    ) -> None:
        """Everything is written, the identity ``tables`` and those ``kept`` here: the next night may start from it."""
        written = [file for table in tables for file in self.lake.files("identity", table)]
        found = fingerprint_all([*written, *map(self._file, kept)])
        files = {self._name(file): digest for file, digest in found.items()}
        with replacing(self._note) as temporary:
            temporary.write_text(
                json.dumps({"conditions": conditions, "files": files, **noted}, indent=1), encoding="utf-8"
            )

    def write(self, name: str, frame: pl.DataFrame) -> None:
        with replacing(self._file(name)) as temporary:
            frame.write_ipc(temporary, compression="zstd")  # A quarter of the bytes; a million links take .2 s more.

    def read(self, name: str) -> pl.DataFrame:
        # Polars takes a name for a pattern, that of an open file too.
        return pl.read_ipc(glob.escape(str(self._file(name))))

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.arrow"

    def _name(self, file: Path) -> str:
        """As notes and messages name it: from the home on, wherever that lies."""
        return f"lake/{file.relative_to(self.lake.root).as_posix()}"

    @property
    def _folder(self) -> Path:
        return self.lake.root / "state" / self.step

    @property
    def _note(self) -> Path:
        return self._folder / "note.json"


def list_conditions(**others: str) -> dict[str, Any]:
    """What every kept result depends on besides the records: the code, its libraries, and ``others``."""
    return {"code": digest_code(), "libraries": {name: version(name) for name in LIBRARIES}, **others}


def digest(content: str | bytes) -> str:
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
