"""Parameters for data too few to learn from: `default_model.json`, learned from a generated retailer.

``python scripts/make_default_model.py`` makes the file again. Term frequencies and the number of strangers always come
from the data at hand; shares are kept as pairs per profile, which hold at any size.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from pipelines.identity.model.registry import Parameters
from pipelines.identity.model.specification import CLASSES


@cache
def read_default_model() -> dict[str, Any]:
    """``levels`` as in :class:`Parameters`, ``pairs_per_profile`` of each class, and ``made``: how it came about."""
    text = (files("pipelines.identity.training") / "default_model.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def scale_default_parameters(profiles: int, rarest: dict[str, float], largest_blocks: dict[str, int]) -> Parameters:
    """The shipped parameters, with the shares scaled to the number of ``profiles``."""
    shipped = read_default_model()
    shares = {name: min(0.3, 2 * shipped["pairs_per_profile"][name] / max(1, profiles - 1)) for name in CLASSES}
    return Parameters(dict(shipped["levels"]), shares, rarest, largest_blocks)
