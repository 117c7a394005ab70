"""How a source is read: connectors, the mapping to the canonical tables, and what happens to rows that do not fit.

``conform`` makes one table out of all its sources: a connector opens the rows, ``reading`` takes them through
``mapping`` and ``casting``, ``quarantine`` keeps what does not fit, and ``counts`` says how many. The canonical tables
are declared in ``pipelines.contracts``, the keys of `sources.yml` in ``pipelines.config``. What values mean (whose a
phone is, what an order counts) belongs in ``identity`` and dbt. Explained in docs/sources.md.
"""
