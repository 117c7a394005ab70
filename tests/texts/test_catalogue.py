"""Languages: a file each, all with the same keys and parts; a further one is one more file."""

import re
from pathlib import Path

import pytest

from pipelines.cli.main import build_parser
from pipelines.config.sources import load_sources
from pipelines.errors import ConfigurationError
from pipelines.texts import catalogue
from pipelines.texts.catalogue import CatalogueError, list_languages, read_catalogue
from pipelines.texts.texts import open_texts

SOURCES = """
language: {language}
sources:
  - name: shop
    kind: ecommerce
    connector: {{type: files, root: .}}
    tables: {{orders: {{from: orders.csv}}}}
"""


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A further language, as one adds it: one file beside the others, here the English one under its name."""
    folder = tmp_path / "texts"
    folder.mkdir()
    for language in ("en", "fr"):
        (folder / f"{language}.yml").write_bytes((catalogue.FOLDER / f"{language}.yml").read_bytes())
    german = folder / "de.yml"
    german.write_bytes((folder / "en.yml").read_bytes())
    monkeypatch.setattr(catalogue, "FOLDER", folder)
    return german


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("language", list_languages())
def test_every_language_has_the_keys_and_the_parts_of_english_in_its_order(language: str) -> None:
    assert list(read_catalogue(language)) == list(read_catalogue("en"))


@pytest.mark.parametrize("language", list_languages())
def test_there_is_one_kind_of_apostrophe_and_no_line_begins_with_a_mark(language: str) -> None:
    for key, text in read_catalogue(language).items():
        assert "'" not in text, key
        assert not re.search(r" [:;?!»]|« ", text), key


@pytest.mark.parametrize("language", list_languages())
def test_the_answers_of_a_review_are_letters_of_their_own_that_its_prompt_names(language: str) -> None:
    texts = open_texts(language, "review")
    letters = [texts.say(f"answer_{meaning}") for meaning in ("same", "different", "next", "quit")]
    assert re.findall(r"\[(.)\]", texts.say("prompt")) == letters
    assert len(set(letters)) == 4


def test_a_further_language_is_one_file_that_every_choice_finds(german: Path, tmp_path: Path) -> None:
    change(german, "title: The customer journey", "title: Der Weg der Kunden")
    assert list_languages() == ("de", "en", "fr")
    for command in (["why", "a", "b"], ["how", "a"], ["report"], ["run"], ["review"]):
        assert build_parser().parse_args([*command, "--lang", "de"]).lang == "de"
    (tmp_path / "sources.yml").write_text(SOURCES.format(language="de"))
    assert load_sources(tmp_path / "sources.yml").language == "de"
    assert open_texts("de", "report").say("page.title") == "Der Weg der Kunden"


def test_a_language_without_a_file_is_refused_where_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "sources.yml").write_text(SOURCES.format(language="it"))
    with pytest.raises(ConfigurationError, match=r"sources.yml:2: language: 'it' is not one of .*'en' or 'fr'"):
        load_sources(tmp_path / "sources.yml")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("    title: The customer journey\n", "", r"report\.page\.title: missing"),
        ("    title: The customer journey\n", "    titel: Kunden\n", r"report\.page\.titel: no such key"),
        ("As of {day}", "Stand {tag}", r"report\.page\.as_of: has the parts \['tag'\], expected \['day'\]"),
    ],
)
def test_a_language_that_does_not_go_with_english_is_refused_by_file_and_key(
    german: Path, old: str, new: str, fault: str
) -> None:
    change(german, old, new)
    with pytest.raises(CatalogueError, match=rf"^de\.yml does not go with en\.yml:\n(.*\n)*  {fault}"):
        read_catalogue("de")


def test_a_text_that_is_given_twice_or_a_file_that_is_not_yaml_is_refused(german: Path) -> None:
    title = "    title: The customer journey\n"
    change(german, title, title * 2)
    with pytest.raises(CatalogueError, match=r"de\.yml: report\.page\.title is given twice"):
        read_catalogue("de")
    german.write_text("report: {", encoding="utf-8")
    catalogue._read.cache_clear()
    with pytest.raises(CatalogueError, match=r"de\.yml is not YAML"):
        read_catalogue("de")
