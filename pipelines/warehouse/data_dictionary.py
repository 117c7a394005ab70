"""docs/data_dictionary.md, written from the contracts: ``python -m pipelines.warehouse.data_dictionary``."""

from pathlib import Path
from typing import Any

import yaml

from pipelines.config.repository import DBT_PROJECT, REPOSITORY

PAGE = REPOSITORY / "docs" / "data_dictionary.md"
HEAD = """# Data dictionary

Every mart of schema `marts`, from the contracts in `dbt_project/models/marts`; the same texts stand as comments in the
published file. `python -m pipelines.warehouse.data_dictionary` writes it, not a hand. Times are UTC, amounts are in the
configured currency, "today" is the as_of day in the configured time zone. Thresholds named as vars stand in
`dbt_project/dbt_project.yml`, rules named as seeds in `dbt_project/seeds`, each with its reason.
"""


def read_marts(models: Path = DBT_PROJECT / "models" / "marts") -> dict[str, list[dict[str, Any]]]:
    """The contracts of the marts, by group; groups and marts in the order of their names."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(models.rglob("*.yml")):
        groups.setdefault(path.parent.name, []).extend(yaml.safe_load(path.read_text(encoding="utf-8"))["models"])
    return {group: sorted(marts, key=lambda mart: str(mart["name"])) for group, marts in sorted(groups.items())}


def describe_marts(models: Path = DBT_PROJECT / "models" / "marts") -> str:
    """The page: one section per mart, one row per column."""
    parts = [HEAD]
    for group, marts in read_marts(models).items():
        parts.append(f"## {group}\n")
        parts += [_describe(mart) for mart in marts]
    return "\n".join(parts)


def _describe(model: dict[str, Any]) -> str:
    rows = [
        f"| {column['name']} | {column['data_type']} | {column['description'].strip().replace('|', chr(92) + '|')} |"
        for column in model["columns"]
    ]
    table = "\n".join(["| column | type | what it is |", "|---|---|---|", *rows])
    return f"### {model['name']}\n\n{model['description'].strip()}\n\n{table}\n"


if __name__ == "__main__":
    PAGE.write_text(describe_marts(), encoding="utf-8")
