"""A report as a machine reads it, and marts to change at will."""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest

from pipelines.config.home import Home

VOID = {"meta", "link", "br", "hr", "img", "input", "path"}


@dataclass
class Report(HTMLParser):
    """The tables of numbers as rows of (raw value, text) by column, the titles of sections, and all text.

    The title of a section that the data cannot fill is the sentence that says so.
    """

    tables: dict[str, list[dict[str, tuple[str, str]]]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    figures: dict[str, int] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[tuple[str, dict[str, str]]] = []
        self._section = self._table = ""
        self._columns: list[str] = []
        self._cells: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self._open.append((tag, named))
        self.texts += [named[name] for name in ("title", "aria-label") if named.get(name)]
        if tag == "section" or "data-empty" in named:
            self._section = named["id"]
        elif tag == "figure":
            self.figures[self._section] = self.figures.get(self._section, 0) + 1
        elif "data-table" in named:
            self._table, self._columns = named["data-table"], []
            assert self._table not in self.tables, "each table has a name of its own"
            self.tables[self._table] = []
        elif "data-column" in named:
            self._columns.append(named["data-column"])
        elif tag == "data":
            self._cells.append((named["value"], ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self._open[-1][0] == tag, f"</{tag}> closes <{self._open[-1][0]}>"
        self._open.pop()
        if tag == "tr" and self._cells:
            self.tables[self._table].append(dict(zip(self._columns, self._cells, strict=True)))
            self._cells = []

    def _is_empty(self) -> bool:
        """Whether what is open stands for a whole section that the data cannot fill."""
        return any("data-empty" in named for _, named in self._open)

    def handle_data(self, data: str) -> None:
        inside = self._open[-1][0] if self._open else ""
        if inside == "style" or not data.strip():
            return
        self.texts.append(data.strip())
        if inside == "data":
            self._cells[-1] = (self._cells[-1][0], data)
        elif inside == "h3" or (self._open and self._open[-1][1].get("class") == "why" and self._is_empty()):
            self.titles[self._section] = data


@pytest.fixture(scope="session")
def read_unlinked() -> Callable[[Path], str]:
    """Reads a page without the name of the page that it links to, which goes with its own."""
    return lambda file: re.sub(r'href="[^"#:]*\.html"', "", file.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def list_kept() -> Callable[[Home], list[Path]]:
    """Lists the reports of past runs, each of which has a page for data engineers beside it."""

    def listed(home: Home) -> list[Path]:
        pages = sorted(home.reports.glob("*.html"))
        kept = [page for page in pages if not page.stem.endswith("-quality")]
        assert sorted([*kept, *(page.with_name(f"{page.stem}-quality.html") for page in kept)]) == pages
        return kept

    return listed


@pytest.fixture(scope="session")
def read_report() -> Callable[[str], Report]:
    def read(html: str) -> Report:
        report = Report()
        report.feed(html)
        report.close()
        assert report._open == [], "every element is closed"
        return report

    return read


@pytest.fixture
def change_marts(first_night: tuple[Home, str], tmp_path: Path) -> Callable[..., Home]:
    """A function that runs SQL on a copy of the published warehouse and returns the copy's home."""
    copy = Home(tmp_path / "changed")
    copy.root.mkdir()
    shutil.copyfile(first_night[0].warehouse, copy.warehouse)

    def change(*statements: str) -> Home:
        with duckdb.connect(copy.warehouse) as connection:
            for statement in statements:
                connection.execute(statement)
        return copy

    return change
