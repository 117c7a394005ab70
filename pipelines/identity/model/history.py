"""The history of models in force, and why each came: `lake.models/history.jsonl`, one appended line per change."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal, get_args

from pipelines.errors import ParcoursError
from pipelines.lake.tables import Lake, replacing

Reason = Literal["shipped", "first training", "trained", "chosen", "reverted"]
"""Why a model came into force: the shipped one, for want of records to learn from; the first that was learned, trained
since, chosen (`model use`), or reverted to (`model revert`)."""


@dataclass(frozen=True)
class Entry:
    """One change of the model in force.

    ``as_of`` is the day of the run or command (None: unknown), ``replaced`` the version before (None: there was none).
    ``comparison`` holds the figures of the comparison that preceded it, where there was one.
    """

    version: str
    as_of: str | None
    reason: Reason
    replaced: str | None
    comparison: dict[str, Any] | None = None


def read_history(lake: Lake) -> list[Entry]:
    """Every change, oldest first. Raises ParcoursError where a line is not one that Parcours wrote."""
    file = lake.models / "history.jsonl"
    if not file.exists():
        return []
    entries = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            entry = Entry(**json.loads(line))
        except (ValueError, TypeError) as error:
            raise ParcoursError(
                f"{file}, line {number} cannot be read ({type(error).__name__}). It records which models were in "
                "force, and nothing else needs it: mend the line or take it out."
            ) from error
        if entry.reason not in get_args(Reason):
            raise ParcoursError(f"{file}, line {number}: {entry.reason!r} is no reason that Parcours writes.")
        entries.append(entry)
    return entries


def append_entry(lake: Lake, version: str, reason: Reason, replaced: str | None, as_of: date | None,
                 comparison: dict[str, Any] | None) -> Entry:  # fmt: skip
    """Adds one change to the end of the history and returns it."""
    entry = Entry(version, as_of.isoformat() if as_of else None, reason, replaced, comparison)
    lines = [json.dumps(asdict(known), ensure_ascii=False) for known in (*read_history(lake), entry)]
    with replacing(lake.models / "history.jsonl") as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return entry


def find_previous(history: Sequence[Entry], in_force: str | None) -> str | None:
    """The version that was in force before ``in_force``; None where none is known."""
    named = [name for entry in history for name in (entry.replaced, entry.version) if name is not None]
    return next((name for name in reversed(named) if name != in_force), None)


def find_latest(history: Sequence[Entry], version: str) -> Entry | None:
    """How ``version`` last came into force; None where it never did, or where the history does not say."""
    return next((entry for entry in reversed(history) if entry.version == version), None)
