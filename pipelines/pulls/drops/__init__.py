"""How files of other machines come into the lake: the complete ones, proved and mirrored, before they are extracted.

``places`` speak to the machines, one module each, and nothing else does. Explained in docs/connectors.md.
"""
