"""The retailer itself: its stores, its products and what was missing from the shelves on which day."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.contracts import table
from pipelines.sample.columns import Bools, Ints, canonical, dates, keys, money, weighted
from pipelines.sample.places import communes

BRAND = "Maison Garance"
DOMAIN = "maison-garance.example"  # A name reserved for examples (RFC 2606): nobody receives mail there.
ONLINE_ONLY = 0.15
STORE_OUTAGE = 0.0035  # Share of store x product x day missing from one store's shelves.
NATIONAL_OUTAGES_PER_PRODUCT_YEAR = 0.5  # Spells of 3 to 15 days in which the warehouse has none either.

# Category, subcategory, nouns, lowest and highest list price in euros.
_RANGES = (
    ("Femme", "Robes", "Robe longue|Robe courte|Robe chemise|Robe portefeuille", 39, 129),
    ("Femme", "Hauts", "Chemisier|Blouse|T-shirt|Top", 15, 69),
    ("Femme", "Mailles", "Pull|Gilet|Cardigan", 29, 99),
    ("Femme", "Manteaux", "Manteau|Trench|Parka", 79, 229),
    ("Homme", "Chemises", "Chemise|Chemise à carreaux|Surchemise", 29, 89),
    ("Homme", "Pantalons", "Jean|Chino|Pantalon", 35, 99),
    ("Homme", "Mailles", "Pull col rond|Pull col V|Gilet zippé", 35, 109),
    ("Enfant", "Bébé", "Body|Pyjama|Combinaison", 9, 39),
    ("Enfant", "Fille", "Robe fille|Tee-shirt fille|Legging", 9, 45),
    ("Enfant", "Garçon", "Sweat garçon|Tee-shirt garçon|Jogging", 9, 45),
    ("Chaussures", "Femme", "Baskets femme|Bottines|Ballerines", 35, 139),
    ("Chaussures", "Homme", "Baskets homme|Derbies|Boots", 45, 149),
    ("Maison", "Linge de lit", "Housse de couette|Drap-housse|Taie", 12, 119),
    ("Maison", "Linge de bain", "Serviette|Drap de bain|Peignoir", 8, 59),
    ("Maison", "Décoration", "Coussin|Bougie|Vase|Plaid", 9, 79),
    ("Maison", "Table", "Nappe|Assiettes|Verres", 12, 69),
    ("Beauté", "Soins", "Crème mains|Savon|Huile de soin", 5, 35),
    ("Accessoires", "Sacs", "Sac cabas|Sac bandoulière|Pochette", 25, 149),
    ("Accessoires", "Foulards", "Foulard|Écharpe|Étole", 12, 59),
)
_MATERIALS = ("en lin", "en coton", "en coton bio", "en laine", "en gaze", "en velours", "en viscose", "en denim")
_SHADES = [
    "Brume",
    "Argile",
    "Écume",
    "Safran",
    "Sauge",
    "Indigo",
    "Terracotta",
    "Ivoire",
    "Anthracite",
    "Lavande",
    "Garrigue",
    "Corail",
    "Prune",
    "Olive",
    "Sable",
    "Nuit",
]
_BRANDS = ("Maison Garance", "Maison Garance", "Atelier Louise", "Les Petits Cailloux", "Fjord & Fils", "Coton Blanc")


@dataclass(frozen=True)
class Stores:
    """The stores, in order of opening rank (the largest towns first)."""

    frame: pl.DataFrame
    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]
    names: list[str]

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Products:
    """The products, the most bought first; prices in cents. A ``range`` is a subcategory of one category."""

    frame: pl.DataFrame
    list_price: Ints
    is_online_only: Bools
    category: Ints
    range: Ints
    popularity: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.list_price)

    def draw_within(self, rng: np.random.Generator, groups: Ints, wanted: Ints) -> Ints:
        """For each group ``wanted`` a product of it, by popularity; ``groups`` are those of the products."""
        product = np.empty(len(wanted), dtype=np.int64)
        for group in range(int(groups.max()) + 1):
            rows = np.flatnonzero(wanted == group)
            inside = np.flatnonzero(groups == group)
            if len(rows):
                product[rows] = inside[weighted(rng, self.popularity[inside], len(rows))]
        return product


@dataclass(frozen=True)
class Shelves:
    """What was missing: ``online[product, day]`` and ``stores[store, product, day]``, days from the first day."""

    online: Bools
    stores: Bools


def draw_stores(rng: np.random.Generator, customers: int, as_of: int) -> Stores:
    """Six stores for a small retailer, up to 80 for a national one."""
    count = int(np.clip(customers // 500, 6, 80))
    here = communes()
    largest = np.argsort(-here.population, kind="stable")[:count]
    latitude = np.round(here.latitude[largest] + rng.uniform(-0.01, 0.01, count), 4)
    longitude = np.round(here.longitude[largest] + rng.uniform(-0.01, 0.01, count), 4)
    towns = [here.names[place] for place in largest]
    frame = canonical(
        table("pos", "stores"),
        {
            "store_id": keys("S", np.arange(1, count + 1), 3),
            "name": [f"{BRAND} {town}" for town in towns],
            "postcode": [here.postcodes[here.postcode_starts[place]] for place in largest],
            "city": towns,
            "latitude": latitude,
            "longitude": longitude,
            "opened_on": dates(as_of - 2_200 - rng.integers(0, 6_000, count)),
        },
    )
    return Stores(frame, latitude, longitude, towns)


def draw_products(rng: np.random.Generator, customers: int) -> Products:
    """240 products for a small retailer, up to 1,200; prices end in ,99 or ,90 or are round."""
    count = int(np.clip(240 + customers // 100, 240, 1_200))
    ranges = weighted(rng, [1.0] * len(_RANGES), count)
    low = np.array([row[3] for row in _RANGES])[ranges]
    high = np.array([row[4] for row in _RANGES])[ranges]
    euros = low + np.floor((high - low) * rng.random(count) ** 1.6).astype(np.int64)
    list_price = euros * 100 + np.array([99, 90, 0])[weighted(rng, [5, 3, 2], count)]
    names = [
        f"{_name_of(kind, noun)} {_MATERIALS[material]} {_SHADES[shade]}"
        for kind, noun, material, shade in zip(
            ranges.tolist(),
            rng.integers(0, 12, count).tolist(),
            rng.integers(0, len(_MATERIALS), count).tolist(),
            rng.integers(0, len(_SHADES), count).tolist(),
            strict=True,
        )
    ]
    categories = list(dict.fromkeys(row[0] for row in _RANGES))
    is_online_only = rng.random(count) < ONLINE_ONLY
    frame = canonical(
        table("ecommerce", "products"),
        {
            "product_id": keys("P", np.arange(1, count + 1), 5),
            "name": names,
            "category": [_RANGES[kind][0] for kind in ranges],
            "subcategory": [_RANGES[kind][1] for kind in ranges],
            "brand": [_BRANDS[place] for place in rng.integers(0, len(_BRANDS), count)],
            "is_online_only": is_online_only,
            "list_price": money(list_price),
        },
    )
    return Products(
        frame=frame,
        list_price=list_price,
        is_online_only=is_online_only,
        range=ranges,
        category=np.array([categories.index(_RANGES[kind][0]) for kind in ranges], dtype=np.int64),
        popularity=1.0 / (np.arange(count, dtype=np.float64) + 8.0),
    )


def _name_of(kind: int, noun: int) -> str:
    nouns = _RANGES[kind][2].split("|")
    return nouns[noun % len(nouns)]


def draw_shelves(rng: np.random.Generator, stores: int, products: Products, days: int) -> Shelves:
    """A national outage empties the web shop and most stores; others are one store's alone."""
    size = len(products)
    online = np.zeros((size, days), dtype=bool)
    spells = int(size * NATIONAL_OUTAGES_PER_PRODUCT_YEAR * days / 365)
    product = rng.integers(0, size, spells)
    start = rng.integers(0, days, spells)
    length = rng.integers(3, 16, spells)
    for one, first, span in zip(product.tolist(), start.tolist(), length.tolist(), strict=True):
        online[one, first : first + span] = True
    missing = np.zeros((stores, size, days), dtype=bool)
    for store in range(stores):  # Store by store, to bound memory.
        missing[store] = rng.random((size, days)) < STORE_OUTAGE
        missing[store] |= online & (rng.random((size, 1)) < 0.7)
        missing[store, products.is_online_only] = False
    return Shelves(online, missing)


def list_stockouts(shelves: Shelves, first_day: int, is_open: Bools) -> pl.DataFrame:
    """``pos/stockouts``: one row per store, product and opening day on which it was missing."""
    store, product, day = np.nonzero(shelves.stores & is_open[None, None, :])
    return canonical(
        table("pos", "stockouts"),
        {
            "store_id": keys("S", store + 1, 3),
            "product_id": keys("P", product + 1, 5),
            "date": dates(day + first_day),
        },
    )
