"""docs/data_dictionary.md, written from the contracts of the marts: ``python -m pipelines.data_dictionary``."""

from pathlib import Path
from typing import Any

import yaml

from pipelines.warehouse import PROJECT

PAGE = PROJECT.parent / "docs" / "data_dictionary.md"
HEAD = """# Data dictionary

Every mart of schema `marts`, from the contracts in `dbt_project/models/marts`; the same texts stand as comments in the
published file. Written by `python -m pipelines.data_dictionary`, not by hand. Times are UTC, amounts are in the
configured currency, "today" is the as_of day in the configured time zone. Thresholds named as vars stand in
`dbt_project/dbt_project.yml`, rules named as seeds in `dbt_project/seeds`, each with its reason.
"""


def describe_marts(models: Path = PROJECT / "models" / "marts") -> str:
    """The page: one section per mart, one row per column."""
    marts: dict[str, tuple[str, dict[str, Any]]] = {}
    for path in models.rglob("*.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]:
            marts[model["name"]] = (path.parent.name, model)
    groups = sorted({group for group, _ in marts.values()})
    parts = [HEAD]
    for group in groups:
        parts.append(f"## {group}\n")
        parts += [_describe(model) for _, (of, model) in sorted(marts.items()) if of == group]
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
