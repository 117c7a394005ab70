"""A finer latent-class model of pairs than the one that weighs them, for what its assumptions get wrong.

It is estimated by expectation-maximisation on the same blocked pairs, without labels, and serves to calibrate match
probabilities only (``calibrate``): it weighs no pair and links none. Two assumptions of the weights are given up.

- *Namesakes.* Fields are not independent among strangers: first names go with surnames and both with places, so that
  two people of one name are far more frequent than the product of the two chances. Namesakes are a class of their own:
  both names agree, the place as it may, everything else as between strangers.
- *Matches among the agreements.* A term frequency counts every record with the value, also those of one person. Where
  people have several records each, most pairs that agree on a postcode or a surname are matches, and strangers agree
  on a rare value far less often than its frequency says. So an agreement is counted by how rare the value is, and of
  all pairs that agree those that are matches are taken away before strangers are estimated.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.model.specification import CLASSES, Field
from pipelines.identity.scoring.match_weights import Floats, copied_share

BITS_PER_RARITY, RARITIES = 2.0, 10
"""Agreements are told apart by the term frequency of the value: by its factor of four, from 1 to the millionth."""

ITERATIONS = 100
CONVERGED = 1e-4  # Largest change of any probability at which the estimation stops.
MODEL_PAIRS = 30.0  # How many observed pairs the probabilities of the weights' own model are worth.
LEAST_STRANGERS = 0.02  # Share of the agreements on values of one rarity that stay the strangers', whatever matches.
RARELY = 1e-12  # A probability that is not known to be zero.
NAMESAKES = "namesake"
NAMES = ("first_name", "last_name")
MAY_AGREE = ("locality",)  # Of namesakes: a surname is at home somewhere, and blocking by place finds them there.
NAMESAKES_AT_FIRST = 0.02  # For each match, where the estimation starts; it moves by orders of magnitude from there.

Outcomes = npt.NDArray[np.int8]


def read_outcomes(weighed: pl.DataFrame, model: ModelVersion) -> Outcomes:
    """The outcome of each field (columns) for each pair (rows); -1 where the field says nothing.

    An outcome is the position of a level; for an agreement on a value, the number of levels plus its rarity.
    ``weighed`` has ``gamma_<field>`` and ``weight_<field>`` (``ProfileLinker.weigh``). Splink's weight of an agreement
    is log2(m / term frequency).
    """
    outcomes = np.full((weighed.height, len(model.fields)), -1, dtype=np.int8)
    for index, compared in enumerate(model.fields):
        gamma = weighed[f"gamma_{compared.name}"].to_numpy()
        levels = np.where(gamma < 0, -1, len(compared.levels) - 1 - gamma)
        for number, level in enumerate(compared.levels):
            if level.is_neutral:
                levels = np.where(levels == number, -1, levels)
            elif level.is_agreement:
                agreement = model.parameters.levels[compared.name][level.name]["match"]
                bits = weighed[f"weight_{compared.name}"].to_numpy() - np.log2(agreement)
                levels = np.where(levels == number, len(compared.levels) + _classify_rarity(bits), levels)
        outcomes[:, index] = levels
    return outcomes


def estimate_log_odds(
    outcomes: Outcomes, pairs: Floats, model: ModelVersion, comparable: dict[str, float], all_pairs: float
) -> Floats:
    """The natural log odds of a match for each row of ``outcomes`` (:func:`read_outcomes`).

    ``pairs`` is how many pairs of all blocked ones each row stands for. ``comparable`` is the share of ``all_pairs`` in
    which both records have a field, by its name.
    """
    fields = model.fields
    agreeing = [_expect_of_all_pairs(compared, model) for compared in fields]
    strangers = [shares.copy() for shares in agreeing]
    known = {name: [_expect_of_class(each, model, name) for each in fields] for name in CLASSES}
    known[NAMESAKES] = [_expect_of_namesakes(*each) for each in zip(fields, agreeing, strict=True)]
    learned = {name: [shares.copy() for shares in each] for name, each in known.items()}
    shares = {name: model.parameters.shares[name] for name in CLASSES}
    shares[NAMESAKES] = shares["match"] * NAMESAKES_AT_FIRST
    for _ in range(ITERATIONS):
        likelihoods = _weigh_classes(outcomes, {**learned, "stranger": strangers}, shares)
        counted = _share_out(likelihoods) * pairs[:, None]
        moved = 0.0
        for position, name in enumerate(learned):
            shares[name] = max(float(counted[:, position].sum()), 1.0) / all_pairs
            for index, compared in enumerate(fields):
                if not _is_learned(compared, name):
                    continue
                seen = _count(outcomes[:, index], counted[:, position], len(strangers[index]))
                updated = (seen + known[name][index] * MODEL_PAIRS) / (seen.sum() + MODEL_PAIRS)
                moved = max(moved, float(np.abs(updated - learned[name][index]).max()))
                learned[name][index] = updated
        explained = counted[:, :-1].sum(axis=1)
        for index, compared in enumerate(fields):
            rare = slice(len(compared.levels), None)
            seen = _count(outcomes[:, index], explained, len(strangers[index]))[rare]
            rest = agreeing[index][rare] - seen / (all_pairs * max(comparable[compared.name], RARELY))
            strangers[index][rare] = np.maximum(rest, np.maximum(agreeing[index][rare] * LEAST_STRANGERS, RARELY))
        if moved < CONVERGED:
            break
    likelihoods = _weigh_classes(outcomes, {**learned, "stranger": strangers}, shares)
    match = list(learned).index("match")
    others = np.logaddexp.reduce(np.delete(likelihoods, match, axis=1), axis=1)
    return np.asarray(likelihoods[:, match] - others)


def _is_learned(compared: Field, name: str) -> bool:
    """Whether the class's probabilities follow the pairs; the others are what tells the class from the rest."""
    if name == "household":
        return not compared.tells_members_apart
    return name != NAMESAKES or compared.name in NAMES + MAY_AGREE


def _has_rarity(compared: Field) -> bool:
    return any(level.is_agreement for level in compared.levels)


def _classify_rarity(bits: Floats) -> npt.NDArray[np.int64]:
    """The rarity of values, given -log2 of their term frequencies."""
    return np.clip(np.floor(bits / BITS_PER_RARITY), 0, RARITIES - 1).astype(np.int64)


def _count_by_rarity(compared: Field, model: ModelVersion, power: int) -> Floats:
    """Sums of the term frequencies of the field's values, to the power of 1 or 2, by rarity."""
    frequencies = model.term_frequencies[compared.name]["frequency"].to_numpy()
    weights = frequencies
    if power == 2:  # Two different records: a value that only one has makes no pair.
        records = 1.0 / max(2.0 * model.parameters.rarest[compared.name], RARELY)
        weights = frequencies * np.maximum(frequencies * records - 1.0, 0.0) / max(records - 1.0, 1.0)
    return np.bincount(_classify_rarity(-np.log2(frequencies)), weights, RARITIES).astype(np.float64)


def _probabilities(compared: Field, model: ModelVersion, name: str) -> Floats:
    learned = model.parameters.levels[compared.name]
    return np.array([learned[level.name][name] for level in compared.levels])


def _expect_of_all_pairs(compared: Field, model: ModelVersion) -> Floats:
    """How often any two records show each outcome: the strangers' levels, and the agreements by term frequency."""
    levels = _probabilities(compared, model, "stranger")
    if not _has_rarity(compared):
        return np.asarray(levels / levels.sum())
    agreements = np.maximum(_count_by_rarity(compared, model, 2), RARELY)
    return _join(compared, levels, agreements, float(agreements.sum()))


def _expect_of_class(compared: Field, model: ModelVersion, name: str) -> Floats:
    """The outcomes of a class as the weights' model has them: what is copied is as rare as values are."""
    levels = _probabilities(compared, model, name)
    if not _has_rarity(compared):
        return np.asarray(levels / levels.sum())
    number = next(number for number, level in enumerate(compared.levels) if level.is_agreement)
    agreement = float(levels[number])
    chance = float(_probabilities(compared, model, "stranger")[number])
    copied = copied_share(agreement, chance)
    held = np.maximum(_count_by_rarity(compared, model, 1), RARELY)
    by_chance = np.maximum(_count_by_rarity(compared, model, 2), RARELY)
    agreements = copied * held / held.sum() + max(agreement - copied, 0.0) * by_chance / by_chance.sum()
    return _join(compared, levels, agreements, agreement)


def _expect_of_namesakes(compared: Field, strangers: Floats) -> Floats:
    if compared.name not in NAMES:
        return strangers
    expected = np.full(len(strangers), 1e-4)
    rare = slice(len(compared.levels), None)
    expected[rare] = strangers[rare] / strangers[rare].sum()
    return np.asarray(expected / expected.sum())


def _join(compared: Field, levels: Floats, agreements: Floats, agreement: float) -> Floats:
    """The levels with the agreement divided by rarity."""
    is_agreement = np.array([level.is_agreement for level in compared.levels])
    others = np.where(is_agreement, 0.0, levels)
    agreement = min(agreement, 0.999)
    scaled = others / max(float(others.sum()), RARELY) * (1.0 - agreement)
    joined = np.concatenate([scaled, agreements / agreements.sum() * agreement])
    return np.asarray(np.maximum(joined, RARELY))


def _count(outcomes: Outcomes, weights: Floats, size: int) -> Floats:
    says = outcomes >= 0
    return np.asarray(np.bincount(outcomes[says], weights[says], size), dtype=np.float64)


def _weigh_classes(outcomes: Outcomes, classes: dict[str, list[Floats]], shares: dict[str, float]) -> Floats:
    """The log likelihood of each row, with the class's share of all pairs; columns in the order of ``classes``."""
    weighed = np.empty((len(outcomes), len(classes)))
    rest = max(1.0 - sum(shares.values()), RARELY)
    for position, (name, fields) in enumerate(classes.items()):
        total = np.full(len(outcomes), np.log(shares.get(name, rest)))
        for index, probabilities in enumerate(fields):
            total += np.append(np.log(np.maximum(probabilities, 1e-300)), 0.0)[outcomes[:, index]]
        weighed[:, position] = total
    return weighed


def _share_out(likelihoods: Floats) -> Floats:
    """The probability of each class for each row."""
    return np.asarray(np.exp(likelihoods - np.logaddexp.reduce(likelihoods, axis=1)[:, None]))
