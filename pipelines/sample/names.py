"""French names as they occur: first names by generation and sex, surnames by frequency with a long tail.

A few hundred surnames cover a fifth of the people and some 180,000 rarer ones the rest, so that homonyms are about as
common as they are in France (Martin, the most frequent surname, belongs to some 235,000 people of 66 million, INSEE).
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import yaml
from numpy.typing import NDArray

from pipelines.sample.columns import Ints

HERE = Path(__file__).parent
RARE_SURNAMES = 180_000
MOST_FREQUENT = 0.0036  # Martin's share of the people.
DECLINE = 0.45  # Share of the surname of rank r = MOST_FREQUENT * r ** -DECLINE, over the listed ones.


_VOWELS = "aeiouyéè"


@dataclass(frozen=True)
class FirstNames:
    """The first names of one sex, and for each birth year the cumulated frequencies to draw them by."""

    names: tuple[str, ...]
    first_year: int
    cumulated: NDArray[np.float64]


@cache
def _declared() -> dict[str, object]:
    declared: dict[str, object] = yaml.safe_load((HERE / "first_names.yml").read_text(encoding="utf-8"))
    return declared


@cache
def first_names(sex: str) -> FirstNames:
    """Every first name of a sex (``f`` or ``m``) with its profile by birth year, 1900 to 2030."""
    years = np.arange(1900, 2031)
    shares: dict[str, NDArray[np.float64]] = {}
    for group in _declared()["groups"]:  # type: ignore[attr-defined]
        if group["sex"] != sex:
            continue
        ranks = np.arange(len(group["names"])) + 2.0
        strengths = ranks**-0.7
        # Given half as often `spread` years from the peak: a bell written with powers of two.
        profile = group["weight"] * 0.5 ** (((years - group["peak"]) / group["spread"]) ** 2)
        for name, strength in zip(group["names"], strengths / strengths.sum(), strict=True):
            shares[name] = shares.get(name, np.zeros(len(years))) + profile * strength
    table = np.cumsum(np.stack(list(shares.values()), axis=1), axis=1)
    return FirstNames(tuple(shares), 1900, table / table[:, -1:])


@cache
def syllables() -> tuple[list[str], list[str], list[str]]:
    """Openings, middles and endings of the rarer surnames."""
    found = yaml.safe_load((HERE / "surname_syllables.yml").read_text(encoding="utf-8"))
    return found["openings"].split(), found["middles"].split(), found["endings"].split()


@cache
def nicknames() -> dict[str, str]:
    """The everyday short form of each first name."""
    found: dict[str, str] = _declared()["nicknames"]  # type: ignore[assignment]
    return found


def draw_first_names(rng: np.random.Generator, is_woman: NDArray[np.bool_], birth_years: Ints) -> pl.Series:
    """One first name per person, as frequent as it was for the sex and the birth year."""
    found = np.empty(len(is_woman), dtype=object)
    draws = rng.random(len(is_woman))
    for sex, chosen in (("f", is_woman), ("m", ~is_woman)):
        register = first_names(sex)
        names = np.array(register.names, dtype=object)
        for year in np.unique(birth_years[chosen]):
            here = np.flatnonzero(chosen & (birth_years == year))
            edges = register.cumulated[int(year) - register.first_year]
            found[here] = names[np.searchsorted(edges, draws[here], side="right").clip(0, len(names) - 1)]
    return pl.Series(found, dtype=pl.String)


@cache
def listed_surnames() -> tuple[str, ...]:
    """The frequent surnames, most frequent first. In the file a particle is tied to its name by a hyphen."""
    words = (HERE / "last_names.txt").read_text(encoding="utf-8").split()
    particles = ("Le-", "Da-", "Dos-")
    spaced = [word.replace("-", " ", 1) if word.startswith(particles) else word for word in words]
    return tuple(dict.fromkeys(spaced))


def draw_surnames(rng: np.random.Generator, size: int) -> pl.Series:
    """``size`` surnames, frequent ones as often as in France, the rest from the long tail."""
    listed = listed_surnames()
    frequencies = MOST_FREQUENT * np.arange(1, len(listed) + 1) ** -DECLINE
    edges = np.cumsum(frequencies)
    draws = rng.random(size)
    is_listed = draws < edges[-1]
    frequent = np.searchsorted(edges, draws, side="right").clip(0, len(listed) - 1)
    # Below the listed ones a surname's share falls as 1 / rank: the rank is then log-uniform.
    first, last = float(len(listed)), float(len(listed) + RARE_SURNAMES)
    rank = (first * (last / first) ** rng.random(size) - first).astype(np.int64)
    return pl.select(
        pl.when(pl.Series(is_listed))
        .then(pl.Series(listed, dtype=pl.String).gather(frequent))
        .otherwise(_rare_surnames(rank))
    ).to_series()


def _rare_surnames(ranks: Ints) -> pl.Series:
    """The surname of each rank of the tail, composed of syllables; the same for every world."""
    openings, middles, endings = syllables()
    size = len(openings) * len(middles) * len(endings)
    spread = (ranks * 15_485_863 + 7_919) % size  # A prime step scatters neighbouring ranks over the syllables.
    start, rest = np.divmod(spread, len(middles) * len(endings))
    middle, end = np.divmod(rest, len(endings))
    follows_vowel = np.array([syllable[-1] in _VOWELS for syllable in openings])[start]
    has_middle = follows_vowel | (ranks % 3 > 0)
    meets_vowel = np.array([syllable[0] in _VOWELS for syllable in endings])[end]
    elided = [syllable.rstrip("aeiou") or syllable for syllable in middles]
    return pl.select(
        pl.Series(openings).gather(start)
        + pl.when(pl.Series(has_middle & meets_vowel))
        .then(pl.Series(elided).gather(middle))
        .when(pl.Series(has_middle))
        .then(pl.Series(middles).gather(middle))
        .otherwise(pl.lit(""))
        + pl.Series(endings).gather(end)
    ).to_series()
