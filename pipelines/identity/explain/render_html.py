"""An explanation as a page: HTML that stands for itself, with waterfall charts, no script and nothing to download."""

from pathlib import Path

from markupsafe import Markup

from pipelines.charts.page import open_templates
from pipelines.charts.svg import Bar, draw_bars
from pipelines.identity.explain.document import Document, Waterfall

TEMPLATES = Path(__file__).with_name("templates")


def render_html(document: Document) -> str:
    def draw(waterfall: Waterfall) -> Markup:
        return draw_waterfall(waterfall, document.decimal_mark)

    page = open_templates(TEMPLATES).get_template("explanation.html")
    return page.render(language=document.language, title=document.title, document=document, draw=draw)


def draw_waterfall(waterfall: Waterfall, decimal_mark: str) -> Markup:
    """The parts of a weight, each from where the one before ended; those that say nothing are left out."""
    bars, reached = [], 0.0
    for part in waterfall.parts:
        if part.is_counted:
            bars.append(Bar(part.label, reached + part.weight, reached, part.bits, part.note))
            reached += part.weight
    total = waterfall.total
    bars.append(Bar(total.label, total.weight, 0.0, total.bits, tone="total"))
    return draw_bars(bars, waterfall.title, waterfall.headings[-1], decimal_mark)
