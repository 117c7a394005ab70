"""The shapes of charts, as data. Each is laid out by the template of its name, in HTML that fits any width.

Widths and positions are percent of the room there is; only what HTML cannot draw (ribbons, areas, lines) is SVG,
without any text in it, so that it can be stretched.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal, TypeAlias

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
    """A headline: its value, how far identity error moves it, what it was a year ago, and its months as an SVG path."""

    label: str
    value: str
    note: str
    before: str
    line: str


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


Figure: TypeAlias = Bars | Cards | Areas | Sankey | Heat | Upset


def percent_of(value: float | Decimal, whole: float | Decimal) -> float:
    """A length in percent of the room, to a hundredth; 0 where there is no room."""
    return round(100 * float(value) / float(whole), 2) if whole else 0.0
