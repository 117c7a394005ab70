"""From clusters to customer ids that survive reruns, merges and splits; confidence in each customer; uncertain pairs.

The append-only ledger is the only memory of ids. Which records are one person is decided in ``clustering``. Explained
in docs/identity.md, "Ids".
"""
