"""What is written from the canonical tables' declarations: ``python -m pipelines.warehouse.canonical_tables``.

docs/canonical_tables.md is the reference for those who map a source; the ``_sources.yml`` of each kind declares the
same tables to dbt. Which marts a column feeds is read from the dbt project first, and kept in column_uses.json of the
contracts for whoever describes a column without dbt.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import yaml

from pipelines.config.repository import DBT_PROJECT, REPOSITORY
from pipelines.contracts import KINDS, SYSTEMS, TABLES, Column, Kind, Table, reference
from pipelines.contracts.reference import Use
from pipelines.warehouse import column_lineage
from pipelines.warehouse.dbt_project import compile_models

PAGE = REPOSITORY / "docs" / "canonical_tables.md"
COMMAND = "python -m pipelines.warehouse.canonical_tables"
KNOWN_FIRST = ("customer_360", "orders", "order_lines", "returns", "kpis", "channel_performance")
"""The marts that most readers know: of many, they are named first."""
HEAD = f"""# Canonical tables

What every source is mapped to by [sources.yml](sources.md): a reference for whoever maps an export. It is written by
`{COMMAND}` from the declarations in `pipelines/contracts` and the SQL in
`dbt_project`, not by hand; the same texts stand at the columns of the assets in Dagster.

Each table also has `source`, the name of the source in sources.yml. A key identifies a row within its source; ids are
unique there and nowhere else, except those of products, stores and loyalty cards, whose numbering all sources share.

| type | what it holds |
|---|---|
| text | text; ids are texts |
| integer, number | a whole number; a number with decimals |
| quantity | units sold, to three decimals |
| money, price | an amount, to the cent; to four decimals |
| boolean | yes or no |
| date | a calendar day |
| timestamp | an instant; stored in UTC, local times are read in the configured time zone |

How the values of a source are read as these is explained in [sources.md](sources.md#how-values-are-read). Examples are
made up.

## Amounts

One rule for all of them: **with tax, and positive** unless more came back than was bought.

- Amounts are in the currency of their row: that of the order or ticket (`currency`, else the retailer's), for its lines
  and returns too. Everything in the marts is exchanged into the retailer's.
- The total of an order or ticket is what it came to, by whatever it was paid: paying with a gift card lowers no total.
  It is as it was ordered: refunds are rows of their own (`ecommerce/returns`, returned lines of a ticket), and are
  taken off revenue once, on the day of the return.
- Discounts, refunds and returned quantities are magnitudes: written with a minus, they are taken without it, and
  counted.
- No night stops where an identity between amounts does not hold; each mart reckons from the one column that its
  description names.

## Where a column goes

- **Needed**: a row without it goes to quarantine, and so does one with a value there that cannot be read or is not
  allowed. Every other column may be absent or null, and what is lost then is said beside it.
- **Feeds**: the marts that hold its values, as they are, in a sum or a label. Below each table stand all of them, with
  the columns that each takes from it.
- **A condition of**: its values end in no mart, but decide which rows count there.
- **Names a row of**, **rows are joined on it**: it connects rows of several tables.
- **Says who is one person**: records are recognised by it, so that it stands behind every mart that knows customers.

This is followed through the SQL of all models, `select` by `select`, and through the steps in Python between them.
What cannot be followed: `field_report` and `quarantined_rows`, which tell of every column; who is recognised as whom,
of which only the columns read are named; and the conditions and traits that analysts define (segments.yml), which are
read when a night is built.
"""


def find_uses() -> dict[str, Use]:
    """The use of each canonical column, from the SQL of the dbt project as it is."""
    traced = column_lineage.trace_columns(compile_models())
    return {
        name: Use(
            feeds=_order(fed.values),
            decides=() if fed.values else _order(fed.conditions),
            recognises=name in column_lineage.RECOGNISES,
            joins=fed.is_joined_on,
        )
        for name, fed in traced.items()
    }


def _order(marts: Collection[str]) -> tuple[str, ...]:
    return tuple(
        sorted(marts, key=lambda mart: (mart not in KNOWN_FIRST, *(mart != each for each in KNOWN_FIRST), mart))
    )


def describe_tables() -> str:
    """The reference page: one section per table, one row per column."""
    parts = [HEAD]
    for kind in KINDS:
        parts.append(f"## {kind}\n\nWhat {SYSTEMS[kind]} send.\n")
        parts += [_describe(table) for table in TABLES if table.kind == kind]
    return "\n".join(parts)


def _describe(table: Table) -> str:
    key = ", ".join(f"`{name}`" for name in table.key)
    lines = [f"### {table.path}\n", f"{table.description} Key: {key}.\n", f"*Without the table:* {table.loses}\n"]
    if table.identities:
        lines += [*(f"- {identity}" for identity in table.identities), ""]
    lines += ["| column | type | what it is | example | without it | goes to |", "|---|---|---|---|---|---|"]
    lines += [_describe_column(table, column) for column in table.columns]
    return "\n".join([*lines, "", *_describe_marts(table)])


def _describe_column(table: Table, column: Column) -> str:
    values = ", ".join(f"`{value}`" for value in column.values or ())
    means = f"{column.description} One of {values}." if values else column.description
    otherwise = f" Any other value counts as `{column.otherwise}`." if column.otherwise else ""
    unit = f", in {column.measured_in}" if column.measured_in else ""
    loss = "**needed**" if column.required else reference.describe_loss(column)
    example = f"`{column.example}`" if column.example else ""
    use = reference.describe_use(table, column)
    cells = (f"`{column.name}`", f"{column.type}{unit}", means + otherwise, example, loss, use)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _describe_marts(table: Table) -> list[str]:
    """The marts that hold values of the table, each with the columns it takes; none where it feeds none."""
    uses = reference.load_uses()
    taken: dict[str, list[str]] = {}
    for column in table.columns:
        for mart in uses[reference.name_column(table, column)].feeds:
            taken.setdefault(mart, []).append(f"`{column.name}`")
    if not taken:
        return []
    rows = [f"| {mart} | {', '.join(columns)} |" for mart, columns in sorted(taken.items())]
    return ["| mart | holds values of |", "|---|---|", *rows, ""]


def sources_path(kind: Kind) -> Path:
    """Where the tables of ``kind`` are declared to dbt."""
    return DBT_PROJECT / "models" / "staging" / kind / "_sources.yml"


def declare_sources(kind: Kind) -> str:
    """The dbt source of ``kind``, as YAML: where its tables lie, and what they and their columns are."""
    source = {
        "name": kind,
        "description": f"What {SYSTEMS[kind]} sent, in canonical columns.",
        "config": {"meta": {"external_location": f"'$lake/{kind}/{{name}}*.parquet'"}},
        "tables": [_declare(table) for table in TABLES if table.kind == kind],
    }
    written = yaml.dump({"sources": [source]}, Dumper=_IndentedLists, sort_keys=False, allow_unicode=True, width=10_000)
    return f"# Written from pipelines/contracts by {COMMAND}.\n{written}"


def _declare(table: Table) -> dict[str, Any]:
    columns = [
        {"name": column.name, "description": reference.describe_column(table, column)} for column in table.columns
    ]
    return {"name": table.name, "description": reference.describe_table(table), "columns": columns}


class _IndentedLists(yaml.SafeDumper):
    """Lists indented below their key, as everywhere in the dbt project."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)


if __name__ == "__main__":
    reference.USES.write_text(reference.write_uses(find_uses()), encoding="utf-8")
    reference.load_uses.cache_clear()
    PAGE.write_text(describe_tables(), encoding="utf-8")
    for each in KINDS:
        sources_path(each).write_text(declare_sources(each), encoding="utf-8")
