"""Pages that stand for themselves: a browser is told to run and load nothing, whatever a name within them says."""

from html.parser import HTMLParser
from pathlib import Path

import jinja2
import pytest
from markupsafe import Markup

import pipelines
from pipelines.charts.page import TEMPLATES, open_templates

ROOT = Path(pipelines.__file__).parent
WHOLE = sorted(
    file.relative_to(ROOT).as_posix()
    for file in ROOT.rglob("templates/*.html")
    if "<html" in file.read_text(encoding="utf-8")
)
OF_THE_UI = "ui/templates/page.html"  # It has a policy in its headers, since its forms are sent.


class Head(HTMLParser):
    """The tags of a page in their order, and what its first lines say in place of headers."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.said: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        named = dict(attrs)
        if tag == "meta" and "charset" not in named:
            self.said.append((named.get("http-equiv") or named.get("name") or "", named["content"] or ""))


def draw(name: str, folder: Path) -> str:
    """A page of nothing but its frame."""
    environment = open_templates(folder).overlay(undefined=jinja2.ChainableUndefined)
    empty = environment.from_string(f'{{% extends "{name}" %}}{{% block content %}}{{% endblock %}}')
    return empty.render(title="t", language="en")


def test_the_pages_are_found() -> None:
    assert {"charts/templates/base.html", "report/templates/page.html", OF_THE_UI} <= set(WHOLE)


@pytest.mark.parametrize("name", [name for name in WHOLE if name != OF_THE_UI])
def test_every_page_says_before_all_else_that_nothing_in_it_is_run_or_loaded(name: str) -> None:
    written = (ROOT / name).read_text(encoding="utf-8")
    before, included, _ = written.partition('{% include "policy.html" %}')
    assert included
    assert Head(before).tags == ["html", "head", "meta"]
    assert "{%" not in before


def test_the_policy_allows_styles_and_pictures_of_the_page_itself_and_nothing_else() -> None:
    head = Head(draw("base.html", TEMPLATES))
    assert head.tags[:3] == ["html", "head", "meta"]
    (policy, directives), referrer = head.said[:2]
    assert policy == "Content-Security-Policy"
    assert dict(directive.split(maxsplit=1) for directive in directives.split("; ")) == {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert referrer == ("referrer", "no-referrer")
    assert [name for name, _ in head.said].count("Content-Security-Policy") == 1


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("<b>&\"'", "&lt;b&gt;&amp;&#34;&#39;"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u200bb", "a\\u200bb"),
        ("Sou\u00adlier", "Sou\u00adlier"),
        (Markup("<b>"), "<b>"),
        (7, "7"),
    ],
)
def test_a_value_is_text_that_can_be_seen(value: object, shown: str) -> None:
    assert open_templates().from_string("{{ value }}").render(value=value) == shown


def test_a_value_that_a_template_asks_for_and_nobody_gives_is_a_fault() -> None:
    with pytest.raises(jinja2.UndefinedError):
        open_templates().from_string("{{ value }}").render()
