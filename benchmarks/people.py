"""People to recognise, with the truth: generated retailers and public sets, each as a folder of two tables.

``gathered.parquet`` holds the records as ``gather_records`` of ``standardise`` collects them,
``truth.parquet`` one row per record: record_id, person_id.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import polars as pl

from pipelines.identity.scoring.blocking import add_keys, keep_small_blocks, limit_blocks
from pipelines.identity.scoring.engine import DuckDBEngine
from pipelines.identity.standardisation.standardise import gather_records
from pipelines.lake.tables import Lake
from pipelines.sample import noise
from pipelines.sample.world import World, generate

PUBLIC_DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "er"
SOURCES = {"crm": "crm", "ecommerce": "shop", "pos": "till"}
DAYS = 365


def write_world(world: World, lake: Lake) -> None:
    """The generated tables as the extracts would hold them."""
    for path, frame in world.tables.items():
        kind, name = path.split("/")
        lake.write(kind, name, frame.select(pl.lit(SOURCES[kind]).alias("source"), pl.all()))


def save_retailer(customers: int, seed: int, folder: Path) -> date:
    """Generates a retailer into ``folder``; returns its last day."""
    world = generate(customers, DAYS, seed)
    with TemporaryDirectory() as lake:
        write_world(world, Lake(Path(lake)))
        save(gather_records(Lake(Path(lake)), world.as_of), world.truth, folder)
    return world.as_of


@dataclass(frozen=True)
class Retailer:
    """A generated retailer, with shares of its values that are lost and mistyped besides what is generated so."""

    customers: int
    seed: int
    lost: float = 0.0
    mistyped: float = 0.0

    @property
    def name(self) -> str:
        noise = f", {self.lost:.0%} lost, {self.mistyped:.0%} mistyped" if self.lost or self.mistyped else ""
        return f"{self.customers:,} people, seed {self.seed}{noise}"


def save(gathered: pl.DataFrame, truth: pl.DataFrame, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    gathered.write_parquet(folder / "gathered.parquet")
    truth.write_parquet(folder / "truth.parquet")


def read_contacts(frame: pl.DataFrame, folder: Path) -> pl.DataFrame:
    """Gathered records of one crm/contacts table; columns it lacks are null."""
    lake = Lake(folder)
    lake.write("crm", "contacts", frame.with_columns(pl.lit("er").alias("source")))
    return gather_records(lake)


def febrl3(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """FEBRL data set 3 as contacts, and its truth."""
    raw = pl.read_csv(PUBLIC_DATA / "febrl3.csv", infer_schema_length=0)
    raw = raw.select(pl.col(name).str.strip_chars().replace("", None).alias(name.strip()) for name in raw.columns)
    contacts = raw.select(
        pl.col("rec_id").alias("contact_id"),
        pl.col("given_name").alias("first_name"),
        pl.col("surname").alias("last_name"),
        pl.concat_str("street_number", "address_1", separator=" ", ignore_nulls=True).alias("address"),
        pl.col("suburb").alias("city"),
        "postcode",
        pl.col("soc_sec_id").alias("loyalty_card_id"),
        pl.col("date_of_birth").str.to_date("%Y%m%d", strict=False).alias("birth_date"),
    )
    truth = raw.select(
        (pl.lit("er:contacts:") + pl.col("rec_id")).alias("record_id"),
        pl.col("rec_id").str.extract(r"rec-(\d+)-").alias("person_id"),
    )
    return read_contacts(contacts, folder), truth


def historical(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The development half of historical_50k as contacts, and its truth."""
    raw = pl.read_parquet(PUBLIC_DATA / "historical_50k_dev.parquet")
    contacts = raw.select(
        pl.col("record_no").cast(pl.String).alias("contact_id"),
        "first_name",
        pl.col("surname").alias("last_name"),
        pl.col("dob").str.to_date("%Y-%m-%d", strict=False).alias("birth_date"),
        pl.col("birth_place").alias("city"),
        pl.col("postcode_fake").alias("postcode"),
        pl.col("gender").alias("civility"),
    )
    truth = raw.select(
        (pl.lit("er:contacts:") + pl.col("record_no").cast(pl.String)).alias("record_id"),
        pl.col("entity").cast(pl.String).alias("person_id"),
    )
    return read_contacts(contacts, folder), truth


def fake_1000(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Splink's demonstration records as contacts, and their truth."""
    raw = pl.read_csv(PUBLIC_DATA / "fake_1000.csv", infer_schema_length=0)
    contacts = raw.select(
        pl.col("unique_id").alias("contact_id"),
        "first_name",
        pl.col("surname").alias("last_name"),
        pl.col("dob").str.to_date("%Y-%m-%d", strict=False).alias("birth_date"),
        "city",
        "email",
    )
    truth = raw.select(
        (pl.lit("er:contacts:") + pl.col("unique_id")).alias("record_id"), pl.col("cluster").alias("person_id")
    )
    return read_contacts(contacts, folder), truth


WORSENED = {
    "first_name": noise.mistype, "last_name": noise.mistype, "email": noise.mistype_email, "address": noise.mistype,
    "city": noise.mistype,
}  # fmt: skip
"""The columns in which :func:`worsen` mistypes, and how; names are not lost."""
LOST = ("civility", "email", "phone", "mobile", "birth_date", "address", "postcode", "city")


def worsen(gathered: pl.DataFrame, lost: float, mistyped: float, seed: int) -> pl.DataFrame:
    """``gathered`` with shares of its values ``lost`` and ``mistyped``, each value by itself."""
    generator = np.random.default_rng(seed)
    for name in LOST:
        gone = pl.Series(generator.random(gathered.height) < lost)
        gathered = gathered.with_columns(pl.when(gone).then(None).otherwise(pl.col(name)).alias(name))
    for name, change in WORSENED.items():
        values = gathered[name]
        chosen = generator.random(gathered.height) < mistyped
        if name == "email":
            chosen &= values.str.contains(".@.", literal=False).fill_null(False).to_numpy()
        draws = generator.integers(0, 2**40, gathered.height)
        gathered = gathered.with_columns(noise.altered(values, chosen, draws, change).alias(name))
    return gathered


PUBLIC_SETS: dict[str, Callable[[Path], tuple[pl.DataFrame, pl.DataFrame]]] = {
    "FEBRL3": febrl3, "historical_50k, half": historical, "fake_1000": fake_1000,
}  # fmt: skip
"""Public people with known truth, by name."""


def key_profiles(connection: duckdb.DuckDBPyConnection, profiles: pl.DataFrame) -> None:
    """Makes the table ``keyed``: ``profiles`` with the blocking keys by which Parcours would compare them."""
    engine = DuckDBEngine(connection)
    engine.load("profiles", profiles)
    add_keys(engine, "profiles", "every_key")
    keep_small_blocks(engine, "profiles", "every_key", limit_blocks(engine, "every_key")[0], "keyed")
