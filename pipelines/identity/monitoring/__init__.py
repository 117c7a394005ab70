"""Whether a night is as it should be, without knowing the truth: drift, invariants, churn, sensitivity, charts.

A run is compared with those published before. Scores against known truth belong in ``evaluation``. Explained in
docs/identity.md, "Measuring", and docs/runbook.md.
"""
