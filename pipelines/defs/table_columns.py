"""The columns of the tables that Python makes, as Dagster shows them: table_columns.yml beside this file.

What a staging model of dbt says of a column of such a table is said here too.
"""

from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
import yaml

from pipelines.config.repository import DBT_PROJECT

DECLARED = Path(__file__).with_suffix(".yml")
COLUMN_SCHEMA = "dagster/column_schema"  # The metadata that Dagster shows as an asset's columns.


@cache
def load_columns() -> dict[str, dg.TableSchema]:
    """The columns of each table that Python makes, by `<kind>/<table>`."""
    declared: dict[str, dict[str, Any]] = yaml.safe_load(DECLARED.read_text(encoding="utf-8"))
    return {key: dg.TableSchema(_describe(key, columns)) for key, columns in declared.items()}


def _describe(key: str, columns: dict[str, str | list[str]]) -> list[dg.TableColumn]:
    staged = _read_staging(key)
    return [
        dg.TableColumn(name, declared, description=staged.get(name))
        if isinstance(declared, str)
        else dg.TableColumn(name, declared[0], description=declared[1])
        for name, declared in columns.items()
    ]


def _read_staging(key: str) -> dict[str, str]:
    """What the staging model of a table says of its columns; nothing where there is none."""
    kind, name = key.split("/")
    model = f"stg_{kind}__{name}"
    file = DBT_PROJECT / "models" / "staging" / kind / f"{model}.yml"
    if not file.exists():
        return {}
    [described] = yaml.safe_load(file.read_text(encoding="utf-8"))["models"]
    return {column["name"]: str(column["description"]).strip() for column in described["columns"]}
