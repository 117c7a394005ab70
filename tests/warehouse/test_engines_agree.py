"""The same marts, row for row, from DuckDB and from Spark over the same lake."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.config.home import Home
from pipelines.lake.tables import Lake
from pipelines.segments.definitions import BUNDLED, load_segments
from pipelines.segments.membership_log import write_dbt_inputs
from pipelines.warehouse.spark_tables import spark_folder
from tests.spark import LACKING, QUICK_JAVA, run_on_spark

BUILD_ON_SPARK = """
import json, sys
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from pipelines.config.exchange_rates import DatedRate
from pipelines.config.home import Home
from pipelines.segments.definitions import BUNDLED, load_segments
from pipelines.warehouse import dbt_project
given = json.loads(sys.argv[1])
rates = {currency: (DatedRate(rate=rate),) for currency, rate in given["rates"].items()}
retailer = SimpleNamespace(timezone=given["timezone"], currency=given["currency"], exchange_rates=rates)
home, as_of = Home(Path(given["home"])), date.fromisoformat(given["as_of"])
dbt_project.build(home, retailer, as_of, "spark", segments=load_segments(BUNDLED), tests=False)
"""


QUICK_START = {
    "PARCOURS_SPARK_MASTER": "local[1]",
    "PARCOURS_SPARK_PARTITIONS": "1",
    "PARCOURS_SPARK_JAVA_OPTIONS": QUICK_JAVA,
}


@pytest.mark.skipif(LACKING is not None, reason=f"Spark cannot run: {LACKING}")
def test_every_mart_is_equal_on_duckdb_and_on_spark(
    built_world: Home, small_home: Home, retailer: Any, today: date, tmp_path: Path
) -> None:
    write_dbt_inputs(Lake(small_home.lake), load_segments(BUNDLED), today)
    settings = {"home": str(small_home.root), "as_of": today.isoformat()}
    settings |= {"timezone": retailer.timezone, "currency": retailer.currency}
    rates = {currency: str(dated[0].rate) for currency, dated in retailer.exchange_rates.items()}
    run_on_spark(BUILD_ON_SPARK, json.dumps(settings | {"rates": rates}), tmp_path, environment=QUICK_START)

    with duckdb.connect(built_world.build_database, read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")  # Spark writes instants; read in UTC they are our naive times.
        names = "select table_name from information_schema.tables where table_schema = 'marts' order by 1"
        marts = [name for (name,) in connection.execute(names).fetchall()]
        assert len(marts) >= 14
        for mart in marts:
            columns = [(row[0], row[1]) for row in connection.execute(f"describe marts.{mart}").fetchall()]
            files = str(spark_folder(small_home) / "marts.db" / mart / "*.parquet")
            on_spark = [row[0] for row in connection.execute(f"describe from read_parquet('{files}')").fetchall()]
            assert on_spark == [name for name, _ in columns], mart
            selected = ", ".join(f"cast({name} as {type_}) as {name}" for name, type_ in columns)
            of_duckdb = f"select {selected} from marts.{mart}"
            of_spark = f"select {selected} from read_parquet('{files}')"
            assert connection.execute(f"{of_duckdb} except all {of_spark}").fetchall() == [], f"only on DuckDB: {mart}"
            assert connection.execute(f"{of_spark} except all {of_duckdb}").fetchall() == [], f"only on Spark: {mart}"
