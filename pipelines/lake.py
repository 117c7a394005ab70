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

    def write(self, kind: str, name: str, frame: pl.DataFrame) -> Path:
        """Writes ``frame`` as ``<kind>/<name>``, atomically."""
        target = self.path(kind, name)
        with replacing(target) as temporary:
            # Every engine reads Snappy, and it writes a nightly million rows in less time than zstd.
            frame.write_parquet(temporary, compression="snappy")
        return target

    def scan(self, kind: str, name: str) -> pl.LazyFrame:
        return pl.scan_parquet(self.path(kind, name))

    def read(self, kind: str, name: str) -> pl.DataFrame:
        return pl.read_parquet(self.path(kind, name))

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
