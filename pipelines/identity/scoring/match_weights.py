"""Match weights of pairs, in bits: how many times likelier one person is than two, given the comparison levels.

For each field and class c, the likelihood of the level is compared with that between strangers. At an agreement on
value v with term frequency f(v), a class that agrees with probability p does so by chance (as strangers do) or because
the value is the same one, copied. With u the strangers' probability, s = (p - u) / (1 - u) is the share of copies, and
the ratio is (1 - s) + s / f(v): Splink's term-frequency adjustment where s is near 1, and no reward for a rare value in
a class that agrees by chance only.

A pair's match weight = log2(share of matches) + sum over fields of log2(match ratio) - household correction, where
household correction = log2(share of strangers + share of households * product of household ratios). Without the
last term this is Fellegi-Sunter; every term is kept, so that the parts of a weight can be shown and add up.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.identity.model.registry import ModelVersion, Parameters
from pipelines.identity.model.specification import Field

Floats = npt.NDArray[np.float64]
Levels = npt.NDArray[np.int8]

PREFILTER_RATIO = 4  # With so many times more known values than looked up, it is quicker to filter them first.

MISSING = -1
"""The level of a field that one of the two records does not have: no evidence either way."""


@dataclass(frozen=True)
class Weights:
    """The weights of pairs, in bits; rows are pairs, columns are fields. ``prior + fields.sum + household = total``.

    ``household_fields`` are the log2 ratios of the household class, from which ``household`` follows.
    """

    prior: float
    fields: Floats
    household_fields: Floats
    household: Floats

    @property
    def total(self) -> Floats:
        return np.asarray(self.prior + self.fields.sum(axis=1) + self.household)


def look_up_frequencies(profiles: pl.DataFrame, model: ModelVersion) -> dict[str, Floats]:
    """By field with term frequencies, that of each profile's value; for a value unknown to training, the rarest."""
    frequencies = {}
    for compared in model.fields:
        if compared.name not in model.term_frequencies:
            continue
        values = profiles.select(pl.col(compared.column).alias("value"))
        known_values = model.term_frequencies[compared.name]
        if values.height < known_values.height / PREFILTER_RATIO:
            known_values = known_values.join(values, on="value", how="semi")
        joined = values.join(known_values, on="value", how="left", maintain_order="left")
        known = joined["frequency"].fill_null(model.parameters.rarest[compared.name])
        frequencies[compared.name] = known.to_numpy().astype(np.float64)
    return frequencies


def weigh_pairs(
    levels: Levels, left: npt.NDArray[np.int32], frequencies: dict[str, Floats], model: ModelVersion
) -> Weights:
    """The weights of pairs. ``levels``: one row per pair, one column per field of the model; ``left``: profile_no."""
    return _with_household(_log_ratios(levels, left, frequencies, model, "match"), levels, left, frequencies, model)


ROUNDING = 1e-6
"""Bits: more than sums taken in another order may differ by."""


def weigh_candidates(
    levels: Levels, left: npt.NDArray[np.int32], frequencies: dict[str, Floats], model: ModelVersion, least: float
) -> tuple[npt.NDArray[np.int64], Weights]:
    """The rows of pairs that may weigh ``least`` bits or more, and their weights; arguments as of `weigh_pairs`.

    Most candidates are strangers by their match ratios alone: the household class is computed for the others only.
    """
    fields = _log_ratios(levels, left, frequencies, model, "match")
    least_correction = household_correction(np.array([-np.inf]), model.parameters)[0]
    bound = prior_weight(model.parameters) + least_correction + ROUNDING + fields.sum(axis=1)
    rows = np.flatnonzero(bound >= least)
    return rows, _with_household(fields[rows], levels[rows], left[rows], frequencies, model)


def _with_household(
    fields: Floats,
    levels: Levels,
    left: npt.NDArray[np.int32],
    frequencies: dict[str, Floats],
    model: ModelVersion,
) -> Weights:
    household = _log_ratios(levels, left, frequencies, model, "household")
    correction = household_correction(household.sum(axis=1), model.parameters)
    return Weights(prior_weight(model.parameters), fields, household, correction)


def _log_ratios(
    levels: Levels,
    left: npt.NDArray[np.int32],
    frequencies: dict[str, Floats],
    model: ModelVersion,
    pair_class: str,
) -> Floats:
    ratios = np.empty(levels.shape)
    for position, compared in enumerate(model.fields):
        frequency = frequencies.get(compared.name)
        ratios[:, position] = log_ratio(levels[:, position], left, frequency, compared, model.parameters, pair_class)
    return ratios


def prior_weight(parameters: Parameters) -> float:
    """The weight of a pair before anything is compared, without the household correction."""
    return float(np.log2(parameters.shares["match"]))


def household_correction(household: Floats, parameters: Parameters) -> Floats:
    """What weights lose because two people of one household would show the same levels: at most 0, but for rounding."""
    share = parameters.shares["household"]
    strangers = 1.0 - parameters.shares["match"] - share
    return np.asarray(-np.logaddexp2(np.log2(strangers), np.log2(share) + household))


def pool_weights(weight: Floats, household: Floats, pairs: Floats, parameters: Parameters) -> tuple[Floats, Floats]:
    """The weight of each field between two groups of records, and their household correction.

    The arguments are sums over the pairs between them, fields along the first axis: of weights, of the household
    class's log2 ratios, and the number of pairs that can be compared. A field counts with the mean over these.
    """
    counted = np.maximum(pairs, 1.0)
    return weight / counted, household_correction((household / counted).sum(axis=0), parameters)


def log_ratio(
    column: Levels,
    left: npt.NDArray[np.int32],
    frequency: Floats | None,
    compared: Field,
    parameters: Parameters,
    pair_class: str,
) -> Floats:
    """log2 of P(level | class) / P(level | strangers), for each pair; 0 where the field is missing.

    ``frequency`` is that of each profile's value.
    """
    known = parameters.levels[compared.name]
    # One slot behind the levels, so that MISSING (-1) finds weight 0 there.
    table = np.zeros(len(compared.levels) + 1)
    for index, level in enumerate(compared.levels):
        if not level.is_neutral:
            table[index] = np.log2(known[level.name][pair_class] / known[level.name]["stranger"])
    ratios = table[column]
    if frequency is None:
        return ratios
    for index, level in enumerate(compared.levels):
        if level.is_agreement:
            agrees = np.flatnonzero(column == index)
            copied = copied_share(known[level.name][pair_class], known[level.name]["stranger"])
            ratios[agrees] = np.log2((1.0 - copied) + copied / frequency[left[agrees]])
    return ratios


def copied_share(agreement: float, by_chance: float) -> float:
    """The share of agreements that is beyond chance: between 0 and 1."""
    return max(0.0, (agreement - by_chance) / (1.0 - by_chance))


def probability(weights: Floats) -> Floats:
    """The probability behind a weight in bits: 2^w / (1 + 2^w)."""
    return np.asarray(1.0 / (1.0 + np.exp2(-np.clip(weights, -1000, 1000))))


def are_informative(levels: Levels, model: ModelVersion) -> npt.NDArray[np.bool_]:
    """Whether each field of each pair can be compared and is not counted under another field."""
    says: npt.NDArray[np.bool_] = levels != MISSING
    for position, compared in enumerate(model.fields):
        for index, level in enumerate(compared.levels):
            if level.is_neutral:
                says[:, position] &= levels[:, position] != index
    return says
