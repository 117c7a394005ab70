"""Whether an export holds the rows that a preset is about: one file may be that of the shop and of its tills."""

import duckdb
import pyarrow as pa

from pipelines.onboarding.exports.export import Export
from pipelines.presets.headers import find_columns
from pipelines.presets.preset import Preset


def has_rows(export: Export, preset: Preset) -> bool:
    """Whether any of the rows seen meets the preset's condition; so where it has none."""
    if preset.rows is None:
        return True
    found = find_columns(preset.headers, export.columns, {}).columns
    cells = {name: pa.array(export.cells(columns[0]), pa.string()) for name, columns in found.items()}
    with duckdb.connect() as connection:
        connection.register("source", pa.table(cells))
        try:
            return bool(connection.execute(f"select 1 from source where ({preset.rows}) limit 1").fetchall())
        except duckdb.Error:  # A column of the condition is not in this export.
            return False
