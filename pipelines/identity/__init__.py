"""How people are recognised: records in, permanent customer ids out. A folder per stage.

Nothing here knows Dagster or dbt. docs/identity.md tells the stages in order; the folders, from first to last:
``model`` (what is compared, and with which parameters), ``standardisation``, ``scoring``, ``decisions`` (what people
said), ``clustering``, ``customer_ids``, ``training``, ``incremental`` (a night that reuses the last one),
``monitoring``, ``evaluation`` and ``explain``. Imports run towards the first.
"""
