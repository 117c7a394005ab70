"""What customers will buy and what it is worth: models fitted to the purchase histories that dbt leaves in the lake.

Maths only; what counts as a purchase is decided in dbt. Explained in docs/questions.md.
"""
