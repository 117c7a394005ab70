"""The files that lie in a folder and below it."""

import re
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import ConfigurationError

MOST_FILES = 20_000  # An export a day of ten systems for years; beyond, somebody named a whole disk.
OWN = {".yml", ".yaml", ".md", ".py", ".log", ".toml", ".ini", ".sh"}
"""Ends of files that are about exports, never exports."""
DEBRIS = {"thumbs.db", "desktop.ini", "__macosx"}


@dataclass(frozen=True)
class FoundFile:
    """A file. ``path`` is absolute; ``name`` is its place below the folder, with slashes."""

    path: Path
    name: str


def is_home(folder: Path) -> bool:
    """Whether a run has worked in ``folder``."""
    return (folder / "run.lock").is_file() and (folder / "lake").is_dir()


_ELSEWHERE = re.compile(r"(sftp|ssh|s3|gs|gcs|az|abfss?|https?):/")


def list_files(folder: Path) -> list[FoundFile]:
    """Every file in ``folder`` and below that may be an export, by name; hidden ones and lock files are left out.

    So is a home in it, which is what became of the exports and would be taken for further ones.

    Raises ConfigurationError where there is no such folder, or far too much in it.
    """
    if not folder.is_dir():
        if (elsewhere := _ELSEWHERE.match(str(folder))) is not None:
            raise ConfigurationError(
                f"{elsewhere[1]}: is on another machine, and files are looked at in a folder of this one. Fetch a few "
                "of each kind, name their folder, then put the place under `connector` (docs/connectors.md, Files on "
                "other machines); `parcours check` tries it."
            )
        raise ConfigurationError(f"{folder} is not a folder. Name the one in which the exports lie.")
    found: list[FoundFile] = []
    homes: set[Path] = set()
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if any(part.startswith((".", "~$")) or part.lower() in DEBRIS for part in parts):
            continue
        if not homes.isdisjoint(path.parents):
            continue
        if path.is_dir() and is_home(path):
            homes.add(path)
        if path.is_file() and path.suffix.lower() not in OWN:
            found.append(FoundFile(path.resolve(), "/".join(parts)))
        if len(found) > MOST_FILES:
            raise ConfigurationError(f"{folder} holds over {MOST_FILES:,} files. Name the folder of the exports alone.")
    return found
