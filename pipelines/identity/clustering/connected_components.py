"""Connected components of linked profiles, for all of them at once in numpy."""

import numpy as np
import numpy.typing as npt

from pipelines.identity.scoring.match_weights import Floats
from pipelines.identity.scoring.predict import Numbers

LARGEST_COMPONENT = 300
"""Profiles. A larger component is first broken up at ever higher thresholds: its pairs grow with the square."""

THRESHOLD_STEP_BITS = 2.0  # By how much the threshold rises at each such attempt.


def find_connected_components(count: int, left: Numbers, right: Numbers) -> Numbers:
    """Connected components of ``count`` nodes: for each node, the smallest number in its component."""
    labels = np.arange(count, dtype=np.int32)
    while True:
        lower = np.minimum(labels[left], labels[right])
        before = labels.copy()
        # Hook both ends' roots under the smaller label, then shorten every path to its root.
        np.minimum.at(labels, labels[left], lower)
        np.minimum.at(labels, labels[right], lower)
        while True:
            shorter = labels[labels]
            if np.array_equal(shorter, labels):
                break
            labels = shorter
        if np.array_equal(before, labels):
            return labels


def find_components_within_size(count: int, left: Numbers, right: Numbers, weight: Floats) -> Numbers:
    """Connected components in which those above LARGEST_COMPONENT are connected by stronger links only."""
    threshold = np.full(count, -np.inf)
    while True:
        strong = (weight >= threshold[left]) & (weight >= threshold[right])
        labels = find_connected_components(count, left[strong], right[strong])
        oversized = np.bincount(labels, minlength=count)[labels] > LARGEST_COMPONENT
        if not oversized.any():
            return labels
        threshold = np.where(oversized, np.maximum(threshold, 0.0) + THRESHOLD_STEP_BITS, threshold)


def spread_along_links(chosen: npt.NDArray[np.bool_], left: Numbers, right: Numbers) -> npt.NDArray[np.bool_]:
    """Which nodes are ``chosen``, or in one component with a node that is."""
    reached = chosen.copy()
    while True:
        onward = reached[left] != reached[right]
        if not onward.any():
            return reached
        reached[left[onward]] = True
        reached[right[onward]] = True


def find_smallest_members(groups: Numbers, chosen: npt.NDArray[np.bool_]) -> Numbers:
    """For each chosen position, the smallest chosen position of its group; elsewhere anything."""
    smallest = np.full(int(groups.max(initial=0)) + 1, len(groups), dtype=np.int32)
    positions = np.flatnonzero(chosen).astype(np.int32)
    np.minimum.at(smallest, groups[positions], positions)
    return smallest[groups]
