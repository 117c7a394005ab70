"""The page: every section in the order in which one would tell it, laid out by the templates beside."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup

from pipelines.config.sources import Language
from pipelines.report.marts import Marts, open_marts
from pipelines.report.section import Draw, tell_day
from pipelines.report.sections import (
    attribution,
    channels,
    friction,
    funnel,
    headlines,
    loyalty,
    overlap,
    paths,
    retention,
    rfm,
    satisfaction,
    stages,
    transitions,
    value,
)
from pipelines.report.words import Words

TEMPLATES = Path(__file__).with_name("templates")
SECTIONS: Sequence[Draw] = (
    headlines.draw,
    funnel.draw,
    stages.draw,
    transitions.draw,
    channels.draw,
    overlap.draw,
    value.draw,
    paths.draw,
    attribution.draw,
    friction.draw,
    retention.draw,
    rfm.draw,
    loyalty.draw,
    satisfaction.draw,
)


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


def draw_page(warehouse: Path, language: Language, origin: Origin) -> Page:
    """The report of a published warehouse. Raises ParcoursError where it cannot be read."""
    with open_marts(warehouse) as marts:
        words = Words(language, marts.currency)
        sections = [draw(marts, words) for draw in SECTIONS]
        html = (
            _environment()
            .get_template("page.html")
            .render(
                sections=sections,
                origin=_tell_origin(marts, origin, words),
                day=words.write("day", marts.as_of) if marts.as_of else "",
                language=language,
                say=words.say,
                # The only text that is not escaped: ours, and of a style nothing is.
                style=Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),  # noqa: S704
            )
        )
    return Page(html, next((section.facts for section in sections if section.facts), {}))


def _tell_origin(marts: Marts, origin: Origin, words: Words) -> str:
    known = [
        tell_day(marts, words),
        words.say("page.run", run=origin.run_id[:8]) if origin.run_id else "",
        words.say("page.model", model=origin.model_version) if origin.model_version else "",
        words.say("page.currency", currency=marts.currency) if marts.currency else "",
    ]
    return " · ".join(text for text in known if text)


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
