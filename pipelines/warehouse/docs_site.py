"""Pages about the warehouse for who reads it: what each mart and column is, what it is made from, how it is checked.

Each page is one file that needs neither a server nor a network.
"""

import html
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.charts.page import make_page
from pipelines.config.home import Home
from pipelines.errors import ParcoursError
from pipelines.warehouse import dbt_project
from pipelines.warehouse.data_dictionary import read_marts

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 70rem; padding: 1rem; color: #1b1f24; }
a { color: #0b57a4; } code { font-size: .9em; } nav a { margin-right: 1rem; white-space: nowrap; }
div { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #d0d7de; padding: .3rem .6rem .3rem 0; text-align: left; vertical-align: top; }
@media (prefers-color-scheme: dark) { body { background: #14171a; color: #e6e8eb; } a { color: #7db7f5; } }
"""


MENDED = {
    ' xlink:href="{{': ' ng-attr-xlink:href="{{',
    "${require('./assets/favicons/favicon.ico')}": "data:,",
}


class NothingToDocumentError(ParcoursError):
    """The home folder has no published warehouse."""


@dataclass(frozen=True)
class Page:
    """A page of the folder: its file, and what it holds, in words."""

    file: str
    title: str
    about: str


DICTIONARY = Page("dictionary.html", "Data dictionary", "Every mart, one row per column: its type and what it is.")
LINEAGE = Page(
    "lineage.html",
    "Models, tests and lineage",
    "The site that dbt makes: every source, model, test and exposure with its SQL, and the graph of what is made from "
    "what.",
)
REPORT = Page("report.html", "Report of the last run", "Charts of the journey, made from the marts.")


def write_documentation(home: Home, into: Path) -> Path:
    """Writes the pages into the folder ``into``, creating it; returns its index.html.

    Reads the published warehouse, which stays as it is. Raises NothingToDocumentError where none is published.
    """
    if not home.warehouse.exists():
        raise NothingToDocumentError(
            f"There is no warehouse in {home.root} to describe. Build one first: parcours run --home {home.root}"
        )
    into.mkdir(parents=True, exist_ok=True)
    pages = [DICTIONARY, LINEAGE]
    (into / DICTIONARY.file).write_text(render_dictionary(), encoding="utf-8")
    (into / LINEAGE.file).write_text(_mend(dbt_project.document(home)), encoding="utf-8")
    if home.report.exists():
        pages.insert(0, REPORT)
        if home.report != into / REPORT.file:
            shutil.copyfile(home.report, into / REPORT.file)
    index = into / "index.html"
    index.write_text(render_index(pages), encoding="utf-8")
    return index


def render_index(pages: list[Page]) -> str:
    items = "".join(f'<li><a href="{page.file}">{page.title}</a>: {page.about}</li>\n' for page in pages)
    return _render("The warehouse", f"<ul>\n{items}</ul>\n")


def render_dictionary() -> str:
    """The data dictionary as a page: a section per mart, a row per column."""
    groups = read_marts()
    menu = "".join(f'<a href="#{mart["name"]}">{mart["name"]}</a>\n' for marts in groups.values() for mart in marts)
    parts = [f"<nav>\n{menu}</nav>\n"]
    for group, marts in groups.items():
        parts.append(f"<h2>{group}</h2>\n")
        parts += [_render_mart(mart) for mart in marts]
    return _render(DICTIONARY.title, "".join(parts))


def _render_mart(mart: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{column['name']}</code></td><td>{column['data_type']}</td>"
        f"<td>{_text(column['description'])}</td></tr>\n"
        for column in mart["columns"]
    )
    head = "<tr><th>column</th><th>type</th><th>what it is</th></tr>\n"
    title = f'<h3 id="{mart["name"]}">{mart["name"]}</h3>\n<p>{_text(mart["description"])}</p>\n'
    return f"{title}<div><table>\n{head}{rows}</table></div>\n"


def _mend(page: str) -> str:
    """dbt's page without what a browser asks for in vain: templates read as addresses before they are filled in."""
    for asked, mended in MENDED.items():
        page = page.replace(asked, mended)
    return page


def _text(markdown: str) -> str:
    """A description with its `code` as such."""
    parts = html.escape(markdown.strip()).split("`")
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))


def _render(title: str, body: str) -> str:
    """A page in the style of these; with an icon of nothing, or a browser asks its server for one."""
    return make_page(title, [body], style=STYLE, head='<link rel="icon" href="data:,">\n')
