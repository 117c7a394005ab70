"""A night that works only on what changed, and ends where a full run ends: records, pairs, clusters, ledger.

``steps`` are called by the Dagster assets; ``state`` says what is kept between nights and when it is valid. What a step
computes belongs in the stage of that name. Explained in docs/identity.md, "Only what changed".
"""
