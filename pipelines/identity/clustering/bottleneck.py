"""The weakest link that a customer cannot do without.

Of all ways to hold its profiles together, take the one whose weakest link is strongest, a maximum spanning tree: that
link (Borůvka's algorithm, for all customers at once).
"""

import numpy as np

from pipelines.identity.clustering.cluster import connect
from pipelines.identity.scoring.match_weights import Floats
from pipelines.identity.scoring.predict import Numbers

APART = 0.0
"""In place of a strength: links leave parts of the customer apart."""


def find_weakest_needed_link(customers: Numbers, left: Numbers, right: Numbers, strength: Floats) -> Floats:
    """For each profile, how strong the weakest link is that its customer cannot do without.

    ``customers`` are those of the profiles, by number; the links are between two profiles of one customer, by place,
    and their ``strength`` is above 0. APART where links leave parts; infinite where one profile needs none.
    """
    count = len(customers)
    weakest = np.full(count, np.inf)
    groups = np.arange(count, dtype=np.int32)
    while len(left):  # What is linked are groups, by the place of one of theirs.
        best = np.zeros(count)
        np.maximum.at(best, left, strength)
        np.maximum.at(best, right, strength)
        chosen = (strength >= best[left]) | (strength >= best[right])
        joined = connect(count, left[chosen], right[chosen])
        lowest = np.full(count, np.inf)
        np.minimum.at(lowest, joined[groups], weakest)
        np.minimum.at(lowest, joined[left[chosen]], strength[chosen])
        groups = joined[groups]
        weakest = lowest[groups]
        left, right = joined[left], joined[right]
        across = left != right
        left, right, strength = left[across], right[across], strength[across]
    parts = np.bincount(customers[groups == np.arange(count)], minlength=int(customers.max(initial=0)) + 1)
    return np.asarray(np.where(parts[customers] > 1, APART, weakest))
