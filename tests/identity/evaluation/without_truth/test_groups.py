import numpy as np

from pipelines.identity.evaluation.without_truth.groups import draw, weigh_groups, weigh_profiles
from pipelines.identity.evaluation.without_truth.joins import order_joins
from pipelines.identity.scoring.profiles import profile_records


def test_two_single_profiles_weigh_what_their_pair_weighs(retailer):
    profiled = profile_records(retailer.records)
    left, right = np.arange(0, 200, 2), np.arange(1, 200, 2)
    weighed = weigh_profiles(profiled, left, right, retailer.model)
    groups = weigh_groups(weighed, np.arange(100), 100, retailer.model.parameters)
    assert np.allclose(groups, weighed.total)


def test_a_copy_that_agrees_speaks_for_a_group_in_proportion_to_its_copies(retailer):
    profiled = profile_records(retailer.records)
    weighed = weigh_profiles(profiled, np.array([0, 0]), np.array([0, 1]), retailer.model)
    together = weigh_groups(weighed, np.array([0, 0]), 1, retailer.model.parameters)[0]
    assert weighed.total.min() < together < weighed.total.max()


def test_a_sample_stands_for_all():
    size = np.concatenate([np.full(20, 100.0), np.full(5_000, 0.1)])
    taken, scale = draw(size, 500, seed=1)
    assert set(range(20)) <= set(taken.tolist()), "the large ones are surely in"
    assert (scale[taken < 20] == 1.0).all()
    assert 4_000 < scale[taken >= 20].sum() < 6_000
    assert len(taken) < 700
    taken_again, _ = draw(size, 500, seed=1)
    assert taken.tolist() == taken_again.tolist()


def test_the_strongest_pair_is_joined_first_and_every_pair_lies_across_one_join():
    #         0-1  0-2  0-3  1-2  1-3  2-3
    weights = np.array([9.0, 1.0, -5.0, 3.0, -4.0, 8.0])
    assert order_joins(4, weights).tolist() == [0, 2, 2, 2, 2, 1]
