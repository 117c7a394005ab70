"""A component is divided by its own rows alone, however many are divided at a time."""

from dataclasses import fields, replace

import numpy as np
import pytest

from pipelines.identity.clustering import cluster as cluster_module
from pipelines.identity.clustering.cluster import cluster_records
from pipelines.identity.clustering.divide import Components, divide_components
from pipelines.identity.scoring.predict import score_pairs
from pipelines.identity.scoring.weighed_pairs import WeighedPairs

WHOLE_FROM_BITS = 0.0
NONE = (np.array([], dtype=np.int32), np.array([], dtype=np.int32))


@pytest.fixture
def components(retailer):
    """Components of two to six profiles with random evidence; of every fifth, some pairs are decided."""
    generator = np.random.default_rng(8)
    sizes = generator.integers(2, 7, 60).astype(np.int32)
    pairs = int((sizes * (sizes - 1) // 2).sum())
    shape = (pairs, len(retailer.model.fields))
    says = generator.random(shape) < 0.7
    weights, household = (np.round(generator.normal(0.6, 3, shape)) * says for _ in range(2))
    levels, correction = np.zeros(shape, dtype=np.int8), np.zeros(pairs)
    drawn = [[], []]
    for start, size in list(zip(np.cumsum(sizes) - sizes, sizes, strict=True))[::5]:
        for pair in drawn:
            pair.append(np.sort(start + generator.choice(size, 2, replace=False)))
    must, cannot = (tuple(np.array(pair, dtype=np.int32).T) for pair in drawn)
    return Components(
        sizes, WeighedPairs(levels, weights, household, correction, weights.sum(axis=1), says), must, cannot
    )


def divide(components, retailer):
    return divide_components(components, retailer.model.parameters, WHOLE_FROM_BITS)


def take(components, number):
    """One component, as it would stand on another machine."""
    size, start = components.sizes[number], components.starts[number]
    pairs = components.sizes * (components.sizes - 1) // 2
    rows = slice(pairs[:number].sum(), pairs[: number + 1].sum())
    weights = WeighedPairs(*(getattr(components.weights, each.name)[rows] for each in fields(WeighedPairs)))
    inside = [
        tuple(side[(left >= start) & (left < start + size)] - start for side in (left, right))
        for left, right in (components.must, components.cannot)
    ]
    return Components(components.sizes[[number]], weights, *inside)


def test_components_divided_together_come_out_as_each_does_alone(components, retailer):
    together = divide(components, retailer)
    shapes = set()
    for number, start in enumerate(components.starts):
        alone = divide(take(components, number), retailer)
        assert np.array_equal(together[start : start + components.sizes[number]] - start, alone)
        shapes.add((len(alone), len(np.unique(alone))))
    assert len(shapes) > 10, "some stay whole, some come apart"


def test_a_component_whose_every_pair_speaks_for_one_person_stays_whole_unless_a_decision_divides_it(retailer):
    shape = (3, len(retailer.model.fields))
    pairs = WeighedPairs(
        np.zeros(shape, dtype=np.int8),
        np.full(shape, -9.0),
        np.zeros(shape),
        np.zeros(3),
        np.array([0.0, 1.0, 5.0]),
        np.ones(shape, dtype=np.bool_),
    )
    whole = Components(np.array([3], dtype=np.int32), pairs, NONE, NONE)
    assert divide(whole, retailer).tolist() == [0, 0, 0]
    cannot = (np.array([0], dtype=np.int32), np.array([2], dtype=np.int32))
    assert divide(replace(whole, cannot=cannot), retailer).tolist() == [0, 1, 2]
    assert divide(replace(whole, weights=replace(pairs, total=pairs.total - 0.5)), retailer).tolist() == [0, 1, 2]


def test_components_weighed_some_at_a_time_make_the_same_clusters(retailer, monkeypatch):
    records = retailer.records.sample(5_000, seed=1).sort("record_id")
    pairs = score_pairs(records, retailer.model)
    at_once = cluster_records(records, pairs, retailer.model)
    weigh, batches = cluster_module._weigh_components, []

    def watched(load, members, *others):
        batches.append(len(members))
        return weigh(load, members, *others)

    monkeypatch.setattr(cluster_module, "_weigh_components", watched)
    monkeypatch.setattr(cluster_module, "WEIGHED_AT_ONCE", 30)
    assert cluster_records(records, pairs, retailer.model).equals(at_once)
    assert 1 < len(batches) < sum(batches) / 2, "several components each time"
