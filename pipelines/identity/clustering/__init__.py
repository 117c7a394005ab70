"""From scored pairs to clusters of records, one per person, with the rules that keep different people apart.

Which pairs are scored, and how, belongs in ``scoring``; the ids that clusters get in ``customer_ids``. Explained in
docs/identity.md, "Clustering".
"""
