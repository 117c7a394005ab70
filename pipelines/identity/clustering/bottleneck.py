"""The bottleneck of each customer: the weakest link of its maximum spanning tree.

Of all ways to hold the customer's profiles together, that tree is the one whose weakest link is strongest (Borůvka's
algorithm, for all customers at once).
"""

import numpy as np

from pipelines.identity.clustering.connected_components import find_connected_components
from pipelines.identity.scoring.match_weights import Floats
from pipelines.identity.scoring.predict import Numbers

NOT_CONNECTED = 0.0
"""In place of a strength: the links do not connect all profiles of the customer."""


def find_bottleneck_strength(customers: Numbers, left: Numbers, right: Numbers, strength: Floats) -> Floats:
    """For each profile, the strength of the weakest link that its customer cannot do without.

    ``customers`` are the customer numbers of the profiles; links are between two profiles of one customer, by position,
    and their ``strength`` is above 0. NOT_CONNECTED where links leave parts; infinite where one profile needs none.
    """
    count = len(customers)
    weakest = np.full(count, np.inf)
    groups = np.arange(count, dtype=np.int32)
    while len(left):  # Links run between groups, each named by the position of one of its profiles.
        best = np.zeros(count)
        np.maximum.at(best, left, strength)
        np.maximum.at(best, right, strength)
        chosen = (strength >= best[left]) | (strength >= best[right])
        joined = find_connected_components(count, left[chosen], right[chosen])
        lowest = np.full(count, np.inf)
        np.minimum.at(lowest, joined[groups], weakest)
        np.minimum.at(lowest, joined[left[chosen]], strength[chosen])
        groups = joined[groups]
        weakest = lowest[groups]
        left, right = joined[left], joined[right]
        across = left != right
        left, right, strength = left[across], right[across], strength[across]
    parts = np.bincount(customers[groups == np.arange(count)], minlength=int(customers.max(initial=0)) + 1)
    return np.asarray(np.where(parts[customers] > 1, NOT_CONNECTED, weakest))
