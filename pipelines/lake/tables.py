"""Where every Parquet table lies, and how it is written: to a temporary file beside it, then renamed over it.

A reader sees the old table or the new one, never half of one; a kill leaves at most a ``*.tmp-*`` file, which the next
run removes.
"""

import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.errors import ParcoursError
from pipelines.lake.amendments import MAX_AMENDED_SHARE, add_amendments, apply_amendments, merge_by_key, no_amendments
from pipelines.lake.owner_only import make_folder
from pipelines.unfinished import temporary as noted_as_temporary

MAGIC = b"PAR1"  # How a Parquet file begins and ends.
REMEDY = "A run makes it anew: `parcours run`."


class TableError(ParcoursError):
    """A table that is not there, or that is cut or damaged."""


@dataclass(frozen=True)
class Lake:
    """The Parquet tables of one home folder. ``root`` is ``<home>/lake``."""

    root: Path

    def path(self, kind: str, name: str) -> Path:
        """The file of the table ``<kind>/<name>``, whether or not it has been written yet.

        A table of several parts has none: ask :meth:`parts` for the files of a table that may be one.
        """
        return self.root / kind / f"{name}.parquet"

    def part_path(self, kind: str, name: str, number: int) -> Path:
        """The file of a part of ``<kind>/<name>``; its rows are in the order of the parts' numbers."""
        return self.root / kind / f"{name}.{number:04d}.parquet"

    def parts(self, kind: str, name: str) -> list[Path]:
        """The files that ``<kind>/<name>`` lies in, in order, but for its amendments; none before it is written.

        dbt's sources and Spark read what the pattern ``<name>*.parquet`` finds, which is these files in this order.
        """
        return sorted((self.root / kind).glob(f"{name}.*parquet"))

    def has(self, kind: str, name: str) -> bool:
        """Whether ``<kind>/<name>`` has been written, be it that a killed run left it incomplete."""
        return bool(self.parts(kind, name)) or self._marker(kind, name).exists()

    def require_whole(self, kind: str, name: str) -> None:
        """Raises TableError where a run was killed while it put the parts of ``<kind>/<name>`` in place."""
        if self._marker(kind, name).exists():
            raise TableError(f"The table {kind}/{name} is incomplete: a run died while it was put in place. {REMEDY}")

    def replace_parts(self, kind: str, name: str, made: Sequence[Path]) -> None:
        """Moves the files ``made``, in order, into the places of the parts of ``<kind>/<name>``; others are removed.

        Those that are parts of it today may be among them: they are kept, under another name where their number is
        another. A kill among these renames leaves the table marked, and nothing reads it before it is made anew.
        """
        make_folder(self.root / kind)
        marker, former = self._marker(kind, name), self.parts(kind, name)
        places = [self.part_path(kind, name, number) for number in range(len(made))]
        for each in set(made) - set(former):
            sync(each)
        marker.touch()
        for each in set(former) - set(made):
            each.unlink()
        moved = [(each, place) for each, place in zip(made, places, strict=True) if each != place]
        for each, place in moved:  # Two steps: a place may be that of another that is kept.
            each.rename(place.with_suffix(".tmp-moving"))
        for _, place in moved:
            place.with_suffix(".tmp-moving").rename(place)
        sync(self.root / kind)
        marker.unlink()

    def _marker(self, kind: str, name: str) -> Path:
        return self.root / kind / f"{name}.incomplete"

    def quarantine_path(self, kind: str, name: str) -> Path:
        """The file of the quarantined rows of ``<kind>/<name>``; all in one folder, so that one glob reads them."""
        return self.root / "quarantine" / "rows" / f"{kind}__{name}.parquet"

    def field_counts_path(self, kind: str, name: str) -> Path:
        """The file of what became of the values of each column of ``<kind>/<name>``."""
        return self.root / "quarantine" / "fields" / f"{kind}__{name}.parquet"

    def set_apart_path(self, kind: str, name: str) -> Path:
        """The file of the keys of the rows of ``<kind>/<name>`` that are later than the day of the run."""
        return self.root / "quarantine" / "set_apart" / f"{kind}__{name}.parquet"

    @property
    def models(self) -> Path:
        """The folder of trained identity models: one sub-folder for each version."""
        return self.root / "models"

    @property
    def committed_ledger(self) -> Path:
        """The identity ledger as of the last publication, which the next run continues."""
        return self.root / "state" / "ledger.parquet"

    def published_path(self, name: str) -> Path:
        """``identity/<name>`` as of the last publication, with which the next run compares itself."""
        return self.root / "state" / f"{name}.parquet"

    def amendments_path(self, kind: str, name: str) -> Path:
        """The file of the amendments of ``<kind>/<name>``, if it has any (see :mod:`pipelines.lake.amendments`)."""
        return self.path(kind, f"{name}_amendments")

    def files(self, kind: str, name: str) -> list[Path]:
        """The files that there are of ``<kind>/<name>``: those of the table, then that of its amendments."""
        amendments = self.amendments_path(kind, name)
        return [*self.parts(kind, name), *([amendments] if amendments.exists() else [])]

    def write(self, kind: str, name: str, frame: pl.DataFrame) -> Path:
        """Writes ``frame`` as ``<kind>/<name>``, atomically, and removes the amendments of the table it replaces.

        For an instant, a table that had amendments is as it was before them: a kill just then leaves it not amendable,
        and whoever would have amended it writes it anew.
        """
        target = self.path(kind, name)
        with replacing(target) as temporary:
            _write_parquet(frame, temporary)
            self.amendments_path(kind, name).unlink(missing_ok=True)
            self._remove_parts(kind, name)
        self._marker(kind, name).unlink(missing_ok=True)
        return target

    def put(self, kind: str, name: str, made: Path) -> None:
        """Moves the file ``made`` to where ``<kind>/<name>`` lies, which is of one part then."""
        with replacing(self.path(kind, name)) as temporary:
            made.replace(temporary)
            self._remove_parts(kind, name)
        self._marker(kind, name).unlink(missing_ok=True)

    def _remove_parts(self, kind: str, name: str) -> None:
        """Removes the parts of a table that becomes one file; without them and before that file it is incomplete."""
        if parts := set(self.parts(kind, name)) - {self.path(kind, name)}:
            self._marker(kind, name).touch()
            for part in parts:
                part.unlink()

    def write_amendable(self, kind: str, name: str, frame: pl.DataFrame) -> None:
        """The same for a table to be amended from night to night; ``frame`` is sorted by its key, the first column.

        Writes an empty table of amendments too, for those who read both files.
        """
        self.write(kind, name, frame)
        with replacing(self.amendments_path(kind, name)) as temporary:
            _write_parquet(no_amendments(frame), temporary)

    def amend(self, kind: str, name: str, rows: pl.DataFrame, gone: pl.Series) -> None:
        """Inserts or replaces ``rows`` of ``<kind>/<name>`` by key, and deletes the keys that are ``gone``."""
        path = self.amendments_path(kind, name)
        amendments = add_amendments(pl.read_parquet(path, glob=False), rows, gone)
        table = pl.scan_parquet(self.path(kind, name), glob=False)
        if amendments.height <= MAX_AMENDED_SHARE * table.select(pl.len()).collect().item():
            with replacing(path) as temporary:
                _write_parquet(amendments, temporary)
        else:
            self.write_amendable(kind, name, merge_by_key(*apply_amendments(table, amendments.lazy())).collect())

    def scan(self, kind: str, name: str, *, in_order: bool = True) -> pl.LazyFrame:
        """The rows of ``<kind>/<name>``, as amended. Not ``in_order``, amended rows come last, which is faster.

        Raises TableError where it has not been written, or what was written is not there as a whole.
        """
        self.require_whole(kind, name)
        parts, amendments = self.parts(kind, name) or [self.path(kind, name)], self.amendments_path(kind, name)
        is_amended = amendments.exists()
        for file in [*parts, *([amendments] if is_amended else [])]:
            require_table(file, f"{kind}/{name}", REMEDY)
        table = pl.scan_parquet(parts, glob=False)
        if not is_amended:
            return table
        amended = apply_amendments(table, pl.scan_parquet(amendments, glob=False))
        return merge_by_key(*amended) if in_order else pl.concat(amended)

    def read(self, kind: str, name: str) -> pl.DataFrame:
        return self.scan(kind, name).collect()

    def sweep(self) -> int:
        """Removes the temporary files that killed runs left; returns how many. Call it only while no run is writing."""
        leftovers = list(self.root.rglob("*.tmp-*"))
        for leftover in leftovers:
            if leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
            else:
                leftover.unlink(missing_ok=True)
        return len(leftovers)

    @contextmanager
    def scratch(self, purpose: str) -> Iterator[Path]:
        """An empty folder on the lake's disk for large intermediate files; removed when the block ends."""
        folder = self.root / f"{purpose}.tmp-{secrets.token_hex(4)}"
        make_folder(folder)
        try:
            with noted_as_temporary(folder):
                yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def require_table(file: Path, name: str, remedy: str) -> None:
    """Raises TableError, with the ``remedy``, where the file of the table ``name`` is missing, empty or cut."""
    try:
        with file.open("rb") as content:
            beginning = content.read(len(MAGIC))
            content.seek(max(0, content.seek(0, os.SEEK_END) - len(MAGIC)))
            is_whole = beginning == MAGIC == content.read()
    except (FileNotFoundError, NotADirectoryError):
        raise TableError(f"The table {name} is missing: there is no {file}. {remedy}") from None
    if not is_whole:
        raise TableError(f"The table {name} cannot be read: {file} is empty, cut or damaged. {remedy}")


def _write_parquet(frame: pl.DataFrame, file: Path) -> None:
    # Two thirds of the bytes of Snappy, which takes as long to write and read.
    frame.write_parquet(file, compression="zstd", compression_level=1)


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A temporary path beside ``target``: renamed over it when the block succeeds, removed when the block fails.

    The content is synced to disk before the rename, so a power cut leaves the old file or the whole new one.
    """
    make_folder(target.parent)
    temporary = target.with_name(f"{target.name}.tmp-{secrets.token_hex(4)}")
    try:
        with noted_as_temporary(temporary):
            yield temporary
        sync(temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Has what was written to a file, or renamed in a folder, lie on the disk when it returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
