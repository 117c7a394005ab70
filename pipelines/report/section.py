"""What a section of the report is made of: a title, some words, charts, and the numbers behind them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pipelines.report.figures import Figure
from pipelines.report.marts import Marts, Row
from pipelines.report.words import Kind, Words


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


@dataclass(frozen=True)
class Section:
    """One question, answered. Without figures the title says that there is nothing to show and why."""

    name: str
    title: str
    lead: Sequence[str] = ()
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
    marts: Sequence[str] = ()
    nav: str = ""
    scope: str = ""
    facts: dict[str, str] = field(default_factory=dict)


FEW = 5
"""Customers below whom a group's money is not shown: the sum of a few is close to what one of them spent."""

Draw = Callable[[Marts, Words], Section]


def head(words: Words, **kinds: Kind) -> list[Column]:
    """Columns by name, in order, under the labels that all tables share."""
    return [Column(name, words.say(f"column.{name}"), kind) for name, kind in kinds.items()]


def tabulate(
    name: str, caption: str, columns: Sequence[Column], rows: Sequence[Row], words: Words, kind_of_row: str = ""
) -> Table:
    """``rows`` as a table; a column that a row lacks is empty.

    Where each row has a unit of its own, ``kind_of_row`` is the entry of the row that says how its numbers are written.
    """
    cells = [
        [
            _cell(
                row.get(column.name),
                row[kind_of_row] if kind_of_row and column.kind != "text" else column.kind,
                words,
            )
            for column in columns
        ]
        for row in rows
    ]
    return Table(name, caption, columns, cells)


def _cell(value: Any, kind: Kind, words: Words) -> Cell:
    is_text = kind in ("text", "day", "month", "month_short")
    raw = value.isoformat() if isinstance(value, date) else "" if value is None else str(value)
    return Cell(words.write(kind, value), raw, not is_text)


def share(part: Any, whole: Any) -> float | None:
    """A part of a whole; None where there is no whole."""
    return None if part is None or not whole else float(part) / float(whole)


def tell_period(marts: Marts, words: Words) -> str:
    """The months that the flows of a section are summed over."""
    if marts.period is None:
        return ""
    first, last = (words.write("month", month) for month in (marts.period.first, marts.period.last))
    return words.say("page.period", first=first, last=last)


def tell_day(marts: Marts, words: Words) -> str:
    """The day that a section's state is of."""
    return words.say("page.as_of", day=words.write("day", marts.as_of)) if marts.as_of else ""


def say_empty(name: str, marts: Sequence[str], words: Words) -> Section:
    """A section whose marts are empty: a sentence in place of a chart."""
    return Section(name, words.say(f"{name}.empty"), marts=marts, nav=words.say(f"{name}.nav"))
