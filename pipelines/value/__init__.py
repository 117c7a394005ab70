"""Predicts purchases and their worth: models fitted to the purchase histories that dbt writes to the lake.

Maths only; dbt decides what counts as a purchase. Why it runs between two dbt passes:
docs/adr/0009-customer-value-is-fitted-between-two-passes.md.
"""
