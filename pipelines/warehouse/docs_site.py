"""Pages about the warehouse for who reads it: what each mart and column is, what it is made from, how it is checked.

Each page is one file that needs neither a server nor a network.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from pipelines.charts.page import open_templates
from pipelines.config.home import Home
from pipelines.errors import ParcoursError
from pipelines.lake.owner_only import make_folder
from pipelines.lake.tables import replacing
from pipelines.warehouse import dbt_project
from pipelines.warehouse.data_dictionary import read_marts

TEMPLATES = Path(__file__).with_name("templates")

MENDED = {
    ' xlink:href="{{': ' ng-attr-xlink:href="{{',
    "${require('./assets/favicons/favicon.ico')}": "data:,",
}

POLICY = (
    "default-src 'none'; script-src '{script}'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "base-uri 'none'; form-action 'none'"
)
"""Of dbt's page, which is a script and what that draws: the others have none (``charts/templates/policy.html``)."""
_SCRIPT = re.compile(r"<script\b[^>]*>(.*?)</script", re.DOTALL | re.IGNORECASE)


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
    make_folder(into)
    pages = [DICTIONARY, LINEAGE]
    _write(into / DICTIONARY.file, render_dictionary())
    _write(into / LINEAGE.file, admit_first_script(_mend(dbt_project.document(home))))
    if home.report.exists():
        pages.insert(0, REPORT)
        if home.report != into / REPORT.file:
            _write(into / REPORT.file, home.report.read_text(encoding="utf-8"))
    index = into / "index.html"
    _write(index, render_index(pages))
    return index


def _write(file: Path, page: str) -> None:
    """A new file in the place of one that is there, which may be open to others."""
    with replacing(file) as temporary:
        temporary.write_text(page, encoding="utf-8")


def render_index(pages: list[Page]) -> str:
    return open_templates(TEMPLATES).get_template("index.html").render(title="The warehouse", pages=pages)


def render_dictionary() -> str:
    """The data dictionary as a page: a section per mart, a row per column."""
    dictionary = open_templates(TEMPLATES).get_template("dictionary.html")
    return dictionary.render(title=DICTIONARY.title, groups=read_marts())


def _mend(page: str) -> str:
    """dbt's page without what a browser asks for in vain: templates read as addresses before they are filled in."""
    for asked, mended in MENDED.items():
        page = page.replace(asked, mended)
    return page


def admit_first_script(page: str) -> str:
    """``page`` with a policy by which a browser runs its first script, by its digest, no other, and loads nothing.

    Raises ParcoursError where it has no script, or no head for the policy.
    """
    script, head = _SCRIPT.search(page), re.search(r"<head\b[^>]*>", page)
    if script is None or head is None or head.end() > script.start():
        raise ParcoursError(
            "The page of dbt's documentation is not made as this version of Parcours knows it. Install the versions of "
            "requirements.lock."
        )
    as_read = re.sub(r"\r\n?", "\n", script[1])  # A browser takes its digest once line ends are one kind.
    digest = base64.b64encode(hashlib.sha256(as_read.encode()).digest()).decode()
    policy = POLICY.format(script=f"sha256-{digest}")
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}"><meta name="referrer" content="no-referrer">'
    return f"{page[: head.end()]}{meta}{page[head.end() :]}"
