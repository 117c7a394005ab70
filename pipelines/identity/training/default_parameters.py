"""The model for records too few to learn from: `default_model.json`, learned from a generated retailer.

``python scripts/make_default_model.py`` makes the file again. Nothing of the records at hand is in it, not even how
frequent their values are: five records on trial would call every surname frequent.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

import polars as pl

from pipelines.identity.model.calibration import Calibration
from pipelines.identity.model.registry import DEFAULT_MODEL, Parameters
from pipelines.identity.model.specification import BLOCKING_KEYS, CLASSES, LARGEST_BLOCK

PROFILES = 3_000
"""The profiles for which the prior holds: as many as a retailer has about when its pairs are enough to learn from, so
that it is too cautious for fewer rather than too bold. Generated retailers of 40 to 800 people are recognised equally
well with the prior of 500."""


@cache
def read_default_model() -> dict[str, Any]:
    """What ``scripts/make_default_model.py`` wrote.

    ``levels`` as in :class:`Parameters`; ``pairs_per_profile`` of each class; ``frequencies`` of the common values of
    names, and by field ``rarest``, what any other value counts as; ``calibration`` as in :class:`Calibration`;
    ``made``: how it came about.
    """
    text = (files("pipelines.identity.training") / DEFAULT_MODEL).read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def read_default_parameters() -> Parameters:
    """The shipped parameters; always the same."""
    return as_parameters(read_default_model())


def as_parameters(shipped: dict[str, Any]) -> Parameters:
    """The parameters of what :func:`read_default_model` returns; uncalibrated where it has no ``calibration``."""
    curve = shipped.get("calibration", {})
    shares = {name: 2 * shipped["pairs_per_profile"][name] / (PROFILES - 1) for name in CLASSES}
    return Parameters(
        dict(shipped["levels"]),
        shares,
        dict(shipped["rarest"]),
        dict.fromkeys(BLOCKING_KEYS, LARGEST_BLOCK),
        Calibration(*(tuple(curve.get(name, ())) for name in ("weights", "log_odds"))),
    )


def read_default_frequencies() -> dict[str, pl.DataFrame]:
    """By field with term frequencies, one row per common value: value, frequency."""
    return as_frequencies(read_default_model())


def as_frequencies(shipped: dict[str, Any]) -> dict[str, pl.DataFrame]:
    """The term frequencies of what :func:`read_default_model` returns."""
    return {
        name: pl.DataFrame(
            sorted(shipped["frequencies"].get(name, {}).items()),
            schema={"value": pl.String, "frequency": pl.Float64},
            orient="row",
        )
        for name in shipped["rarest"]
    }
