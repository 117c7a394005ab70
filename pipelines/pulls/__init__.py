"""How rows of other systems come into the lake: pulled in a snapshot, reconciled, landed as batches.

``connectors`` speak to the systems, one module each, and nothing else does: extracts read what has been landed
(``lake/landed``). What a pull is declared to be stands in ``config/pulls``. Explained in docs/connectors.md.
"""
