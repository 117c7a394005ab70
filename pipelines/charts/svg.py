"""Charts as text: SVG that needs no script, no network and no fonts, and reads on a light and on a dark screen.

Sizes are estimated from the number of letters, so nothing has to be measured on a screen; output depends on input only.
Here it is reckoned where lines, boxes and labels lie; the template `chart.svg` writes them down.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Literal

from markupsafe import Markup

from pipelines.charts.page import open_templates

Tone = Literal["for", "against", "total", "neutral"]

LETTER = 6.6  # Width of a letter at 12 px, in pixels, rounded up: a label never runs into its bar.
ROW, GAP, PLOT = 20, 14, 420  # Height of a row, space between columns, width of what bars are drawn in.


@dataclass(frozen=True)
class _Line:
    """A line of the grid; that of zero is the axis."""

    left: float
    top: float
    right: float
    bottom: float
    is_zero: bool

    @property
    def tone(self) -> str:
        return "axis" if self.is_zero else "line"


@dataclass(frozen=True)
class _Box:
    """A filled rectangle; ``said`` is shown when it is pointed at."""

    left: float
    top: float
    width: float
    height: float
    tone: Tone
    said: str


@dataclass(frozen=True)
class _Label:
    left: float
    baseline: float
    text: str
    tone: Literal["", "dim", "group"] = ""
    anchor: Literal["", "middle", "end"] = ""


@dataclass(frozen=True)
class Bar:
    """One horizontal bar from ``start`` to ``end``; in a waterfall it starts where the one before ended.

    ``text`` stands behind it (default: its signed length); ``note`` behind that, dim. ``tone`` is its colour (default:
    for or against, by its sign). ``group`` is a heading above the first of a run of bars that share it.
    """

    label: str
    end: float
    start: float = 0.0
    text: str | None = None
    note: str = ""
    tone: Tone | None = None
    group: str = ""

    @property
    def value(self) -> float:
        return self.end - self.start


def draw_bars(bars: Sequence[Bar], title: str, unit: str = "", decimal_mark: str = ".") -> Markup:
    """Signed horizontal bars, one a row, with labels to the left and values to the right, as SVG.

    ``decimal_mark`` is that of the numbers along the axis; those beside bars are written by who draws them.
    """
    texts = [f"{bar.value:+.2f}" if bar.text is None else bar.text for bar in bars]
    low, high, ticks = _ticks([edge for bar in bars for edge in (bar.start, bar.end)])
    names, values, notes = (
        _width(column) for column in ([bar.label for bar in bars], texts, [bar.note for bar in bars])
    )
    left = GAP + names + GAP
    right = left + PLOT
    width = right + GAP + values + (GAP + notes if notes else 0) + GAP

    def across(value: float) -> float:
        return left + (value - low) / (high - low) * PLOT

    top = 40
    boxes: list[_Box] = []
    labels: list[_Label] = []
    y = float(top)
    group = ""
    for bar, text in zip(bars, texts, strict=True):
        if bar.group != group:
            group = bar.group
            y += 6
            if group:
                labels.append(_Label(GAP, y + 14, group, "group"))
                y += ROW
        begin, end = sorted((across(bar.start), across(bar.end)))
        said = f"{bar.label}: {text}" + (f" ({bar.note})" if bar.note else "")
        tone = bar.tone or ("for" if bar.value >= 0 else "against")
        boxes.append(_Box(begin, y + 3, max(end - begin, 1), ROW - 6, tone, said))
        labels.append(_Label(left - GAP, y + 14, bar.label, anchor="end"))
        labels.append(_Label(right + GAP + values, y + 14, text, anchor="end"))
        if bar.note:
            labels.append(_Label(right + GAP + values + GAP, y + 14, bar.note, "dim"))
        y += ROW
    lines = [_Line(across(tick), top, across(tick), y, tick == 0) for tick in ticks]
    labels += [_Label(across(tick), y + 16, f"{tick:g}".replace(".", decimal_mark), "dim", "middle") for tick in ticks]
    if unit:
        labels.append(_Label(right + GAP + 10, y + 16, unit, "dim"))
    return _draw(max(width, _width([title]) * 1.3 + 2 * GAP), y + 28, title, lines, boxes, labels)


def _draw(
    width: float, height: float, title: str, lines: Sequence[_Line], boxes: Sequence[_Box], labels: Sequence[_Label]
) -> Markup:
    chart = open_templates().get_template("chart.svg")
    drawn = chart.render(width=width, height=height, title=title, margin=GAP, lines=lines, boxes=boxes, labels=labels)
    return Markup(drawn)  # noqa: S704  # what it shows was escaped by the template


def _width(texts: Iterable[str]) -> float:
    return max((len(text) for text in texts), default=0) * LETTER


def _ticks(values: Sequence[float]) -> tuple[float, float, list[float]]:
    """An axis that holds ``values`` and zero: its ends, and round numbers along it."""
    low, high = min(0.0, *values, 0.0), max(0.0, *values, 0.0)
    if low == high:
        high = 1.0
    rough = (high - low) / 6
    power = 10.0 ** floor(log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough)
    first, last = floor(low / step), ceil(high / step)
    return first * step, last * step, [round(number * step, 10) for number in range(first, last + 1)]
