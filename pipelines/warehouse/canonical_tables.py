"""What is written from the canonical tables' declarations: ``python -m pipelines.warehouse.canonical_tables``.

docs/canonical_tables.md is the reference for those who map a source; the ``_sources.yml`` of each kind declares the
same tables to dbt.
"""

from pathlib import Path
from typing import Any

import yaml

from pipelines.config.repository import DBT_PROJECT, REPOSITORY
from pipelines.contracts import KINDS, SYSTEMS, TABLES, Column, Kind, Table

PAGE = REPOSITORY / "docs" / "canonical_tables.md"
COMMAND = "python -m pipelines.warehouse.canonical_tables"
HEAD = f"""# Canonical tables

What every source is mapped to by [sources.yml](sources.md), from the declarations in `pipelines/contracts`.
`{COMMAND}` writes it, not a hand.

Each table also has `source`, the name of the source in sources.yml. A key identifies a row within its source; ids are
unique there and nowhere else, except those of products, stores and loyalty cards, whose numbering all sources share. A
row without a value in a required column goes to quarantine, and so does one with a value that is not allowed. Every
other column may be absent or null.

| type | what it holds |
|---|---|
| text | text; ids are texts |
| integer, number | a whole number; a number with decimals |
| money, price | an amount in the configured currency: to the cent; to four decimals |
| boolean | yes or no |
| date | a calendar day |
| timestamp | an instant, in UTC |

How the values of a source are read as these is explained in [sources.md](sources.md#how-values-are-read).
"""


def describe_tables() -> str:
    """The reference page: one section per table, one row per column."""
    parts = [HEAD]
    for kind in KINDS:
        parts.append(f"## {kind}\n\nWhat {SYSTEMS[kind]} send.\n")
        parts += [_describe(table) for table in TABLES if table.kind == kind]
    return "\n".join(parts)


def _describe(table: Table) -> str:
    key = ", ".join(f"`{name}`" for name in table.key)
    rows = [_describe_column(column) for column in table.columns]
    heads = ["| column | type | required | what it is | values allowed |", "|---|---|---|---|---|"]
    return "\n".join([f"### {table.path}\n", f"{table.description} Key: {key}.\n", *heads, *rows, ""])


def _describe_column(column: Column) -> str:
    values = ", ".join(f"`{value}`" for value in column.values or ())
    required = "yes" if column.required else ""
    return f"| {column.name} | {column.type} | {required} | {column.description} | {values} |"


def sources_path(kind: Kind) -> Path:
    """Where the tables of ``kind`` are declared to dbt."""
    return DBT_PROJECT / "models" / "staging" / kind / "_sources.yml"


def declare_sources(kind: Kind) -> str:
    """The dbt source of ``kind``, as YAML: where its tables lie, and what they and their columns are."""
    source = {
        "name": kind,
        "description": f"What {SYSTEMS[kind]} sent, in canonical columns.",
        "config": {"meta": {"external_location": f"'$lake/{kind}/{{name}}.parquet'"}},
        "tables": [_declare(table) for table in TABLES if table.kind == kind],
    }
    written = yaml.dump({"sources": [source]}, Dumper=_IndentedLists, sort_keys=False, allow_unicode=True, width=10_000)
    return f"# Written from pipelines/contracts by {COMMAND}.\n{written}"


def _declare(table: Table) -> dict[str, Any]:
    columns = [{"name": column.name, "description": column.documentation} for column in table.columns]
    return {"name": table.name, "description": table.description, "columns": columns}


class _IndentedLists(yaml.SafeDumper):
    """Lists indented below their key, as everywhere in the dbt project."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)


if __name__ == "__main__":
    PAGE.write_text(describe_tables(), encoding="utf-8")
    for each in KINDS:
        sources_path(each).write_text(declare_sources(each), encoding="utf-8")
