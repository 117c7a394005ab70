"""A YAML file that people write, as data with the line of every key, and its faults in their terms."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.errors import ConfigurationError
from pipelines.name_lists import find_close, list_lines, shorten
from pipelines.visible_text import make_one_line

NOT_KEYS = "must be keys with their values"
LONGEST_PROBLEM = 300  # Characters of what the parser says, which may quote the file.

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
    """A YAML file as data, with the line of every key; ``unread`` are the places of values that cannot be."""

    data: Any
    lines: dict[Place, int]
    faults: list[Fault]
    text: str = ""
    unread: set[Place] = field(default_factory=set)

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
                name = shorten(step) or "''"
                spelled += f".{name}" if spelled else name
        return spelled or "the file"

    def fault(self, place: Place, message: str) -> Fault:
        return Fault(self.line(place), self.spell(place), message)


# Far beyond any configuration, and read in seconds; aliases count as often as they are used.
LARGEST_FILE = 1 << 20  # Bytes; fifty sources with twenty tables each have some hundred thousand.
MOST_VALUES = 100_000
DEEPEST = 50  # Lists and keys within each other; sources.yml has nine.
LONGEST_TEXT = 100_000  # Characters of one value; the longest query is some thousands.
LONGEST_NUMBER = 400  # Characters of one that is no text; the largest number that there is has 309.


_HALF_CHARACTER = re.compile("[\ud800-\udfff]")


class _RefusedError(Exception):
    """A document that goes beyond what is read."""

    def __init__(self, node: yaml.Node | yaml.Event, message: str) -> None:
        super().__init__(message)
        self.line = node.start_mark.line + 1 if node.start_mark else 1


class _Loader(yaml.SafeLoader):
    """YAML 1.2's scalars: ``country: NO`` is Norway, not false, and a date stays the text that was written.

    How much a node holds is known as soon as it is read, with what its aliases stand for: nothing is copied before.
    """

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0
        self._sizes: dict[yaml.Node, tuple[int, int]] = {}  # Per node that is whole: values, and levels of them.

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        self._depth += 1
        if self._depth > DEEPEST:
            raise _RefusedError(event, f"nests deeper than {DEEPEST} levels")
        node = super().compose_node(parent, index)
        self._depth -= 1
        if node is None:
            return None
        if isinstance(event, yaml.AliasEvent):
            if node not in self._sizes:
                raise _RefusedError(event, "contains itself")
        else:
            self._sizes[node] = self._measure(node)
        return node

    def _measure(self, node: yaml.Node) -> tuple[int, int]:
        """How many values ``node`` holds, itself among them, and on how many levels."""
        if isinstance(node, yaml.ScalarNode):
            is_text = node.tag == "tag:yaml.org,2002:str"
            if len(node.value) > (LONGEST_TEXT if is_text else LONGEST_NUMBER):
                raise _RefusedError(node, f"holds a value of {len(node.value):,} characters")
            if _HALF_CHARACTER.search(node.value):
                raise _RefusedError(node, "holds half of a character, as \\uD800 is")
            return 1, 1
        if node.tag not in ("tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"):
            raise _RefusedError(node, f"has the tag {shorten(node.tag)}")
        if isinstance(node, yaml.MappingNode):
            keys = [key for key, _ in node.value if not isinstance(key, yaml.ScalarNode)]
            if keys:
                raise _RefusedError(keys[0], "has a list or keys where a key must be a word")
            within = [part for pair in node.value for part in pair]
        else:
            within = node.value
        sizes = [self._sizes[part] for part in within]
        count = 1 + sum(size for size, _ in sizes)
        levels = 1 + max((levels for _, levels in sizes), default=0)
        if count > MOST_VALUES or levels > DEEPEST:
            raise _RefusedError(
                node, f"has more than {MOST_VALUES:,} values or {DEEPEST} levels once aliases are followed"
            )
        return count, levels


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.rpartition(":")[2] not in ("bool", "timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false|True|False)$"), list("tTfF"))

_TAG = "tag:yaml.org,2002:"
_SCALARS = {f"{_TAG}{name}" for name in ("str", "int", "float", "bool", "null")}
_NOT_TAGGED = {f"{_TAG}{name}" for name in ("merge", "value")}  # `<<` and `=`, where they are values.
_LARGEST = 2**63 - 1  # What DuckDB counts with; no setting comes near it.
_LONGEST_MESSAGE = 1_000  # Letters: a value that is repeated whole may be a megabyte.


def read(path: Path, first_key: str, way_out: str) -> Document:
    """The file as a document. Raises ConfigurationError where it cannot be read or is not YAML with keys.

    ``way_out``: what to do where there is no such file.
    """
    try:
        if path.exists() and not path.is_file():
            raise ConfigurationError(f"{path} is no file. {way_out}")
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise ConfigurationError(f"{path} is larger than {LARGEST_FILE >> 20} MB, which no such file is.")
        text = content.decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigurationError(f"{path} does not exist. {way_out}") from None
    except UnicodeDecodeError as fault:
        line = bytes(fault.object[: fault.start]).count(b"\n") + 1
        raise ConfigurationError(
            f"{path.name}:{line}: this is not UTF-8. Save the file as UTF-8, which every editor offers."
        ) from None
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or "there can be no such path"
        raise ConfigurationError(f"{path} cannot be read: {reason}. Correct the path, or its rights.") from None
    return _parse(text.replace("\r\n", "\n").replace("\r", "\n"), path, first_key)


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
    try:
        loader = _Loader(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        code = error.character if isinstance(error.character, int) else ord(error.character)
        raise ConfigurationError(
            f"{path.name}:{line}: this is not YAML: it holds the character U+{code:04X}. Take it out."
        ) from None
    try:
        root = loader.get_single_node()
        document = Document(None, {(): 1}, [], text)
        if root is None:
            document.data = {}
            return document
        document.data = _read_node(loader, root, (), document)
    except _RefusedError as error:
        raise ConfigurationError(f"{path.name}:{error.line}: {error}, which is not read. Mend the line.") from None
    except ValueError:  # Of a directive such as %YAML; values are judged one by one.
        raise ConfigurationError(f"{path.name}:1: this is not YAML: a number is far too long.") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = shorten(str(error.problem), LONGEST_PROBLEM)
        raise ConfigurationError(f"{path.name}:{line}: this is not YAML: {problem}. Mend the line.") from None
    except yaml.YAMLError as error:
        problem = shorten(str(error), LONGEST_PROBLEM)
        raise ConfigurationError(f"{path.name}: this is not YAML: {problem}. Mend the file.") from None
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
        return _read_scalar(loader, node, place, document)
    loader.flatten_mapping(node)
    data: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = key_node.value
        fault = _find_unwritable(key)
        if fault:
            document.faults.append(Fault(key_node.start_mark.line + 1, document.spell(place), f"a key {fault}"))
            continue
        if key in data and (*place, key) in document.lines:
            first = document.lines[(*place, key)]
            line = key_node.start_mark.line + 1
            document.faults.append(
                Fault(
                    line, ".".join(shorten(str(step)) for step in (*place, key)), f"given twice, first in line {first}"
                )
            )
        document.lines[(*place, key)] = key_node.start_mark.line + 1
        data[key] = _read_node(loader, value_node, (*place, key), document)
    return data


def _read_scalar(loader: yaml.SafeLoader, node: yaml.Node, place: Place, document: Document) -> Any:
    """A single value; of one that cannot be, the fault is told."""
    written = str(node.value)
    value: Any = ""
    fault = _find_unwritable(written)
    if fault is None and node.tag in _NOT_TAGGED:
        return written
    if fault is None and node.tag not in _SCALARS:
        fault = f"has the tag '{node.tag.replace(_TAG, '!!')}', which means nothing here: write the value without it"
    if fault is None:
        try:
            value = loader.construct_object(node, deep=True)
        except (ValueError, KeyError):
            fault = f"is not of the kind that its tag says: {_count_digits(written)}"
        else:
            if isinstance(value, int | float) and ":" in written:
                return written  # 1:30 was a number of base sixty in YAML 1.1; nobody means that.
            if not isinstance(value, int | float) or abs(value) <= _LARGEST:
                return value
            fault = f"is no number to reckon with: {_count_digits(written)}"
    document.faults.append(document.fault(place, fault))
    document.unread.add(place)
    return value


def _count_digits(written: str) -> str:
    return f"'{written}'" if len(written) <= 40 else f"it has {len(written):,} digits"


def _find_unwritable(text: str) -> str | None:
    """What is wrong with a text that no file name, no SQL and no UTF-8 can hold."""
    if "\0" in text:
        return "holds the character U+0000: take it out"
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        return "holds half of a character (U+D800 to U+DFFF): write it whole, or `?` for a letter of a file's name"
    return None


def _explain_all(
    error: ValidationError, document: Document, keys_allowed: Callable[[Place], list[str]]
) -> Iterator[Fault]:
    """What pydantic found, in the words of the file."""
    for details in error.errors(include_url=False):
        if tuple(details["loc"]) in document.unread:
            continue
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
    if kind.startswith("union_tag_"):
        return _explain_choice(details, document)
    if kind == "tuple_type":
        return document.fault(place, "must be a list: [a, b]")
    if kind in ("dict_type", "model_type"):
        return document.fault(place, NOT_KEYS)
    return document.fault(place, f"{details['msg'][0].lower()}{details['msg'][1:]}")


def _explain_choice(details: Mapping[str, Any], document: Document) -> Fault:
    """A key that says which keys may stand beside it is missing, or says none of what it may."""
    place, context = tuple(details["loc"]), details["ctx"]
    key = context["discriminator"].strip("'")
    if details["type"] == "union_tag_not_found":
        return document.fault(place, f"missing: add the key '{key}'")
    known, tag = re.findall(r"'([^']*)'", context["expected_tags"]), str(context["tag"])
    return document.fault(
        (*place, key), f"unknown {key} '{shorten(tag)}'{did_you_mean(tag, known)} (known: {', '.join(known)})"
    )


def did_you_mean(word: str, known: Iterable[str]) -> str:
    close = find_close(word, known)
    return f", did you mean '{close}'?" if close else ""


def format_faults(path: Path, faults: Iterable[Fault], guide: str) -> str:
    """One line a fault, in the order of the file; ``guide`` is the page that explains the keys."""
    ordered = sorted(set(faults), key=lambda fault: (fault.line, fault.place, fault.message))
    plural = "fault" if len(ordered) == 1 else "faults"
    listed = "\n".join(
        list_lines(
            [f"  {path.name}:{fault.line}: {_shorten(fault.place)}: {_shorten(fault.message)}" for fault in ordered]
        )
    )
    return f"{path} has {len(ordered)} {plural} ({guide} explains every key):\n{listed}"


def _shorten(text: str) -> str:
    return make_one_line(text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]}…")
