"""`parcours docs`: pages that say what the published warehouse holds, for a machine without a network."""

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest

from pipelines.config.home import Home, find_home
from pipelines.errors import ParcoursError
from pipelines.warehouse.data_dictionary import read_marts
from pipelines.warehouse.docs_site import admit_first_script, write_documentation

ROOT = Path(__file__).parents[2]
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def pages(first_night: tuple[Home, str], tmp_path_factory: pytest.TempPathFactory, parcours: Command) -> Path:
    root, out = tmp_path_factory.mktemp("docs") / "home", tmp_path_factory.mktemp("docs") / "pages"
    shutil.copytree(first_night[0].root, root)
    home = find_home(root)
    before = home.warehouse.read_bytes()
    with duckdb.connect(home.warehouse, read_only=True) as analyst:
        written = parcours("docs", "--home", home.root, "--out", out)
        analyst.execute("select count(*) from marts.customer_360")
    assert written.returncode == 0, written.stderr
    assert str(out / "index.html") in written.stdout
    assert home.warehouse.read_bytes() == before
    assert list(home.root.glob("docs-*")) == [], "the copies that dbt read are gone"
    return out


def test_the_index_leads_to_every_page(pages: Path) -> None:
    linked = re.findall(r'href="([\w.]+)"', (pages / "index.html").read_text(encoding="utf-8"))
    assert sorted(linked) == sorted(page.name for page in pages.iterdir() if page.name != "index.html")
    assert sorted(linked) == ["dictionary.html", "lineage.html", "report.html"]


def test_the_dictionary_explains_every_column_of_the_published_file(pages: Path, first_night: tuple[Home, str]) -> None:
    told = html.unescape(re.sub(r"</?code>", "", (pages / "dictionary.html").read_text(encoding="utf-8")))
    with duckdb.connect(first_night[0].warehouse, read_only=True) as connection:
        columns = connection.execute(
            "select table_name, column_name, comment from duckdb_columns() where schema_name = 'marts'"
        ).fetchall()
    assert len(columns) > 300
    sections = dict(re.findall(r'<h3 id="(\w+)">(.*?)</table>', told, re.DOTALL))
    assert set(sections) == {mart for mart, _, _ in columns}
    for mart, column, comment in columns:
        assert f"<tr><td>{column}</td>" in sections[mart]
        assert f"<td>{comment.strip().replace('`', '')}</td></tr>" in sections[mart]


def test_dbts_page_holds_the_project_and_what_is_in_the_published_file(pages: Path) -> None:
    page = (pages / "lineage.html").read_text(encoding="utf-8")
    start = page.index('{"metadata":', page.index('"https://schemas.getdbt.com/dbt/catalog') - 200)
    catalog, _ = json.JSONDecoder().raw_decode(page[start:])
    marts = {
        node["metadata"]["name"]: node for node in catalog["nodes"].values() if node["metadata"]["schema"] == "marts"
    }
    assert set(marts) == {mart["name"] for group in read_marts().values() for mart in group}
    assert marts["customer_360"]["columns"]["revenue"]["type"] == "DECIMAL(18,2)"
    assert "an_address_never_mixes_two_records" in page


def test_the_pages_ask_for_nothing_that_is_not_in_them_and_tell_no_path_of_this_machine(pages: Path) -> None:
    for file in pages.iterdir():
        page = file.read_text(encoding="utf-8")
        assert re.findall(r'(?:<script[^>]* src|<link[^>]* href|@import)[= ]\\?"?(?!data:)https?://[^" ]*', page) == []
        assert re.findall(r'\s(?:src|href|xlink:href)="(?:\{\{|\$\{)', page) == []
        assert str(ROOT) not in page


class ReadPage(HTMLParser):
    """A page as a browser takes it apart: its policy, whether that stands before all else, and its scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.policy, self.is_first, self.scripts, self._tags = "", False, list[str](), list[str]()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tags.append(tag)
        named = dict(attrs)
        if tag == "meta" and named.get("http-equiv") == "Content-Security-Policy":
            self.policy, self.is_first = named["content"] or "", set(self._tags) == {"html", "head", "meta"}
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self._tags[-1:] == ["script"]:
            self.scripts[-1] += data


def admitted(page: ReadPage) -> list[bool]:
    """Of each script whether the policy lets it run."""
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in page.scripts]
    return [f"'sha256-{digest}'" in page.policy for digest in digests]


def test_every_page_runs_no_script_but_dbts_own_and_loads_nothing(pages: Path) -> None:
    for file in pages.iterdir():
        page = ReadPage(file.read_text(encoding="utf-8"))
        assert page.policy.startswith("default-src 'none'; "), file.name
        assert page.is_first, file.name
        assert admitted(page) == [True] * (file.name == "lineage.html")
        for loose in ("unsafe-eval", "script-src 'unsafe-inline'", "connect-src", "http"):
            assert loose not in page.policy


def test_a_script_that_gets_into_dbts_page_is_not_admitted() -> None:
    """As by a description that ends the script in which dbt puts it."""
    broken = "<script defer>const about = '\u00e9\r\n</SCRIPT ><script>alert(1)</script>';</script>"
    page = admit_first_script(f"<!doctype html><html><head>{broken}</head></html>")
    assert admitted(ReadPage(page.replace("\r\n", "\n"))) == [True, False]  # As browsers read the ends of lines.


def test_a_page_of_dbts_that_is_made_otherwise_is_told() -> None:
    for page in ("<html><head></head></html>", "<html><script></script><head></head></html>"):
        with pytest.raises(ParcoursError, match="of requirements"):
            admit_first_script(page)


def test_the_report_of_the_last_run_is_among_the_pages(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "pipelines.warehouse.dbt_project.document", lambda _: "<html><head><script>dbt</script></head></html>"
    )
    home.report.write_text("the charts")
    index = write_documentation(home, tmp_path / "pages")
    assert (tmp_path / "pages" / "report.html").read_text() == "the charts"
    assert 'href="report.html"' in index.read_text(encoding="utf-8")
