"""What each field says about a person (`attributes.yml`), read and checked once."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

import yaml

from pipelines.errors import ConfigurationError

Kind = Literal["unique", "contact", "descriptive"]


@dataclass(frozen=True)
class Attribute:
    """One field: its kind, the values that mean "none", and with how many names a value may be seen (None: any)."""

    name: str
    kind: Kind
    placeholders: tuple[str, ...] = ()
    placeholder_patterns: tuple[str, ...] = ()
    shared_limit: int | None = None

    @property
    def placeholder_pattern(self) -> str | None:
        return "|".join(f"(?:{pattern})" for pattern in self.placeholder_patterns) or None


def declare_attributes(text: str) -> dict[str, Attribute]:
    """The attributes declared in YAML ``text``, by name. Raises ConfigurationError on a key or kind that is unknown."""
    known = {"kind", "placeholders", "placeholder_patterns", "shared_limit"}
    attributes = {}
    for name, declared in yaml.safe_load(text).items():
        unknown = set(declared) - known
        if unknown:
            raise ConfigurationError(
                f"attributes.yml: {name}: unknown key {', '.join(sorted(unknown))}; use {', '.join(sorted(known))}."
            )
        if declared.get("kind") not in get_args(Kind):
            raise ConfigurationError(f"attributes.yml: {name}: kind must be one of {', '.join(get_args(Kind))}.")
        attributes[name] = Attribute(
            name=name,
            kind=declared["kind"],
            placeholders=tuple(str(value) for value in declared.get("placeholders", ())),
            placeholder_patterns=tuple(declared.get("placeholder_patterns", ())),
            shared_limit=declared.get("shared_limit"),
        )
    return attributes


@cache
def load_attributes() -> dict[str, Attribute]:
    """The attributes shipped with the package, by name."""
    return declare_attributes((files("pipelines.identity") / "attributes.yml").read_text(encoding="utf-8"))
