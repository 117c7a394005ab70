"""The limits of drift declared in `drift.yml`, read and checked once."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

import yaml

from pipelines.errors import ConfigurationError

Measure = Literal["ratio", "difference", "psi", "value"]


@dataclass(frozen=True)
class Limits:
    """The bounds of a distance; None for no bound."""

    below: float | None = None
    above: float | None = None

    def crossed(self, distance: float) -> float | None:
        """The bound that ``distance`` lies beyond, or None."""
        if self.above is not None and distance > self.above:
            return self.above
        return self.below if self.below is not None and distance < self.below else None


@dataclass(frozen=True)
class Family:
    """A family of metrics: how its values are compared with the usual ones, and how far they may be from them.

    With fewer rows behind it than ``minimum``, a value beyond ``blocking`` warns where at least ``few`` rows are
    concerned (None: it is not judged).
    """

    name: str
    measure: Measure
    warning: Limits
    blocking: Limits
    minimum: int
    look_at: str
    same_model: bool = False
    few: int | None = None


def declare_families(text: str) -> dict[str, Family]:
    """The families declared in YAML ``text``, by name. Raises ConfigurationError on unknown or missing keys."""
    return {name: _declare(name, declared) for name, declared in yaml.safe_load(text).items()}


@cache
def load_families() -> dict[str, Family]:
    """The families shipped with the package, by name."""
    return declare_families((files("pipelines.identity.monitoring") / "drift.yml").read_text(encoding="utf-8"))


def _declare(name: str, declared: dict[str, Any]) -> Family:
    known = {"measure", "warning", "blocking", "minimum", "few", "same_model", "look_at"}
    unknown, missing = set(declared) - known, {"measure", "warning", "minimum", "look_at"} - set(declared)
    if unknown or missing:
        raise ConfigurationError(
            f"drift.yml: {name}: unknown keys {sorted(unknown)}, missing keys {sorted(missing)}; use {sorted(known)}."
        )
    if declared["measure"] not in get_args(Measure):
        raise ConfigurationError(f"drift.yml: {name}: measure must be one of {', '.join(get_args(Measure))}.")
    limits = {}
    for kind in ("warning", "blocking"):
        bounds = declared.get(kind, {})
        if set(bounds) - {"below", "above"} or not all(isinstance(bound, int | float) for bound in bounds.values()):
            raise ConfigurationError(f"drift.yml: {name}: {kind} takes numbers under below and above.")
        limits[kind] = Limits(**bounds)
    return Family(
        name=name,
        measure=declared["measure"],
        warning=limits["warning"],
        blocking=limits["blocking"],
        minimum=declared["minimum"],
        look_at=declared["look_at"],
        same_model=declared.get("same_model", False),
        few=declared.get("few"),
    )
