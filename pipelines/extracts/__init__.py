"""How a source is read: connectors, the mapping to the canonical tables, and what happens to rows that do not fit.

The canonical tables are declared in ``pipelines.contracts``, the keys of `sources.yml` in ``pipelines.config``. What
values mean (whose a phone is, what an order counts) belongs in ``identity`` and dbt. Explained in docs/sources.md.
"""
