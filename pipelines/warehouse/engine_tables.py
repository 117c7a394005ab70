"""Where the engines keep the tables of a build."""

from pathlib import Path

from pipelines.config.home import Home


def workshop(home: Home) -> Path:
    """The DuckDB file of what is built beside the marts and not published: staging, intermediate, seeds."""
    return home.build_database.with_name(f"{home.build_database.name}.workshop")


def spark_folder(home: Home) -> Path:
    """Where target ``spark`` keeps its tables: ``<schema>.db/<table>``, Parquet files."""
    return home.build_database.resolve().parent / "spark"
