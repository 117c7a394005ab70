"""An explanation as a page: HTML that stands for itself, with waterfall charts, no script and nothing to download."""

from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from pipelines.charts.page import open_templates
from pipelines.charts.svg import Bar, Tone, draw_bars
from pipelines.identity.explain.document import Document, Waterfall

TEMPLATES = Path(__file__).with_name("templates")


def render_html(document: Document) -> str:
    def draw(waterfall: Waterfall) -> Markup:
        return draw_waterfall(waterfall, document.decimal_mark)

    page = open_templates(TEMPLATES).get_template("explanation.html")
    return page.render(language=document.language, title=document.title, document=document, draw=draw, place=place_bars)


def draw_waterfall(waterfall: Waterfall, decimal_mark: str) -> Markup:
    """The chart for a screen that is wide enough for its labels."""
    return draw_bars(_list_bars(waterfall), waterfall.title, waterfall.headings[-1], decimal_mark)


@dataclass(frozen=True)
class PlacedBar:
    """A bar as a phone shows it, its label above it: ``left`` and ``width`` in percent of the room."""

    label: str
    bits: str
    note: str
    tone: Tone
    left: float
    width: float


def place_bars(waterfall: Waterfall) -> list[PlacedBar]:
    """The same chart for a narrow screen, where each bar is as wide as the page."""
    bars = _list_bars(waterfall)
    edges = [0.0, *(edge for bar in bars for edge in (bar.start, bar.end))]
    low, room = min(edges), (max(edges) - min(edges)) or 1.0
    return [
        PlacedBar(
            bar.label,
            bar.text or "",
            bar.note,
            bar.tone or ("for" if bar.value >= 0 else "against"),
            round(100 * (min(bar.start, bar.end) - low) / room, 2),
            round(100 * abs(bar.value) / room, 2),
        )
        for bar in bars
    ]


def _list_bars(waterfall: Waterfall) -> list[Bar]:
    """The parts of a weight, each from where the one before ended; those that say nothing are left out."""
    bars, reached = [], 0.0
    for part in waterfall.parts:
        if part.is_counted:
            bars.append(Bar(part.label, reached + part.weight, reached, part.bits, part.note))
            reached += part.weight
    total = waterfall.total
    bars.append(Bar(total.label, total.weight, 0.0, total.bits, tone="total"))
    return bars
