"""Tickets whose number stands on their first line only, as in reports with merged cells: the lines below are theirs."""

from collections.abc import Sequence
from dataclasses import replace

from pipelines.onboarding.exports.export import Export
from pipelines.onboarding.tables import sql

LEAST = 0.1  # Of the lines of goods; fewer without a number are slips.


def is_blank_below(export: Export, key: str, goods: str) -> bool:
    """Whether ``key`` is left out on lines of ``goods`` that follow others."""
    lines = [number for number, good in zip(export.cells(key), export.cells(goods), strict=True) if good]
    return bool(lines) and lines[0] is not None and lines.count(None) >= LEAST * len(lines)


def fill_down(export: Export, columns: Sequence[str]) -> Export:
    """The export as if each of ``columns`` stood on every line."""
    filled = replace(export)
    for column in columns:
        last: str | None = None
        cells = []
        for cell in export.cells(column):
            last = cell or last
            cells.append(last or "")
        filled.put(column, cells)
    return filled


def fill_sql(columns: Sequence[str]) -> str:
    """SQL of `source` with ``columns`` on every line."""
    filled = ",\n".join(
        f"  last_value({sql.name(column)} ignore nulls) over (partition by _file order by _row) as {sql.name(column)}"
        for column in columns
    )
    return f"select * replace (\n{filled}\n) from source"
