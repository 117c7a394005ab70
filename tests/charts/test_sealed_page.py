"""A page of a library, sealed: what a browser may do with it stands in its policy."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from pipelines.charts.sealed_page import seal_page

PAGE = """<!DOCTYPE html>
<html><head><title>Library</title><link rel="preconnect" href="https://fonts.example.com">
<link href="https://fonts.example.com/css" rel="stylesheet"></head>
<body><script>first()</script><div id="x"></div>
<script type="module">
second("é</b>")
</script></body></html>
"""


class Reader(HTMLParser):
    """A page as a browser takes it apart: its policy, its scripts, what it names of elsewhere, and all its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.policy, self.scripts, self.elsewhere, self.texts = "", [], [], []
        self.inside = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.inside = tag
        if tag == "script":
            self.scripts.append("")
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"]
        self.elsewhere += [given[name] for name in ("src", "href") if name in given]

    def handle_endtag(self, _):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "script":
            self.scripts[-1] += data
        else:
            self.texts.append((self.inside, data))


def digest(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def test_the_policy_allows_the_scripts_of_the_page_each_by_its_digest_and_nothing_else():
    read = Reader(seal_page(PAGE, "Title", "Explained."))
    rules = dict(rule.strip().split(" ", 1) for rule in read.policy.split(";"))
    assert read.scripts[1:] == ["first()", '\nsecond("é</b>")\n']
    assert rules["script-src"].split() == [digest(script) for script in read.scripts]
    assert rules["default-src"] == "'none'"
    assert rules["form-action"] == rules["base-uri"] == "'none'"
    assert "unsafe-eval" not in read.policy
    assert not re.search(r"https?:|\*", read.policy)


def test_the_policy_comes_before_any_script_and_the_page_names_nothing_of_elsewhere():
    page = seal_page(PAGE, "Title", "Explained.")
    assert page.index("Content-Security-Policy") < page.index("<script")
    assert page.index('charset="utf-8"') < 1024
    assert Reader(page).elsewhere == []


def test_title_and_explanation_are_never_taken_for_markup():
    texts = Reader(seal_page(PAGE, "<b>T&", "</p><script>x()</script>")).texts
    assert ("title", "<b>T&") in texts
    assert ("h1", "<b>T&") in texts
    assert ("p", "</p><script>x()</script>") in texts
    assert not any(said == "Library" for _, said in texts)


@pytest.mark.parametrize(
    "page",
    [
        "no page",
        "<html><head></head></html>",
        PAGE.replace("<script>", '<script defer src="https://cdn.example.com/x.js">'),
    ],
)
def test_a_page_that_would_not_draw_or_not_be_sealed_is_refused(page):
    with pytest.raises(ValueError, match="cannot be sealed"):
        seal_page(page, "Title", "Explained.")
