"""Trains a model version on the records themselves, without labels: parameters and term frequencies, seeded.

Records too few to learn from give the model shipped with the package, whole (``default_parameters``).

1. How often strangers agree is counted on random pairs (u).
2. Expectation-maximisation over blocked pairs estimates matches, households and strangers (m and h).
3. Parameters and term frequencies are frozen as a version.
"""

import importlib.metadata
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.errors import ParcoursError
from pipelines.identity.decisions.read import no_decisions
from pipelines.identity.model.registry import (
    DEFAULT_MODEL,
    ModelVersion,
    Parameters,
    find_gaps,
    name_version,
    save_version,
)
from pipelines.identity.model.specification import CLASSES, Field, declare_fields, splink_settings
from pipelines.identity.scoring.blocking import hash_keys, keep_small_blocks, limit_blocks
from pipelines.identity.scoring.match_weights import Floats, copied_share
from pipelines.identity.scoring.predict import ComparedPairs, compare_candidates, compare_pairs
from pipelines.identity.scoring.profiles import build_profiles
from pipelines.identity.training.default_parameters import (
    read_default_frequencies,
    read_default_model,
    read_default_parameters,
)
from pipelines.identity.training.labels import LabelledPairs, compare_labels, leave_out_labelled
from pipelines.lake.tables import Lake

SEED = 20260101
RANDOM_PAIRS = 500_000  # For u: a level that one pair of a hundred thousand shows is then seen some five times.
SAMPLED_PAIRS = 600_000  # Blocked pairs used for the estimation; more move parameters in the third digit only.
MIN_PAIRS = 3_000  # Blocked pairs below which chance would decide the parameters.
# Profiles below which it would decide how frequent a value is: that of two in a thousand is known to a third, and a
# trial of a few people who happen to be the same teaches nothing. Generated retailers of 40 to 800 people are
# recognised by the shipped model as well as by one of their own, of 1,500 a little less (pairwise F1 .979 for .984).
MIN_PROFILES = 1_000
ITERATIONS = 60
CONVERGED = 1e-4  # Largest change of any parameter at which the estimation stops.
MIN_COMPARABLE_PAIRS = 200  # Random pairs with a field on both sides below which it is taken from the defaults.
MIN_SEEN_PAIRS = 1.0  # Matching pairs with a level below which its declared probability prevails.
DECLARED_PAIRS = 30.0  # How many observed pairs a declared probability is worth against what data show.


def _ignore_stage(stage: str) -> None:  # noqa: ARG001 - the shape of a report, for callers that want none
    return None


class TrainingError(ParcoursError):
    """A model cannot be trained on these data."""


def train(
    records: pl.DataFrame,
    lake: Lake,
    seed: int = SEED,
    as_of: date | None = None,
    report: Callable[[str], None] = _ignore_stage,
    decisions: pl.DataFrame | None = None,
) -> ModelVersion:
    """Trains a version on ``identity/records`` and saves it; the version in force stays.

    ``decisions`` (``identity/decisions`` of the same run) are labelled pairs. The same input and seed give the same
    version. Raises TrainingError naming the levels that are neither declared nor seen.
    """
    profiles, _ = build_profiles(records)
    model, settings = learn(profiles, seed, as_of, report, decisions)
    save_version(model, lake, settings)
    return model


def learn(
    profiles: pl.DataFrame,
    seed: int,
    as_of: date | None = None,
    report: Callable[[str], None] = _ignore_stage,
    labels: pl.DataFrame | None = None,
) -> tuple[ModelVersion, dict[str, Any]]:
    """The model trained on ``profiles``, and its Splink settings; nothing is written.

    ``labels`` are human decisions (``identity/decisions``): pairs whose class is known, not estimated.
    """
    fields = declare_fields()
    report("term frequencies")
    frequencies = count_term_frequencies(profiles, fields)
    report("strangers")
    strangers = estimate_strangers(profiles, fields, frequencies, seed)
    report("pairs")
    keys = hash_keys(profiles)
    largest_blocks = limit_blocks(keys)
    compared = compare_candidates(profiles, fields, keep_small_blocks(keys, largest_blocks))
    labelled = compare_labels(profiles, no_decisions() if labels is None else labels, fields)
    report("matches and households")
    shipped = read_default_model()["levels"]
    enough = len(compared) >= MIN_PAIRS and profiles.height >= MIN_PROFILES
    if enough:
        rarest = {
            name: 1.0 / (2.0 * max(1, profiles[_column(fields, name)].count() or profiles.height))
            for name in frequencies
        }
        known = tuple(compared_field for compared_field in fields if compared_field.name in strangers)
        positions = [position for position, compared_field in enumerate(fields) if compared_field.name in strangers]
        unlabelled = leave_out_labelled(compared, labelled)
        parameters, observed = estimate_classes(
            profiles, replace(unlabelled, levels=unlabelled.levels[:, positions]), known, frequencies, rarest,
            strangers, seed, largest_blocks, labelled.of_fields(positions),
        )  # fmt: skip
        borrowed = [compared_field.name for compared_field in fields if compared_field.name not in strangers]
        parameters.levels.update({name: shipped[name] for name in borrowed if name in shipped})
    else:
        parameters, observed, frequencies = read_default_parameters(), {}, read_default_frequencies()
        borrowed = [compared_field.name for compared_field in fields]
    gaps = find_gaps(parameters, frequencies, fields)
    if gaps:
        raise TrainingError(
            "The identity model cannot be trained: neither these records nor a declaration say enough: "
            f"{'; '.join(gaps)}. Declare it in pipelines/identity/model/specification.py, "
            "and run scripts/make_default_model.py."
        )
    metadata = {
        "as_of": as_of.isoformat() if as_of else None,
        "seed": seed,
        "profiles": profiles.height,
        "blocked_pairs": len(compared),
        "labelled_pairs": labelled.count() if enough else {},
        "learned_from": "these records" if enough else f"{DEFAULT_MODEL}: too few records to learn from",
        "fields_from_default_model": borrowed,
        "levels_held_at_declared_values": _list_held_levels(observed),
        "observed": observed,
        "libraries": {name: importlib.metadata.version(name) for name in ("splink", "duckdb", "polars", "numpy")},
    }
    model = ModelVersion(name_version(parameters, frequencies), parameters, frequencies, metadata)
    return model, trained_splink_settings(model)


def _list_held_levels(observed: dict[str, dict[str, float]]) -> list[str]:
    """The levels seen in too few matching pairs to move them from their declared values, by name."""
    return sorted(level for level, seen in observed.items() if seen["match"] < MIN_SEEN_PAIRS)


def _column(fields: tuple[Field, ...], name: str) -> str:
    return next(compared.column for compared in fields if compared.name == name)


def count_term_frequencies(profiles: pl.DataFrame, fields: tuple[Field, ...]) -> dict[str, pl.DataFrame]:
    """By field with an agreement level, one row per value: value, frequency among the profiles that have one."""
    frequencies = {}
    for compared in fields:
        if not any(level.is_agreement for level in compared.levels):
            continue
        values = profiles.lazy().select(pl.col(compared.column).alias("value")).drop_nulls()
        counted = values.group_by("value").agg(pl.len().alias("count"))
        frequencies[compared.name] = (
            counted.select("value", (pl.col("count") / pl.col("count").sum()).alias("frequency"))
            .sort("value")
            .collect()
        )
    return frequencies


def estimate_strangers(
    profiles: pl.DataFrame, fields: tuple[Field, ...], frequencies: dict[str, pl.DataFrame], seed: int
) -> dict[str, Floats]:
    """How often two strangers show each level of each field, counted on random pairs.

    The agreement level is not counted but computed: two records drawn at random have the same value with probability
    sum f(v)^2. A level that no random pair shows counts half a pair. A field that hardly any two records both have is
    left out.
    """
    left, right = _draw_pairs(profiles.height, RANDOM_PAIRS, seed)
    compared = compare_pairs(profiles, left, right, fields)
    estimated = {}
    for position, compared_field in enumerate(fields):
        column = compared.levels[:, position]
        if (column >= 0).sum() < MIN_COMPARABLE_PAIRS:
            continue
        counts = np.bincount(column[column >= 0], minlength=len(compared_field.levels)) + 0.5
        shares = counts / counts.sum()
        for index, level in enumerate(compared_field.levels):
            if level.is_agreement and frequencies[compared_field.name].height:
                agreement = float((frequencies[compared_field.name]["frequency"] ** 2).sum())
                agreement = min(agreement, 0.999)
                shares = shares * (1.0 - agreement) / (1.0 - shares[index])
                shares[index] = agreement
        estimated[compared_field.name] = shares
    return estimated


def _draw_pairs(count: int, pairs: int, seed: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Random pairs of two different numbers below ``count``."""
    if count < 2:
        empty = np.array([], dtype=np.int32)
        return empty, empty
    generator = np.random.default_rng(seed)
    left = generator.integers(0, count, pairs, dtype=np.int32)
    right = generator.integers(0, count - 1, pairs, dtype=np.int32)
    return left, right + (right >= left).astype(np.int32)


def estimate_classes(
    profiles: pl.DataFrame,
    compared: ComparedPairs,
    fields: tuple[Field, ...],
    frequencies: dict[str, pl.DataFrame],
    rarest: dict[str, float],
    strangers: dict[str, Floats],
    seed: int,
    largest_blocks: dict[str, int],
    labelled: LabelledPairs,
) -> tuple[Parameters, dict[str, dict[str, float]]]:
    """m and h of every level and the shares of matches and households, by expectation-maximisation.

    Strangers stay as sampled: only they are known beforehand. Blocked pairs include nearly all matches, but only a tiny
    part of the strangers, so shares are of all pairs and the strangers' density is that of all pairs too: a pattern's
    expected count is (number of pairs) x (share x probability), class by class. Also returned: in how many pairs of
    each class each level was seen.

    ``labelled`` pairs, which are not among ``compared``, are known to be matches or not; each counts once.
    """
    all_pairs = profiles.height * (profiles.height - 1) / 2
    rows = _sample_rows(compared, SAMPLED_PAIRS, seed)
    sample = labelled.append_to(compared.take(rows))
    scale = len(compared) / max(1, len(rows))
    stands_for = np.concatenate([np.full(len(rows), scale), np.ones(len(labelled.pairs))])
    rarity = _inverse_frequencies(profiles, sample, fields, frequencies, rarest)
    learned = {name: _declared(fields, name) for name in CLASSES}
    for index, compared_field in enumerate(fields):
        if compared_field.tells_members_apart:
            learned["household"][index] = _differ_as_strangers(compared_field, strangers[compared_field.name])
    shares = {
        "match": max(1, len(compared)) * 0.2 / max(1, all_pairs),
        "household": max(1, len(compared)) * 0.1 / max(1, all_pairs),
    }
    observed: dict[str, list[Floats]] = {name: [np.zeros(len(f.levels)) for f in fields] for name in CLASSES}
    for _ in range(ITERATIONS):
        responsibilities = _expect(sample, fields, learned, strangers, shares, rarity)
        responsibilities[len(rows) :] = labelled.clamp(responsibilities[len(rows) :])
        responsibilities *= stands_for[:, None]
        moved = 0.0
        for position, name in enumerate(CLASSES):
            responsibility = responsibilities[:, position]
            shares[name] = max(float(responsibility.sum()), 1.0) / all_pairs
            for index, compared_field in enumerate(fields):
                seen = _count_levels(sample.levels[:, index], responsibility, len(compared_field.levels))
                observed[name][index] = seen
                if name == "household" and compared_field.tells_members_apart:
                    continue
                prior = _declared((compared_field,), name)[0] * DECLARED_PAIRS
                updated = (seen + prior) / (seen.sum() + DECLARED_PAIRS)
                moved = max(moved, float(np.abs(updated - learned[name][index]).max()))
                learned[name][index] = updated
        if moved < CONVERGED:
            break
    levels = {
        compared_field.name: {
            level.name: {
                "match": _rounded(learned["match"][index][number]),
                "household": _rounded(learned["household"][index][number]),
                "stranger": _rounded(strangers[compared_field.name][number]),
            }
            for number, level in enumerate(compared_field.levels)
        }
        for index, compared_field in enumerate(fields)
    }
    seen_in = {
        f"{compared_field.name}: {level.name}": {
            name: round(float(observed[name][index][number]), 1) for name in CLASSES
        }
        for index, compared_field in enumerate(fields)
        for number, level in enumerate(compared_field.levels)
    }
    return Parameters(levels, {name: _rounded(shares[name]) for name in CLASSES}, rarest, largest_blocks), seen_in


def _rounded(value: float) -> float:
    """Nine significant digits: far finer than the data, and independent of the order of sums."""
    return float(f"{value:.9g}")


def _sample_rows(compared: ComparedPairs, wanted: int, seed: int) -> npt.NDArray[np.int64]:
    """Rows of at most ``wanted`` pairs, drawn and ordered by the pairs and the seed alone.

    Pairs come in the order in which threads end; a draw of positions would take others at each training.
    """
    rows = np.arange(len(compared))
    if len(compared) > wanted:
        rows = np.argpartition(_scramble(compared.left, compared.right, seed), wanted)[:wanted]
    return rows[np.lexsort((compared.right[rows], compared.left[rows]))]


def _scramble(left: npt.NDArray[np.int32], right: npt.NDArray[np.int32], seed: int) -> npt.NDArray[np.uint64]:
    """An evenly distributed number for each pair, different for each: SplitMix64 (Steele and others 2014)."""
    mixed = (left.astype(np.uint64) << np.uint64(32)) + right.astype(np.uint64) + np.uint64(seed)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))


def _inverse_frequencies(
    profiles: pl.DataFrame,
    sample: ComparedPairs,
    fields: tuple[Field, ...],
    frequencies: dict[str, pl.DataFrame],
    rarest: dict[str, float],
) -> list[Floats | None]:
    """1 / f(v) of each pair's left value, field by field; None for a field without term frequencies."""
    inverse: list[Floats | None] = []
    for compared_field in fields:
        if compared_field.name not in frequencies:
            inverse.append(None)
            continue
        joined = profiles.select(pl.col(compared_field.column).alias("value")).join(
            frequencies[compared_field.name], on="value", how="left", maintain_order="left"
        )
        known = joined["frequency"].fill_null(rarest[compared_field.name]).to_numpy()
        inverse.append(1.0 / known[sample.left])
    return inverse


def _declared(fields: tuple[Field, ...], name: str) -> list[Floats]:
    """The declared probabilities of a class, each field's summing to one."""
    declared = []
    for compared_field in fields:
        values = np.array([getattr(level, name) for level in compared_field.levels])
        if (values <= 0).any():
            missing = [level.name for level in compared_field.levels if getattr(level, name) <= 0]
            raise TrainingError(
                f"The identity model cannot be trained: {compared_field.name} declares no {name} probability for "
                f"{', '.join(missing)}. Declare one in pipelines/identity/model/specification.py."
            )
        declared.append(values / values.sum())
    return declared


def _differ_as_strangers(compared_field: Field, strangers: Floats) -> Floats:
    """Two members of a household differ as strangers do, apart from the declared shares of namesakes and twins."""
    excess = np.array([0.0 if level.condition == "ELSE" else level.household for level in compared_field.levels])
    return np.asarray(excess + (1.0 - excess.sum()) * strangers)


def _expect(
    sample: ComparedPairs,
    fields: tuple[Field, ...],
    learned: dict[str, list[Floats]],
    strangers: dict[str, Floats],
    shares: dict[str, float],
    rarity: list[Floats | None],
) -> Floats:
    """The probability of each class for each pair, strangers left out: columns in the order of CLASSES."""
    odds = np.empty((len(sample), len(CLASSES)))
    for position, name in enumerate(CLASSES):
        total = np.full(len(sample), np.log(shares[name]))
        for index, compared_field in enumerate(fields):
            column = sample.levels[:, index]
            ratios = np.ones(len(compared_field.levels) + 1)
            known, chance = learned[name][index], strangers[compared_field.name]
            for number, level in enumerate(compared_field.levels):
                ratios[number] = 1.0 if level.is_neutral else known[number] / chance[number]
            ratio = ratios[column]
            inverse = rarity[index]
            if inverse is not None:
                for number, level in enumerate(compared_field.levels):
                    if level.is_agreement:
                        agrees = column == number
                        copied = copied_share(float(known[number]), float(chance[number]))
                        ratio[agrees] = (1.0 - copied) + copied * inverse[agrees]
            total += np.log(ratio)
        odds[:, position] = total
    strangers_odds = np.log(max(1e-12, 1.0 - sum(shares.values())))
    norm = np.logaddexp(np.logaddexp.reduce(odds, axis=1), strangers_odds)
    return np.asarray(np.exp(odds - norm[:, None]))


def _count_levels(column: npt.NDArray[np.int8], responsibility: Floats, levels: int) -> Floats:
    present = column >= 0
    counted = np.bincount(column[present], weights=responsibility[present], minlength=levels)[:levels]
    return np.asarray(counted, dtype=np.float64)


def trained_splink_settings(model: ModelVersion) -> dict[str, Any]:
    """The version as Splink settings (m and u filled in), which Splink's charts read."""
    settings: dict[str, Any] = splink_settings(model.fields).create_settings_dict("duckdb")
    settings["probability_two_random_records_match"] = model.parameters.shares["match"]
    for compared, comparison in zip(model.fields, settings["comparisons"], strict=True):
        learned = model.parameters.levels[compared.name]
        known = [learned[level.name] for level in compared.levels]
        real = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        for level, values in zip(real, known, strict=True):
            level["m_probability"], level["u_probability"] = values["match"], values["stranger"]
    return settings
