"""Charts as text: SVG that needs no script, no network and no fonts, and reads on a light and on a dark screen.

Sizes are estimated from the number of letters, so nothing has to be measured on a screen; output depends on input only.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10
from typing import Literal

Tone = Literal["for", "against", "total", "neutral"]

LETTER = 6.6  # Width of a letter at 12 px, in pixels, rounded up: a label never runs into its bar.
ROW, GAP, PLOT = 20, 14, 420  # Height of a row, space between columns, width of what bars are drawn in.

_STYLE = """
.chart { font: 12px system-ui, sans-serif; --paper: #ffffff; --ink: #24292f; --dim: #6e7781; --line: #d0d7de;
  --for: #1a7f64; --against: #cf4a3c; --total: #4464ad; --neutral: #8c959f; }
@media (prefers-color-scheme: dark) { .chart { --paper: #161b22; --ink: #e6edf3; --dim: #9198a1; --line: #3d444d;
  --for: #3fb68f; --against: #f0776a; --total: #7d9bea; --neutral: #818b98; } }
.chart .paper { fill: var(--paper); } .chart text { fill: var(--ink); } .chart .dim { fill: var(--dim); }
.chart .title { font-size: 14px; font-weight: 600; } .chart .group { font-weight: 600; }
.chart .line { stroke: var(--line); stroke-width: 1; } .chart .axis { stroke: var(--dim); stroke-width: 1; }
.chart .for { fill: var(--for); } .chart .against { fill: var(--against); } .chart .total { fill: var(--total); }
.chart .neutral { fill: var(--neutral); }
"""


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


def draw_bars(bars: Sequence[Bar], title: str, unit: str = "") -> str:
    """Signed horizontal bars, one a row, with labels to the left and values to the right, as an SVG string."""
    texts = [f"{bar.value:+.2f}" if bar.text is None else bar.text for bar in bars]
    low, high, ticks = _ticks([edge for bar in bars for edge in (bar.start, bar.end)])
    labels = _width(bar.label for bar in bars)
    values = _width(texts)
    notes = _width(bar.note for bar in bars)
    left = GAP + labels + GAP
    width = left + PLOT + GAP + values + (GAP + notes if notes else 0) + GAP

    def across(value: float) -> float:
        return left + (value - low) / (high - low) * PLOT

    top = 40
    rows: list[str] = []
    y = float(top)
    group = ""
    for bar, text in zip(bars, texts, strict=True):
        if bar.group != group:
            group = bar.group
            y += 6
            if group:
                rows.append(f'<text class="group" x="{GAP}" y="{y + 14:.1f}">{escape(group)}</text>')
                y += ROW
        tone = bar.tone or ("for" if bar.value >= 0 else "against")
        begin, end = sorted((across(bar.start), across(bar.end)))
        said = escape(f"{bar.label}: {text}" + (f" ({bar.note})" if bar.note else ""))
        rows += [
            f'<text x="{left - GAP}" y="{y + 14:.1f}" text-anchor="end">{escape(bar.label)}</text>',
            f'<rect class="{tone}" x="{begin:.1f}" y="{y + 3:.1f}" width="{max(end - begin, 1):.1f}" '
            f'height="{ROW - 6}" rx="2"><title>{said}</title></rect>',
            f'<text x="{left + PLOT + GAP + values}" y="{y + 14:.1f}" text-anchor="end">{escape(text)}</text>',
        ]
        if bar.note:
            rows.append(
                f'<text class="dim" x="{left + PLOT + GAP + values + GAP}" y="{y + 14:.1f}">{escape(bar.note)}</text>'
            )
        y += ROW
    grid = [
        f'<line class="{"axis" if tick == 0 else "line"}" x1="{across(tick):.1f}" y1="{top}" x2="{across(tick):.1f}" '
        f'y2="{y:.1f}"/><text class="dim" x="{across(tick):.1f}" y="{y + 16:.1f}" text-anchor="middle">{tick:g}</text>'
        for tick in ticks
    ]
    unit_text = f'<text class="dim" x="{left + PLOT + GAP + 10}" y="{y + 16:.1f}">{escape(unit)}</text>' if unit else ""
    return _svg(max(width, _width([title]) * 1.3 + 2 * GAP), y + 28, title, [*grid, *rows, unit_text])


@dataclass(frozen=True)
class Column:
    """One vertical column: ``label`` below it, ``text`` shown when pointed at (default: its value)."""

    label: str
    value: float
    text: str | None = None
    tone: Tone = "total"


def draw_columns(columns: Sequence[Column], title: str, across: str = "", up: str = "") -> str:
    """Upright columns from zero, side by side, as an SVG string; ``across`` and ``up`` name the axes."""
    low, high, ticks = _ticks([0.0, *(column.value for column in columns)])
    numbers = _width(f"{tick:,g}" for tick in ticks)
    left, top, tall = GAP + numbers + 6, 58, 240
    wide = max(6.0, min(40.0, 640 / max(1, len(columns))))
    # Labels that would touch are left out, all but every nth.
    every = max(1, ceil((_width(column.label for column in columns) + 6) / wide))
    right = left + wide * len(columns)

    def upwards(value: float) -> float:
        return top + tall - (value - low) / (high - low) * tall

    parts = [f'<text class="dim" x="{GAP}" y="{top - 12}">{escape(up)}</text>'] if up else []
    for tick in ticks:
        y = upwards(tick)
        kind = "axis" if tick == 0 else "line"
        parts += [
            f'<line class="{kind}" x1="{left}" y1="{y:.1f}" x2="{right:.1f}" y2="{y:.1f}"/>',
            f'<text class="dim" x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:,g}</text>',
        ]
    for position, column in enumerate(columns):
        x, y = left + position * wide, upwards(column.value)
        said = escape(f"{column.label}: {f'{column.value:,g}' if column.text is None else column.text}")
        parts.append(
            f'<rect class="{column.tone}" x="{x + wide * 0.08:.1f}" y="{y:.1f}" width="{wide * 0.84:.1f}" '
            f'height="{upwards(0.0) - y:.1f}"><title>{said}</title></rect>'
        )
        if position % every == 0:
            parts.append(
                f'<text class="dim" x="{x + wide / 2:.1f}" y="{top + tall + 16}" text-anchor="middle">'
                f"{escape(column.label)}</text>"
            )
    if across:
        parts.append(
            f'<text class="dim" x="{(left + right) / 2:.1f}" y="{top + tall + 36}" text-anchor="middle">'
            f"{escape(across)}</text>"
        )
    width = max(right, left + _width([across]), _width([title]) * 1.3) + 2 * GAP
    return _svg(width, top + tall + 50, title, parts)


def _svg(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}"><title>{escape(title)}</title><style>{_STYLE}</style>'
        f'<rect class="paper" width="100%" height="100%" rx="6"/>'
        f'<text class="title" x="{GAP}" y="26">{escape(title)}</text>' + "".join(parts) + "</svg>"
    )


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
