"""The declarations of `attributes.yml`: what each field says about a person, and which values say nothing."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

import polars as pl
import yaml

from pipelines.errors import ConfigurationError

Kind = Literal["unique", "contact", "descriptive"]


@dataclass(frozen=True)
class Attribute:
    """One field: its kind, the values that mean "none", and how many names may share a value (None: any number).

    ``own_values`` are the retailer's own, in comparable form (``placeholders``): its switchboard, its stores' address.
    ``shared_limit`` holds within ``shared_window_days`` (None: over all time). A newly withdrawn value with more than
    ``surge_limit`` names at once stops the run.
    """

    name: str
    kind: Kind
    placeholders: tuple[str, ...] = ()
    placeholder_patterns: tuple[str, ...] = ()
    shared_limit: int | None = None
    shared_window_days: int | None = None
    surge_limit: int | None = None
    own_values: tuple[str, ...] = ()

    @property
    def placeholder_pattern(self) -> str | None:
        return "|".join(f"(?:{pattern})" for pattern in self.placeholder_patterns) or None


def is_real(cleaned: pl.Expr, key: pl.Expr, attribute: Attribute) -> pl.Expr:
    """False where the cleaned value is null, empty or declared to mean "none", or its key is one of the retailer's."""
    real = cleaned.is_not_null() & (cleaned != "")
    if attribute.own_values:
        real &= ~key.is_in(attribute.own_values).fill_null(False)
    if attribute.placeholders:
        real &= ~cleaned.is_in(attribute.placeholders)
    if attribute.placeholder_pattern:
        real &= ~cleaned.str.contains(attribute.placeholder_pattern)
    return real.fill_null(False)


NUMBERS = ("shared_limit", "shared_window_days", "surge_limit")


def declare_attributes(text: str) -> dict[str, Attribute]:
    """The attributes declared in YAML ``text``, by name. Raises ConfigurationError on unknown keys and wrong limits."""
    known = {"kind", "placeholders", "placeholder_patterns", *NUMBERS}
    attributes = {}
    for name, declared in yaml.safe_load(text).items():
        unknown = set(declared) - known
        if unknown:
            raise ConfigurationError(
                f"attributes.yml: {name}: unknown key {', '.join(sorted(unknown))}; use {', '.join(sorted(known))}."
            )
        if declared.get("kind") not in get_args(Kind):
            raise ConfigurationError(f"attributes.yml: {name}: kind must be one of {', '.join(get_args(Kind))}.")
        _check_limits(name, declared)
        attributes[name] = Attribute(
            name=name,
            kind=declared["kind"],
            placeholders=tuple(str(value) for value in declared.get("placeholders", ())),
            placeholder_patterns=tuple(declared.get("placeholder_patterns", ())),
            **{key: declared.get(key) for key in NUMBERS},
        )
    return attributes


def _check_limits(name: str, declared: dict[str, Any]) -> None:
    limits = {key: declared[key] for key in NUMBERS if key in declared}
    for key, limit in limits.items():
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
            raise ConfigurationError(f"attributes.yml: {name}: {key} must be a whole number, at least 1.")
    if limits and "shared_limit" not in limits:
        raise ConfigurationError(f"attributes.yml: {name}: {', '.join(limits)} without shared_limit: add it.")
    if limits.get("surge_limit", float("inf")) <= limits.get("shared_limit", 0):
        raise ConfigurationError(f"attributes.yml: {name}: surge_limit must be above shared_limit.")


@cache
def load_attributes() -> dict[str, Attribute]:
    """The attributes shipped with the package, by name."""
    return declare_attributes(
        (files("pipelines.identity.standardisation") / "attributes.yml").read_text(encoding="utf-8")
    )
