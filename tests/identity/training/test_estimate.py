"""What the estimation makes of patterns of agreement: the same whether pairs come one by one or counted."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.scoring.linker import ENDS, open_linker
from pipelines.identity.scoring.profiles import build_profiles
from pipelines.identity.training.agreement import compare_blocked
from pipelines.identity.training.estimate import Patterns, _clamp, estimate_classes, join_patterns, read_patterns


@pytest.fixture(scope="module")
def compared(retailer):
    """Patterns of the blocked pairs, and those of a part of them, by two seeds."""
    profiles, _ = build_profiles(retailer.records.head(3_000))
    none = pl.DataFrame(schema=dict.fromkeys(ENDS, pl.String))
    with open_linker(profiles, retailer.model) as linker:
        every, found = compare_blocked(linker, 1, 1, none)
        some = [compare_blocked(linker, 3, seed, none) for seed in (0, 0, 1, 2)]
    return profiles.height, every, found, some


def test_patterns_count_each_pair_once(compared):
    _, every, found, _ = compared
    assert every["pairs"].sum() == found
    assert every.drop("pairs").is_unique().all()


def test_a_draw_is_decided_by_its_seed_and_all_draws_together_are_every_pair(compared):
    _, every, found, ((one, some), (again, _), (other, _), (third, _)) = compared
    assert one.equals(again)
    assert not one.equals(other)
    assert some == pytest.approx(found / 3, rel=0.2)
    counted = pl.concat([one, other, third]).group_by(pl.exclude("pairs")).agg(pl.col("pairs").sum())
    assert counted.sort(pl.exclude("pairs")).equals(every.select(counted.columns).sort(pl.exclude("pairs")))


def test_a_pair_that_stands_for_three_moves_the_estimate_as_three_do(compared, retailer):
    height, every, _, _ = compared
    fields, strangers = retailer.model.fields, strangers_of(retailer.model)
    patterns = read_patterns(every, fields)
    threefold = estimate_classes(join_patterns(patterns, patterns, patterns), fields, strangers, height**2)
    scaled = estimate_classes(read_patterns(every, fields, scale=3.0), fields, strangers, height**2)
    for name, levels in threefold.levels.items():
        for one, other in zip(levels, scaled.levels[name], strict=True):
            assert one == pytest.approx(other)
    assert threefold.shares == pytest.approx(scaled.shares)


def test_the_class_of_a_labelled_pair_is_fixed_and_the_rest_rescaled():
    estimated = np.array([[0.2, 0.5], [0.6, 0.3], [1.0, 0.0], [0.7, 0.1]])
    clamped = _clamp(estimated, np.array([1, 0, 0, -1]))
    assert clamped.tolist() == [[1.0, 0.0], [0.0, pytest.approx(0.75)], [0.0, 0.0], [0.7, 0.1]]


def test_what_people_said_of_pairs_moves_the_estimate(compared, retailer):
    height, every, _, _ = compared
    fields, strangers = retailer.model.fields, strangers_of(retailer.model)
    patterns = read_patterns(every, fields)
    differing = patterns.levels[:, 0] == len(fields[0].levels) - 1

    def share_of_different_first_names(said: int) -> float:
        labelled = replace(patterns, is_match=np.where(differing, said, -1).astype(np.int8))
        return estimate_classes(labelled, fields, strangers, height**2).levels["match"][0][-1]

    assert share_of_different_first_names(0) < share_of_different_first_names(-1) < share_of_different_first_names(1)


def strangers_of(model: ModelVersion):
    return {
        field.name: np.array([model.parameters.levels[field.name][level.name]["stranger"] for level in field.levels])
        for field in model.fields
    }


def test_no_patterns_leave_what_is_declared(retailer):
    fields = retailer.model.fields
    none = Patterns(
        np.empty((0, len(fields)), dtype=np.int8), np.empty((0, len(fields))), np.empty(0), np.empty(0, dtype=np.int8)
    )
    estimate = estimate_classes(none, fields, strangers_of(retailer.model), 100)
    assert estimate.levels["match"][0] == pytest.approx(
        np.array([level.match for level in fields[0].levels]) / sum(level.match for level in fields[0].levels)
    )
