"""Components divided by the evidence between all of their profiles: one function of their rows.

What a component comes to depends on its own rows alone. So components may be divided some at a time, together or each
by itself, here or on another machine, and come out the same.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.identity.clustering.agglomerate import agglomerate
from pipelines.identity.model.registry import Parameters
from pipelines.identity.scoring.predict import Numbers
from pipelines.identity.scoring.weighed_pairs import WeighedPairs

AGGLOMERATED_AT_ONCE = 100_000  # Pairs, both ways round: some 50 MB of arrays.


@dataclass(frozen=True)
class Components:
    """Some components, whole: the profiles of one after those of the other, at places from 0.

    ``sizes`` says how many profiles each has, at least two. ``weights`` are those of all pairs within each, component
    after component, in the order of np.triu_indices. ``must`` and ``cannot`` are must-links and cannot-links, as pairs
    of places of one component.
    """

    sizes: Numbers
    weights: WeighedPairs
    must: tuple[Numbers, Numbers]
    cannot: tuple[Numbers, Numbers]

    @property
    def starts(self) -> npt.NDArray[np.int64]:
        """The place of the first profile of each component."""
        return np.asarray(np.cumsum(self.sizes) - self.sizes, dtype=np.int64)


def divide_components(
    components: Components, parameters: Parameters, whole_from_bits: float, threshold_offset_bits: float = 0.0
) -> npt.NDArray[np.int64]:
    """For each profile, component after component, the place of the first one of its part.

    A component whose every pair weighs at least ``whole_from_bits`` stays whole, unless there is a cannot-link inside;
    the others are built up from single profiles (:func:`~.agglomerate.agglomerate`).
    """
    sizes, starts = components.sizes, components.starts
    pairs = sizes.astype(np.int64) * (sizes - 1) // 2
    pair_starts = np.cumsum(pairs) - pairs
    speaks_against = components.weights.total < whole_from_bits
    in_doubt = np.bincount(np.repeat(np.arange(len(sizes)), pairs), speaks_against, minlength=len(sizes)) > 0
    component_of = np.repeat(np.arange(len(sizes)), sizes)
    in_doubt[component_of[components.cannot[0]]] = True
    parts = starts[component_of]
    places = np.full(len(parts), -1, dtype=np.int32)
    for size in np.unique(sizes[in_doubt]):
        at_once = max(1, AGGLOMERATED_AT_ONCE // int(size**2))
        alike = np.flatnonzero(in_doubt & (sizes == size))
        for some in np.split(alike, range(at_once, len(alike), at_once)):
            rows = (pair_starts[some][:, None] + np.arange(size * (size - 1) // 2)).ravel()
            group = (starts[some][:, None] + np.arange(size)).ravel()
            places[group] = np.arange(len(group))
            first = agglomerate(
                int(size),
                components.weights.fields[rows],
                components.weights.household_fields[rows],
                components.weights.is_informative[rows],
                parameters,
                must=_find_places(places, *components.must),
                cannot=_find_places(places, *components.cannot),
                threshold_offset_bits=threshold_offset_bits,
            )
            parts[group] = group[first]
            places[group] = -1
    return parts


def _find_places(places: Numbers, left: Numbers, right: Numbers) -> tuple[Numbers, Numbers]:
    """The places of those pairs that have one."""
    placed = places[left] >= 0
    return places[left[placed]], places[right[placed]]
