"""A page: its sections in their order, the glossary and what the data cannot show, by the templates beside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import cast

from markupsafe import Markup

from pipelines.charts.page import open_templates
from pipelines.report.csv_links import link_csv
from pipelines.report.figures import Cards
from pipelines.report.glossary import Marker, Term, as_button, explain
from pipelines.report.published_marts import Marts, open_marts
from pipelines.report.section_contract import Draw, Lack, Section, tell_day
from pipelines.report.sections import GROUPS, SECTIONS
from pipelines.texts.texts import Texts, open_texts
from pipelines.warehouse.newest_orders import are_silent, find_newest_orders

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


@dataclass(frozen=True)
class Gap:
    """What the data cannot show, as told: ``needs`` are alternatives, all of them wanted. ``name`` is its place."""

    name: str
    lack: Lack
    needs: str


def draw_page(warehouse: Path, language: str, origin: Origin, other: str = "") -> Page:
    """The report of a published warehouse; ``other`` is the file of the page for data engineers beside it, if any.

    Raises ParcoursError where the warehouse cannot be read.
    """
    with open_marts(warehouse) as marts:
        texts = open_texts(language, "report", marts.currency)
        drawn = {name: _find_draw(name)(marts, texts) for name in SECTIONS}
        html = lay_out("page", GROUPS, drawn, marts, texts, origin, other, _warn_of_silence(warehouse, marts, texts))
    return Page(html, next((section.facts for section in drawn.values() if section.facts), {}))


def lay_out(
    kind: str,
    groups: Mapping[str, Sequence[str]],
    drawn: Mapping[str, Section],
    marts: Marts,
    texts: Texts,
    origin: Origin,
    other: str,
    warning: str = "",
) -> str:
    """The sections as one HTML page. ``kind`` is the group of the page's own texts; ``other`` a page to link to.

    ``warning`` is what to know before believing any figure.
    """
    parts = [
        Part(
            group,
            texts.name("group", group),
            [_place(drawn[name], texts) for name in names if not drawn[name].is_empty],
        )
        for group, names in groups.items()
    ]
    page = open_templates(TEMPLATES).get_template("page.html")
    return page.render(
        kind=kind,
        parts=[part for part in parts if part.sections],
        gaps=[_tell_gap(section, lack, texts) for section in drawn.values() for lack in section.lacks],
        glossary=explain((term for section in drawn.values() if not section.is_empty for term in section.terms), texts),
        as_button=as_button,
        link_csv=link_csv,
        origin=_tell_origin(marts, origin, texts),
        other=other,
        warning=warning,
        day=texts.write("day", marts.as_of) if marts.as_of else "",
        language=texts.language,
        say=texts.say,
        # The only text that is not escaped: ours, and of a style nothing is.
        style=Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),  # noqa: S704
    )


def _find_draw(name: str) -> Draw:
    return cast("Draw", import_module(f"pipelines.report.sections.{name}").draw)


def _place(section: Section, texts: Texts) -> Placed:
    marker = Marker(explain(section.terms, texts))
    lead = [marker.mark(text) for text in section.lead]
    captions = [marker.mark(figure.title) for figure in section.figures]
    on_cards = {card.term for figure in section.figures if isinstance(figure, Cards) for card in figure.cards}
    return Placed(section, lead, captions, [term for term in marker.left.values() if term.name not in on_cards])


def _tell_gap(section: Section, lack: Lack, texts: Texts) -> Gap:
    """An empty section keeps its place on the page, so that links to it still lead somewhere."""
    either = texts.say("page.or")
    needs = texts.say("page.and").join(either.join(tables) for tables in lack.needs)
    return Gap(section.name if section.is_empty else "", lack, needs)


def _tell_origin(marts: Marts, origin: Origin, texts: Texts) -> str:
    known = [
        tell_day(marts, texts),
        texts.say("page.run", run=origin.run_id[:8]) if origin.run_id else "",
        texts.say("page.model", model=origin.model_version) if origin.model_version else "",
        texts.say("page.currency", currency=marts.currency) if marts.currency else "",
    ]
    return " · ".join(text for text in known if text)


def _warn_of_silence(warehouse: Path, marts: Marts, texts: Texts) -> str:
    """Sources whose orders end long before the day of the report: what was sold since is missing from every figure."""
    if marts.as_of is None:
        return ""
    newest = find_newest_orders(warehouse)
    silent = {source: day for source, day in newest.items() if are_silent(day, marts.as_of)}
    told = [
        texts.say("page.silent_since", source=source, day=texts.write("day", day)) for source, day in silent.items()
    ]
    return texts.say("page.silent", sources=", ".join(told)) if told else ""
