"""The languages there are, and the texts of each: one YAML file a language beside this module.

A language is a file: `de.yml` put here makes ``de`` a choice of ``--lang``, of `sources.yml` and of Dagster. English is
what the others are held against: each has the same keys, and in each text the same parts in braces.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from string import Formatter

from pipelines.errors import ParcoursError

FOLDER = Path(__file__).parent
REFERENCE = "en"
SPACES = {
    " :": "\N{NO-BREAK SPACE}:",
    " ;": "\N{NARROW NO-BREAK SPACE};",
    " ?": "\N{NARROW NO-BREAK SPACE}?",
    " !": "\N{NARROW NO-BREAK SPACE}!",
    "« ": "«\N{NO-BREAK SPACE}",
    " »": "\N{NO-BREAK SPACE}»",
}


class CatalogueError(ParcoursError):
    """A language's file that is not YAML, says a text twice, or has other keys or parts than the English one."""


def list_languages() -> tuple[str, ...]:
    """The codes of the languages that have a file, in the order of the alphabet."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.yml")))


def read_catalogue(language: str) -> Mapping[str, str]:
    """Every text of a language by its place in the file, ``report.page.title`` say.

    Raises CatalogueError that names the file and every key at fault.
    """
    texts, reference = (_read(FOLDER / f"{name}.yml") for name in (language, REFERENCE))
    faults = [*_compare(texts, reference)]
    if faults:
        raise CatalogueError(
            f"{language}.yml does not go with {REFERENCE}.yml:\n" + "\n".join(f"  {fault}" for fault in faults)
        )
    return texts


def _compare(texts: Mapping[str, str], reference: Mapping[str, str]) -> Iterator[str]:
    for key in reference.keys() - texts.keys():
        yield f"{key}: missing"
    for key in texts.keys() - reference.keys():
        yield f"{key}: no such key"
    for key in reference.keys() & texts.keys():
        expected, found = _parts(reference[key]), _parts(texts[key])
        if expected != found:
            yield f"{key}: has the parts {sorted(found)}, expected {sorted(expected)}"


def _parts(text: str) -> set[str]:
    return {part for _, part, _, _ in Formatter().parse(text) if part is not None}


@cache
def _read(file: Path) -> dict[str, str]:
    import yaml  # The command line lists the languages at every start, and seldom reads one.

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # Of the base, for which `no` and `1` are texts.
    try:
        root = yaml.compose(file.read_text(encoding="utf-8"), loader)
    except yaml.YAMLError as error:
        raise CatalogueError(f"{file.name} is not YAML: {error}") from error
    texts: dict[str, str] = {}
    for key, text in _flatten(root, ""):
        if key in texts:
            raise CatalogueError(f"{file.name}: {key} is given twice")
        texts[key] = _typeset(text)
    return texts


def _flatten(node: object, place: str) -> Iterator[tuple[str, str]]:
    from yaml import MappingNode, ScalarNode

    if isinstance(node, MappingNode):
        for key, value in node.value:
            yield from _flatten(value, f"{place}.{key.value}" if place else key.value)
    elif isinstance(node, ScalarNode):
        yield place, node.value


def _typeset(text: str) -> str:
    """As a printer sets it: curly apostrophes, and no line that begins with a colon or a closing mark."""
    text = text.replace("'", "’")
    for plain, unbroken in SPACES.items():
        text = text.replace(plain, unbroken)
    return text
