"""The shapes of charts, as data. Each is laid out by the template of its name, in HTML that fits any width.

Widths and positions are percent of the room there is; only what HTML cannot draw (ribbons, areas, lines) is SVG,
without any text in it, so that it can be stretched.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal, TypeAlias

from pipelines.report.deltas import Delta

Tone = Literal["blue", "sky", "green", "amber", "red", "purple", "grey"]


@dataclass(frozen=True)
class Legend:
    """What a colour stands for."""

    tone: Tone
    label: str


@dataclass(frozen=True)
class Segment:
    """A piece of a bar, from ``start`` on, ``width`` wide, in percent."""

    start: float
    width: float
    tone: Tone = "blue"


@dataclass(frozen=True)
class Bar:
    """One row: a label, its bar, its value, and a note in small print. A faint bar rests on little."""

    label: str
    value: str
    segments: Sequence[Segment]
    note: str = ""
    is_faint: bool = False


@dataclass(frozen=True)
class Bars:
    """Horizontal bars. ``axis`` marks a zero within the room, in percent."""

    shape: ClassVar[str] = "bars"
    title: str
    bars: Sequence[Bar]
    legend: Sequence[Legend] = ()
    axis: float | None = None


@dataclass(frozen=True)
class Card:
    """A headline: its value, a note, its months as an SVG path, how it moved, and the glossary's term for its label."""

    label: str
    value: str
    note: str = ""
    line: str = ""
    deltas: Sequence[Delta] = ()
    term: str = ""


@dataclass(frozen=True)
class Cards:
    shape: ClassVar[str] = "cards"
    title: str
    cards: Sequence[Card]


@dataclass(frozen=True)
class Area:
    """One layer of a stack: an SVG path over a room of 100 by 100."""

    path: str
    tone: Tone


@dataclass(frozen=True)
class Areas:
    """Layers over time. ``ticks`` are labels along the bottom with their place in percent; ``top`` is the highest."""

    shape: ClassVar[str] = "areas"
    title: str
    description: str
    areas: Sequence[Area]
    ticks: Sequence[tuple[float, str]]
    top: str


@dataclass(frozen=True)
class Node:
    """An end of the flows: ``top`` and ``height`` in pixels, as tall as what passes through it."""

    label: str
    value: str
    top: float
    height: float
    tone: Tone


@dataclass(frozen=True)
class Ribbon:
    """A flow from a node on the left to one on the right: an SVG path 100 wide and as tall as the chart."""

    path: str
    tone: Tone
    said: str


@dataclass(frozen=True)
class Sankey:
    shape: ClassVar[str] = "sankey"
    title: str
    description: str
    left_title: str
    right_title: str
    height: float
    left: Sequence[Node]
    right: Sequence[Node]
    ribbons: Sequence[Ribbon]


@dataclass(frozen=True)
class HeatCell:
    """``heat`` is 0 to 1; ``text`` is empty where there is nothing to show."""

    text: str
    heat: float = 0.0
    said: str = ""
    tone: Tone = "blue"


@dataclass(frozen=True)
class HeatRow:
    label: str
    note: str
    cells: Sequence[HeatCell]
    is_total: bool = False


@dataclass(frozen=True)
class Heat:
    """A grid of cells, darker where there is more. ``is_square`` grids have few and large ones."""

    shape: ClassVar[str] = "heat"
    title: str
    corner: str
    note_title: str
    across: str
    columns: Sequence[str]
    rows: Sequence[HeatRow]
    is_square: bool = False


@dataclass(frozen=True)
class Combination:
    """Which of the sets a group is in, in the order of the columns."""

    members: Sequence[bool]
    said: str
    width: float
    value: str
    note: str


@dataclass(frozen=True)
class Upset:
    """Groups by the sets they belong to; one of none is all the others."""

    shape: ClassVar[str] = "upset"
    title: str
    sets: Sequence[str]
    combinations: Sequence[Combination]


@dataclass(frozen=True)
class Column:
    """One upright bar, ``height`` percent of the room tall; ``before`` is how tall it was a year ago, as a mark.

    A faint one is not whole yet, as the month that runs.
    """

    label: str
    height: float
    said: str
    before: float | None = None
    tone: Tone = "blue"
    is_faint: bool = False


@dataclass(frozen=True)
class Columns:
    """Upright bars over time; ``top`` is what the room's height stands for."""

    shape: ClassVar[str] = "columns"
    title: str
    description: str
    columns: Sequence[Column]
    top: str
    legend: Sequence[Legend] = ()


@dataclass(frozen=True)
class Line:
    """A line over a room of 100 by 100 (``svg_paths.draw_line``); a dashed one is there to compare with."""

    path: str
    tone: Tone
    is_dashed: bool = False


@dataclass(frozen=True)
class Lines:
    """Lines over time in one room, from ``bottom`` to ``top``, with ``ticks`` along it as in Areas."""

    shape: ClassVar[str] = "lines"
    title: str
    description: str
    lines: Sequence[Line]
    ticks: Sequence[tuple[float, str]]
    top: str
    bottom: str = ""
    legend: Sequence[Legend] = ()


@dataclass(frozen=True)
class BoardCell:
    """A value, and a bar below it that compares it with the others of its column, in percent of the longest."""

    text: str
    width: float | None = None
    tone: Tone = "blue"


@dataclass(frozen=True)
class BoardRow:
    label: str
    cells: Sequence[BoardCell]
    note: str = ""
    is_faint: bool = False


@dataclass(frozen=True)
class Board:
    """Things side by side, stores say, by several measures; on a phone each becomes a block of its own."""

    shape: ClassVar[str] = "board"
    title: str
    corner: str
    columns: Sequence[str]
    rows: Sequence[BoardRow]


@dataclass(frozen=True)
class Change:
    """What moved: from which value to which, and what both rest on, in small print."""

    label: str
    before: str
    now: str
    delta: Delta
    base: str = ""


@dataclass(frozen=True)
class Changes:
    """A list of changes, the clearest first; ``note`` says of how many."""

    shape: ClassVar[str] = "changes"
    title: str
    changes: Sequence[Change]
    note: str = ""


Figure: TypeAlias = Bars | Cards | Areas | Sankey | Heat | Upset | Columns | Lines | Board | Changes


def percent_of(value: float | Decimal, whole: float | Decimal) -> float:
    """A length in percent of the room, to a hundredth; 0 where there is no room."""
    return round(100 * float(value) / float(whole), 2) if whole else 0.0
