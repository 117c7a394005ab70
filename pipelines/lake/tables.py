"""Where every Parquet table lies and how it is written: beside its place, then renamed over it.

A reader sees the old table or the new one, never half of one; a kill leaves at most a ``*.tmp-*`` file, which the next
run sweeps away.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.lake.amendments import MOST_AMENDED, add_amendments, amend, no_amendments, put_in_order

Stamp = tuple[tuple[int, int], ...]
"""What tells the files of a table from those that were there before: their inodes and times."""


@dataclass(frozen=True)
class Lake:
    """The Parquet tables of one home folder. ``root`` is ``<home>/lake``."""

    root: Path

    def path(self, kind: str, name: str) -> Path:
        """Where ``<kind>/<name>`` lies, whether or not it has been written yet."""
        return self.root / kind / f"{name}.parquet"

    def quarantine_path(self, kind: str, name: str) -> Path:
        """Where the rows of ``<kind>/<name>`` that did not fit lie; one folder, so that one glob reads them all."""
        return self.root / "quarantine" / "rows" / f"{kind}__{name}.parquet"

    @property
    def models(self) -> Path:
        """The folder of trained identity models, one sub-folder a version."""
        return self.root / "models"

    @property
    def committed_ledger(self) -> Path:
        """The identity ledger as of the last publication: the state from which the next run goes on."""
        return self.root / "state" / "ledger.parquet"

    def published(self, name: str) -> Path:
        """``identity/<name>`` as of the last publication: what the next run compares itself with."""
        return self.root / "state" / f"{name}.parquet"

    def amendments_path(self, kind: str, name: str) -> Path:
        """Where the amendments of ``<kind>/<name>`` lie, where it has any (see :mod:`pipelines.lake.amendments`)."""
        return self.path(kind, f"{name}_amendments")

    def is_amendable(self, kind: str, name: str) -> bool:
        """Whether ``<kind>/<name>`` is there, and was written to be amended."""
        return self.path(kind, name).exists() and self.amendments_path(kind, name).exists()

    def write(self, kind: str, name: str, frame: pl.DataFrame) -> Path:
        """Writes ``frame`` as ``<kind>/<name>``, atomically; amendments of what it replaces are gone.

        A table that had some is for an instant as it was before them: a kill just then leaves it not amendable, and
        whoever would have amended it writes it anew.
        """
        target = self.path(kind, name)
        with replacing(target) as temporary:
            _write_parquet(frame, temporary)
            self.amendments_path(kind, name).unlink(missing_ok=True)
        return target

    def write_amendable(self, kind: str, name: str, frame: pl.DataFrame) -> None:
        """The same for a table that is amended from night to night; ``frame`` is sorted by its key, the first column.

        Its amendments are there too, none as yet, for those who read both.
        """
        self.write(kind, name, frame)
        with replacing(self.amendments_path(kind, name)) as temporary:
            _write_parquet(no_amendments(frame), temporary)

    def amend(self, kind: str, name: str, rows: pl.DataFrame, gone: pl.Series) -> None:
        """Puts ``rows`` into ``<kind>/<name>``, in place of those with their keys, and takes out the keys ``gone``."""
        path = self.amendments_path(kind, name)
        amendments = add_amendments(pl.read_parquet(path), rows, gone)
        table = pl.scan_parquet(self.path(kind, name))
        if amendments.height <= MOST_AMENDED * table.select(pl.len()).collect().item():
            with replacing(path) as temporary:
                _write_parquet(amendments, temporary)
        else:
            self.write_amendable(kind, name, put_in_order(*amend(table, amendments.lazy())).collect())

    def scan(self, kind: str, name: str, *, in_order: bool = True) -> pl.LazyFrame:
        """The rows of ``<kind>/<name>``, as amended. Not ``in_order``, its amendments come last, which is quicker."""
        table, amendments = pl.scan_parquet(self.path(kind, name)), self.amendments_path(kind, name)
        if not amendments.exists():
            return table
        parts = amend(table, pl.scan_parquet(amendments))
        return put_in_order(*parts) if in_order else pl.concat(parts)

    def read(self, kind: str, name: str) -> pl.DataFrame:
        return self.scan(kind, name).collect()

    def stamp(self, kind: str, name: str) -> Stamp:
        """Another after each write of ``<kind>/<name>``: no file is ever written in place."""
        files = self.path(kind, name), self.amendments_path(kind, name)
        return tuple((found.st_ino, found.st_mtime_ns) for found in (file.stat() for file in files if file.exists()))

    def sweep(self) -> int:
        """Removes what killed runs left half-written; returns how many files. Call it only while no run is writing."""
        leftovers = list(self.root.rglob("*.tmp-*"))
        for leftover in leftovers:
            if leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
            else:
                leftover.unlink(missing_ok=True)
        return len(leftovers)

    @contextmanager
    def scratch(self, purpose: str) -> Iterator[Path]:
        """An empty folder for large intermediate files, on the lake's own disk; removed when the block ends."""
        folder = self.root / f"{purpose}.tmp-{secrets.token_hex(4)}"
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _write_parquet(frame: pl.DataFrame, file: Path) -> None:
    # Every engine reads Snappy, and it writes a nightly million rows in less time than zstd.
    frame.write_parquet(file, compression="snappy")


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A temporary path beside ``target``; renamed over it when the block ends well, removed when it does not.

    The content is on the disk before the rename, so a power cut leaves the old file or the whole new one.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f"{target.name}.tmp-{secrets.token_hex(4)}")
    try:
        yield temporary
        descriptor = os.open(temporary, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
