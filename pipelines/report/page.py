"""The page: every section in its order, laid out by the templates beside."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import cast

from markupsafe import Markup

from pipelines.charts.page import open_templates
from pipelines.report.figures import Cards
from pipelines.report.glossary import Marker, Term, as_button, explain
from pipelines.report.published_marts import Marts, open_marts
from pipelines.report.section_contract import Draw, Section, tell_day
from pipelines.report.sections import GROUPS, SECTIONS
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


@dataclass(frozen=True)
class Placed:
    """A section as laid out: its words and captions with the terms marked, and the terms that none of these says."""

    section: Section
    lead: Sequence[Markup]
    captions: Sequence[Markup]
    terms: Sequence[Term]


@dataclass(frozen=True)
class Part:
    """Sections that belong together, under a heading of their own."""

    name: str
    title: str
    sections: Sequence[Placed]


def draw_page(warehouse: Path, language: str, origin: Origin) -> Page:
    """The report of a published warehouse. Raises ParcoursError where it cannot be read."""
    with open_marts(warehouse) as marts:
        texts = open_texts(language, "report", marts.currency)
        drawn = {name: _find_draw(name)(marts, texts) for name in SECTIONS}
        html = (
            open_templates(TEMPLATES)
            .get_template("page.html")
            .render(
                parts=[
                    Part(group, texts.name("group", group), [_place(drawn[name], texts) for name in names])
                    for group, names in GROUPS.items()
                ],
                glossary=explain((term for section in drawn.values() for term in section.terms), texts),
                as_button=as_button,
                origin=_tell_origin(marts, origin, texts),
                day=texts.write("day", marts.as_of) if marts.as_of else "",
                language=language,
                say=texts.say,
                # The only text that is not escaped: ours, and of a style nothing is.
                style=Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),  # noqa: S704
            )
        )
    return Page(html, next((section.facts for section in drawn.values() if section.facts), {}))


def _find_draw(name: str) -> Draw:
    return cast("Draw", import_module(f"pipelines.report.sections.{name}").draw)


def _place(section: Section, texts: Texts) -> Placed:
    marker = Marker(explain(section.terms, texts))
    lead = [marker.mark(text) for text in section.lead]
    captions = [marker.mark(figure.title) for figure in section.figures]
    on_cards = {card.term for figure in section.figures if isinstance(figure, Cards) for card in figure.cards}
    return Placed(section, lead, captions, [term for term in marker.left.values() if term.name not in on_cards])


def _tell_origin(marts: Marts, origin: Origin, texts: Texts) -> str:
    known = [
        tell_day(marts, texts),
        texts.say("page.run", run=origin.run_id[:8]) if origin.run_id else "",
        texts.say("page.model", model=origin.model_version) if origin.model_version else "",
        texts.say("page.currency", currency=marts.currency) if marts.currency else "",
    ]
    return " · ".join(text for text in known if text)
