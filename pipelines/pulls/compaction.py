"""Many batches of a table as one: without the versions and the rows that later batches took the place of."""

from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq

from pipelines.extracts import sandbox
from pipelines.extracts.connectors.landed import select_live
from pipelines.extracts.sql_quoting import quote_text
from pipelines.lake.landed import Batch, LandedTable
from pipelines.lake.tables import replacing

MOST_BATCHES = 8  # What a source has deleted is out of the lake after as many pulls, and reading joins as many files.
MOST_CHANGED = 0.25  # Of the rows: beyond, every extract would join that many keys.
LEAST_CHANGED = 10_000  # Below, that takes no time worth the trouble.


def is_due(table: LandedTable) -> bool:
    """Whether ``table`` is worth it: by the number of its batches, or what they changed of the first."""
    first, *later = table.batches or (None,)
    changed = sum(batch.rows + batch.gone for batch in later)
    return len(later) >= MOST_BATCHES or (first is not None and changed > max(LEAST_CHANGED, MOST_CHANGED * first.rows))


def compact(table: LandedTable, folder: Path, number: int, scratch: Path) -> LandedTable:
    """``table`` with one batch, number ``number``, of its live rows; its file is written, those before are left."""
    newest = table.batches[-1]
    files = [folder / file for batch in table.batches for file in batch.files]
    batch = Batch(number, "compacted", newest.pulled_at, rows=table.rows, cursor_to=newest.cursor_to)
    if table.rows:
        made = scratch / "compacted.parquet"
        with sandbox.connect("UTC", scratch, files, is_single=False) as connection:
            live = select_live(table, folder, list(table.columns))
            connection.execute(f"copy ({live}) to {quote_text(str(made))} (format parquet, compression zstd)")
        rows = pq.read_metadata(made).num_rows
        if rows != table.rows:
            raise RuntimeError(f"{rows} rows of {table.rows} were compacted")
        with replacing(folder / batch.file) as temporary:
            made.replace(temporary)
    return replace(table, batches=(batch,))
