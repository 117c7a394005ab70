"""The canonical extract tables, to which every source is mapped whatever it calls things: declared here, a kind a file.

The names are a public promise: they stand in sources.yml, in the lake and in the dbt sources. Reading and checking
belong in ``extracts``, what the values mean in ``identity`` and dbt. docs/canonical_tables.md and the dbt sources are
written from here: after a change, run ``python -m pipelines.warehouse.canonical_tables``.
"""

from typing import get_args

from pipelines.contracts import crm, ecommerce, pos
from pipelines.contracts.schema import SYSTEMS, Column, Kind, Reference, Table, Type

__all__ = ["KINDS", "SYSTEMS", "TABLES", "Column", "Kind", "Reference", "Table", "Type", "table"]

KINDS: tuple[Kind, ...] = get_args(Kind)
TABLES: tuple[Table, ...] = crm.TABLES + ecommerce.TABLES + pos.TABLES


def table(kind: Kind, name: str) -> Table:
    """The canonical table called ``name`` of ``kind``. Raises KeyError where there is none."""
    for candidate in TABLES:
        if (candidate.kind, candidate.name) == (kind, name):
            return candidate
    raise KeyError(f"{kind}/{name}")
