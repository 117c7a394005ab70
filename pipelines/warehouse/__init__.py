"""The DuckDB warehouse: how dbt is run for a home, how the build is published, and pages that describe it.

The models themselves are in ``dbt_project/``; the order of steps in ``defs``. Explained in docs/architecture.md.
"""
