"""Whether a night is as it should be, without knowing the truth: drift, invariants, churn, sensitivity, charts.

What a run is compared with is what was published before. Scores against known truth belong in ``evaluation``. Explained
in docs/runbook.md.
"""
