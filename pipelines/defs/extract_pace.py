"""How far the extracts of one run are, and how long the others will take at the pace so far."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pipelines.config.sources import Sources
from pipelines.contracts import TABLES, Table
from pipelines.extracts.counts import Extracted
from pipelines.extracts.unchanged import list_exports
from pipelines.lake.tables import Lake

LEAST = 5.0  # Seconds of reading before the pace says anything of what is to come.
MB = 10**6


class Pace:
    """The bytes of exports of each table, and the seconds that those of the tables read so far have taken."""

    def __init__(self, sources: Sources, lake: Lake) -> None:
        exports = {table.path: list_exports(sources, table, lake) or [] for table in TABLES}
        self._count = {path: len(files) for path, files in exports.items()}
        self._waiting = {path: sum(file.size for file in files) for path, files in exports.items()}
        self._read = 0
        self._seconds = self._last = 0.0

    @contextmanager
    def reading(self, table: Table, say: Callable[[str], object]) -> Iterator[None]:
        """Within it, ``table`` is read. ``say`` is told how large that is."""
        count, size = self._count[table.path], self._waiting[table.path]
        if size > MB:
            files = "1 file" if count == 1 else f"{count:,} files"
            say(f"{table.path}: {files}, {size / MB:,.1f} MB")
        began = time.monotonic()
        try:
            yield
        finally:
            self._last = time.monotonic() - began

    def tell(self, table: Table, extracted: Extracted) -> str:
        """What was done with ``table``, in one line, and what is left."""
        size = self._waiting.pop(table.path, 0)
        if extracted.is_unchanged:
            return f"{table.path}: unchanged, {extracted.rows_kept:,} rows kept from an earlier run{self._tell_left()}"
        if extracted.files_kept:  # The others say nothing of what is to come.
            of = f"{len(extracted.files_read) - extracted.files_kept:,} of {len(extracted.files_read):,} files"
            return f"{table.path}: {of} read in {self._last:.1f} s{self._tell_left()}"
        self._read, self._seconds = self._read + size, self._seconds + self._last
        return f"{table.path}: {extracted.rows_read:,} rows read in {self._last:.1f} s{self._tell_left()}"

    def _tell_left(self) -> str:
        left = sum(self._waiting.values())
        if not left or not self._read or self._seconds < LEAST:
            return ""
        return f"; about {self._seconds * left / self._read:,.0f} s left"


_paces: dict[str, Pace] = {}


def pace_of(sources: Sources, lake: Lake, run_id: str) -> Pace:
    """That of one run; in a process of its own, a step begins one of its own."""
    if run_id not in _paces:
        _paces.clear()
        _paces[run_id] = Pace(sources, lake)
    return _paces[run_id]
