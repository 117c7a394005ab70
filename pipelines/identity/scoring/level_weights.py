"""The match weight of every comparison level of a version, as charts, comparisons and `parcours model` show it."""

from dataclasses import dataclass

import numpy as np

from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.model.specification import CLASSES
from pipelines.identity.scoring.match_weights import prior_weight

PRIOR = "any two records"
"""In place of a field: the prior, what a pair weighs before anything is compared."""


@dataclass(frozen=True)
class LevelWeight:
    """One level of one field.

    ``match`` and ``household`` are log2 Bayes factors: how many times likelier the level is between two records of one
    person, or of two people of one household, than between strangers. For an agreement level this is the weight of a
    value of average rarity. None where the version does not know it. ``probabilities`` are those of match, household
    and stranger behind it.
    """

    field: str
    level: str
    match: float | None
    household: float | None
    probabilities: dict[str, float]


def list_weights(model: ModelVersion) -> list[LevelWeight]:
    """The weights of every level, in the order in which fields and levels are declared.

    A level that is counted under another field weighs 0. A version trained by another release lists the levels it has.
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
