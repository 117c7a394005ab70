"""One unreadable value in every optional column that is more than text: it costs that value, and nothing else."""

from collections.abc import Collection

import numpy as np
import polars as pl

from pipelines.contracts import TABLES, Column
from pipelines.sample.fault_list import Untouched, is_among, list_faults

WRITTEN = {
    "crm": {"date": "1985-02-31", "timestamp": "2025-02-30T10:00:00+01:00", "boolean": "peut-être"},
    "ecommerce": {"date": "0000-00-00", "timestamp": "2025-13-01T10:00:00Z", "boolean": "maybe"},
    "pos": {"date": "00/00/0000", "timestamp": "31/02/2025 10:00", "boolean": "?"},
}
NUMBER = {"crm": "1O", "ecommerce": "12.5O", "pos": "12,5O"}  # A letter O for a zero.
OTHER_WORD = "pigeon"
TYPED = ("ecommerce/order_lines", "ecommerce/products")  # Parquet: a column of numbers holds nothing else.
# The mapping turns every other word into null.
TRANSLATED = {("pos/tickets", "payment_kind")}


def write_unreadably(
    rng: np.random.Generator,
    tables: dict[str, pl.DataFrame],
    exported: Collection[tuple[str, str]],
    untouched: Untouched,
) -> list[pl.DataFrame]:
    """Empties one value per optional column of ``tables``; the faults, of which the exports write ``written``.

    ``exported`` are the tables and columns that the exports have.
    """
    faults = []
    for table in TABLES:
        if table.path not in tables or table.path in TYPED:
            continue
        for column in table.columns:
            place = (table.path, column.name)
            if column.required or place not in exported or place in TRANSLATED:
                continue
            written = _write(table.kind, column)
            if written is None:
                continue
            frame = tables[table.path]
            rows = untouched.draw(rng, table.path, frame, pl.col(column.name).is_not_null(), 1)
            kept = pl.when(~is_among(table.path, rows)).then(pl.col(column.name))
            tables[table.path] = frame.with_columns(kept.alias(column.name))
            faults.append(list_faults("unreadable", table.path, rows, column.name, written=pl.lit(written)))
    return faults


def _write(kind: str, column: Column) -> str | None:
    """What stands in the export; None for a text, in which everything can be read."""
    if column.values:
        return OTHER_WORD
    if column.type == "text":
        return None
    return WRITTEN[kind].get(column.type, NUMBER[kind])
