"""The estimate without truth, on generated retailers whose truth is then looked up."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import NamedTuple

import polars as pl
import pytest

from pipelines.identity.clustering.cluster import cluster_records
from pipelines.identity.decisions.read import DECISION_SCHEMA
from pipelines.identity.evaluation.metrics import Scores, evaluate
from pipelines.identity.evaluation.without_truth.estimate import (
    ACCURACY_SCHEMA,
    LARGEST_MISFIT,
    Estimate,
    estimate_accuracy,
    tabulate_estimate,
)
from pipelines.identity.evaluation.without_truth.evidence import gather_evidence
from pipelines.identity.model.registry import ModelVersion, Parameters
from pipelines.identity.scoring.predict import number_pairs, score_pairs
from pipelines.identity.scoring.profiles import profile_records


class World(NamedTuple):
    estimate: Estimate
    scores: Scores
    pairs: pl.DataFrame
    clusters: pl.DataFrame


def estimate(records, model: ModelVersion, pairs, clusters, decisions=None) -> Estimate:
    profiled = profile_records(records)
    numbered = number_pairs(profiled.profiles, pairs)
    return estimate_accuracy(gather_evidence(profiled, numbered, clusters["cluster_id"], model, decisions))


def look(retailer, model: ModelVersion, clusters: pl.DataFrame | None = None) -> World:
    pairs = score_pairs(retailer.records, model)
    if clusters is None:
        clusters = cluster_records(retailer.records, pairs, model)
    scores = evaluate(clusters.rename({"cluster_id": "customer_id"}), retailer.truth)
    return World(estimate(retailer.records, model, pairs, clusters), scores, pairs, clusters)


def change(model: ModelVersion, alter: Callable[[Parameters], None]) -> ModelVersion:
    parameters = deepcopy(model.parameters)
    alter(parameters)
    return replace(model, parameters=parameters)


@pytest.fixture(scope="module")
def world(retailer) -> World:
    return look(retailer, retailer.model)


def test_the_intervals_contain_the_truth_and_are_narrow_enough_to_be_of_use(world):
    found, real = world.estimate, world.scores
    assert found.precision.low <= real.pairwise_precision <= found.precision.high
    assert found.recall.low <= real.pairwise_recall <= found.recall.high
    assert found.precision.high - found.precision.low < 0.03
    assert found.recall.high - found.recall.low < 0.03
    assert found.precision.low <= found.precision.estimate <= found.precision.high < 1
    assert found.recall.low <= found.recall.estimate <= found.recall.high < 1
    assert found.is_reliable


def test_the_same_records_give_the_same_estimate(retailer, world):
    assert estimate(retailer.records, retailer.model, world.pairs, world.clusters) == world.estimate


def test_customers_that_were_thrown_together_are_noticed(retailer, world):
    names = world.clusters["cluster_id"].unique().sort()
    partner = dict(zip(names[0:600:2], names[1:600:2], strict=True))
    mixed = world.clusters.with_columns(pl.col("cluster_id").replace(partner))
    found = look(retailer, retailer.model, mixed)
    assert found.scores.pairwise_precision < world.scores.pairwise_precision - 0.02
    assert found.estimate.precision.low <= found.scores.pairwise_precision <= found.estimate.precision.high


def test_customers_that_fell_apart_are_noticed(retailer, world):
    apart = world.clusters.with_columns(
        pl.when(pl.col("record_id").hash(1) % 10 == 0)
        .then(pl.col("record_id"))
        .otherwise(pl.col("cluster_id"))
        .alias("cluster_id")
    )
    found = look(retailer, retailer.model, apart)
    assert found.scores.pairwise_recall < 0.9
    assert found.estimate.recall.low <= found.scores.pairwise_recall <= found.estimate.recall.high


def test_a_share_of_matches_that_is_wrong_a_hundredfold_is_put_right(retailer, world):
    swollen = change(retailer.model, lambda p: p.shares.update(match=p.shares["match"] * 100))
    found = look(retailer, swollen)
    assert found.estimate.prior_shift_bits == pytest.approx(-6.64, abs=0.3)
    assert found.estimate.precision.low <= found.scores.pairwise_precision <= found.estimate.precision.high


def test_a_model_that_has_a_field_the_wrong_way_round_is_found_out(retailer):
    def reverse(parameters: Parameters) -> None:
        levels = parameters.levels["first_name"]
        for name, probability in zip(levels, [level["match"] for level in levels.values()][::-1], strict=True):
            levels[name]["match"] = probability

    found = look(retailer, change(retailer.model, reverse)).estimate
    assert found.misfit > LARGEST_MISFIT
    assert found.misfit_field == "first_name"
    assert not found.is_reliable
    table = tabulate_estimate(found)
    assert table.filter(pl.col("measure") == "is_reliable")["estimate"].item() == 0.0


def test_what_people_decided_is_no_longer_uncertain(retailer, world):
    doubtful = world.pairs.sort((pl.col("match_probability") - 0.5).abs(), "record_id_l", "record_id_r")
    owner = dict(world.clusters.iter_rows())
    apart = doubtful.filter(
        pl.col("record_id_l").replace_strict(owner) != pl.col("record_id_r").replace_strict(owner)
    ).head(40)
    empty = pl.DataFrame(schema=DECISION_SCHEMA)
    decisions = pl.concat(
        [empty, apart.select("record_id_l", "record_id_r", verdict=pl.lit("cannot_link"))], how="diagonal"
    )
    told = estimate(retailer.records, retailer.model, world.pairs, world.clusters, decisions)
    assert told.compared.estimate < world.estimate.compared.estimate - 1
    together = doubtful.filter(
        pl.col("record_id_l").replace_strict(owner) == pl.col("record_id_r").replace_strict(owner)
    ).head(40)
    decisions = pl.concat(
        [empty, together.select("record_id_l", "record_id_r", verdict=pl.lit("must_link"))], how="diagonal"
    )
    told = estimate(retailer.records, retailer.model, world.pairs, world.clusters, decisions)
    assert told.wrong.estimate < world.estimate.wrong.estimate - 1


def test_nobody_is_recognised_without_an_error(retailer):
    nobody = retailer.records.clear()
    pairs = score_pairs(retailer.records, retailer.model).clear()
    found = estimate(nobody, retailer.model, pairs, pl.DataFrame(schema={"cluster_id": pl.String}))
    assert (found.precision.estimate, found.recall.estimate, found.together) == (1.0, 1.0, 0)
    assert tabulate_estimate(found).schema == ACCURACY_SCHEMA
