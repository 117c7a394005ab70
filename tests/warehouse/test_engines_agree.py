"""The same marts, row for row, from DuckDB and from Spark over the same lake."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.config.home import Home
from pipelines.lake.tables import Lake
from pipelines.segments.definitions import BUNDLED, load_segments
from pipelines.segments.membership_log import write_dbt_inputs
from pipelines.warehouse import dbt_project

# In a process of its own: the Java machine that Spark starts ends with it.
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


# A handful of rows: starting counts, not throughput. Java code made for each query, and plans made again once it is
# half done, are for millions of rows; without them the same queries give the same rows.
QUICK_START = {
    "PARCOURS_SPARK_MASTER": "local[1]",
    "PARCOURS_SPARK_PARTITIONS": "1",
    "PARCOURS_SPARK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}
QUICK_PLANS = """\
spark.sql.codegen.wholeStage false
spark.sql.codegen.factoryMode NO_CODEGEN
spark.sql.adaptive.enabled false
spark.sql.leafNodeDefaultParallelism 1
spark.default.parallelism 1
"""


def what_spark_lacks() -> str | None:
    """Why the second engine cannot be tried here, or None."""
    if importlib.util.find_spec("pyspark") is None or importlib.util.find_spec("dbt.adapters.spark") is None:
        return "the [spark] extra is not installed (make spark)"
    if not os.environ.get("JAVA_HOME") and shutil.which("java") is None:
        return "there is no Java (Spark 4 needs 17)"
    return None


LACKING = what_spark_lacks()


@pytest.mark.skipif(LACKING is not None, reason=f"Spark cannot run: {LACKING}")
def test_every_mart_is_equal_on_duckdb_and_on_spark(
    built_world: Home, small_home: Home, retailer: Any, today: date, tmp_path: Path
) -> None:
    write_dbt_inputs(Lake(small_home.lake), load_segments(BUNDLED), today)
    settings = {"home": str(small_home.root), "as_of": today.isoformat()}
    settings |= {"timezone": retailer.timezone, "currency": retailer.currency}
    rates = {currency: str(dated[0].rate) for currency, dated in retailer.exchange_rates.items()}
    (tmp_path / "spark-defaults.conf").write_text(QUICK_PLANS)
    ended = subprocess.run(
        [sys.executable, "-c", BUILD_ON_SPARK, json.dumps(settings | {"rates": rates})],
        env=os.environ | QUICK_START | {"SPARK_CONF_DIR": str(tmp_path)},
        check=False,
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert ended.returncode == 0, ended.stderr[-4000:]

    with duckdb.connect(built_world.build_database, read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")  # Spark writes instants; read in UTC they are our naive times.
        names = "select table_name from information_schema.tables where table_schema = 'marts' order by 1"
        marts = [name for (name,) in connection.execute(names).fetchall()]
        assert len(marts) >= 14
        for mart in marts:
            columns = [(row[0], row[1]) for row in connection.execute(f"describe marts.{mart}").fetchall()]
            files = str(dbt_project.spark_folder(small_home) / "marts.db" / mart / "*.parquet")
            on_spark = [row[0] for row in connection.execute(f"describe from read_parquet('{files}')").fetchall()]
            assert on_spark == [name for name, _ in columns], mart
            selected = ", ".join(f"cast({name} as {type_}) as {name}" for name, type_ in columns)
            of_duckdb = f"select {selected} from marts.{mart}"
            of_spark = f"select {selected} from read_parquet('{files}')"
            assert connection.execute(f"{of_duckdb} except all {of_spark}").fetchall() == [], f"only on DuckDB: {mart}"
            assert connection.execute(f"{of_spark} except all {of_duckdb}").fetchall() == [], f"only on Spark: {mart}"
