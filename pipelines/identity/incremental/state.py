"""What a step of recognition keeps from one night for the next, and the conditions under which it is valid.

Each step keeps its own state in ``lake/state/<step>/``. Its note is removed before anything is rewritten and comes back
last: after a kill in between, or under other conditions than those it was made under, a step starts from nothing.
"""

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.identity.incremental.code_digest import digest_code
from pipelines.lake.tables import Lake, replacing

LIBRARIES = ("babel", "duckdb", "nicknames", "numpy", "phonenumbers", "polars")


@dataclass(frozen=True)
class StepState:
    """The state that ``step`` of recognition keeps in ``lake``."""

    lake: Lake
    step: str

    def read_valid_note(self, conditions: dict[str, Any]) -> dict[str, Any] | None:
        """What the step noted last; None where that was under other ``conditions``, or where a run was cut short."""
        noted = self._read_note()
        return noted if noted.get("conditions") == conditions else None

    def read_conditions(self) -> dict[str, Any]:
        """The conditions of the last note, whatever they are today; empty where a run was cut short."""
        conditions: dict[str, Any] = self._read_note().get("conditions", {})
        return conditions

    def read_input_digest(self) -> str | None:
        """The digest of the step's last input, whatever the conditions; None where a run was cut short."""
        input_digest: str | None = self._read_note().get("input_digest")
        return input_digest

    def _read_note(self) -> dict[str, Any]:
        try:
            noted: dict[str, Any] = json.loads(self._note.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return noted

    def invalidate(self) -> None:
        """Removes the note: what is written from now on does not fit it."""
        self._note.unlink(missing_ok=True)

    def commit(self, conditions: dict[str, Any], **noted: Any) -> None:
        """Everything is written: the next night may start from it."""
        with replacing(self._note) as temporary:
            temporary.write_text(json.dumps({"conditions": conditions, **noted}), encoding="utf-8")

    def write(self, name: str, frame: pl.DataFrame) -> None:
        # Read by nothing but the next night: as it lies in memory, which takes a quarter of the time of Parquet.
        with replacing(self._folder / f"{name}.arrow") as temporary:
            frame.write_ipc(temporary, compression="uncompressed")

    def read(self, name: str) -> pl.DataFrame:
        return pl.read_ipc(self._folder / f"{name}.arrow")

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
