"""The files that lie in a folder and below it."""

from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import ConfigurationError

MOST_FILES = 20_000  # An export a day of ten systems for years; beyond, somebody named a whole disk.
OWN = {".yml", ".yaml", ".md", ".py", ".log", ".toml", ".ini", ".sh"}
"""Ends of files that are about exports, never exports."""
DEBRIS = {"thumbs.db", "desktop.ini", "__macosx"}


@dataclass(frozen=True)
class FoundFile:
    """A file. ``name`` is its place below the folder, with slashes."""

    path: Path
    name: str


def list_files(folder: Path) -> list[FoundFile]:
    """Every file in ``folder`` and below that may be an export, by name; hidden ones and lock files are left out.

    Raises ConfigurationError where there is no such folder, or far too much in it.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"{folder} is not a folder. Name the one in which the exports lie.")
    found = []
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if any(part.startswith((".", "~$")) or part.lower() in DEBRIS for part in parts):
            continue
        if path.is_file() and path.suffix.lower() not in OWN:
            found.append(FoundFile(path, "/".join(parts)))
        if len(found) > MOST_FILES:
            raise ConfigurationError(f"{folder} holds over {MOST_FILES:,} files. Name the folder of the exports alone.")
    return found
