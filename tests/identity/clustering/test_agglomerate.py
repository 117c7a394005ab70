"""Components divided together come apart as each does alone, decisions included."""

from itertools import chain

import numpy as np
import pytest

from pipelines.identity.clustering.agglomerate import agglomerate

SIZE, COUNT = 6, 40
PAIRS = SIZE * (SIZE - 1) // 2


def as_places(pairs):
    sides = np.array(pairs, dtype=np.int32).reshape(-1, 2)
    return sides[:, 0], sides[:, 1]


def draw_pairs(generator, component):
    """Up to two pairs of different places of a component, as places among all components."""
    return [
        tuple(sorted(component * SIZE + generator.choice(SIZE, 2, replace=False)))
        for _ in range(generator.integers(0, 3))
    ]


@pytest.fixture
def evidence(retailer):
    """Random evidence, in whole bits so that ties come up: weights, household ratios, and what can be compared."""
    generator = np.random.default_rng(5)
    fields = len(retailer.model.fields)
    says = generator.random((COUNT * PAIRS, fields)) < 0.7
    weights, household = (np.round(generator.normal(0.3, 3, says.shape)) * says for _ in range(2))
    return weights, household, says


@pytest.mark.parametrize("with_decisions", [False, True])
def test_components_divided_together_come_apart_as_each_alone(retailer, evidence, with_decisions):
    generator = np.random.default_rng(6)
    draws = [[draw_pairs(generator, one) if with_decisions else [] for one in range(COUNT)] for _ in range(2)]
    together = agglomerate(
        SIZE, *evidence, retailer.model.parameters, *(as_places([*chain(*drawn)]) for drawn in draws)
    ).reshape(COUNT, SIZE)
    for one in range(COUNT):
        rows = slice(one * PAIRS, (one + 1) * PAIRS)
        own = (as_places([(left - one * SIZE, right - one * SIZE) for left, right in drawn[one]]) for drawn in draws)
        alone = agglomerate(SIZE, *(values[rows] for values in evidence), retailer.model.parameters, *own)
        assert np.array_equal(together[one] - one * SIZE, alone)
    parts = [len(np.unique(component)) for component in together]
    assert min(parts) < max(parts), "the evidence divides some more than others"


def test_what_cannot_be_linked_stays_apart_and_what_must_be_is_one(retailer):
    fields = len(retailer.model.fields)
    shape = (2 * 3, fields)
    for_one_person = np.full(shape, 3.0), np.zeros(shape), np.ones(shape, dtype=bool)
    none = as_places([])
    parameters = retailer.model.parameters
    assert agglomerate(3, *for_one_person, parameters, none, none).tolist() == [0, 0, 0, 3, 3, 3]
    labels_after_split = agglomerate(3, *for_one_person, parameters, none, as_places([(3, 5)])).reshape(2, 3)
    assert labels_after_split[0].tolist() == [0, 0, 0]
    assert labels_after_split[1, 0] != labels_after_split[1, 2]
    tied = agglomerate(3, *for_one_person, parameters, as_places([(3, 4)]), as_places([(4, 5)]))
    assert tied.tolist() == [0, 0, 0, 3, 3, 5]
    for_two = -for_one_person[0], *for_one_person[1:]
    assert agglomerate(3, *for_two, parameters, as_places([(0, 2)]), none).tolist() == [0, 1, 0, 3, 4, 5]
