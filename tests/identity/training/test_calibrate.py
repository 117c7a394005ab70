from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from benchmarks.calibration import expected_calibration_error
from pipelines.identity.model.calibration import Calibration
from pipelines.identity.scoring.linker import ENDS, open_linker
from pipelines.identity.scoring.predict import score_pairs
from pipelines.identity.scoring.profiles import build_profiles
from pipelines.identity.training import calibrate
from pipelines.identity.training.calibrate import fit_curve, learn_calibration


def calibrate_model(model, profiles, seed=1):
    """The model with a calibration learned anew; whatever it had does not count."""
    with open_linker(profiles, model) as linker:
        calibration = learn_calibration(linker, profiles, linker.limit_blocks()[1], seed)
    return replace(model, parameters=replace(model.parameters, calibration=calibration))


def measure(records, truth, model):
    """ECE between .05 and .95, and of all pairs."""
    pairs = score_pairs(records, model)
    for end in ENDS:
        pairs = pairs.join(truth.select(pl.all().name.suffix(end[-2:])), on=end)
    probability = pairs["match_probability"].to_numpy()
    is_match = (pairs["person_id_l"] == pairs["person_id_r"]).cast(pl.Float64).to_numpy()
    unsure = (probability >= 0.05) & (probability <= 0.95)
    assert unsure.sum() > 50
    return expected_calibration_error(probability[unsure], is_match[unsure]), expected_calibration_error(
        probability, is_match
    )


@pytest.fixture(scope="module")
def profiles(retailer):
    return build_profiles(retailer.records)[0]


def overstate(model, bits):
    """The model with weights that are all so much too high, and taken at their word."""
    share = model.parameters.shares["match"] * 2.0**bits
    shares = {**model.parameters.shares, "match": share}
    return replace(model, parameters=replace(model.parameters, shares=shares, calibration=Calibration()))


def test_probabilities_of_a_learned_model_mean_what_they_say(retailer):
    unsure, every = measure(retailer.records, retailer.truth, retailer.model)
    assert unsure < 0.07, "of two hundred pairs, chance alone makes .05"
    assert every < 0.005


@pytest.mark.parametrize("bits", [-5.0, 5.0])
def test_a_model_that_is_too_sure_or_not_sure_enough_is_set_right(retailer, profiles, bits):
    wrong = overstate(retailer.model, bits)
    unsure_before, every_before = measure(retailer.records, retailer.truth, wrong)
    unsure, every = measure(retailer.records, retailer.truth, calibrate_model(wrong, profiles))
    assert unsure_before > 0.15
    assert unsure < min(0.08, unsure_before / 2)
    assert every < min(0.01, every_before / 2)


def test_weights_and_their_order_stay_as_they_are(retailer):
    few = retailer.records.head(3_000)
    word = replace(retailer.model, parameters=replace(retailer.model.parameters, calibration=Calibration()))
    calibrated, claimed = score_pairs(few, retailer.model), score_pairs(few, word)
    assert calibrated.drop("match_probability").equals(claimed.drop("match_probability"))
    assert not calibrated["match_probability"].equals(claimed["match_probability"])
    by_weight = calibrated.sort("match_weight")
    assert by_weight["match_probability"].is_sorted()


def test_a_part_of_many_pairs_says_about_the_same(retailer, profiles, monkeypatch):
    whole = retailer.model.parameters.calibration
    monkeypatch.setattr(calibrate, "SAMPLED_PAIRS", 8_000)
    part = calibrate_model(retailer.model, profiles).parameters.calibration
    assert part != whole
    weights = np.linspace(-9, 12, 50)
    assert np.abs(part.probability(weights) - whole.probability(weights)).mean() < 0.1


def test_all_pairs_between_two_groups_are_one_question(retailer, profiles):
    """Two records of one account, each compared with a third: what one pair says counts for the other."""
    pairs = pl.DataFrame({"record_id_l": ["a", "a", "b"], "record_id_r": ["b", "c", "c"]})
    linked, apart = (
        calibrate._judge_together(pl.Series(["a", "b", "c"]), pairs, np.array([log_odds, 1.0, -9.0]))
        for log_odds in (9.0, 3.0)
    )
    assert linked[1] == linked[2] == pytest.approx(1 / (1 + np.exp(4)))
    assert apart[1] > 0.7 > 0.01 > apart[2]


def test_the_curve_says_how_many_of_the_pairs_of_a_weight_match():
    generator = np.random.default_rng(1)
    weight = generator.uniform(-8, 12, 60_000)
    really = np.where(weight < 0, 0.02, np.where(weight < 4, 0.5, 0.97))
    curve = fit_curve(weight, (generator.random(len(weight)) < really).astype(np.float64))
    assert curve.probability(np.array([-6.0, -2.0, 1.0, 3.0, 6.0, 10.0])) == pytest.approx(
        [0.02, 0.02, 0.5, 0.5, 0.97, 0.97], abs=0.03
    )


def test_no_pairs_leave_weights_at_their_word():
    assert fit_curve(np.array([]), np.array([])) == Calibration()
