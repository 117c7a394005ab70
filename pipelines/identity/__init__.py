"""How people are recognised: records in, permanent customer ids out. A folder per stage.

Nothing here knows Dagster or dbt. docs/identity.md explains the stages in order. The folders, from the first to the
last: ``model`` (what is compared, and with which parameters), ``standardisation``, ``scoring``, ``decisions`` (human
decisions on pairs), ``clustering``, ``customer_ids``, ``training``, ``incremental`` (nights that reuse the last one),
``evaluation``, ``monitoring`` and ``explain``. Each imports only from folders before it.
"""
