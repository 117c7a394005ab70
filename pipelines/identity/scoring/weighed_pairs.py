"""Given pairs of profiles as Splink weighs them, field by field, as arrays."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.scoring.linker import open_linker
from pipelines.identity.scoring.match_weights import Floats

Levels = npt.NDArray[np.int8]

MISSING = -1
"""The level of a field that one of the two records does not have: no evidence either way."""


@dataclass(frozen=True)
class WeighedPairs:
    """Pairs and their weights, in bits; rows are pairs, columns are fields.

    ``levels`` are positions in the field's levels, or MISSING. Prior, ``fields`` and ``household`` add up to ``total``;
    ``household_fields`` are the log2 ratios of the household class, from which ``household`` follows.
    """

    levels: Levels
    fields: Floats
    household_fields: Floats
    household: Floats
    total: Floats
    is_informative: npt.NDArray[np.bool_]


def weigh_pairs(
    profiles: pl.DataFrame, left: npt.NDArray[np.int32], right: npt.NDArray[np.int32], model: ModelVersion
) -> WeighedPairs:
    """The pairs of rows of ``profiles`` (``profiles.build_profiles``), in the order given."""
    ids = profiles["record_id"]
    with open_linker(profiles, model) as linker:
        weighed = linker.weigh(ids.gather(left), ids.gather(right))
    fields = model.fields
    levels = np.empty((len(left), len(fields)), dtype=np.int8)
    is_informative = np.empty((len(left), len(fields)), dtype=np.bool_)
    for position, compared in enumerate(fields):
        gamma = weighed[f"gamma_{compared.name}"].to_numpy()
        levels[:, position] = np.where(gamma < 0, MISSING, len(compared.levels) - 1 - gamma)
        neutral = [number for number, level in enumerate(compared.levels) if level.is_neutral]
        is_informative[:, position] = ~np.isin(levels[:, position], [MISSING, *neutral])
    return WeighedPairs(
        levels,
        weighed.select(f"weight_{compared.name}" for compared in fields).to_numpy(),
        weighed.select(f"household_{compared.name}" for compared in fields).to_numpy(),
        weighed["household_weight"].to_numpy(),
        weighed["match_weight"].to_numpy(),
        is_informative,
    )
