"""Where Spark keeps the tables of a build."""

from pathlib import Path

from pipelines.config.home import Home


def spark_folder(home: Home) -> Path:
    """Where target ``spark`` keeps its tables: ``<schema>.db/<table>``, Parquet files."""
    return home.build_database.resolve().parent / "spark"
