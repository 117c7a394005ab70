"""The numbers behind the charts, as data: tables whose cells hold a value as people read it and as a machine does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pipelines.report.published_marts import Row
from pipelines.texts.texts import Kind, Texts


@dataclass(frozen=True)
class Column:
    """A column of a table: its name in the data, what stands above it, and how its values are written."""

    name: str
    label: str
    kind: Kind


@dataclass(frozen=True)
class Cell:
    """A value as people read it, and as a machine does."""

    text: str
    raw: str
    is_number: bool


@dataclass(frozen=True)
class Table:
    """The numbers behind a chart, one row per what the chart shows; ``name`` is unique on the page."""

    name: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]


def label_columns(texts: Texts, **kinds: Kind) -> list[Column]:
    """Columns by name, in order, under the labels that all tables share (``report.column`` of the catalogue)."""
    return [Column(name, texts.say(f"column.{name}"), kind) for name, kind in kinds.items()]


def tabulate(
    name: str, caption: str, columns: Sequence[Column], rows: Sequence[Row], texts: Texts, kind_of_row: str = ""
) -> Table:
    """``rows`` as a table; a column that a row lacks is empty.

    Where each row has a unit of its own, ``kind_of_row`` is the entry of the row that says how its columns of the kind
    ``number`` are written.
    """
    cells = [
        [
            _cell(
                row.get(column.name),
                row[kind_of_row] if kind_of_row and column.kind == "number" else column.kind,
                texts,
            )
            for column in columns
        ]
        for row in rows
    ]
    return Table(name, caption, columns, cells)


def _cell(value: Any, kind: Kind, texts: Texts) -> Cell:
    is_text = kind in ("text", "day", "month", "month_short")
    raw = value.isoformat() if isinstance(value, date) else "" if value is None else str(value)
    return Cell(texts.write(kind, value), raw, not is_text)
