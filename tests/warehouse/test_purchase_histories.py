"""The purchase histories that a build leaves in the lake."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import duckdb

from pipelines.config.home import Home
from pipelines.lake.tables import Lake
from pipelines.warehouse import dbt_project
from pipelines.warehouse.engine_tables import workshop
from pipelines.warehouse.purchase_histories import MODEL


def test_what_a_build_leaves_is_the_table_in_place_of_what_lay_there(
    make_home: Callable[[Mapping[str, Any]], Home], small_world: Mapping[str, Any], retailer: Any, today: date
) -> None:
    home = make_home(small_world)
    place = Lake(home.lake).path("value", "purchase_histories")
    place.mkdir(parents=True)  # As Spark once left it.
    (place / "part-0.parquet").write_bytes(b"PAR1")
    dbt_project.build(home, retailer, today, tests=False, select=[f"+{MODEL}"])
    left = Lake(home.lake).read("value", "purchase_histories")
    with duckdb.connect(workshop(home), read_only=True) as connection:
        built = connection.sql(f"from intermediate.{MODEL}").pl()
    assert left.height > 0
    assert left.sort("customer_id", "is_back_test").equals(built.sort("customer_id", "is_back_test"))
    assert not list(place.parent.glob("*.tmp-*"))
    before = place.stat().st_mtime_ns
    dbt_project.build(home, retailer, today, tests=False, select=["stg_pos__stores"])
    assert place.stat().st_mtime_ns == before, "a build without it leaves the former one"
