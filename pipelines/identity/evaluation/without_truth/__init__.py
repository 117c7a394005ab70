"""How wrong the customers are, estimated without known truth: pairwise precision and recall with an interval.

Explained in docs/identity.md, "How wrong, without truth".
"""
