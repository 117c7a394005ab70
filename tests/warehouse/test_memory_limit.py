"""A build that needs more memory than it may take: it spills to the home's own folder, and ends as any other."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.config.home import Home
from pipelines.errors import ConfigurationError
from pipelines.lake.tables import Lake
from pipelines.warehouse import dbt_project
from pipelines.warehouse.dbt_project import WarehouseError

MOVEMENTS = 1_500_000


@pytest.fixture
def large_home(make_home: Callable[[Mapping[str, Any]], Home], small_world: Mapping[str, Any]) -> Home:
    """The small world with many movements of points, in no order."""
    home = make_home(small_world)
    lake = Lake(home.lake)
    number = pl.int_range(MOVEMENTS).shuffle(seed=1)
    few = lake.read("crm", "loyalty_movements")
    many = pl.select(
        movement_id=pl.format("many-{}", number),
        loyalty_card_id=pl.format("{}", 4_000_000_000 + number % 300_000),
        points=number % 7,
        occurred_at=pl.datetime(2026, 1, 1) + pl.duration(minutes=number % 80_000),
    ).with_columns(source=pl.lit(few["source"][0]), kind=pl.lit("earned"), channel=pl.lit("store"))
    typed = many.cast({name: few.schema[name] for name in many.columns})
    lake.write("crm", "loyalty_movements", pl.concat([few, typed], how="diagonal"))
    return home


def test_a_build_spills_where_its_memory_limit_is_small(
    large_home: Home, retailer: Any, today: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARCOURS_MEMORY_LIMIT", "200MB")
    spill = large_home.build_database.parent / "spill"
    spilled: list[bool] = []
    built = dbt_project.build(
        large_home,
        retailer,
        today,
        tests=False,
        select=["+loyalty_ledger"],
        listeners=[lambda _: spilled.append(spill.is_dir() and any(spill.iterdir()))],
    )
    assert any(spilled), "the world is too small, or the limit too large, for this test to say anything"
    assert set(built.statuses) == {"success"}
    with duckdb.connect(str(large_home.build_database), read_only=True) as connection:
        [(earned,)] = connection.execute("select sum(earned) from marts.loyalty_ledger").fetchall()
    assert earned >= sum(number % 7 for number in range(MOVEMENTS))


def test_the_whole_warehouse_of_a_few_people_is_built_in_60_megabytes(
    small_home: Home, retailer: Any, today: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a query needs at least hangs on how many tables it joins and groups, hardly on their rows."""
    monkeypatch.setenv("PARCOURS_MEMORY_LIMIT", "60MB")
    built = dbt_project.build(small_home, retailer, today, tests=False)
    assert set(built.statuses) == {"success"}


def test_a_build_that_needs_more_names_the_setting_and_none_of_the_settings_of_duckdb(
    small_home: Home, retailer: Any, today: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARCOURS_MEMORY_LIMIT", "16MB")
    with pytest.raises(WarehouseError) as failed:
        dbt_project.build(small_home, retailer, today, tests=False, select=["+customer_360"])
    said = str(failed.value)
    assert re.match(r"The build of \w+( and \d+ more)? needs more memory than PARCOURS_MEMORY_LIMIT=16MB allows", said)
    assert "preserve_insertion_order" not in said
    assert "SET " not in said
    assert "block" not in said


@pytest.mark.parametrize("written", ["much", "4", "0GB", "120%", "-1GB", "4 gigabytes"])
def test_a_limit_that_is_none_is_refused(
    written: str, small_home: Home, retailer: Any, today: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARCOURS_MEMORY_LIMIT", written)
    with pytest.raises(ConfigurationError, match="PARCOURS_MEMORY_LIMIT is '"):
        dbt_project.build(small_home, retailer, today)
