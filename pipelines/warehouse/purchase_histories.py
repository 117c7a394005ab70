"""The purchase histories of a build, left in the lake for customer value to be fitted to."""

import shutil

import duckdb
import polars as pl

from pipelines.config.home import Home
from pipelines.frames import memory_limit
from pipelines.lake.tables import Lake
from pipelines.value.customer_values import HISTORIES, KIND
from pipelines.warehouse.engine_tables import spark_folder, workshop

MODEL = "int_purchase_histories_summed"
SCHEMA = "intermediate"


def leave_histories(home: Home, target: str) -> None:
    """Writes the table that dbt has built on ``target`` to the lake as ``value/purchase_histories``.

    Not by a COPY in dbt, which writes in place: a kill would leave half of a file that the next fit believes.
    """
    lake = Lake(home.lake)
    place = lake.path(KIND, HISTORIES)
    if place.is_dir():  # As homes have it whose histories Spark itself wrote.
        shutil.rmtree(place)
    lake.write(KIND, HISTORIES, _read(home, target))


def _read(home: Home, target: str) -> pl.DataFrame:
    if target == "spark":
        folder = spark_folder(home) / f"{SCHEMA}.db" / MODEL
        return pl.read_parquet(sorted(folder.glob("*.parquet")), glob=False)
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit.memory_limit(),
        "threads": memory_limit.allowance().threads,
    }
    with duckdb.connect(workshop(home), read_only=True, config=settings) as connection:
        histories: pl.DataFrame = connection.sql(f"from {SCHEMA}.{MODEL}").pl()
    return histories
