"""Learns a version's calibration without labels: what share of the pairs of each match weight are one person's.

1. A finer latent-class model gives each blocked pair its odds (``latent_classes``).
2. Pairs that belong together are judged together. Records that are linked beyond doubt are one person's, so between two
   such groups there is one question, whether they are the same person, and every pair between them is evidence: their
   log odds are averaged. By the law of total probability the share of matches at a weight is the mean of what is
   thought once all of the evidence has been seen, and more evidence is nearer to the truth.
3. The mean over the pairs of each weight, made to rise by isotonic regression (pool adjacent violators; Zadrozny and
   Elkan 2002 calibrate classifiers so), is the curve.
"""

import numpy as np
import polars as pl

from pipelines.identity.clustering.connected_components import find_components_within_size
from pipelines.identity.model.calibration import Calibration
from pipelines.identity.model.splink_settings import make_settings
from pipelines.identity.scoring.linker import BLOCKED, ENDS, PROFILES, STORE_THRESHOLD_BITS, ProfileLinker
from pipelines.identity.scoring.match_weights import Floats
from pipelines.identity.training.latent_classes import estimate_log_odds, read_outcomes

SAMPLED_PAIRS = 200_000
"""Blocked pairs whose odds make the curve, where one that two keys find counts twice: some thousands of them are
neither certain nor impossible. With twice as many the error is the same, with half as many it is above .05 for one draw
in three of 50,000 people."""

BOTH_ENDS = "join_key_l as record_id_l, join_key_r as record_id_r"  # As Splink calls them among blocked pairs.

BEYOND_DOUBT_BITS = 7.0
"""Log2 odds of the finer model from which two records are of one group: above 99%. Between 5 and 9 the error of ten
generated retailers stays below .035 all together, of historical_50k below .03."""

STEP_BITS = 0.25  # Weights are taken together so far.
CLAIMED_PAIRS = 0.5  # How many pairs the odds that a weight itself claims are worth at each step.
CERTAIN = 1e-6  # A share of matches nearer to 0 or 1 than that cannot be told from them.
MOST_LOG_ODDS = 14.0  # A millionth: one pair, however strange, does not outweigh a group.
LEAST_RISE_BITS = 1e-5  # From one weight of the curve to the next, so that no order is lost.


def learn_calibration(linker: ProfileLinker, profiles: pl.DataFrame, at_most: int, seed: int) -> Calibration:
    """The calibration of the linker's version, from its ``profiles``; seeded.

    ``at_most`` is how many pairs share a key, where one that two keys find counts twice.
    """
    chunks = -(-at_most // SAMPLED_PAIRS) or 1
    blocked, reached = _draw_blocked(linker, chunks, seed)
    weighed = linker.weigh(blocked[ENDS[0]], blocked[ENDS[1]], reached)
    outcomes = read_outcomes(weighed, linker.model)
    patterns, places = np.unique(outcomes, axis=0, return_inverse=True)
    drawn = np.bincount(places.ravel(), blocked["is_drawn"].to_numpy().astype(np.float64), len(patterns))
    counted = np.asarray(drawn * chunks, dtype=np.float64)
    count = profiles.height
    comparable = {each.name: (profiles[each.column].count() / count) ** 2 for each in linker.model.fields}
    log_odds = estimate_log_odds(patterns, counted, linker.model, comparable, count * (count - 1) / 2)
    weight = weighed["match_weight"].to_numpy()
    judged = _judge_together(profiles["record_id"], blocked, log_odds[places.ravel()])
    is_counted = blocked["is_drawn"].to_numpy() & (weight >= STORE_THRESHOLD_BITS)
    return fit_curve(weight[is_counted], judged[is_counted])


def _draw_blocked(linker: ProfileLinker, chunks: int, seed: int) -> tuple[pl.DataFrame, str]:
    """Pairs that share a blocking key (ENDS), sorted; those that ``is_drawn`` are of one in ``chunks`` profiles.

    The others, between the profiles that these are compared with, are evidence on the same people. With them comes the
    table of the profiles that are in any of these pairs.
    """
    drawn = linker.draw_blocked(chunks, seed)
    if chunks == 1:
        return linker.engine.read(f"select {BOTH_ENDS}, true as is_drawn from {drawn} order by 1, 2"), PROFILES
    linker.engine.make("drawn_ends", f"select {BOTH_ENDS} from {drawn}")
    reached = " union ".join(f"select {end} as record_id from drawn_ends" for end in ENDS)
    linker.engine.make("reached", f"select * from {BLOCKED} semi join ({reached}) using (record_id)")
    settings = make_settings(linker.model, linker.engine.dialect)
    around = linker.link(linker.engine.open_splink(), "reached", settings)
    between = around.inference.compute_blocked_pairs_for_predict().physical_name
    pairs = linker.engine.read(
        f"select record_id_l, record_id_r, drawn_ends.record_id_l is not null as is_drawn"
        f" from (select {BOTH_ENDS} from {between}) left join drawn_ends using (record_id_l, record_id_r) order by 1, 2"
    )
    return pairs, "reached"


def _judge_together(record_ids: pl.Series, pairs: pl.DataFrame, log_odds: Floats) -> Floats:
    """The probability of a match of each of ``pairs``, with the evidence of all pairs between the same two groups.

    ``log_odds`` are the natural ones of each pair by itself.
    """
    places = pl.DataFrame({"record_id": record_ids}).with_row_index("place")
    left, right = (
        pairs.select(record_id=end).join(places, on="record_id", how="left", maintain_order="left")["place"].to_numpy()
        for end in ENDS
    )
    odds = log_odds / np.log(2.0)
    strong = odds >= BEYOND_DOUBT_BITS
    groups = find_components_within_size(
        len(record_ids), left[strong].astype(np.int32), right[strong].astype(np.int32), odds[strong]
    ).astype(np.int64)
    one, other = groups[left], groups[right]
    key = np.minimum(one, other) * len(record_ids) + np.maximum(one, other)
    _, question = np.unique(key, return_inverse=True)
    bounded = np.clip(log_odds, -MOST_LOG_ODDS, MOST_LOG_ODDS)
    mean = np.bincount(question, bounded) / np.bincount(question)
    return np.asarray(1.0 / (1.0 + np.exp(-mean[question])))


def fit_curve(weight: Floats, probability: Floats) -> Calibration:
    """The curve through the pairs of these weights (bits), each with the probability that it is a match."""
    if not len(weight):
        return Calibration()
    _, places = np.unique(np.floor(weight / STEP_BITS), return_inverse=True)
    pairs = np.asarray(np.bincount(places) + CLAIMED_PAIRS, dtype=np.float64)
    claimed = np.bincount(places, 1.0 / (1.0 + np.exp2(-np.clip(weight, -50.0, 50.0)))) / np.bincount(places)
    shares = (np.bincount(places, probability) + CLAIMED_PAIRS * claimed) / pairs
    shares = np.clip(shares, CERTAIN, 1.0 - CERTAIN)
    first, last = np.full(len(pairs), np.inf), np.full(len(pairs), -np.inf)
    np.minimum.at(first, places, weight)
    np.maximum.at(last, places, weight)
    knots: dict[float, float] = {}  # A block is level from its first weight to its last, but for the order of pairs.
    for share, start, end in _make_rise(shares, pairs, first, last):
        for place in dict.fromkeys((_rounded(start), _rounded(end))):
            least = max(knots.values(), default=-np.inf) + LEAST_RISE_BITS
            knots[place] = _rounded(max(float(np.log2(share / (1.0 - share))), least))
    return Calibration(tuple(knots), tuple(knots.values()))


def _make_rise(values: Floats, pairs: Floats, first: Floats, last: Floats) -> list[tuple[float, float, float]]:
    """Isotonic regression: blocks of neighbours with a value each, which rise; with the first and last place of each.

    Neighbours whose values fall become one, of their mean.
    """
    blocks: list[tuple[float, float, float, float]] = []
    for block in zip(values.tolist(), pairs.tolist(), first.tolist(), last.tolist(), strict=True):
        value, count, start, end = block
        while blocks and blocks[-1][0] >= value:
            before, counted, start, _ = blocks.pop()
            value = (before * counted + value * count) / (counted + count)
            count += counted
        blocks.append((value, count, start, end))
    return [(value, start, end) for value, _, start, end in blocks]


def _rounded(value: float) -> float:
    """Six digits behind the point: far finer than the data, and independent of the order of sums."""
    return round(float(value), 6)
