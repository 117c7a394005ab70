"""The chart of processor time against size, as an SVG file beside the page: both axes logarithmic.

What is steeper than the floor grows faster than reading the data does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor, log10
from pathlib import Path

from pipelines.charts.page import open_templates

FILE = Path(__file__).with_name("whole.svg")
LINK = "![Processor seconds against the number of people, by run](whole.svg)"
TEMPLATES = Path(__file__).with_name("templates")
NAMES = {"first": "first run", "full": "a later full run", "again": "the same again", "night": "the night after",
         "floor": "floor: DuckDB alone"}  # fmt: skip
LEFT, TOP, WIDTH, HEIGHT, LABEL = 70, 44, 460, 320, 150  # Pixels.


@dataclass(frozen=True)
class Series:
    """The line of one run: its points in pixels, each with what it says, and where its label stands."""

    name: str
    tone: int
    points: list[tuple[float, float, str]]
    baseline: float

    @property
    def path(self) -> str:
        return " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in self.points)


def write(seconds: Mapping[int, Mapping[str, float]]) -> None:
    """Draws ``seconds`` by people and run."""
    FILE.write_text(draw(seconds), encoding="utf-8")


def draw(seconds: Mapping[int, Mapping[str, float]]) -> str:
    """``seconds`` by people and run, as SVG."""
    sizes = sorted(seconds)
    across = _axis(list(map(float, sizes)), LEFT, LEFT + WIDTH)
    up = _axis([value for runs in seconds.values() for value in runs.values()], TOP + HEIGHT, TOP)
    series, taken = [], []
    found = {name: {size: runs[name] for size, runs in seconds.items() if name in runs} for name in NAMES}
    # From the top, so that labels of lines that end together stand below one another.
    for tone, (name, values) in enumerate(sorted(found.items(), key=lambda each: -max(each[1].values(), default=0))):
        points = [
            (across.place(size), up.place(value), f"{NAMES[name]}, {size:,} people: {value:,.0f} s")
            for size, value in sorted(values.items())
        ]
        if points:
            baseline = max([points[-1][1] + 4, *(each + 16 for each in taken[-1:])])
            taken.append(baseline)
            series.append(Series(NAMES[name], tone, points, baseline))
    return (
        open_templates(TEMPLATES)
        .get_template("size_chart.svg")
        .render(
            title="Processor seconds against people",
            width=LEFT + WIDTH + LABEL,
            height=TOP + HEIGHT + 50,
            left=LEFT,
            right=LEFT + WIDTH,
            top=TOP,
            bottom=TOP + HEIGHT,
            columns=[(across.place(size), f"{size:,}") for size in sizes],
            rows=[(up.place(tick), f"{tick:,.0f}") for tick in up.ticks],
            series=series,
        )
    )


@dataclass(frozen=True)
class _Axis:
    """A logarithmic axis from ``low`` to ``high``, powers of ten, drawn from ``start`` to ``end``."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        return self.start + (log10(value) - self.low) / (self.high - self.low) * (self.end - self.start)

    @property
    def ticks(self) -> list[float]:
        powers = range(floor(self.low), ceil(self.high) + 1)
        ticks = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
        return [tick for tick in ticks if self.low - 1e-9 <= log10(tick) <= self.high + 1e-9]


def _axis(values: list[float], start: float, end: float) -> _Axis:
    low, high = log10(max(min(values), 0.1)), log10(max(*values, 0.2))
    room = max(0.05 * (high - low), 0.05)
    return _Axis(low - room, high + room, start, end)
