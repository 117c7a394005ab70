"""What a version makes of each level, in bits: the numbers that charts, comparisons and `parcours model` show."""

from dataclasses import dataclass

import numpy as np

from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.model.specification import CLASSES
from pipelines.identity.scoring.match_weights import prior_weight

PRIOR = "any two records"
"""Stands for the field where the weight is what a pair weighs before anything is compared."""


@dataclass(frozen=True)
class LevelWeight:
    """One level of one field.

    ``match`` and ``household`` are log2 of how many times likelier it is between two records of one person, or of two
    people of one household, than between strangers. For a level that both hold one value this is the weight of a value
    of average rarity. None where the version does not know. ``probabilities`` are those behind it, of match, household
    and stranger.
    """

    field: str
    level: str
    match: float | None
    household: float | None
    probabilities: dict[str, float]


def list_weights(model: ModelVersion) -> list[LevelWeight]:
    """The weights of every level, in the order in which fields and levels are declared.

    A level that is counted under another field weighs 0. A version trained by another release lists what it has.
    """
    declared = {(compared.name, level.name): level.is_neutral for compared in model.fields for level in compared.levels}
    known = {
        (field, level): probabilities
        for field, levels in model.parameters.levels.items()
        for level, probabilities in levels.items()
    }
    ordered = [key for key in declared if key in known] + sorted(key for key in known if key not in declared)
    return [_weigh(field, level, known[field, level], declared.get((field, level), False)) for field, level in ordered]


def _weigh(field: str, level: str, probabilities: dict[str, float], is_neutral: bool) -> LevelWeight:
    match, household = (0.0 if is_neutral else _ratio(probabilities, name) for name in CLASSES)
    return LevelWeight(field, level, match, household, probabilities)


def _ratio(probabilities: dict[str, float], pair_class: str) -> float | None:
    one, other = probabilities.get(pair_class, 0.0), probabilities.get("stranger", 0.0)
    return float(np.log2(one / other)) if one > 0 and other > 0 else None


def list_bits(model: ModelVersion) -> dict[tuple[str, str], float | None]:
    """The match weight of every (field, level), and of (PRIOR, class) for the shares of pairs, in bits."""
    shares = {
        "one person": prior_weight(model.parameters),
        "one household": np.log2(model.parameters.shares["household"]),
    }
    return {(PRIOR, name): float(bits) for name, bits in shares.items()} | {
        (each.field, each.level): each.match for each in list_weights(model)
    }
