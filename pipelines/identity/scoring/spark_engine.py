"""Spark as the engine of the comparison of records: Splink's Spark backend, in a session that the caller opens.

The session needs Splink's jar (``spark.jars`` set to ``splink.backends.spark.similarity_jar_location()``) and a
checkpoint folder, its workers this package with its dependencies.
"""

from dataclasses import dataclass

import polars as pl
import sqlglot.generator
from pyspark.sql import SparkSession
from pyspark.sql.functions import arrow_udf
from splink import SparkAPI

from pipelines.errors import ParcoursError
from pipelines.identity.model.dialects import JARO_WINKLER, translate
from pipelines.identity.scoring.jaro_winkler import measure_jaro_winkler


@dataclass(frozen=True)
class SparkEngine:
    """Tables are temporary views of ``session``; what they hold is kept in its checkpoint folder.

    Raises ParcoursError where sqlglot is installed in its compiled form.
    """

    session: SparkSession
    dialect: str = "spark"

    def __post_init__(self) -> None:
        if not sqlglot.generator.__file__.endswith(".py"):
            raise ParcoursError(
                "Splink's Spark backend extends classes of sqlglot, which its compiled form does not allow. In the "
                "environment from which you work with Spark, take that form away: `pip uninstall sqlglotc`. sqlglot "
                "does the same without it, only slower."
            )
        self.session.udf.register(JARO_WINKLER, arrow_udf(measure_jaro_winkler, "double"))

    def open_splink(self) -> SparkAPI:
        return SparkAPI(spark_session=self.session, break_lineage_method="parquet")  # type: ignore[no-untyped-call]

    def load(self, table: str, rows: pl.DataFrame) -> None:
        self.session.createDataFrame(rows.to_arrow()).createOrReplaceTempView(table)

    def make(self, table: str, query: str) -> None:
        # Kept at once: each table is made from others, and Spark would plan all of that again wherever it is used.
        self.session.sql(translate(query, self.dialect)).checkpoint().createOrReplaceTempView(table)

    def read(self, query: str) -> pl.DataFrame:
        frame: pl.DataFrame = pl.from_arrow(self.session.sql(translate(query, self.dialect)).toArrow())  # type: ignore[assignment]
        return frame
