"""Trains a model version on the records themselves, without labels: parameters and term frequencies, seeded.

Records too few to learn from give the model shipped with the package, whole (``default_parameters``).

1. How often strangers agree is counted on random pairs (u).
2. Expectation-maximisation over blocked pairs estimates matches, households and strangers (m and h).
3. What share of the pairs of each weight are matches is learned by ``calibrate``.
4. Parameters and term frequencies are frozen as a version.
"""

import importlib.metadata
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import polars as pl

from pipelines.identity.decisions.read import no_decisions
from pipelines.identity.model.registry import (
    DEFAULT_MODEL,
    ModelVersion,
    Parameters,
    find_gaps,
    name_version,
    save_version,
)
from pipelines.identity.model.specification import CLASSES, Field, declare_fields
from pipelines.identity.model.splink_settings import make_settings
from pipelines.identity.scoring.linker import ENDS, ProfileLinker, open_linker
from pipelines.identity.scoring.match_weights import Floats
from pipelines.identity.scoring.profiles import build_profiles
from pipelines.identity.training.agreement import (
    compare_blocked,
    compare_given,
    count_term_frequencies,
    estimate_u,
)
from pipelines.identity.training.calibrate import learn_calibration
from pipelines.identity.training.default_parameters import (
    read_default_frequencies,
    read_default_model,
    read_default_parameters,
)
from pipelines.identity.training.errors import TrainingError
from pipelines.identity.training.estimate import (
    Estimate,
    declare_probabilities,
    estimate_classes,
    join_patterns,
    read_patterns,
)
from pipelines.identity.training.labels import list_labelled_pairs
from pipelines.lake.tables import Lake

SEED = 20260101
# For u, all pairs of so many are compared: a level that one pair of a hundred thousand shows is seen some five times.
RANDOM_PROFILES = 1_000
SAMPLED_PAIRS = 600_000  # Blocked pairs used for the estimation; more move parameters in the third digit only.
MIN_PAIRS = 3_000  # Blocked pairs below which chance would decide the parameters.
# Profiles below which it would decide how frequent a value is: that of two in a thousand is known to a third, and a
# trial of a few people who happen to be the same teaches nothing. Generated retailers of 40 to 800 people are
# recognised by the shipped model as well as by one of their own, of 1,500 a little less (pairwise F1 .979 for .984).
MIN_PROFILES = 1_000
MIN_COMPARABLE_PAIRS = 200  # Random pairs with a field on both sides below which it is taken from the defaults.
MIN_SEEN_PAIRS = 1.0  # Matching pairs with a level below which its declared probability prevails.


def _ignore_stage(stage: str) -> None:  # noqa: ARG001 - the shape of a report, for callers that want none
    return None


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
    model = learn(profiles, seed, as_of, report, decisions)
    save_version(model, lake, make_settings(model))
    return model


def learn(
    profiles: pl.DataFrame,
    seed: int,
    as_of: date | None = None,
    report: Callable[[str], None] = _ignore_stage,
    labels: pl.DataFrame | None = None,
) -> ModelVersion:
    """The model trained on ``profiles``; nothing is written.

    ``labels`` are human decisions (``identity/decisions``): pairs whose class is known, not estimated.
    """
    fields = declare_fields()
    report("term frequencies")
    untrained = _make_untrained(fields)
    labelled = list_labelled_pairs(profiles, no_decisions() if labels is None else labels)
    with open_linker(profiles, untrained) as counting:
        frequencies = count_term_frequencies(counting)
        limits, at_most = counting.limit_blocks()
        rarest = {
            name: 1.0 / (2.0 * max(1, profiles[_column(fields, name)].count() or profiles.height))
            for name in frequencies
        }
        parameters = replace(untrained.parameters, rarest=rarest, largest_blocks=limits)
        linker = counting.under(replace(untrained, parameters=parameters, term_frequencies=frequencies))
        report("strangers")
        strangers = estimate_strangers(linker, fields, frequencies, seed)
        report("pairs")
        chunks = -(-at_most // SAMPLED_PAIRS) or 1
        blocked, compared_pairs = compare_blocked(linker, chunks, seed, labelled)
        known = [
            compare_given(linker, labelled.filter(pl.col("is_match") == verdict).select(ENDS))
            for verdict in (False, True)
        ]
        report("matches and households")
        shipped = read_default_model()["levels"]
        found = compared_pairs * chunks  # Of all pairs about so many share a key; exactly, where all were compared.
        enough = found >= MIN_PAIRS and profiles.height >= MIN_PROFILES
        if enough:
            told = tuple(compared for compared in fields if compared.name in strangers)
            patterns = join_patterns(
                read_patterns(blocked, told, chunks),
                *(read_patterns(some, told, is_match=verdict) for verdict, some in enumerate(known)),
            )
            estimate = estimate_classes(patterns, told, strangers, profiles.height * (profiles.height - 1) / 2)
            parameters = _as_parameters(estimate, told, strangers, rarest, limits)
            observed = _list_observed(estimate, told)
            borrowed = [compared.name for compared in fields if compared.name not in strangers]
            parameters.levels.update({name: shipped[name] for name in borrowed if name in shipped})
        else:
            parameters, observed, frequencies = read_default_parameters(), {}, read_default_frequencies()
            borrowed = [compared.name for compared in fields]
        gaps = find_gaps(parameters, frequencies, fields)
        if gaps:
            raise TrainingError(
                "The identity model cannot be trained: neither these records nor a declaration say enough: "
                f"{'; '.join(gaps)}. Declare it in pipelines/identity/model/specification.py, "
                "and run scripts/make_default_model.py."
            )
        if enough:
            report("calibration")
            uncalibrated = linker.under(ModelVersion("uncalibrated", parameters, frequencies))
            parameters = replace(parameters, calibration=learn_calibration(uncalibrated, profiles, at_most, seed))
    metadata = {
        "as_of": as_of.isoformat() if as_of else None,
        "seed": seed,
        "profiles": profiles.height,
        "blocked_pairs": found,
        "labelled_pairs": _count_labels(labelled) if enough else {},
        "learned_from": "these records" if enough else f"{DEFAULT_MODEL}: too few records to learn from",
        "fields_from_default_model": borrowed,
        "levels_held_at_declared_values": _list_held_levels(observed),
        "observed": observed,
        "libraries": {name: importlib.metadata.version(name) for name in ("splink", "duckdb", "polars", "numpy")},
    }
    return ModelVersion(name_version(parameters, frequencies), parameters, frequencies, metadata)


def _make_untrained(fields: tuple[Field, ...]) -> ModelVersion:
    """A version with which pairs can be compared, but not yet weighed."""
    declared = {name: declare_probabilities(fields, name) for name in CLASSES}
    levels = {
        compared.name: {
            level.name: {
                **{name: float(declared[name][index][number]) for name in CLASSES},
                "stranger": 1.0 / len(compared.levels),
            }
            for number, level in enumerate(compared.levels)
        }
        for index, compared in enumerate(fields)
    }
    return ModelVersion("untrained", Parameters(levels, dict.fromkeys(CLASSES, 0.001), {}, {}), {})


def _list_held_levels(observed: dict[str, dict[str, float]]) -> list[str]:
    """The levels seen in too few matching pairs to move them from their declared values, by name."""
    return sorted(level for level, seen in observed.items() if seen["match"] < MIN_SEEN_PAIRS)


def _column(fields: tuple[Field, ...], name: str) -> str:
    return next(compared.column for compared in fields if compared.name == name)


def estimate_strangers(
    linker: ProfileLinker, fields: tuple[Field, ...], frequencies: dict[str, pl.DataFrame], seed: int
) -> dict[str, Floats]:
    """How often two strangers show each level of each field: Splink's estimate of u, completed.

    The agreement level is not counted but computed: two records drawn at random have the same value with probability
    sum f(v)^2. A level that no pair shows counts half a pair. A field that hardly any two records both have is left
    out.
    """
    estimated = {}
    for compared, (seen, pairs) in zip(fields, estimate_u(linker, RANDOM_PROFILES, seed).values(), strict=True):
        if pairs < MIN_COMPARABLE_PAIRS:
            continue
        counts = seen * pairs + 0.5
        shares = counts / counts.sum()
        for index, level in enumerate(compared.levels):
            if level.is_agreement and frequencies[compared.name].height:
                agreement = min(float((frequencies[compared.name]["frequency"] ** 2).sum()), 0.999)
                shares = shares * (1.0 - agreement) / (1.0 - shares[index])
                shares[index] = agreement
        estimated[compared.name] = shares
    return estimated


def _as_parameters(
    estimate: Estimate,
    fields: tuple[Field, ...],
    strangers: dict[str, Floats],
    rarest: dict[str, float],
    limits: dict[str, int],
) -> Parameters:
    levels = {
        compared.name: {
            level.name: {
                **{name: _rounded(estimate.levels[name][index][number]) for name in CLASSES},
                "stranger": _rounded(strangers[compared.name][number]),
            }
            for number, level in enumerate(compared.levels)
        }
        for index, compared in enumerate(fields)
    }
    return Parameters(levels, {name: _rounded(share) for name, share in estimate.shares.items()}, rarest, limits)


def _list_observed(estimate: Estimate, fields: tuple[Field, ...]) -> dict[str, dict[str, float]]:
    """In how many pairs of each class each level was seen."""
    return {
        f"{compared.name}: {level.name}": {
            name: round(float(estimate.observed[name][index][number]), 1) for name in CLASSES
        }
        for index, compared in enumerate(fields)
        for number, level in enumerate(compared.levels)
    }


def _rounded(value: float) -> float:
    """Nine significant digits: far finer than the data, and independent of the order of sums."""
    return float(f"{value:.9g}")


def _count_labels(labelled: pl.DataFrame) -> dict[str, int]:
    same = int(labelled["is_match"].sum())
    return {"must_link": same, "cannot_link": labelled.height - same}
