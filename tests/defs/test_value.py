"""Customer values in the graph: fitted between the histories and the marts, alone or with either."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import polars as pl

from pipelines.config.home import Home
from pipelines.lake.tables import Lake


def test_values_are_fitted_again_between_the_models_before_and_the_marts_behind(
    home: Home, exports: Path, materialise: Callable[..., dg.ExecuteInProcessResult]
) -> None:
    values, lake = Lake(home.lake).path("value", "customer_values"), Lake(home.lake)
    before = pl.read_parquet(values)
    values.unlink()
    lake.path("value", "purchase_histories").unlink()
    selected = ("intermediate/int_purchase_histories_summed", "value", "staging/stg_value__customer_values")
    result = materialise(home, exports / "sources.yml", *selected, "marts/customer_360")
    assert result.success
    made = [event.asset_key.to_user_string() for event in result.get_asset_materialization_events()]
    assert made.index(selected[0]) < made.index("value/customer_values") < made.index("marts/customer_360")
    assert pl.read_parquet(values).equals(before)
    with duckdb.connect(home.build_database, read_only=True) as connection:
        [(buyers, valued)] = connection.execute(
            "select count(*) filter (order_count > 0), count(expected_orders_12m) from marts.customer_360"
        ).fetchall()
    assert buyers == before.height
    assert valued == before["expected_orders_12m"].count()


def test_the_values_alone_are_fitted_to_what_the_last_build_left(
    home: Home, exports: Path, materialise: Callable[..., Any]
) -> None:
    result = materialise(home, exports / "sources.yml", "value")
    assert result.success
    told = {
        event.asset_key.to_user_string(): event.materialization.metadata
        for event in result.get_asset_materialization_events()
    }
    assert set(told) == {"value/customer_values", "value/back_test"}
    values = told["value/customer_values"]
    assert values["purchases_fitted"].value or values["purchases_not_fitted_because"].value
    assert values["dagster/row_count"].value == Lake(home.lake).read("value", "customer_values").height
