"""The list at the head of a backup: what is in it, file by file. It is judged before anything else is read."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import PurePosixPath
from typing import Any

from pipelines.backup.contents import is_allowed
from pipelines.backup.errors import BackupError

FORMAT = 1
NAME = "manifest.json"
LARGEST_MANIFEST = 16 * 1024 * 1024  # Bytes: over 100,000 files.


@dataclass(frozen=True)
class Entry:
    """A file of the backup: its name there, its size in bytes, and the SHA-256 of its content."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """``as_of`` and ``run_id`` are of the last publication, None where there was none yet.

    ``outside`` tells, of each file that lay outside the home, where.
    """

    parcours_version: str
    as_of: str | None
    run_id: str | None
    files: tuple[Entry, ...]
    outside: dict[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(entry.size for entry in self.files)

    def dump(self) -> bytes:
        return (json.dumps({"parcours_backup": FORMAT, **asdict(self)}, indent=1, sort_keys=True) + "\n").encode()


def parse_manifest(content: bytes) -> Manifest:
    """Raises BackupError where this release cannot read the manifest, or it names what no backup holds."""
    try:
        written = json.loads(content)
    except (ValueError, RecursionError):
        raise BackupError("its manifest cannot be read") from None
    if not isinstance(written, dict) or "parcours_backup" not in written:
        raise BackupError("its manifest is not one that Parcours writes")
    if written["parcours_backup"] != FORMAT or isinstance(written["parcours_backup"], bool):
        raise BackupError(
            "it is written in another format, by another release of Parcours: this one reads format "
            f"{FORMAT}. Restore it with the release that wrote it, or a later one"
        )
    try:
        manifest = _read_fields(written)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise BackupError("its manifest is not one that Parcours writes") from None
    _check_names([entry.name for entry in manifest.files])
    return manifest


def _read_fields(written: Mapping[str, Any]) -> Manifest:
    entries = []
    for listed in written["files"]:
        entry = Entry(**listed)
        if type(entry.size) is not int or entry.size < 0 or not isinstance(entry.name, str):
            raise ValueError(entry)
        if not re.fullmatch(r"[0-9a-f]{64}", entry.sha256):
            raise ValueError(entry)
        entries.append(entry)
    version, as_of, run_id = (written[name] for name in ("parcours_version", "as_of", "run_id"))
    outside = {str(name): str(place) for name, place in written["outside"].items()}
    for text in (version, as_of or "", run_id or ""):
        if not re.fullmatch(r"[\w.+ -]{0,80}", text, re.ASCII):
            raise ValueError(text)
    return Manifest(version, as_of, run_id, tuple(entries), outside)


def _check_names(names: Iterable[str]) -> None:
    names = list(names)
    for name in names:
        if not is_allowed(name):
            raise BackupError(f"it holds a file that belongs in no backup: {_show(name)}")
    folders = {parent.as_posix() for name in names for parent in PurePosixPath(name).parents}
    if len(set(names)) < len(names) or folders.intersection(names):
        raise BackupError("two of its files have the same place")


def _show(name: str) -> str:
    return ascii(name[:80])
