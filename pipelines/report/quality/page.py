"""The page for data engineers, laid out as the report is."""

from collections.abc import Callable
from importlib import import_module
from typing import TypeAlias, cast

from pipelines.config.home import Home
from pipelines.report.page import Origin, lay_out
from pipelines.report.published_marts import Marts, open_marts
from pipelines.report.quality import GROUPS, SECTIONS
from pipelines.report.section_contract import Section
from pipelines.texts.texts import Texts, open_texts

Draw: TypeAlias = Callable[[Home, Marts, Texts], Section]


def draw_quality(home: Home, language: str, origin: Origin, other: str) -> str:
    """The page as HTML; ``other`` is the file of the report beside it. Raises ParcoursError as the report does."""
    with open_marts(home.warehouse) as marts:
        texts = open_texts(language, "report", marts.currency)
        drawn = {name: _find_draw(name)(home, marts, texts) for name in SECTIONS}
        return lay_out("quality", GROUPS, drawn, marts, texts, origin, other)


def _find_draw(name: str) -> Draw:
    return cast("Draw", import_module(f"pipelines.report.quality.{name}").draw)
