"""The page: every section in its order, laid out by the templates beside."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import cast

from markupsafe import Markup

from pipelines.charts.page import open_templates
from pipelines.report.published_marts import Marts, open_marts
from pipelines.report.section_contract import Draw, tell_day
from pipelines.report.sections import SECTIONS
from pipelines.texts.texts import Texts, open_texts

TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class Origin:
    """What published the warehouse that the report is drawn from; empty where that is not known."""

    run_id: str = ""
    model_version: str = ""


@dataclass(frozen=True)
class Page:
    """The page as HTML, and its headlines as written on it, by their name in the mart."""

    html: str
    headlines: dict[str, str]


def draw_page(warehouse: Path, language: str, origin: Origin) -> Page:
    """The report of a published warehouse. Raises ParcoursError where it cannot be read."""
    with open_marts(warehouse) as marts:
        texts = open_texts(language, "report", marts.currency)
        sections = [draw(marts, texts) for draw in _list_sections()]
        html = (
            open_templates(TEMPLATES)
            .get_template("page.html")
            .render(
                sections=sections,
                origin=_tell_origin(marts, origin, texts),
                day=texts.write("day", marts.as_of) if marts.as_of else "",
                language=language,
                say=texts.say,
                # The only text that is not escaped: ours, and of a style nothing is.
                style=Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),  # noqa: S704
            )
        )
    return Page(html, next((section.facts for section in sections if section.facts), {}))


def _list_sections() -> Iterator[Draw]:
    for name in SECTIONS:
        yield cast("Draw", import_module(f"pipelines.report.sections.{name}").draw)


def _tell_origin(marts: Marts, origin: Origin, texts: Texts) -> str:
    known = [
        tell_day(marts, texts),
        texts.say("page.run", run=origin.run_id[:8]) if origin.run_id else "",
        texts.say("page.model", model=origin.model_version) if origin.model_version else "",
        texts.say("page.currency", currency=marts.currency) if marts.currency else "",
    ]
    return " · ".join(text for text in known if text)
