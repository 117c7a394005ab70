"""What has been pulled from a system: batches of rows as immutable Parquet, and a manifest of those in force.

``lake/landed/<source>/<table>/000001.parquet`` holds the rows of one pull, ``000001.gone.parquet`` the keys that the
source no longer had. ``lake/landed/<source>/manifest.json`` names the batches of all tables of the source and is
replaced in one rename, so that a kill leaves the pull before or this one, for every table. Files that it does not name
are what a killed pull left.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from pipelines.errors import ParcoursError
from pipelines.lake.tables import Lake, replacing, sync

FORMAT = 1
Mode = Literal["full", "changes", "compacted"]


class LandedError(ParcoursError):
    """What was landed is damaged."""


@dataclass(frozen=True)
class Batch:
    """The rows of one pull. ``rows`` and ``gone`` are how many stand in its two files; 0: there is no such file.

    ``cursor_from``, ``cursor_to``: what was asked for of the cursor, and the highest value up to which nothing is
    missing. ``counted``: how many rows the source itself counted of what was asked. ``sums``: of the amounts, as the
    source reckoned them.
    """

    number: int
    mode: Mode
    pulled_at: str
    rows: int
    gone: int = 0
    cursor_from: str | None = None
    cursor_to: str | None = None
    counted: int | None = None
    sums: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def file(self) -> str:
        return f"{self.number:06d}.parquet"

    @property
    def gone_file(self) -> str:
        return f"{self.number:06d}.gone.parquet"

    @property
    def files(self) -> list[str]:
        """The files that there are."""
        return [*([self.file] if self.rows else []), *([self.gone_file] if self.gone else [])]


@dataclass(frozen=True)
class LandedTable:
    """One table of a source as it has been landed: the rows of its batches, of which the latest wins by ``key``.

    ``asked`` is the digest of what was declared of the pull. ``columns`` are kinds of types by name. ``rows``: how many
    are live.
    """

    name: str
    asked: str
    key: tuple[str, ...]
    columns: Mapping[str, str]
    batches: tuple[Batch, ...]
    rows: int
    taken_at: str

    @property
    def folder(self) -> str:
        return folder_of(self.name)

    @property
    def cursor(self) -> str | None:
        """The value of the cursor up to which nothing is missing."""
        return self.batches[-1].cursor_to if self.batches else None

    def with_batch(self, batch: Batch, rows: int) -> "LandedTable":
        """The table with one more batch; one of all rows takes the place of those before."""
        earlier = self.batches if batch.mode == "changes" else ()
        return replace(self, batches=(*earlier, batch), rows=rows, taken_at=batch.pulled_at)


@dataclass(frozen=True)
class LandedSource:
    """All that has been landed of one source. ``root`` is its folder."""

    root: Path
    tables: Mapping[str, LandedTable]

    def folder(self, name: str) -> Path:
        """Where the files of the table ``name`` lie."""
        return self.root / folder_of(name)

    def commit(self, tables: Mapping[str, LandedTable]) -> "LandedSource":
        """Puts ``tables`` in force in place of all there were, at once; their files are on the disk already."""
        for table in tables.values():
            if (self.root / table.folder).is_dir():
                sync(self.root / table.folder)
        content = {"format": FORMAT, "tables": {name: asdict(table) for name, table in sorted(tables.items())}}
        with replacing(self.root / "manifest.json") as temporary:
            temporary.write_text(json.dumps(content, indent=1), encoding="utf-8")
        return LandedSource(self.root, dict(tables))

    def sweep(self) -> int:
        """Removes the batches that the manifest does not name; how many. Call it only while nobody reads or pulls."""
        named = {
            self.root / table.folder / file
            for table in self.tables.values()
            for batch in table.batches
            for file in batch.files
        }
        left = [file for file in self.root.glob("*/*.parquet*") if file not in named]
        for file in left:
            file.unlink(missing_ok=True)
        return len(left)


def landed_folder(lake: Lake, source: str) -> Path:
    """Where what is pulled from ``source`` lies."""
    return lake.root / "landed" / source


def folder_of(name: str) -> str:
    """The folder of a table: its name where that is plain, in small letters, else what is plain of it and a hash."""
    plain = re.sub(r"[^a-z0-9_.-]", "-", name.lower())[:60].strip(".-")
    if plain == name:
        return name
    return f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}".lstrip("-")


def read_landed(root: Path) -> LandedSource:
    """What the manifest in the folder ``root`` says; of a source that was never pulled, no tables.

    Raises LandedError where the manifest cannot be read, or a file that it names is not there.
    """
    manifest = root / "manifest.json"
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise LandedError(f"{manifest} was written by another version of Parcours. {_REMEDY}")
        landed = LandedSource(root, {name: _read_table(table) for name, table in content["tables"].items()})
    except FileNotFoundError:
        return LandedSource(root, {})
    except (ValueError, KeyError, TypeError, AttributeError):
        raise LandedError(f"{manifest} is damaged. {_REMEDY}") from None
    for table in landed.tables.values():
        for batch in table.batches:
            for file in batch.files:
                if not (root / table.folder / file).is_file():
                    missing = root / table.folder / file
                    raise LandedError(f"{missing} is not there, and the manifest names it. {_REMEDY}")
    return landed


_REMEDY = "Move the folder of the source away: the next run pulls all of it anew."


def _read_table(written: dict[str, Any]) -> LandedTable:
    batches = tuple(Batch(**batch) for batch in written["batches"])
    return LandedTable(**{**written, "key": tuple(written["key"]), "batches": batches})
