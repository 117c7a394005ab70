"""A YAML file that people write, as data with the line of every key, and its faults in their terms."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.errors import ConfigurationError
from pipelines.name_lists import find_close, list_lines, shorten

Place = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


class ConfigModel(BaseModel):
    """A mapping of a configuration file: no key but those declared, and never changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class Fault:
    """What is wrong at one place of a file."""

    line: int
    place: str
    message: str


@dataclass
class Document:
    """A YAML file as data, with the line of every key."""

    data: Any
    lines: dict[Place, int]
    faults: list[Fault]
    text: str = ""

    def line(self, place: Place) -> int:
        """The line of ``place``, or of the nearest thing around it that is written down."""
        while place not in self.lines:
            place = place[:-1]
        return self.lines[place]

    def line_of_word(self, place: Place, word: str, number: int = 1) -> int:
        """The line on which the value at ``place`` has ``word`` for the ``number``-th time; else that of the key."""
        first = self.line(place)
        last = min((line for line in self.lines.values() if line > first), default=first + self.text.count("\n") + 1)
        left = number
        for line, written in enumerate(self.text.splitlines()[first - 1 : last - 1], start=first):
            value = written.partition(":")[2] if line == first else written
            left -= len(re.findall(rf"\b{re.escape(word)}\b", value, re.IGNORECASE))
            if left <= 0:
                return line
        return first

    def spell(self, place: Place) -> str:
        """``sources[shop].tables.orders``: a source by its name, so that one finds it."""
        spelled = ""
        data = self.data
        for step in place:
            try:
                data = data[step]
            except (KeyError, IndexError, TypeError):
                data = None
            if isinstance(step, int):
                name = data.get("name") if isinstance(data, dict) else None
                spelled += f"[{shorten(name) if isinstance(name, str) else step}]"
            else:
                spelled += f".{shorten(step)}" if spelled else shorten(step)
        return spelled or "the file"

    def fault(self, place: Place, message: str) -> Fault:
        return Fault(self.line(place), self.spell(place), message)


class _Loader(yaml.SafeLoader):
    """YAML 1.2's scalars: ``country: NO`` is Norway, not false, and a date stays the text that was written."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.rpartition(":")[2] not in ("bool", "timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false|True|False)$"), list("tTfF"))


def read(path: Path, first_key: str, way_out: str) -> Document:
    """The file as a document. Raises ConfigurationError where it cannot be read or is not YAML with keys.

    ``way_out``: what to do where there is no such file.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigurationError(f"{path} does not exist. {way_out}") from None
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigurationError(f"{path} cannot be read ({fault}). It must be a UTF-8 text file.") from None
    return _parse(text, path, first_key)


def validate(
    model: type[Model], document: Document, keys_allowed: Callable[[Place], list[str]]
) -> tuple[Model | None, list[Fault]]:
    """The document as ``model``, None where it is not one, and the faults of its structure.

    ``keys_allowed``: the keys that may stand at a place.
    """
    try:
        return model.model_validate(document.data), list(document.faults)
    except ValidationError as error:
        return None, [*document.faults, *_explain_all(error, document, keys_allowed)]


def _parse(text: str, path: Path, first_key: str) -> Document:
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        document = Document(None, {(): 1}, [], text)
        if root is None:
            document.data = {}
            return document
        document.data = _read_node(loader, root, (), document)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigurationError(f"{path.name}:{line}: this is not YAML: {error.problem}. Mend the line.") from None
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path.name}: this is not YAML: {error}. Mend the file.") from None
    finally:
        loader.dispose()
    if not isinstance(document.data, dict):
        raise ConfigurationError(
            f"{path.name}:1: expected keys such as `{first_key}:`, found a {type(document.data).__name__}."
        )
    return document


def _read_node(loader: yaml.SafeLoader, node: yaml.Node, place: Place, document: Document) -> Any:
    document.lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_read_node(loader, item, (*place, number), document) for number, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return loader.construct_object(node, deep=True)
    loader.flatten_mapping(node)
    data: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else str(key_node.value)
        if key in data and (*place, key) in document.lines:
            first = document.lines[(*place, key)]
            line = key_node.start_mark.line + 1
            document.faults.append(
                Fault(line, ".".join(map(str, (*place, key))), f"given twice, first in line {first}")
            )
        document.lines[(*place, key)] = key_node.start_mark.line + 1
        data[key] = _read_node(loader, value_node, (*place, key), document)
    return data


def _explain_all(
    error: ValidationError, document: Document, keys_allowed: Callable[[Place], list[str]]
) -> Iterator[Fault]:
    """What pydantic found, in the words of the file."""
    for details in error.errors(include_url=False):
        # A list whose items are all at fault is also said to be too short: only the items' own faults help.
        if not _follows_from_items(details):
            yield _explain(details, document, keys_allowed)


def _follows_from_items(details: Mapping[str, Any]) -> bool:
    return details["type"] == "too_short" and bool(details.get("input"))


def _explain(details: Mapping[str, Any], document: Document, keys_allowed: Callable[[Place], list[str]]) -> Fault:
    """A pydantic fault in the words of the file."""
    place: Place = tuple(details["loc"])
    kind, context = details["type"], details.get("ctx", {})
    written = shorten(str(details.get("input")))
    if kind == "extra_forbidden":
        allowed = keys_allowed(place[:-1])
        key, known = str(place[-1]), ", ".join(allowed)
        return document.fault(place, f"unknown key '{shorten(key)}'{did_you_mean(key, allowed)} (known: {known})")
    if kind == "missing":
        return document.fault(place, f"missing: add the key '{place[-1]}'")
    if kind == "value_error":
        return document.fault(place, str(context.get("error", details["msg"])))
    if kind == "too_short":
        return document.fault(place, "is empty: name at least one")
    if kind.startswith("date_"):
        return document.fault(place, f"'{written}' is not a date: write it as 2026-03-01")
    if kind == "literal_error":
        hint = did_you_mean(written, re.findall(r"'([^']*)'", context["expected"]))
        return document.fault(place, f"'{written}' is not one of {context['expected']}{hint}")
    if kind == "string_pattern_mismatch":
        return document.fault(
            place, f"'{written}' must begin with a letter and hold only letters, digits, '_' and '-', at most 63"
        )
    if kind in ("tuple_type", "dict_type"):
        return document.fault(
            place, f"must be {'a list: [a, b]' if kind == 'tuple_type' else 'keys with their values'}"
        )
    return document.fault(place, f"{details['msg'][0].lower()}{details['msg'][1:]}")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    close = find_close(word, known)
    return f", did you mean '{close}'?" if close else ""


def format_faults(path: Path, faults: Iterable[Fault], guide: str) -> str:
    """One line a fault, in the order of the file; ``guide`` is the page that explains the keys."""
    ordered = sorted(set(faults), key=lambda fault: (fault.line, fault.place, fault.message))
    plural = "fault" if len(ordered) == 1 else "faults"
    listed = "\n".join(list_lines([f"  {path.name}:{fault.line}: {fault.place}: {fault.message}" for fault in ordered]))
    return f"{path} has {len(ordered)} {plural} ({guide} explains every key):\n{listed}"
