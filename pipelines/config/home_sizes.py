"""What the parts of a home take on the disk. Only what Parcours makes there is looked at, under its own names."""

import os
from collections.abc import Iterator
from pathlib import Path

PARTS: dict[str, tuple[str, ...]] = {
    "published": ("warehouse.duckdb",),
    "previous": ("warehouse.previous.duckdb.zst", "warehouse.previous.duckdb"),
    "lake": ("lake",),
    "state": ("lake/state",),
    "build": ("build",),
    "pages": ("report.html", "quality.html", "reports", "charts", "docs"),
    "records": ("dagster", "logs"),
}
"""By part the files and folders of it; one within another part's counts as its own."""


def measure_home(root: Path) -> dict[str, int]:
    """Bytes of each part of the home ``root``; a file of two names counts once, what is gone meanwhile not at all."""
    own = {root / name for names in PARTS.values() for name in names}
    seen: set[tuple[int, int]] = set()
    sizes = dict.fromkeys(PARTS, 0)
    for part, names in PARTS.items():
        for name in names:
            for state in _list_files(root / name, own - {root / name}):
                if (state.st_dev, state.st_ino) not in seen:
                    seen.add((state.st_dev, state.st_ino))
                    sizes[part] += state.st_size
    return sizes


def _list_files(path: Path, others: set[Path]) -> Iterator[os.stat_result]:
    """What the system says of ``path`` and of all files below it, but for those in ``others``."""
    try:
        if not path.is_dir():
            yield path.stat()
            return
        entries = list(path.iterdir())
    except OSError:
        return
    for entry in entries:
        if entry not in others:
            yield from _list_files(entry, others)
