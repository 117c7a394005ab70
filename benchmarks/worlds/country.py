"""What a country is like, for generated people: names by frequency, towns, streets, numbers, how things are written."""

import importlib
import random
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, product
from pathlib import Path
from typing import Any

import yaml
from faker import Faker

COUNTRIES = ("germany", "greece")
WORDS_SEED = 17  # Of what is drawn once for a country: the ranks of rarer names, the streets.
STREETS = 600  # Names of streets of a country; in each town they are others' all over again.
RARE_FIRST_NAMES = 300
POSTCODES_BY_PEOPLE = 12  # Thousands of people per postcode.


@dataclass(frozen=True)
class Town:
    name: str
    postcodes: tuple[str, ...]
    area_code: str


@dataclass(frozen=True)
class Country:
    """``surnames`` are pairs of a man's and a woman's form. Cumulated weights stand beside what they are drawn by."""

    said: Mapping[str, Any]
    first_names: Mapping[tuple[int, str], tuple[Sequence[str], Sequence[float]]]
    surnames: tuple[Sequence[tuple[str, str]], Sequence[float]]
    towns: tuple[Sequence[Town], Sequence[float]]
    streets: tuple[Sequence[str], Sequence[float]]

    @property
    def code(self) -> str:
        """ISO 3166."""
        return str(self.said["code"])

    @property
    def keeps_marks(self) -> bool:
        """Whether letters keep their marks in capitals and in haste, since they are letters of their own."""
        return bool(self.said["keeps_marks"])

    def draw_first_name(self, rng: random.Random, sex: str, birth_year: int) -> str:
        until = next((year for year, _ in self.first_names if birth_year <= year), max(y for y, _ in self.first_names))
        return _draw(rng, self.first_names[until, sex])

    def draw_surname(self, rng: random.Random) -> tuple[str, str]:
        return _draw(rng, self.surnames)

    def draw_town(self, rng: random.Random) -> Town:
        return _draw(rng, self.towns)

    def draw_street(self, rng: random.Random) -> str:
        """A street line with its number."""
        return str(self.said["street"]).format(street=_draw(rng, self.streets), number=1 + int(rng.random() ** 2 * 120))

    def write_in_latin(self, text: str, rng: random.Random) -> str:
        """In Latin letters without marks, in one of the ways of the country."""
        ways = self.said["latin"]
        way = rng.choices(ways, self.said.get("latin_shares", [1] * len(ways)))[0]
        return transliterate(text, way)


def transliterate(text: str, way: Mapping[str, str]) -> str:
    """``text`` with the letters and pairs of ``way`` replaced, capitals kept, and no marks."""
    longest_first = sorted(way, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)

    def replace(found: re.Match[str]) -> str:
        written = way[found[0].lower()]
        return written.capitalize() if found[0][0].isupper() else written

    plain = unicodedata.normalize("NFC", text)
    if not any(strip_marks(letter) != letter for letter in way):  # Accents would hide its letters.
        plain = strip_marks(plain)
    return strip_marks(pattern.sub(replace, plain))


def strip_marks(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


@cache
def load_country(name: str) -> Country:
    """The country of ``<name>.yml``."""
    said = yaml.safe_load(Path(__file__).with_name(f"{name}.yml").read_text(encoding="utf-8"))
    rng = random.Random(WORDS_SEED)
    provider = importlib.import_module(f"faker.providers.person.{said['locale']}").Provider
    return Country(
        said=said,
        first_names=_first_names(said, provider, rng),
        surnames=_surnames(said, provider, rng),
        towns=_towns(said),
        streets=_streets(said),
    )


def _first_names(said: Mapping[str, Any], provider: Any, rng: random.Random) -> dict[tuple[int, str], Any]:
    found = {}
    for until, by_sex in said["first_names"].items():
        for sex, names in by_sex.items():
            listed = names.split()
            other = sorted(set(provider.first_names_male if sex == "m" else provider.first_names_female) - set(listed))
            rare = rng.sample(other, min(len(other), RARE_FIRST_NAMES))
            frequent = [(rank + 2.0) ** -0.8 for rank in range(len(listed))]
            rest = (1 - said["listed_share"]) / said["listed_share"] * sum(frequent) / len(rare)
            found[until, sex] = _with_weights([*listed, *rare], [*frequent, *[rest] * len(rare)])
    return found


def _surnames(said: Mapping[str, Any], provider: Any, rng: random.Random) -> Any:
    """Listed ones, then Faker's, each a little rarer than the one before; then a long tail made of Faker's parts."""
    listed = said["surnames"].split()
    of_package = provider.last_names_male if hasattr(provider, "last_names_male") else provider.last_names
    others = sorted({name for name in of_package if re.fullmatch(r"[^\W\d_]+", name)} - set(listed))
    rng.shuffle(others)
    names = [*listed, *others]
    frequencies = [said["most_frequent"] * rank ** -said["decline"] for rank in range(1, len(names) + 1)]
    endings = said["endings"]
    cut = re.compile(f"(?:{'|'.join(sorted(endings, key=len, reverse=True))})$")
    stems = sorted({stem for name in names if cut.search(name) and len(stem := cut.sub("", name)) > 2})
    composed = sorted(
        {
            (prefix + stem.lower() if prefix else stem) + ending
            for prefix, stem, ending in product(said.get("prefixes", [""]), stems, endings)
        }
        - set(names)
    )
    rng.shuffle(composed)
    # Below the listed ones a surname's share falls as one over its rank.
    tail = [1.0 / (len(names) + rank) for rank in range(len(composed))]
    rest = max(1.0 - sum(frequencies), 0.2) / sum(tail)
    feminine = said.get("feminine_endings", [])
    pairs = [(name, _feminine(name, feminine)) for name in (*names, *composed)]
    return _with_weights(pairs, [*frequencies, *(rest * weight for weight in tail)])


def _feminine(name: str, endings: Sequence[Sequence[str]]) -> str:
    for male, female in endings:
        if name.endswith(male):
            return name.removesuffix(male) + female
    return name


def _towns(said: Mapping[str, Any]) -> Any:
    towns, people = [], []
    for name, (thousands, prefix, area_code) in said["towns"].items():
        count = max(2, thousands // POSTCODES_BY_PEOPLE)
        step = 7
        towns.append(Town(name, tuple(f"{prefix}{100 + step * n % 899:03d}" for n in range(count)), area_code))
        people.append(float(thousands))
    return _with_weights(towns, people)


def _streets(said: Mapping[str, Any]) -> Any:
    listed = said["streets"]
    fake = Faker(said["locale"])
    fake.seed_instance(WORDS_SEED)
    more = sorted({fake.street_name() for _ in range(STREETS)} - set(listed))
    return _with_weights([*listed, *more], [1.0 / (rank + 15.0) for rank in range(len(listed) + len(more))])


def _with_weights(values: Sequence[Any], weights: Sequence[float]) -> tuple[Sequence[Any], Sequence[float]]:
    return values, list(accumulate(weights))


def _draw(rng: random.Random, weighted: tuple[Sequence[Any], Sequence[float]]) -> Any:
    values, cumulated = weighted
    return rng.choices(values, cum_weights=cumulated)[0]
