import numpy as np
import pytest

from pipelines.identity.clustering import connected_components
from pipelines.identity.clustering.connected_components import (
    find_components_within_size,
    find_connected_components,
    find_smallest_members,
    spread_along_links,
)

# Two components: 0-1-2, where 0-1 is strong and 1-2 weak, and 3-4.
LEFT, RIGHT = (np.array(ends, dtype=np.int32) for ends in ([0, 1, 3], [1, 2, 4]))
WEIGHT = np.array([9.0, 1.0, 1.0])


@pytest.mark.parametrize("links", [[], [(0, 1)], [(3, 4), (1, 3), (0, 1)], [(0, 4), (1, 2), (2, 3), (3, 4)]])
def test_connected_components_are_labelled_by_their_smallest_member(links):
    left, right = (np.array([link[side] for link in links], dtype=np.int32) for side in (0, 1))
    expected = list(range(5))
    for _ in links:
        for one, other in links:
            expected[one] = expected[other] = min(expected[one], expected[other])
    assert find_connected_components(5, left, right).tolist() == expected


def test_a_component_that_is_too_large_is_connected_by_stronger_links_only(monkeypatch):
    monkeypatch.setattr(connected_components, "LARGEST_COMPONENT", 2)
    assert find_components_within_size(5, LEFT, RIGHT, WEIGHT).tolist() == [0, 0, 2, 3, 3]


def test_a_change_reaches_every_node_of_its_component_and_no_other():
    chosen = np.array([False, False, True, False, False])
    assert spread_along_links(chosen, LEFT, RIGHT).tolist() == [True, True, True, False, False]


def test_a_group_is_named_by_its_smallest_chosen_member():
    groups = np.array([7, 2, 2, 7, 2], dtype=np.int32)
    chosen = np.array([False, True, True, True, True])
    assert find_smallest_members(groups, chosen)[chosen].tolist() == [1, 1, 3, 1]
