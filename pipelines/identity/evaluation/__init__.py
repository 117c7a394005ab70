"""How good a clustering is against known truth: scores, and errors by type.

Metrics that need no truth belong in ``monitoring``; the benchmarks, which call this, in ``benchmarks/``. Explained in
docs/identity.md, "Measuring".
"""
