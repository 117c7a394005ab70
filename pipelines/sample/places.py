"""Where people live: French communes with their own postcodes, streets, and how far the nearest store is."""

import csv
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.sample.columns import Ints

HERE = Path(__file__).parent
NEAR_A_STORE_KM = 35.0  # Beyond this the share of people who are customers falls off.

# First digit of landlines by department (ARCEP's five zones); departments not listed are zone 1's, Île-de-France.
_ZONES = {
    2: "14 18 22 27 28 29 35 36 37 41 44 45 49 50 53 56 61 72 76 85",
    3: "02 08 10 21 25 39 51 52 54 55 57 58 59 60 62 67 68 70 71 80 88 89 90",
    4: "01 03 04 05 06 07 11 13 15 20 26 30 34 38 42 43 48 63 66 69 73 74 83 84",
    5: "09 12 16 17 19 23 24 31 32 33 40 46 47 64 65 79 81 82 86 87",
}


class Communes:
    """The communes of the world, one array per property, in the order of ``communes.csv``."""

    def __init__(self) -> None:
        with (HERE / "communes.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.names = [row["city"] for row in rows]
        self.population = np.array([float(row["population"]) for row in rows])
        self.latitude = np.array([float(row["latitude"]) for row in rows])
        self.longitude = np.array([float(row["longitude"]) for row in rows])
        per_commune = [expand_postcodes(row["postcodes"]) for row in rows]
        self.postcodes = [postcode for postcodes in per_commune for postcode in postcodes]
        self.postcode_counts: Ints = np.array([len(postcodes) for postcodes in per_commune], dtype=np.int64)
        self.postcode_starts: Ints = np.cumsum(self.postcode_counts) - self.postcode_counts
        self.zones: Ints = np.array([landline_zone(postcodes[0]) for postcodes in per_commune], dtype=np.int64)

    def draw_postcodes(self, rng: np.random.Generator, communes: Ints) -> Ints:
        """A postcode (its place in ``postcodes``) of each commune; the first, the centre, is the most common."""
        drawn = np.floor(self.postcode_counts[communes] * rng.random(len(communes)) ** 1.3).astype(np.int64)
        return self.postcode_starts[communes] + drawn


@cache
def communes() -> Communes:
    return Communes()


@cache
def streets() -> tuple[str, ...]:
    return tuple((HERE / "streets.txt").read_text(encoding="utf-8").splitlines())


def expand_postcodes(text: str) -> list[str]:
    """``75001-75003 75116`` as the list of its postcodes."""
    found: list[str] = []
    for word in text.split():
        first, _, last = word.partition("-")
        found += [f"{number:05d}" for number in range(int(first), int(last or first) + 1)]
    return found


def landline_zone(postcode: str) -> int:
    """The first digit after 0 of a landline where this postcode is."""
    return next((zone for zone, departments in _ZONES.items() if postcode[:2] in departments.split()), 1)


def distances_km(latitude: NDArray[np.float64], longitude: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kilometres from every commune (rows) to each of the given points (columns), on a flat France."""
    here = communes()
    north = (here.latitude[:, None] - latitude[None, :]) * 111.0
    east = (here.longitude[:, None] - longitude[None, :]) * 76.0  # One degree at 47° north.
    return np.sqrt(north * north + east * east)


def draw_communes(rng: np.random.Generator, size: int, to_nearest_store: NDArray[np.float64]) -> Ints:
    """Where ``size`` households live: by population, and the more the nearer a store is."""
    weights = communes().population * (0.12 + 1.0 / (1.0 + (to_nearest_store / NEAR_A_STORE_KM) ** 2))
    edges = np.cumsum(weights)
    found: Ints = np.searchsorted(edges, rng.random(size) * edges[-1], side="right").clip(0, len(edges) - 1)
    return found
